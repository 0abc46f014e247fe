import type { SampledRequest } from '../wire.ts';
import { byId, element, setAttribute, setText } from './elements.ts';
import { kept } from './page-model.ts';
import { formatClock, formatLatency } from './serving.ts';

/** The request stream, the newest first. Each tick shows a few requests and counts the rest. */
export class RequestsView {
  readonly #rows = byId('request-rows');
  readonly #pause = byId('pause');
  #isPaused = false;

  constructor() {
    this.#pause.addEventListener('click', () => {
      this.#isPaused = !this.#isPaused;
      setAttribute(this.#pause, 'aria-pressed', String(this.#isPaused));
    });
  }

  /** Adds requests, the oldest first. `more` counts those not shown since the page opened. */
  add(requests: readonly SampledRequest[], more: number, isFresh: boolean): void {
    setText(byId('requests-note'), this.#isPaused ? 'paused' : more > 0 ? `a sample; ${more.toLocaleString('en')} more` : '');
    if (this.#isPaused) return;
    if (isFresh) this.#rows.replaceChildren();
    this.#rows.prepend(...requests.toReversed().map(formatRow));
    while (this.#rows.childElementCount > kept.requests) this.#rows.lastElementChild?.remove();
  }
}

function formatRow({ at, method, path, country, status, origins, decision, ms, reason }: SampledRequest): HTMLTableRowElement {
  const hasFailed = status >= 500 || status === 0;
  return element(
    'tr',
    { ...(hasFailed && { class: 'failed' }) },
    element('td', {}, formatClock(at)),
    element('td', {}, element('b', {}, method), ` ${path}`),
    element('td', {}, country ?? '–'),
    element('td', {}, status === 0 ? 'left' : `${status}${hasFailed ? ' ✕' : ''}`),
    element('td', {}, origins.length === 0 ? 'none' : origins.join(' then ')),
    element('td', {}, formatLatency(ms)),
    element('td', {}, [decision, reason].filter(Boolean).join('; ') || '–'),
  );
}
