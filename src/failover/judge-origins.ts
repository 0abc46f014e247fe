import type { OriginMemory } from '../core/state-record.ts';
import type { OriginProbe } from '../probe/probe-origin.ts';
import { formatDuration } from '../text/duration.ts';
import type { Proof } from './plan-failover.ts';

type Memories = Readonly<Record<string, OriginMemory>>;

/**
 * What is known about each origin. The flipper's verdict in the store is as old as its last write, so a fresh probe counts before it, good or bad; without an
 * answer the verdict counts. `probedWith` are the verdicts when the probes were made: a verdict that has changed since is newer than they are.
 */
export function judgeOrigins(
  origins: readonly string[],
  memories: Memories,
  probes: ReadonlyMap<string, OriginProbe>,
  now: number,
  probedWith: Memories = memories,
): Map<string, Proof> {
  return new Map(
    origins.map((origin) => {
      const isNewer = memories[origin]?.verdict !== probedWith[origin]?.verdict;
      return [origin, judge(memories[origin], isNewer ? undefined : probes.get(origin), now)];
    }),
  );
}

function judge(memory: OriginMemory | undefined, probe: OriginProbe | undefined, now: number): Proof {
  const verdict = memory?.verdict ?? 'unknown';
  const recorded =
    memory === undefined || verdict === 'unknown' ? 'no verdict yet' : `recorded as ${verdict} since ${formatDuration(now - memory.since)}`;
  if (probe === undefined) return { verdict, evidence: recorded };
  if (probe.kind === 'unreached') return { verdict, evidence: `${recorded}; not reached from here: ${probe.problem}` };
  if (probe.kind === 'bad') return { verdict: 'unhealthy', evidence: `just now: ${probe.problem}` };
  return { verdict: 'healthy', evidence: `${recorded}; its health checks just now were good` };
}
