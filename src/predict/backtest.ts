import { parseHealthRecord, weightAt } from '../../kvs/health-record.ts';
import type { EdgeConfig, HealthPolicy } from '../config/edge-config.ts';
import { buildFlipPolicy, type FlipperPolicy } from '../config/services.ts';
import { percentile } from '../text/percentile.ts';
import { seededRandom } from '../text/seeded-random.ts';
import { meanPropagationMs, type PropagationTimes } from './propagation.ts';
import { hasSecond, startAt, storeCallMs } from './run-outages.ts';
import { FlipperSimulation, type ProbedWorld } from './simulation.ts';
import { type Episode, failedShare, listEpisodes, type TrafficSeries } from './traffic-series.ts';

export interface BacktestOptions {
  config: EdgeConfig;
  broken: string;
  series: TrafficSeries;
  propagation: PropagationTimes;
  seed: number;
  signal: AbortSignal;
  /** Runs of each span at most. Default 12. */
  mostRepeats?: number;
  /** After each setting: how many are done. */
  progress?: (done: number, all: number) => void;
}

/** The settings of one row. */
type BacktestSettings = Pick<HealthPolicy, 'intervalMs' | 'unhealthyThreshold' | 'failureRate'>;

export interface BacktestRow extends BacktestSettings {
  isToday: boolean;
  /** Outages in which viewers were moved, on average over the runs. */
  found: number;
  /** From the beginning of an outage to the flip, the median of those found. */
  detectedMs: number | null;
  /** Failed requests that no flip would have spared. */
  lost: number;
  /** Minutes in which all viewers fail, or as much of longer ones. */
  lostMinutes: number;
  /** Flips away from the origin outside of every outage. */
  falseMoves: number;
  /** Probes of the origin in a calm day. */
  probesADay: number;
  /** The best row that loses no more and moves no more often, and is better in one of them or needs fewer probes. */
  dominatedBy: number | null;
}

export interface Backtest {
  broken: string;
  outages: number;
  failedInOutages: number;
  episodes: number;
  /** Not simulated: the log has more failures than time allows. */
  leftOut: number;
  rows: readonly BacktestRow[];
  series: Omit<TrafficSeries, 'buckets'>;
}

/** Virtual time that each setting is run for at most, the worst spans of the log first. */
const mostSimulatedMs = 3 * 3_600_000;

/**
 * Each span runs up to this often, with other moments of the first probe: one run alone could favour any setting by
 * chance.
 */
const defaultRepeats = 12;

/** A bucket without requests has the share of the last one with some, for this long. */
const carryMs = 300_000;

/** How long the flipper runs before a span. */
const settleMs = 60_000;

const minute = 60_000;

/**
 * Runs the real flipper with other thresholds through the failures of a log, and counts what each would have spared or
 * moved for nothing.
 */
export async function backtest(options: BacktestOptions): Promise<Backtest> {
  const { config, broken, series, propagation, seed, signal, mostRepeats = defaultRepeats, progress } = options;
  const all = listEpisodes(series);
  let leftMs = mostSimulatedMs;
  const episodes = all.filter(({ from, to }) => {
    leftMs -= (to - from + 1) * series.bucketMs;
    return leftMs >= 0;
  });
  const usedMs = episodes.reduce((sum, { from, to }) => sum + (to - from + 1) * series.bucketMs + settleMs, 0);
  const repeats = Math.max(1, Math.min(mostRepeats, Math.floor(mostSimulatedMs / Math.max(1, usedMs))));
  const settings = listSettings(config.health);
  const canMove = hasSecond(buildFlipPolicy(config), broken);
  const rows: Omit<BacktestRow, 'dominatedBy'>[] = [];
  for (const [place, health] of settings.entries()) {
    const policy = buildFlipPolicy({ ...config, health });
    const runs: EpisodeRun[] = [];
    for (const [index, episode] of episodes.entries()) {
      signal.throwIfAborted();
      const followMs = meanPropagationMs(propagation);
      const repeated = Array.from({ length: repeats }, (_, repeat) =>
        runEpisode(episode, policy, {
          broken,
          series,
          seed: seed + index * defaultRepeats + repeat,
          phase: (repeat + 0.5) / repeats,
          followMs,
        }),
      );
      runs.push(...(await Promise.all(repeated)));
    }
    rows.push(summarize(health, runs, { repeats, isToday: place === 0, canMove }));
    progress?.(place + 1, settings.length);
  }
  const { buckets: _, ...known } = series;
  return {
    broken,
    outages: episodes.reduce((sum, { outages }) => sum + outages.length, 0),
    failedInOutages: episodes.reduce((sum, { outages }) => sum + outages.reduce((more, { failed }) => more + failed, 0), 0),
    episodes: episodes.length,
    leftOut: all.length - episodes.length,
    rows: rows.map((row) => ({ ...row, dominatedBy: findDominating(rows, row) })),
    series: known,
  };
}

/** Today's settings first, then the grid around the defaults. */
function listSettings(today: HealthPolicy): HealthPolicy[] {
  const grid = [5_000, 10_000, 30_000].flatMap((intervalMs) =>
    [2, 3, 5].flatMap((unhealthyThreshold) =>
      [0.3, 0.5].map((share): HealthPolicy => {
        const fastIntervalMs = Math.min(today.fastIntervalMs, intervalMs);
        const minimum = today.failureRate.minimum;
        const windowMs = Math.max(today.failureRate.windowMs, minimum * fastIntervalMs);
        return { ...today, intervalMs, fastIntervalMs, unhealthyThreshold, failureRate: { share, windowMs, minimum } };
      }),
    ),
  );
  return [today, ...grid.filter((each) => keyOf(each) !== keyOf(today))];
}

function keyOf({ intervalMs, unhealthyThreshold, failureRate }: BacktestSettings): string {
  return `${intervalMs} ${unhealthyThreshold} ${failureRate.share}`;
}

interface EpisodeRun {
  /** From the beginning of each outage to the flip that answers it; null for none. */
  detectedMs: (number | null)[];
  lost: number;
  lostMs: number;
  falseMoves: number;
}

interface EpisodeOptions {
  broken: string;
  series: TrafficSeries;
  seed: number;
  /** Where in an interval the span begins, from 0 to 1. */
  phase: number;
  followMs: number;
}

async function runEpisode(
  { from, to, outages }: Episode,
  policy: FlipperPolicy,
  { broken, series, seed, phase, followMs }: EpisodeOptions,
): Promise<EpisodeRun> {
  const { bucketMs, buckets, meanFailedMs } = series;
  const shares = readShares(series, from, to);
  const random = seededRandom(seed);
  const { timeoutMs, intervalMs } = policy.health;
  const calmMs = settleMs + phase * Math.min(intervalMs, 10 * minute);
  // One draw for each second, so that settings that probe at the same time find the same.
  const draws = new Map<number, number>();
  const drawAt = (second: number) => {
    const known = draws.get(second) ?? seededRandom(Math.imul(seed, 0x9e3779b1) ^ second)();
    draws.set(second, known);
    return known;
  };
  const world: ProbedWorld = (origin, elapsed) => {
    const share = origin === broken ? (shares[Math.floor((elapsed - calmMs) / bucketMs)] ?? 0) : 0;
    const isBad = share > 0 && drawAt(Math.floor(elapsed / 1_000)) < share;
    return isBad ? { opinion: 'bad', afterMs: Math.min(timeoutMs, Math.max(5, meanFailedMs)) } : { opinion: 'good' };
  };
  const simulation = new FlipperSimulation({ world, policy, startAt, latencyMs: storeCallMs });
  const { stop } = simulation.start({ random });
  const length = to - from + 1;
  await simulation.clock.run(calmMs + length * bucketMs);
  stop();
  const flips = simulation.store.writes.map(({ at, record }) => ({
    at: at - calmMs,
    weight: weightAt(parseHealthRecord(record) ?? [], broken, 0),
  }));
  const weightOf = (ms: number) => flips.findLast(({ at }) => at <= ms)?.weight ?? 100;
  let [lost, lostMs] = [0, 0];
  for (let place = 0; place < length; place++) {
    const bucket = buckets.get(from + place);
    const stays = weightOf((place + 0.5) * bucketMs - followMs) / 100;
    if (bucket === undefined) continue;
    lost += bucket.failed * stays;
    lostMs += failedShare(bucket) * stays * bucketMs;
  }
  const spans = outages.map((outage) => ({ fromMs: (outage.from - from) * bucketMs, toMs: (outage.to - from + 1) * bucketMs }));
  const away = flips.filter(({ weight }, place) => weight === 0 && (flips[place - 1]?.weight ?? 100) > 0);
  return {
    detectedMs: spans.map(({ fromMs, toMs }) => {
      if (weightOf(fromMs) === 0) return 0;
      const flip = away.find(({ at }) => at >= fromMs && at <= toMs);
      return flip === undefined ? null : Math.round(flip.at - fromMs);
    }),
    lost,
    lostMs,
    // A flip at its rims still answers an outage, whose first failures may share a bucket with good requests.
    falseMoves: away.filter(({ at }) => !spans.some(({ fromMs, toMs }) => at >= fromMs - 2 * bucketMs && at <= toMs + minute)).length,
  };
}

/** The failing share of each bucket. */
function readShares({ buckets, bucketMs }: TrafficSeries, from: number, to: number): number[] {
  const shares: number[] = [];
  let [last, age] = [0, 0];
  for (let number = from; number <= to; number++) {
    const bucket = buckets.get(number);
    if (bucket !== undefined) [last, age] = [failedShare(bucket), 0];
    else if (++age * bucketMs > carryMs) last = 0;
    shares.push(last);
  }
  return shares;
}

function summarize(
  health: HealthPolicy,
  runs: readonly EpisodeRun[],
  { repeats, isToday, canMove }: { repeats: number; isToday: boolean; canMove: boolean },
): Omit<BacktestRow, 'dominatedBy'> {
  const detected = runs.flatMap(({ detectedMs }) => detectedMs);
  const found = detected.filter((ms) => ms !== null).sort((one, other) => one - other);
  const sum = (of: (run: EpisodeRun) => number) => runs.reduce((total, run) => total + of(run), 0) / repeats;
  return {
    intervalMs: health.intervalMs,
    unhealthyThreshold: health.unhealthyThreshold,
    failureRate: health.failureRate,
    isToday,
    found: canMove ? oneDigit(found.length / repeats) : 0,
    detectedMs: percentile(found, 0.5) ?? null,
    lost: Math.round(sum(({ lost }) => lost)),
    lostMinutes: oneDigit(sum(({ lostMs }) => lostMs) / minute),
    falseMoves: oneDigit(sum((run) => run.falseMoves)),
    // Jitter removes up to a tenth of the interval.
    probesADay: Math.round(86_400_000 / (health.intervalMs * 0.95)),
  };
}

function oneDigit(value: number): number {
  return Math.round(value * 10) / 10;
}

function findDominating(rows: readonly Omit<BacktestRow, 'dominatedBy'>[], row: Omit<BacktestRow, 'dominatedBy'>): number | null {
  const better = rows
    .map((other, place) => ({ other, place }))
    .filter(
      ({ other, place }) =>
        other.lostMinutes <= row.lostMinutes &&
        other.falseMoves <= row.falseMoves &&
        (other.lostMinutes < row.lostMinutes || other.falseMoves < row.falseMoves || isCheaper(other, place, row, rows.indexOf(row))),
    )
    .sort((a, b) => a.other.lostMinutes - b.other.lostMinutes || a.other.falseMoves - b.other.falseMoves || a.place - b.place);
  return better[0]?.place ?? null;
}

/** Of two rows that lose as much and move as often, the one with fewer probes counts, then the first. */
function isCheaper(other: Omit<BacktestRow, 'dominatedBy'>, place: number, row: Omit<BacktestRow, 'dominatedBy'>, own: number): boolean {
  return other.probesADay < row.probesADay || (other.probesADay === row.probesADay && place < own);
}
