import { percentile } from '../../text/percentile.ts';
import type { Outcome } from '../drill.ts';
import { type Buckets, bucketAt } from './choose-buckets.ts';

/** What viewers saw in one part of a drill. */
export interface OutcomeBucket {
  /** Milliseconds from the fault to its beginning; negative before the fault. */
  atMs: number;
  methods: Record<string, Counts>;
  countries: Record<string, CountryCounts>;
  /** Complete answers, by the origin's id. */
  origins: Record<string, number>;
  p50Ms: number | null;
  p99Ms: number | null;
  maxMs: number | null;
}

export interface Counts {
  ok: number;
  failed: number;
}

interface CountryCounts extends Counts {
  origins: Record<string, number>;
}

/** Countries that are told apart; the busiest ones, all others are one more. */
const maxCountries = 12;
/** The name of what is not told apart. */
export const others = 'others';

/** Counts outcomes by bucket, method, country and origin. Pure. `regions` leads from an origin's id to its region. */
export function countOutcomes(
  outcomes: readonly Outcome[],
  buckets: Buckets,
  regions: Readonly<Record<string, string>>,
  anchor: number,
): { countries: string[]; methods: string[]; buckets: OutcomeBucket[] } {
  const ids = new Map(Object.entries(regions).map(([id, region]) => [region, id]));
  const ranked = rank(outcomes.map(({ country }) => country));
  const shown = new Set(ranked.slice(0, maxCountries));
  const methods = rank(outcomes.map(({ method }) => method)).sort();
  const parts = Array.from({ length: buckets.count }, (): Outcome[] => []);
  for (const outcome of outcomes) parts[bucketAt(buckets, outcome.startedAt)]?.push(outcome);
  return {
    countries: [...shown, ...(ranked.length > maxCountries ? [others] : [])],
    methods,
    buckets: parts.map((part, place) => {
      const bucket: OutcomeBucket = {
        atMs: buckets.from + place * buckets.bucketMs - anchor,
        methods: Object.fromEntries(methods.map((method) => [method, { ok: 0, failed: 0 }])),
        countries: {},
        origins: {},
        ...summarizeTimes(part),
      };
      for (const outcome of part) {
        const origin = ids.get(outcome.region ?? '') ?? others;
        const country = shown.has(outcome.country) ? outcome.country : others;
        bucket.countries[country] ??= { ok: 0, failed: 0, origins: {} };
        count(bucket.methods[outcome.method], outcome);
        count(bucket.countries[country], outcome);
        if (!outcome.ok) continue;
        for (const origins of [bucket.origins, bucket.countries[country].origins]) origins[origin] = (origins[origin] ?? 0) + 1;
      }
      return bucket;
    }),
  };
}

function count(counts: Counts | undefined, { ok }: Outcome): void {
  if (counts !== undefined) counts[ok ? 'ok' : 'failed']++;
}

function summarizeTimes(part: readonly Outcome[]): Pick<OutcomeBucket, 'p50Ms' | 'p99Ms' | 'maxMs'> {
  const times = part.map(({ ms }) => ms).sort((a, b) => a - b);
  return { p50Ms: percentile(times, 0.5) ?? null, p99Ms: percentile(times, 0.99) ?? null, maxMs: times.at(-1) ?? null };
}

/** Each value once, the most frequent first; by the alphabet where they are as frequent. */
function rank(values: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([a, some], [b, more]) => more - some || (a < b ? -1 : 1)).map(([value]) => value);
}
