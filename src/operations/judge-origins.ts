import { formatDuration } from '../cli/duration.ts';
import type { OriginMemory } from '../health/state-record.ts';
import type { Proof } from './plan-failover.ts';

/** What an origin answered to this machine: well, badly, or not at all, which may be this machine's fault (an ALB may admit CloudFront only). */
export type Sounding = { kind: 'good' } | { kind: 'bad' | 'unreached'; problem: string };

/**
 * What is known about each origin: the flipper's verdict, as of its last write, corrected by what the origin answered just now. A bad answer is proof;
 * a good one proves an origin that the flipper has no verdict about; none at all changes nothing.
 */
export function judgeOrigins(
  origins: readonly string[],
  memories: Readonly<Record<string, OriginMemory>>,
  soundings: ReadonlyMap<string, Sounding>,
  now: number,
): Map<string, Proof> {
  return new Map(origins.map((origin) => [origin, judge(memories[origin], soundings.get(origin), now)]));
}

function judge(memory: OriginMemory | undefined, sounding: Sounding | undefined, now: number): Proof {
  const known =
    memory === undefined || memory.verdict === 'unknown'
      ? 'no verdict yet'
      : `${memory.verdict} since ${formatDuration(now - memory.since)}`;
  const verdict = memory?.verdict ?? 'unknown';
  if (sounding === undefined) return { verdict, evidence: known };
  if (sounding.kind === 'unreached') return { verdict, evidence: `${known}; not reached from here: ${sounding.problem}` };
  if (sounding.kind === 'bad') return { verdict: 'unhealthy', evidence: `just now: ${sounding.problem}` };
  return { verdict: verdict === 'unknown' ? 'healthy' : verdict, evidence: `${known}; well just now` };
}
