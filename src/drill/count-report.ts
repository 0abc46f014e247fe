import { percentile } from '../text/percentile.ts';
import type { DrillProbe, DrillVerdict, ViewerOutcome } from './drill-record.ts';

/** Equal parts of a drill's time, of whole seconds up to whole hours. */
interface Buckets {
  /**
   * Epoch milliseconds at which the first one begins: at or before the first request, and whole buckets away from the
   * fault.
   */
  from: number;
  bucketMs: number;
  count: number;
}

const sizesMs = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600].map((seconds) => seconds * 1_000);
/** Bounds charts and files. */
const maxBuckets = 120;

/** Buckets from `startedAt` to `endedAt`. One begins at `anchor`, so that none mixes before and after. */
export function chooseBuckets(startedAt: number, endedAt: number, anchor: number): Buckets {
  const lengthMs = Math.max(1, endedAt - startedAt);
  const fits = (size: number) => lengthMs / size <= maxBuckets - 1;
  const hours = Math.ceil(lengthMs / 3_600_000 / (maxBuckets - 1));
  const bucketMs = sizesMs.find(fits) ?? hours * 3_600_000;
  const from = anchor - Math.ceil((anchor - startedAt) / bucketMs) * bucketMs;
  return { from, bucketMs, count: Math.max(1, Math.ceil((endedAt - from) / bucketMs)) };
}

/** The bucket of this moment; the nearest one for a moment outside. */
export function bucketAt({ from, bucketMs, count }: Buckets, at: number): number {
  return Math.min(count - 1, Math.max(0, Math.floor((at - from) / bucketMs)));
}

/** What viewers got in one bucket. */
export interface OutcomeBucket {
  /** Its start in milliseconds from the fault; negative before it. */
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

/** The busiest countries; all others count as one more. */
const maxCountries = 12;
/** The name for all the others. */
export const others = 'others';

/** Counts outcomes by bucket, method, country and origin. `regions`: region by origin id. Pure. */
export function countViewerOutcomes(
  outcomes: readonly ViewerOutcome[],
  buckets: Buckets,
  regions: Readonly<Record<string, string>>,
  anchor: number,
): { countries: string[]; methods: string[]; buckets: OutcomeBucket[] } {
  const ids = new Map(Object.entries(regions).map(([id, region]) => [region, id]));
  const ranked = rank(outcomes.map(({ country }) => country));
  const shown = new Set(ranked.slice(0, maxCountries));
  const methods = rank(outcomes.map(({ method }) => method)).sort();
  const parts = Array.from({ length: buckets.count }, (): ViewerOutcome[] => []);
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

function count(counts: Counts | undefined, { ok }: ViewerOutcome): void {
  if (counts !== undefined) counts[ok ? 'ok' : 'failed']++;
}

function summarizeTimes(part: readonly ViewerOutcome[]): Pick<OutcomeBucket, 'p50Ms' | 'p99Ms' | 'maxMs'> {
  const times = part.map(({ ms }) => ms).sort((a, b) => a - b);
  return { p50Ms: percentile(times, 0.5) ?? null, p99Ms: percentile(times, 0.99) ?? null, maxMs: times.at(-1) ?? null };
}

/** Each value once: by frequency, then by alphabet. */
function rank(values: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([a, some], [b, more]) => more - some || (a < b ? -1 : 1)).map(([value]) => value);
}

/** The flipper's probes of one origin. */
export interface OriginProbes {
  origin: string;
  good: number;
  bad: number;
  /** Probes without an opinion. */
  none: number;
  /** Bad probes by class, such as `connect`, the most frequent first. */
  failures: { class: string; probes: number }[];
  buckets: { good: number; bad: number; none: number }[];
  /** Verdicts by start, in milliseconds from the fault. */
  verdicts: { atMs: number; verdict: string }[];
}

/** Verdict changes listed for one origin. */
const maxVerdicts = 40;

/** Counts probes by origin and bucket. Pure. */
export function countProbes(
  { probes, verdicts }: { probes: readonly DrillProbe[]; verdicts: readonly DrillVerdict[] },
  origins: readonly string[],
  buckets: Buckets,
  anchor: number,
): OriginProbes[] {
  return origins.map((origin) => {
    const own = probes.filter((probe) => probe.origin === origin);
    const total = (opinion: DrillProbe['opinion']) => own.filter((probe) => probe.opinion === opinion).length;
    const failures = new Map<string, number>();
    const parts = Array.from({ length: buckets.count }, () => ({ good: 0, bad: 0, none: 0 }));
    for (const probe of own) {
      const part = parts[bucketAt(buckets, probe.at)];
      if (part !== undefined) part[probe.opinion]++;
      if (probe.opinion === 'bad') failures.set(probe.class ?? 'unknown', (failures.get(probe.class ?? 'unknown') ?? 0) + 1);
    }
    return {
      origin,
      good: total('good'),
      bad: total('bad'),
      none: total('none'),
      failures: [...failures].sort(([, a], [, b]) => b - a).map(([name, count]) => ({ class: name, probes: count })),
      buckets: parts,
      verdicts: verdicts
        .filter((entry) => entry.origin === origin)
        .slice(0, maxVerdicts)
        .map(({ at, verdict }) => ({ atMs: at - anchor, verdict })),
    };
  });
}
