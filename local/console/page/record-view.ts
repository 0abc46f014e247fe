import type { ConsoleState } from '../wire.ts';
import { byId, html, setAttribute, setText } from './elements.ts';
import { formatClock, formatSpan } from './format.ts';
import { post, showProblems } from './post.ts';

/** The record in the store and at the edge, what is under way between them, and who holds it. */
export class RecordView {
  #copies = '';

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
    const { record, isReadable, edited, override, settlesAt, flipper, replica } = state;
    setText(byId('store-record'), record);
    setText(
      byId('store-note'),
      !isReadable ? 'no health record: the edge acts as for ok' : edited ? 'changed by hand since the last flip' : '',
    );
    this.#showCopies(state);
    setText(
      byId('propagation'),
      settlesAt === null || settlesAt <= now ? 'nothing: every location has it' : `arrives in ${((settlesAt - now) / 1_000).toFixed(1)} s`,
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
    setText(byId('flipper'), !flipper.running ? 'does not run' : (flipper.hold ?? 'nothing stands in its way'));
    setAttribute(byId('fail-reads'), 'aria-pressed', String(replica.failReads));
    setAttribute(byId('transient-miss'), 'aria-pressed', String(replica.transientMiss));
  }

  #showCopies({ locations, record, replica }: ConsoleState): void {
    const key = JSON.stringify([locations, record, replica.failReads]);
    if (key === this.#copies) return;
    this.#copies = key;
    byId('edge-records').replaceChildren(
      ...(replica.failReads ? [html('strong', {}, 'no read succeeds: taken for ok')] : []),
      ...locations.map(({ name, record: copy }) =>
        html('span', { class: copy === record ? 'copy' : 'copy old' }, html('code', {}, copy ?? 'the key is missing'), ` ${name}`),
      ),
    );
  }
}
