import type { EdgeRequestRecord } from '../edge/exchange.ts';
import type { SampledRequest, Second } from './wire.ts';

/** The window. */
export const keptSeconds = 120;

/**
 * Latency classes grow by a fifth each, from 0.1 ms to 100 s. A percentile is its class's upper bound: at most a fifth
 * too high.
 */
const growth = 1.2;
const firstBoundMs = 0.1;
const classes = 77;

interface Counts {
  byOrigin: Record<string, number>;
  failed: number;
  total: number;
  latency: Uint32Array;
}

/** Traffic per second of the last two minutes. A request costs a few additions. */
export class TrafficWindow {
  readonly #seconds = new Map<number, Counts>();
  readonly #changed = new Set<number>();
  readonly #origins: ReadonlySet<string>;

  /** Origins counted by name; any other, such as one that a function invents, is `others`. */
  constructor(origins: readonly string[]) {
    this.#origins = new Set(['', ...origins]);
  }

  /** Counts a request in the second in which its response was over. */
  add({ at, origins, status, ms }: Pick<EdgeRequestRecord, 'at' | 'origins' | 'status' | 'ms'>): void {
    const second = Math.floor((at + ms) / 1_000) * 1_000;
    const counts = this.#seconds.get(second) ?? this.#open(second);
    const last = origins.at(-1) ?? '';
    const origin = this.#origins.has(last) ? last : 'others';
    counts.total += 1;
    if (status >= 500 || status === 0) counts.failed += 1;
    else counts.byOrigin[origin] = (counts.byOrigin[origin] ?? 0) + 1;
    const index = classOf(ms);
    counts.latency[index] = (counts.latency[index] ?? 0) + 1;
    this.#changed.add(second);
  }

  /** The seconds that changed since the last call, the oldest first. */
  takeChanged(): Second[] {
    const changed = [...this.#changed].sort((a, b) => a - b);
    this.#changed.clear();
    return changed.flatMap((at) => this.#read(at));
  }

  /** Every second with traffic, the oldest first. */
  all(): Second[] {
    return [...this.#seconds.keys()].sort((a, b) => a - b).flatMap((at) => this.#read(at));
  }

  #open(second: number): Counts {
    const counts = { byOrigin: {}, failed: 0, total: 0, latency: new Uint32Array(classes) };
    this.#seconds.set(second, counts);
    for (const at of this.#seconds.keys())
      if (at <= second - keptSeconds * 1_000 || this.#seconds.size > 2 * keptSeconds) {
        this.#seconds.delete(at);
        this.#changed.delete(at);
      }
    return counts;
  }

  #read(at: number): Second[] {
    const counts = this.#seconds.get(at);
    if (counts === undefined) return [];
    const { byOrigin, failed } = counts;
    return [{ at, byOrigin: { ...byOrigin }, failed, p50Ms: percentile(counts, 0.5), p99Ms: percentile(counts, 0.99) }];
  }
}

function classOf(ms: number): number {
  if (!(ms > firstBoundMs)) return 0;
  return Math.min(classes - 1, Math.ceil(Math.log(ms / firstBoundMs) / Math.log(growth)));
}

function percentile({ latency, total }: Counts, share: number): number | null {
  if (total === 0) return null;
  const wanted = Math.ceil(total * share);
  let seen = 0;
  for (const [index, count] of latency.entries()) {
    seen += count;
    if (seen >= wanted) return Math.round(firstBoundMs * growth ** index * 10) / 10;
  }
  return null;
}

/** Requests shown per tick; as many failures again. */
export const sampleSize = 6;

/** Longest path, decision or reason that is sent. */
const maxTextLength = 200;

/**
 * Draws a few requests of each tick with equal chance (reservoir sampling), plus the first failures: in an outage they
 * must be visible.
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

  /** This tick's sample, the oldest first, and the number of others. Starts the next tick. */
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
