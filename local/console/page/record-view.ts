import { formatRecord } from '../../../src/text/format-record.ts';
import type { ConsoleState } from '../wire.ts';
import { byId, element, setAttribute, setText } from './elements.ts';
import { post, showProblems } from './server.ts';
import { formatClock, formatSpan } from './serving.ts';

/** The record in words, in the store and at the edge, the write in propagation, and the override. */
export class RecordView {
  #copies = '';
  #hints = '';

  constructor() {
    const problem = byId('replica-problem');
    for (const [id, name] of [
      ['fail-reads', 'failReads'],
      ['transient-miss', 'transientMiss'],
    ] as const) {
      const button = byId(id);
      button.addEventListener('click', async () => {
        const isOn = button.getAttribute('aria-pressed') === 'true';
        showProblems(problem, await post('/api/replica', { [name]: !isOn }));
      });
    }
  }

  show(state: ConsoleState, now: number): void {
    const { record, isReadable, edited, override, settlesAt, flipper, replica, locations, target, hints, logs } = state;
    setText(byId('record-words'), formatRecord(record, { now }));
    setText(byId('store-record'), record);
    setText(
      byId('store-note'),
      !isReadable ? 'not a health record: the edge routes as for ok' : edited ? 'changed by hand since the last flip' : '',
    );
    this.#showCopies(state);
    setText(
      byId('propagation'),
      locations.length === 0
        ? 'edge locations pick up a write in about 30 s; AWS gives no time bound'
        : settlesAt === null || settlesAt <= now
          ? 'complete: every location has it'
          : `arrives in ${((settlesAt - now) / 1_000).toFixed(1)} s`,
    );
    setText(
      byId('override'),
      override === null
        ? 'none'
        : `${Object.entries(override.weights)
            .map(([id, weight]) => `${id} ${weight} %`)
            .join(
              ', ',
            )} until ${formatClock(override.until)}, ${formatSpan(override.until - now)} left; ${override.by}: ${override.reason}`,
    );
    setText(byId('flipper'), !flipper.running ? (target.isLocal ? 'not running' : 'not visible from here') : (flipper.hold ?? 'no hold'));
    byId('logs').hidden = logs.length === 0;
    setText(byId('log-lines'), logs.join('\n'));
    byId('replica').hidden = replica === null;
    setAttribute(byId('fail-reads'), 'aria-pressed', String(replica?.failReads ?? false));
    setAttribute(byId('transient-miss'), 'aria-pressed', String(replica?.transientMiss ?? false));
    if (hints.join('\n') === this.#hints) return;
    this.#hints = hints.join('\n');
    byId('hints').replaceChildren(...hints.map((hint) => element('li', {}, hint)));
  }

  #showCopies({ locations, record, replica }: ConsoleState): void {
    const key = JSON.stringify([locations, record, replica?.failReads]);
    if (key === this.#copies) return;
    this.#copies = key;
    byId('edge-records').replaceChildren(
      ...(replica?.failReads ? [element('strong', {}, 'reads fail: routing as for ok')] : []),
      ...(locations.length === 0 ? ['not readable from here'] : []),
      ...locations.map(({ name, record: copy }) =>
        element('span', { class: copy === record ? 'copy' : 'copy old' }, element('code', {}, copy ?? 'the key is missing'), ` ${name}`),
      ),
    );
  }
}
