import type { OriginMemory } from '../core/state-record.ts';
import type { Proof } from '../failover/plan-failover.ts';
import { formatDuration } from '../text/duration.ts';

/** What an origin answered to this machine: a good answer, a bad one, or none at all, which may be this machine's fault (an ALB may admit CloudFront only). */
export type Sounding = { kind: 'good' } | { kind: 'bad' | 'unreached'; problem: string };

type Memories = Readonly<Record<string, OriginMemory>>;

/**
 * What is known about each origin. The flipper's verdict in the store is as old as its last write, so a fresh probe counts before it, good or bad; without an
 * answer the verdict counts. `probedWith` are the verdicts when the probes were made: a verdict that has changed since is newer than they are.
 */
export function judgeOrigins(
  origins: readonly string[],
  memories: Memories,
  soundings: ReadonlyMap<string, Sounding>,
  now: number,
  probedWith: Memories = memories,
): Map<string, Proof> {
  return new Map(
    origins.map((origin) => {
      const isNewer = memories[origin]?.verdict !== probedWith[origin]?.verdict;
      return [origin, judge(memories[origin], isNewer ? undefined : soundings.get(origin), now)];
    }),
  );
}

function judge(memory: OriginMemory | undefined, sounding: Sounding | undefined, now: number): Proof {
  const verdict = memory?.verdict ?? 'unknown';
  const recorded =
    memory === undefined || verdict === 'unknown' ? 'no verdict yet' : `recorded as ${verdict} since ${formatDuration(now - memory.since)}`;
  if (sounding === undefined) return { verdict, evidence: recorded };
  if (sounding.kind === 'unreached') return { verdict, evidence: `${recorded}; not reached from here: ${sounding.problem}` };
  if (sounding.kind === 'bad') return { verdict: 'unhealthy', evidence: `just now: ${sounding.problem}` };
  return { verdict: 'healthy', evidence: `${recorded}; its health checks just now were good` };
}
