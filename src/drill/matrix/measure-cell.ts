import { percentile } from '../../text/percentile.ts';
import type { Outcome } from '../drill.ts';
import { type CellResult, type MatrixMethod, type MethodFigures, matrixMethods } from './cell.ts';

/** Without a failure for so long before the end of the outage, viewers have recovered. */
const quietMs = 2_000;
/** The last part of an outage, which `late` latencies are taken from. */
export const lateMs = 3_000;

/** An outage that lasts to the end: the origin is broken at `brokenAt` and still is at `endedAt`. Epoch milliseconds. */
export interface Outage {
  brokenAt: number;
  endedAt: number;
  /** The flip that took everything away was at the edge. */
  movedAt: number | undefined;
}

/** Counts what was sent during the outage, by method. Pure. */
export function measureCell(
  outcomes: readonly Outcome[],
  { brokenAt, endedAt, movedAt }: Outage,
): Omit<CellResult, 'fault' | 'setup' | 'lagMs'> {
  const sent = outcomes.filter(({ startedAt }) => startedAt >= brokenAt && startedAt < endedAt);
  const of = (method: MatrixMethod) => sent.filter((outcome) => outcome.method === method);
  // An outage of 12.03 s has twelve seconds, the last of them a little longer.
  const seconds = Array.from({ length: Math.max(1, Math.round((endedAt - brokenAt) / 1_000)) }, () => ({
    GET: { ok: 0, failed: 0 },
    POST: { ok: 0, failed: 0 },
  }));
  for (const method of matrixMethods)
    for (const { startedAt, ok } of of(method)) {
      const counts = seconds[Math.min(seconds.length - 1, Math.floor((startedAt - brokenAt) / 1_000))]?.[method];
      if (counts !== undefined) counts[ok ? 'ok' : 'failed']++;
    }
  return {
    movedMs: movedAt === undefined || movedAt >= endedAt ? null : movedAt - brokenAt,
    methods: { GET: measureMethod(of('GET'), brokenAt, endedAt), POST: measureMethod(of('POST'), brokenAt, endedAt) },
    seconds,
  };
}

function measureMethod(sent: readonly Outcome[], brokenAt: number, endedAt: number): MethodFigures {
  const failed = sent.filter(({ ok }) => !ok);
  const lastFailedAt = failed.length === 0 ? undefined : failed.reduce((last, { startedAt }) => Math.max(last, startedAt), 0);
  const times = sortTimes(sent);
  const late = sortTimes(sent.filter(({ startedAt }) => startedAt >= endedAt - lateMs));
  return {
    requests: sent.length,
    failed: failed.length,
    lastFailedMs: lastFailedAt === undefined ? null : lastFailedAt - brokenAt,
    recovered: lastFailedAt === undefined || lastFailedAt < endedAt - quietMs,
    p50Ms: percentile(times, 0.5) ?? null,
    p99Ms: percentile(times, 0.99) ?? null,
    lateP50Ms: percentile(late, 0.5) ?? null,
    lateP99Ms: percentile(late, 0.99) ?? null,
  };
}

function sortTimes(outcomes: readonly Outcome[]): number[] {
  return outcomes.map(({ ms }) => ms).sort((a, b) => a - b);
}
