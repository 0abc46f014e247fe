import { percentile } from '../text/percentile.ts';
import { isSpoiled, type OutageKind } from './outage-kind.ts';

/** Health checks of AWS's own and what follows their verdict; each time with the page that has it. */
export interface HealthCheckedWay {
  name: 'route53' | 'global-accelerator';
  intervalMs: number;
  /** Results in a row that turn a checker's opinion. */
  unhealthyThreshold: number;
  healthyThreshold: number;
  checkers: number;
  /** More than this share of the checkers must find the endpoint healthy. */
  healthyShare: number;
  /** An answer later than this is a failure. */
  timeoutMs: number;
  /** After the verdict, viewers follow within this time, all times equally likely. */
  followMs: number;
}

export const route53Way: HealthCheckedWay = {
  name: 'route53',
  intervalMs: 30_000,
  unhealthyThreshold: 3,
  healthyThreshold: 3,
  checkers: 16,
  healthyShare: 0.18,
  timeoutMs: 2_000,
  followMs: 60_000,
};

export const globalAcceleratorWay: HealthCheckedWay = {
  name: 'global-accelerator',
  intervalMs: 30_000,
  unhealthyThreshold: 2,
  healthyThreshold: 5,
  checkers: 1,
  healthyShare: 0,
  timeoutMs: 5_000,
  followMs: 30_000,
};

export interface ExposedTimes {
  /** From the failure until viewers have left, the median run; null where more than half of the runs never left. */
  movedMs: number | null;
  /** Mean time that viewers spend with the failing endpoint. */
  exposedMs: number;
}

/** Whether a check, which reads no body, fails when it meets the outage. */
function isFailedCheck(kind: OutageKind, slowMs: number, timeoutMs: number): boolean {
  if (kind === 'bad-body') return false;
  return kind !== 'slow' || slowMs > timeoutMs;
}

/** Runs the checks through outages of this length, each checker with a phase of its own. */
export function runHealthChecks(
  way: HealthCheckedWay,
  { kind, slowMs, outageMs, runs, random }: { kind: OutageKind; slowMs: number; outageMs: number; runs: number; random: () => number },
): ExposedTimes {
  const fails = isFailedCheck(kind, slowMs, way.timeoutMs);
  const delayMs = kind === 'refuse' || kind === '5xx' || kind === 'half' || kind === 'flaky' ? 0 : way.timeoutMs;
  const moved: number[] = [];
  let exposedMs = 0;
  for (let run = 0; run < runs; run++) {
    const lagMs = delayMs + random() * way.followMs;
    const spans = fails ? listUnhealthySpans(way, kind, outageMs, random) : [];
    const away = spans.map(({ from, to }) => ({ from: Math.min(outageMs, from + lagMs), to: Math.min(outageMs, to + lagMs) }));
    exposedMs += outageMs - away.reduce((sum, { from, to }) => sum + to - from, 0);
    const first = away[0]?.from ?? outageMs;
    moved.push(first < outageMs ? first : Number.POSITIVE_INFINITY);
  }
  const median =
    percentile(
      moved.sort((one, other) => one - other),
      0.5,
    ) ?? Number.POSITIVE_INFINITY;
  return { movedMs: Number.isFinite(median) ? median : null, exposedMs: runs === 0 ? outageMs : exposedMs / runs };
}

/**
 * When the checkers together call the endpoint unhealthy, in milliseconds from the failure; the last span is open to
 * the end.
 */
function listUnhealthySpans(
  way: HealthCheckedWay,
  kind: OutageKind,
  outageMs: number,
  random: () => number,
): { from: number; to: number }[] {
  const checkers = Array.from({ length: way.checkers }, (_, place) => ({
    at: random() * way.intervalMs,
    turn: place,
    isHealthy: true,
    row: 0,
  }));
  const spans: { from: number; to: number }[] = [];
  let healthy = checkers.length;
  let from: number | undefined;
  for (;;) {
    const next = checkers.reduce((first, checker) => (checker.at < first.at ? checker : first));
    if (next.at >= outageMs) break;
    const isBad = isSpoiled(kind, next.turn++, random);
    next.row = isBad === next.isHealthy ? next.row + 1 : 0;
    if (next.row >= (next.isHealthy ? way.unhealthyThreshold : way.healthyThreshold)) {
      next.isHealthy = !next.isHealthy;
      next.row = 0;
      healthy += next.isHealthy ? 1 : -1;
    }
    const isUnhealthy = healthy <= way.healthyShare * checkers.length;
    if (isUnhealthy && from === undefined) from = next.at;
    if (!isUnhealthy && from !== undefined) {
      spans.push({ from, to: next.at });
      from = undefined;
    }
    next.at += way.intervalMs;
  }
  if (from !== undefined) spans.push({ from, to: Number.POSITIVE_INFINITY });
  return spans;
}
