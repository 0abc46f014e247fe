import type { TimelineEntry } from '../wire.ts';
import { byId, element } from './elements.ts';
import { formatClock } from './serving.ts';

/** Entries on the page; the server keeps more. */
const shown = 60;

/** Events, the newest first. Screen readers announce flips and verdicts. */
export class TimelineView {
  readonly #list = byId('timeline');
  readonly #announce = byId('announce');
  #lastId = 0;

  show(timeline: readonly TimelineEntry[], isFresh: boolean): void {
    if (isFresh) {
      this.#lastId = 0;
      this.#list.replaceChildren();
    }
    const added = timeline.filter(({ id }) => id > this.#lastId);
    if (added.length === 0) {
      if (this.#list.childElementCount === 0) this.#list.append(element('li', { class: 'nothing' }, 'No events yet.'));
      return;
    }
    this.#list.querySelector('.nothing')?.remove();
    this.#list.prepend(...added.slice(-shown).reverse().map(formatEntry));
    while (this.#list.childElementCount > shown) this.#list.lastElementChild?.remove();
    const isFirst = this.#lastId === 0;
    this.#lastId = added.at(-1)?.id ?? this.#lastId;
    const announced = added.filter(({ kind }) => kind === 'flip' || kind === 'verdict');
    if (!isFirst && announced.length > 0) this.#announce.textContent = announced.map(({ text }) => text).join('; ');
  }
}

function formatEntry({ at, kind, tone, text, detail }: TimelineEntry): HTMLLIElement {
  return element(
    'li',
    { 'data-kind': kind, 'data-tone': tone },
    element('time', { datetime: new Date(at).toISOString() }, formatClock(at)),
    element('span', { class: 'what' }, element('b', {}, text), ...(detail === null ? [] : [element('span', {}, detail)])),
  );
}
