import { decodeField, type LoggedRequest } from '../log/logged-request.ts';

/** Requests of one span of time that reached an origin, and those of them that it failed. */
export interface TrafficBucket {
  requests: number;
  failed: number;
}

/** What an access log says about the origins over time. */
export interface TrafficSeries {
  /** Length of a bucket. */
  bucketMs: number;
  /** Epoch milliseconds of the first bucket; undefined without a request. */
  fromMs: number | undefined;
  /** By the number of the bucket from `fromMs`; a bucket without requests is absent. */
  buckets: ReadonlyMap<number, TrafficBucket>;
  /** The number of the last bucket. */
  last: number;
  requests: number;
  failed: number;
  /** Of the failed requests, from the request to the end of the response. */
  meanFailedMs: number;
  /** Answered by the edge itself: from its cache, by a function, or not at all. */
  unrouted: number;
  /** Without a time or a status. */
  skipped: number;
}

/** More buckets are joined two by two, so that a year of logs needs no more memory than a week. */
const mostBuckets = 250_000;
const shortestBucketMs = 5_000;

/** What the edge answers alone. */
const ownResults =
  /^(Hit|OriginShieldHit|Redirect|FunctionGeneratedResponse|FunctionExecutionError|FunctionThrottledError|FunctionValidationError|LimitExceeded|CapacityExceeded|ClientCommError|ClientHungUpRequest|ClientGeoBlocked)$/;

/** Collects requests in any order. `isCounted` chooses those of one origin; default all. */
export function openTrafficSeries(isCounted: (request: LoggedRequest) => boolean = () => true): {
  add(request: LoggedRequest): void;
  series(): TrafficSeries;
} {
  let bucketMs = shortestBucketMs;
  let counts = new Map<number, TrafficBucket>();
  let [requests, failed, failedMs, unrouted, skipped] = [0, 0, 0, 0, 0];
  return {
    add(request) {
      const { at, status, result, durationMs = 0 } = request;
      if (at === undefined || status === undefined) skipped += 1;
      else if (status === 0 || ownResults.test(result ?? '')) unrouted += 1;
      else if (isCounted(request)) {
        const number = Math.floor((at - durationMs) / bucketMs);
        const bucket = counts.get(number);
        const isFailed = status >= 500;
        if (bucket === undefined) counts.set(number, { requests: 1, failed: isFailed ? 1 : 0 });
        else {
          bucket.requests += 1;
          if (isFailed) bucket.failed += 1;
        }
        requests += 1;
        if (isFailed) {
          failed += 1;
          failedMs += durationMs;
        }
        if (bucket === undefined && counts.size > mostBuckets) {
          counts = joinPairs(counts);
          bucketMs *= 2;
        }
      }
    },
    series() {
      let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
      for (const number of counts.keys()) {
        first = Math.min(first, number);
        last = Math.max(last, number);
      }
      const isEmpty = counts.size === 0;
      return {
        bucketMs,
        fromMs: isEmpty ? undefined : first * bucketMs,
        buckets: new Map([...counts].map(([number, bucket]) => [number - first, bucket])),
        last: isEmpty ? -1 : last - first,
        requests,
        failed,
        meanFailedMs: failed === 0 ? 0 : failedMs / failed,
        unrouted,
        skipped,
      };
    },
  };
}

/**
 * Whether a request counts for this origin: as the router wrote it into the log (`service;origin;…`), else by the
 * domain of the origin that answered. A log without both counts as a whole.
 */
export function openOriginFilter(origin: string, origins: readonly string[], domains: Readonly<Record<string, string | undefined>>) {
  const byDomain = new Map(Object.entries(domains).flatMap(([id, domain]) => (domain ? [[domain.toLowerCase(), id] as const] : [])));
  return ({ logData, originHost }: Pick<LoggedRequest, 'logData' | 'originHost'>): boolean => {
    const written = logData === undefined ? undefined : origins.find((id) => id === /^[^;]*;([^;]*)/.exec(decodeField(logData))?.[1]);
    const served = written ?? byDomain.get(originHost?.toLowerCase() ?? '');
    return served === undefined || served === origin;
  };
}

function joinPairs(counts: ReadonlyMap<number, TrafficBucket>): Map<number, TrafficBucket> {
  const joined = new Map<number, TrafficBucket>();
  for (const [number, { requests, failed }] of counts) {
    const pair = joined.get(Math.floor(number / 2)) ?? { requests: 0, failed: 0 };
    joined.set(Math.floor(number / 2), { requests: pair.requests + requests, failed: pair.failed + failed });
  }
  return joined;
}

/** A span of the log with failures, in buckets: `outage` where they are many, and what lies around them. */
export interface Episode {
  from: number;
  to: number;
  /** The first and the last bucket of each outage in it. */
  outages: readonly { from: number; to: number; failed: number }[];
  failed: number;
}

/** An outage fails at least this share of its requests, for at least this long. */
export const outageShare = 0.3;
export const outageMs = 30_000;

/** A bucket is calm when the buckets around it fail less than this together, or only once: probes seldom meet it. */
const calmShare = 0.02;
const aroundMs = 30_000;
/** A bucket of fewer requests says little: its share counts as that of this many. */
const fewRequests = 5;
/** Time around failures that is simulated with them. */
const marginMs = 120_000;
/** Buckets without requests between two bad ones, of one outage. */
const gapMs = 120_000;

/** The share of requests that failed; a bucket of few requests is taken for as many good ones as it lacks. */
export function failedShare({ requests, failed }: TrafficBucket): number {
  return failed / Math.max(requests, Math.min(fewRequests, failed + 1));
}

/** The spans with failures, the worst first. */
export function listEpisodes({ buckets, bucketMs, last }: TrafficSeries): Episode[] {
  const margin = Math.ceil(marginMs / bucketMs);
  const around = Math.ceil(aroundMs / bucketMs);
  const isBad = (number: number) => {
    const sum = { requests: 0, failed: 0 };
    for (let near = number - around; near <= number + around; near++) {
      const { requests, failed } = buckets.get(near) ?? calm;
      sum.requests += requests;
      sum.failed += failed;
    }
    return sum.failed >= 2 && sum.failed >= calmShare * sum.requests;
  };
  const numbers = [...buckets].flatMap(([number, { failed }]) => (failed > 0 && isBad(number) ? [number] : [])).sort((a, b) => a - b);
  const episodes: { from: number; to: number; numbers: number[] }[] = [];
  for (const number of numbers) {
    const open = episodes.at(-1);
    if (open !== undefined && number - margin <= open.to + margin) {
      open.to = number;
      open.numbers.push(number);
    } else episodes.push({ from: number, to: number, numbers: [number] });
  }
  return episodes
    .map(({ from, to, numbers: bad }) => ({
      from: from - margin,
      to: Math.min(to + margin, last + margin),
      outages: listOutages(bad, buckets, bucketMs),
      failed: bad.reduce((sum, number) => sum + (buckets.get(number)?.failed ?? 0), 0),
    }))
    .sort((one, other) => other.failed - one.failed || one.from - other.from);
}

const calm: TrafficBucket = { requests: 0, failed: 0 };

function listOutages(bad: readonly number[], buckets: TrafficSeries['buckets'], bucketMs: number): Episode['outages'] {
  const gap = Math.ceil(gapMs / bucketMs);
  const outages: { from: number; to: number; failed: number }[] = [];
  for (const number of bad) {
    const bucket = buckets.get(number) ?? calm;
    if (failedShare(bucket) < outageShare) continue;
    const open = outages.at(-1);
    if (open !== undefined && number - open.to <= gap) {
      open.to = number;
      open.failed += bucket.failed;
    } else outages.push({ from: number, to: number, failed: bucket.failed });
  }
  return outages.filter(({ from, to }) => (to - from + 1) * bucketMs >= outageMs);
}
