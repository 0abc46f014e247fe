import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import type { EdgeConfig } from '../config/edge-config.ts';
import { buildFlipPolicy } from '../config/services.ts';
import { percentile } from '../text/percentile.ts';
import { seededRandom } from '../text/seeded-random.ts';
import { type Assumption, type KnownTimes, listAssumptions, type PredictOptions } from './assumptions.ts';
import { globalAcceleratorWay, route53Way, runHealthChecks } from './other-ways.ts';
import { type OriginTimes, type OutageKind, spoiledShare, spoilRequest } from './outage-kind.ts';
import { drawPropagation, meanPropagationMs } from './propagation.ts';
import { type FlipperWay, hasSecond, type OutageOptions, type OutageRun, runOutages } from './run-outages.ts';

export const ways = ['this-configuration', 'origin-groups', 'route53', 'global-accelerator', 'none'] as const;
type WayName = (typeof ways)[number];

/** What one outage costs where viewers leave in this way. */
export interface WayCost {
  way: WayName;
  /** From the failure until the median viewer is at another origin; null where viewers stay for the whole outage. */
  movedMs: number | null;
  /** Mean time for which the failing origin has its viewers. */
  exposedMs: number;
  failed: { GET: number; POST: number };
  slow: { GET: number; POST: number };
}

export interface OutagePrediction {
  kind: OutageKind;
  outages: number;
  /** Of the outages; the others end before the flipper finds them. */
  detectedShare: number;
  /** From the failure to the verdict; null where less than half (p50) or 95 % of the outages (p95) are detected. */
  detectedMs: Quantiles;
  /** From the verdict to the flip in the store. */
  writeMs: Quantiles;
  /** From the failure until an edge location uses the flip, over outages and locations. */
  movedMs: Quantiles;
  /** From the restore to the record `ok` in the store. */
  failbackMs: Quantiles;
  ways: readonly WayCost[];
}

interface Quantiles {
  p50: number | null;
  p95: number | null;
}

export interface Prediction {
  broken: string;
  /** Viewers of the broken origin have another one in at least one order. */
  hasSecond: boolean;
  flipper: FlipperWay;
  outageMs: number;
  rate: number;
  postShare: number;
  seed: number;
  outages: number;
  kinds: readonly OutagePrediction[];
  assumptions: readonly Assumption[];
}

/** Of each kind; they are watched to the end of the failback, at a hundred times the cost of the others. */
const mostWholeRuns = 6;

/** Draws of a location for each outage. */
const locations = 20;

/**
 * Runs the real flipper through outages of each kind in virtual time, and counts what they cost viewers. The same
 * options give the same result.
 */
export async function predict(options: PredictOptions): Promise<Prediction> {
  const { config, broken, kinds, flipper, outageMs, rate, postShare, seed, runs, signal = new AbortController().signal } = options;
  const times = readOriginTimes(options.distribution, config, broken);
  const outage: OutageOptions = { ...options, relayMs, signal };
  const predicted: OutagePrediction[] = [];
  for (const kind of kinds) {
    const found = await runOutages(kind, outage, runs, Math.min(mostWholeRuns, runs));
    predicted.push(summarize(kind, found, times.value, options));
  }
  return {
    broken,
    hasSecond: hasSecond(buildFlipPolicy(config), broken),
    flipper,
    outageMs,
    rate,
    postShare,
    seed,
    outages: kinds.length * runs,
    kinds: predicted,
    assumptions: listAssumptions({ ...options, times, relayMs }),
  };
}

/**
 * From a failure to the state of a service that our signals repeat: three checks of Route 53 at 30 s, one to three
 * minutes of an alarm or another monitor.
 */
const relayMs: OutageOptions['relayMs'] = {
  route53: { fromMs: 60_000, toMs: 90_000 },
  alarm: { fromMs: 60_000, toMs: 180_000 },
  reported: { fromMs: 60_000, toMs: 180_000 },
};

function summarize(kind: OutageKind, found: readonly OutageRun[], times: OriginTimes, options: PredictOptions): OutagePrediction {
  const { outageMs, propagation, seed } = options;
  const random = seededRandom(seed);
  const written = found.flatMap(({ writtenMs }) => (writtenMs === null ? [] : [writtenMs]));
  const undetected = found.length - written.length;
  const moved = found.flatMap(({ writtenMs }) =>
    Array.from({ length: locations }, () =>
      writtenMs === null ? Number.POSITIVE_INFINITY : writtenMs + drawPropagation(propagation, random),
    ),
  );
  const returned = found.flatMap(({ returnedMs }) => (returnedMs === null ? [] : [returnedMs]));
  const returnedMs = returned.reduce((sum, ms) => sum + ms, 0) / Math.max(1, returned.length);
  const followMs = meanPropagationMs(propagation);
  const exposedMs =
    (written.reduce((sum, ms) => sum + Math.min(outageMs, ms + followMs + returnedMs), 0) + undetected * outageMs) / found.length;
  const movedMs = quantilesOf(moved);
  const hasOther = hasSecond(buildFlipPolicy(options.config), options.broken);
  const hasGroup = options.config.perRequestFailover && hasOther;
  const checked = (way: typeof route53Way) =>
    hasOther ? runHealthChecks(way, { kind, slowMs: options.slowMs, outageMs, runs: 100, random }) : { movedMs: null, exposedMs: outageMs };
  const stay = { movedMs: null, exposedMs: outageMs };
  return {
    kind,
    outages: found.length,
    detectedShare: found.filter(({ detectedMs }) => detectedMs !== null).length / found.length,
    detectedMs: quantilesOf(found.map(({ detectedMs }) => detectedMs)),
    writeMs: quantilesOf(
      found.flatMap(({ detectedMs, writtenMs }) => (detectedMs === null || writtenMs === null ? [] : [writtenMs - detectedMs])),
    ),
    movedMs,
    failbackMs: quantilesOf(found.flatMap(({ failbackMs }) => (failbackMs === null ? [] : [failbackMs]))),
    ways: [
      countRequests('this-configuration', { movedMs: movedMs.p50, exposedMs }, hasGroup),
      countRequests('origin-groups', stay, hasOther),
      countRequests('route53', checked(route53Way), false),
      countRequests('global-accelerator', checked(globalAcceleratorWay), false),
      countRequests('none', stay, false),
    ],
  };

  function countRequests(way: WayName, exposed: { movedMs: number | null; exposedMs: number }, hasGroup: boolean): WayCost {
    const { rate, postShare, slowMs } = options;
    const spoiled = (rate * exposed.exposedMs * spoiledShare(kind)) / 1_000;
    const count = (method: 'GET' | 'POST', outcome: 'failed' | 'slow') => {
      const isSo = spoilRequest(kind, slowMs, times, method, hasGroup).outcome === outcome;
      return isSo ? Math.round(spoiled * (method === 'POST' ? postShare : 1 - postShare)) : 0;
    };
    return {
      way,
      ...exposed,
      failed: { GET: count('GET', 'failed'), POST: count('POST', 'failed') },
      slow: { GET: count('GET', 'slow'), POST: count('POST', 'slow') },
    };
  }
}

/** Null counts as never. */
function quantilesOf(values: readonly (number | null)[]): Quantiles {
  const sorted = values.map((value) => value ?? Number.POSITIVE_INFINITY).sort((one, other) => one - other);
  const at = (share: number) => {
    const value = percentile(sorted, share);
    return value === undefined || !Number.isFinite(value) ? null : Math.round(value);
  };
  return { p50: at(0.5), p95: at(0.95) };
}

/** How CloudFront waits for the origin: as the distribution has it, else by CloudFront's defaults. */
function readOriginTimes(distribution: DistributionConfig | undefined, config: EdgeConfig, broken: string): KnownTimes {
  const id = config.origins[broken]?.originId;
  const origin = distribution?.Origins?.Items?.find(({ Id }) => Id === id);
  return {
    value: {
      connectionAttempts: origin?.ConnectionAttempts ?? 3,
      connectTimeoutMs: (origin?.ConnectionTimeout ?? 10) * 1_000,
      readTimeoutMs: (origin?.CustomOriginConfig?.OriginReadTimeout ?? 30) * 1_000,
    },
    source: origin === undefined ? 'defaults' : 'distribution.json',
  };
}
