import { orderedOf, routingOf } from '../config/services.ts';
import { percentile } from '../text/percentile.ts';
import { type Drill, servedWeight, type ViewerOutcome } from './drill-record.ts';

/** A drill in figures. Times are milliseconds, null for what did not happen. */
export interface DrillSummary {
  fault: string;
  broken: string;
  /** From the fault to the verdict. */
  detectedMs: number | null;
  /** From the first failed request after the fault, or from the fault if none failed, to the written flip. */
  writtenMs: number | null;
  /** From the fault to the last request sent to the broken origin. */
  movedMs: number | null;
  /** From the restore to the end of the failback. */
  failbackMs: number | null;
  phases: PhaseSummary[];
  promises: DrillPromise[];
  /** What happened, in seconds from the fault. */
  marks: { second: number; what: DrillMark }[];
  /** What viewers got in each second from the fault; before it they are negative. */
  seconds: { second: number; regions: Record<string, number>; failed: number }[];
}

export type DrillMark = 'fault' | 'unhealthy' | 'flip' | 'restore' | 'failback';

interface PhaseSummary {
  phase: 'before' | 'during' | 'after';
  requests: number;
  failed: Record<'GET' | 'POST', number>;
  /** Complete answers by region. */
  regions: Record<string, number>;
  p50Ms: number;
  p99Ms: number;
}

/** One promise of the design, checked against what was seen. */
export interface DrillPromise<Id extends string = string> {
  id: Id;
  /** In words. */
  promise: string;
  /** `skipped`: this fault does not test it. */
  result: 'kept' | 'broken' | 'skipped';
  /** The count, or why there is none. */
  detail: string;
}

type DrillPromiseId = 'no-get-fails' | 'no-failure-after-flip' | 'none-to-weight-zero' | 'all-home-after-failback';

/** Requests in progress when the flip arrives have ended after this long. */
const settleMs = 2_000;

const promises: Readonly<Record<DrillPromiseId, string>> = {
  'no-get-fails': 'no GET fails',
  'no-failure-after-flip': 'no request fails from 2 s after propagation',
  'none-to-weight-zero': 'no request goes to weight 0 while another origin is up',
  'all-home-after-failback': 'every viewer is at its home origin after the failback',
};

/** Counts and judges a drill. Pure. */
export function summarizeDrill(drill: Drill): DrillSummary {
  const { timeline, outcomes, requests, broken } = drill;
  const { brokenAt, unhealthyAt, writtenAt, propagatedAt, restoredAt, failbackAt } = timeline;
  const failed = outcomes.filter(({ ok, startedAt }) => !ok && startedAt >= brokenAt);
  const failedAt =
    failed.length === 0 ? brokenAt : failed.reduce((first, { startedAt }) => Math.min(first, startedAt), Number.POSITIVE_INFINITY);
  const sent = requests.filter(({ at, origins }) => at >= brokenAt && at < (restoredAt ?? timeline.endedAt) && origins.includes(broken));
  const lastSentAt = sent.length === 0 ? undefined : sent.reduce((last, { at }) => Math.max(last, at), 0);
  const between = (from: number, to: number | undefined) => (to === undefined ? null : Math.round(to - from));
  const phase = (name: PhaseSummary['phase'], from: number, to: number) =>
    summarizePhase(
      name,
      outcomes.filter(({ startedAt }) => startedAt >= from && startedAt < to),
    );
  const settled = (propagatedAt ?? timeline.endedAt) + settleMs;
  return {
    fault: drill.fault,
    broken,
    detectedMs: between(brokenAt, unhealthyAt),
    writtenMs: between(failedAt, writtenAt),
    movedMs: between(brokenAt, lastSentAt),
    failbackMs: restoredAt === undefined ? null : between(restoredAt, failbackAt),
    phases: [phase('before', 0, brokenAt), phase('during', brokenAt, settled), phase('after', settled, Number.POSITIVE_INFINITY)],
    promises: judgePromises(drill),
    marks: listMarks(timeline),
    seconds: countSeconds(outcomes, brokenAt),
  };
}

/** Checks what the design promises to viewers. Pure. */
export function judgePromises(drill: Drill): DrillPromise<DrillPromiseId>[] {
  return [judgeGets(drill), judgeAfterFlip(drill), judgeWeightZero(drill), judgeAfterFailback(drill)];
}

function judgeGets({ fault, outcomes, timeline }: Drill): DrillPromise<DrillPromiseId> {
  const id = 'no-get-fails';
  if (!['refuse', '5xx', 'flaky', 'half'].includes(fault))
    return { id, promise: promises[id], result: 'skipped', detail: 'promised only for refuse, 5xx, flaky and half' };
  return judge(
    id,
    outcomes.filter(({ method, startedAt }) => method === 'GET' && startedAt >= timeline.brokenAt),
    ({ ok }) => ok,
  );
}

function judgeAfterFlip({ outcomes, timeline }: Drill): DrillPromise<DrillPromiseId> {
  const id = 'no-failure-after-flip';
  const { propagatedAt } = timeline;
  if (propagatedAt === undefined) return { id, promise: promises[id], result: 'broken', detail: 'no flip reached the edge' };
  return judge(
    id,
    outcomes.filter(({ startedAt }) => startedAt >= propagatedAt + settleMs),
    ({ ok }) => ok,
  );
}

/**
 * Judges only requests that began and ended under one record. During a change either record may have routed a request,
 * or none while the key is missing before a write arrives.
 */
function judgeWeightZero({ config, requests, timeline, missMs = 0 }: Drill): DrillPromise<DrillPromiseId> {
  const { records } = timeline;
  const settled = requests.filter(
    ({ at, ms }) => records.findLastIndex((r) => r.at <= at) === records.findLastIndex((r) => r.at <= at + ms + missMs),
  );
  return judge('none-to-weight-zero', settled, ({ at, origins }) => {
    const isOut = (id: string) => servedWeight(records, id, at) === 0;
    return Object.keys(config.origins).every(isOut) || !origins.some(isOut);
  });
}

function judgeAfterFailback({ config, outcomes, timeline }: Drill): DrillPromise<DrillPromiseId> {
  const id = 'all-home-after-failback';
  const { failbackAt } = timeline;
  if (failbackAt === undefined) return { id, promise: promises[id], result: 'broken', detail: 'the failback did not end' };
  return judge(
    id,
    outcomes.filter(({ startedAt }) => startedAt >= failbackAt),
    (outcome) => isHome(config, outcome),
  );
}

/**
 * Whether the region is that of a first origin of the viewer's order. A path of no service is not routed, so it cannot
 * be elsewhere.
 */
function isHome(config: Drill['config'], { country, region, path = '/' }: ViewerOutcome): boolean {
  const routing = routingOf(config, path);
  if (routing === undefined) return true;
  const { order, slices = [{ order }] } = orderedOf(routing, country);
  return slices.some((slice) => region === config.origins[slice.order[0] ?? '']?.region);
}

function judge<T>(id: DrillPromiseId, seen: readonly T[], isKept: (item: T) => boolean): DrillPromise<DrillPromiseId> {
  const promise = promises[id];
  // Without a request there is no proof.
  if (seen.length === 0) return { id, promise, result: 'broken', detail: 'no request tested it' };
  const violations = seen.filter((item) => !isKept(item)).length;
  const detail = `${violations} violation${violations === 1 ? '' : 's'} in ${seen.length} request${seen.length === 1 ? '' : 's'}`;
  return { id, promise, result: violations === 0 ? 'kept' : 'broken', detail };
}

function summarizePhase(phase: PhaseSummary['phase'], outcomes: readonly ViewerOutcome[]): PhaseSummary {
  const failed = (method: string) => outcomes.filter((outcome) => outcome.method === method && !outcome.ok).length;
  const times = outcomes.map(({ ms }) => ms).sort((a, b) => a - b);
  return {
    phase,
    requests: outcomes.length,
    failed: { GET: failed('GET'), POST: failed('POST') },
    regions: countRegions(outcomes),
    p50Ms: percentile(times, 0.5) ?? 0,
    p99Ms: percentile(times, 0.99) ?? 0,
  };
}

function listMarks({ brokenAt, unhealthyAt, propagatedAt, restoredAt, failbackAt }: Drill['timeline']): DrillSummary['marks'] {
  const times: [DrillMark, number | undefined][] = [
    ['fault', brokenAt],
    ['unhealthy', unhealthyAt],
    ['flip', propagatedAt],
    ['restore', restoredAt],
    ['failback', failbackAt],
  ];
  return times.flatMap(([what, at]) => (at === undefined ? [] : [{ what, second: Math.round((at - brokenAt) / 100) / 10 }]));
}

function countSeconds(outcomes: readonly ViewerOutcome[], brokenAt: number): DrillSummary['seconds'] {
  const first = outcomes.reduce((least, { startedAt }) => Math.min(least, Math.floor((startedAt - brokenAt) / 1_000)), 0);
  const seconds: ViewerOutcome[][] = [];
  for (const outcome of outcomes) {
    const second = Math.floor((outcome.startedAt - brokenAt) / 1_000) - first;
    while (seconds.length <= second) seconds.push([]);
    seconds[second]?.push(outcome);
  }
  return seconds.map((seen, second) => ({
    second: first + second,
    regions: countRegions(seen),
    failed: seen.filter(({ ok }) => !ok).length,
  }));
}

function countRegions(outcomes: readonly ViewerOutcome[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { ok, region } of outcomes) if (ok && region !== undefined) counts[region] = (counts[region] ?? 0) + 1;
  return counts;
}
