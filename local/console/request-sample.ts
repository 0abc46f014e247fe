import type { EdgeRequestRecord } from '../edge/exchange.ts';
import type { SampledRequest } from './wire.ts';

/** Requests of one tick that are shown; as many again may be failures. */
export const sampleSize = 6;

/** What is sent of a path, a decision or a reason. */
const maxTextLength = 200;

/**
 * Draws a few requests out of each tick, each as likely as any other (reservoir sampling), and beside them the first failures: who watches an outage must not have to be
 * lucky to see one.
 */
export class RequestSample {
  readonly #random: () => number;
  #drawn: EdgeRequestRecord[] = [];
  #failures: EdgeRequestRecord[] = [];
  #passing = 0;
  #total = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  add(record: EdgeRequestRecord): void {
    this.#total += 1;
    if ((record.status >= 500 || record.status === 0) && this.#failures.length < sampleSize) {
      this.#failures.push(record);
      return;
    }
    this.#passing += 1;
    if (this.#drawn.length < sampleSize) this.#drawn.push(record);
    else {
      const place = Math.floor(this.#random() * this.#passing);
      if (place < sampleSize) this.#drawn[place] = record;
    }
  }

  /** This tick's sample, the oldest first, and how many more there were; begins anew. */
  take(): { requests: SampledRequest[]; more: number } {
    const chosen = [...this.#drawn, ...this.#failures].sort((a, b) => a.at + a.ms - (b.at + b.ms));
    const more = this.#total - chosen.length;
    this.#drawn = [];
    this.#failures = [];
    this.#passing = 0;
    this.#total = 0;
    return { requests: chosen.map(shorten), more };
  }
}

function shorten({ at, method, path, country, status, origins, decision, ms, reason }: EdgeRequestRecord): SampledRequest {
  const cut = (text: string) => (text.length > maxTextLength ? `${text.slice(0, maxTextLength)}…` : text);
  return {
    at,
    method: cut(method),
    path: cut(path),
    country: country === undefined ? null : cut(country),
    status,
    origins,
    decision: decision === undefined ? null : cut(decision),
    ms: Math.round(ms * 10) / 10,
    reason: reason === undefined ? null : cut(reason),
  };
}
