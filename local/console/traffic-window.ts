import type { EdgeRequestRecord } from '../edge/exchange.ts';
import type { Second } from './wire.ts';

/** Seconds that are kept. */
export const keptSeconds = 120;

/** Bounds of a latency's classes grow by a fifth each: 0.1 ms up to 100 s. A percentile is told as its class's upper bound, at most a fifth too high. */
const growth = 1.2;
const firstBoundMs = 0.1;
const classes = 77;

interface Counts {
  byOrigin: Record<string, number>;
  failed: number;
  total: number;
  latency: Uint32Array;
}

/** Traffic second by second. A request costs a few additions, however many come; memory is that of two minutes. */
export class TrafficWindow {
  readonly #seconds = new Map<number, Counts>();
  readonly #changed = new Set<number>();
  readonly #origins: ReadonlySet<string>;

  /** Origins that are counted by name; any other, such as one that a function makes up, is `others`. */
  constructor(origins: readonly string[]) {
    this.#origins = new Set(['', ...origins]);
  }

  /** Counts a request in the second in which its response was over. */
  add({ at, origins, status, ms }: Pick<EdgeRequestRecord, 'at' | 'origins' | 'status' | 'ms'>): void {
    const second = Math.floor((at + ms) / 1_000) * 1_000;
    const counts = this.#seconds.get(second) ?? this.#open(second);
    const last = origins.at(-1) ?? '';
    const origin = this.#origins.has(last) ? last : 'others';
    counts.byOrigin[origin] = (counts.byOrigin[origin] ?? 0) + 1;
    counts.total += 1;
    if (status >= 500 || status === 0) counts.failed += 1;
    const index = classOf(ms);
    counts.latency[index] = (counts.latency[index] ?? 0) + 1;
    this.#changed.add(second);
  }

  /** The seconds that have changed since this was last asked, the oldest first. */
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
