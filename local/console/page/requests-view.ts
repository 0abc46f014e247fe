import type { SampledRequest } from '../wire.ts';
import { byId, html, setAttribute, setText } from './elements.ts';
import { formatClock, formatMs } from './format.ts';
import { kept } from './page-model.ts';

/** The request stream, the newest first. Many more may come than are shown: each tick shows a few and counts the rest. */
export class RequestsView {
  readonly #rows = byId('request-rows');
  readonly #pause = byId('pause');
  #isHeld = false;

  constructor() {
    this.#pause.addEventListener('click', () => {
      this.#isHeld = !this.#isHeld;
      setAttribute(this.#pause, 'aria-pressed', String(this.#isHeld));
    });
  }

  /** Adds these, the oldest first; `more` is how many were not shown since the page opened. */
  add(requests: readonly SampledRequest[], more: number, isFresh: boolean): void {
    setText(byId('requests-note'), this.#isHeld ? 'held still' : more > 0 ? `a sample; ${more.toLocaleString('en')} more` : '');
    if (this.#isHeld) return;
    if (isFresh) this.#rows.replaceChildren();
    this.#rows.prepend(...requests.toReversed().map(formatRow));
    while (this.#rows.childElementCount > kept.requests) this.#rows.lastElementChild?.remove();
  }
}

function formatRow({ at, method, path, country, status, origins, decision, ms, reason }: SampledRequest): HTMLTableRowElement {
  const hasFailed = status >= 500 || status === 0;
  return html(
    'tr',
    { ...(hasFailed && { class: 'failed' }) },
    html('td', {}, formatClock(at)),
    html('td', {}, html('b', {}, method), ` ${path}`),
    html('td', {}, country ?? '–'),
    html('td', {}, status === 0 ? 'left' : `${status}${hasFailed ? ' ✕' : ''}`),
    html('td', {}, origins.length === 0 ? 'none' : origins.join(' then ')),
    html('td', {}, formatMs(ms)),
    html('td', {}, [decision, reason].filter(Boolean).join('; ') || '–'),
  );
}
