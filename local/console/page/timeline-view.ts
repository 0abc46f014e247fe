import type { TimelineEntry } from '../wire.ts';
import { byId, html } from './elements.ts';
import { formatClock } from './format.ts';

/** Entries on the page; the server keeps more. */
const shown = 60;

const marks = { flip: '⇄', verdict: '♥', hold: '…', fault: '⚡', note: '•' } as const;

/** What happened, the newest first; flips and verdicts are also said aloud. */
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
      if (this.#list.childElementCount === 0) this.#list.append(html('li', { class: 'nothing' }, 'Nothing has happened yet.'));
      return;
    }
    this.#list.querySelector('.nothing')?.remove();
    this.#list.prepend(...added.slice(-shown).reverse().map(formatEntry));
    while (this.#list.childElementCount > shown) this.#list.lastElementChild?.remove();
    const isFirst = this.#lastId === 0;
    this.#lastId = added.at(-1)?.id ?? this.#lastId;
    const told = added.filter(({ kind }) => kind === 'flip' || kind === 'verdict');
    if (!isFirst && told.length > 0) this.#announce.textContent = told.map(({ text }) => text).join('; ');
  }
}

function formatEntry({ at, kind, tone, text, detail }: TimelineEntry): HTMLLIElement {
  return html(
    'li',
    { 'data-kind': kind, 'data-tone': tone },
    html('time', { datetime: new Date(at).toISOString() }, formatClock(at)),
    html('span', { class: 'kind', 'aria-hidden': 'true' }, marks[kind]),
    html('span', { class: 'what' }, html('b', {}, text), ...(detail === null ? [] : [html('span', {}, detail)])),
  );
}
