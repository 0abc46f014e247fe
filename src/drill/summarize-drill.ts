import { percentile } from '../text/percentile.ts';
import type { Drill, Outcome } from './drill.ts';
import { type DrillPromise, judgePromises } from './judge-promises.ts';

interface PhaseSummary {
  phase: 'before' | 'during' | 'after';
  requests: number;
  failed: Record<'GET' | 'POST', number>;
  /** Answers by region, complete ones only. */
  regions: Record<string, number>;
  p50Ms: number;
  p99Ms: number;
}

/** What a drill came to; milliseconds, null for what did not happen. */
export interface DrillSummary {
  fault: string;
  broken: string;
  /** From the fault to the verdict. */
  detectedMs: number | null;
  /** From the first request that was to fail, or from the fault when none did, to the written flip. */
  writtenMs: number | null;
  /** From the fault to the last request that was sent to the broken origin. */
  movedMs: number | null;
  /** From healing to the day when everybody is home. */
  homeMs: number | null;
  phases: PhaseSummary[];
  promises: DrillPromise[];
  /** Seconds of the drill, what viewers saw in each. */
  seconds: { second: number; regions: Record<string, number>; failed: number }[];
}

/** Counts and judges a drill. Pure. */
export function summarizeDrill(drill: Drill): DrillSummary {
  const { timeline, outcomes, requests, broken } = drill;
  const { brokenAt, unhealthyAt, writtenAt, propagatedAt, healedAt, homeAt } = timeline;
  const failed = outcomes.filter(({ ok, startedAt }) => !ok && startedAt >= brokenAt);
  const failedAt =
    failed.length === 0 ? brokenAt : failed.reduce((first, { startedAt }) => Math.min(first, startedAt), Number.POSITIVE_INFINITY);
  const sent = requests.filter(({ at, origins }) => at >= brokenAt && at < (healedAt ?? timeline.endedAt) && origins.includes(broken));
  const between = (from: number, to: number | undefined) => (to === undefined ? null : Math.round(to - from));
  const phase = (name: PhaseSummary['phase'], from: number, to: number) =>
    summarizePhase(
      name,
      outcomes.filter(({ startedAt }) => startedAt >= from && startedAt < to),
    );
  const settled = (propagatedAt ?? timeline.endedAt) + 2_000;
  return {
    fault: drill.fault,
    broken,
    detectedMs: between(brokenAt, unhealthyAt),
    writtenMs: between(failedAt, writtenAt),
    movedMs:
      sent.length === 0
        ? null
        : between(
            brokenAt,
            sent.reduce((last, { at }) => Math.max(last, at), 0),
          ),
    homeMs: healedAt === undefined ? null : between(healedAt, homeAt),
    phases: [phase('before', 0, brokenAt), phase('during', brokenAt, settled), phase('after', settled, Number.POSITIVE_INFINITY)],
    promises: judgePromises(drill),
    seconds: countSeconds(outcomes, timeline.startedAt),
  };
}

function summarizePhase(phase: PhaseSummary['phase'], outcomes: readonly Outcome[]): PhaseSummary {
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

function countSeconds(outcomes: readonly Outcome[], startedAt: number): DrillSummary['seconds'] {
  const seconds: Outcome[][] = [];
  for (const outcome of outcomes) {
    const second = Math.max(0, Math.floor((outcome.startedAt - startedAt) / 1_000));
    while (seconds.length <= second) seconds.push([]);
    seconds[second]?.push(outcome);
  }
  return seconds.map((seen, second) => ({ second, regions: countRegions(seen), failed: seen.filter(({ ok }) => !ok).length }));
}

function countRegions(outcomes: readonly Outcome[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { ok, region } of outcomes) if (ok && region !== undefined) counts[region] = (counts[region] ?? 0) + 1;
  return counts;
}
