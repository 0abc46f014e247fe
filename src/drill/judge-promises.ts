import type { Drill } from './drill.ts';
import { servedWeight } from './timeline.ts';

export interface DrillPromise {
  promise: string;
  /** `skipped` when this fault does not put it to the test. */
  result: 'held' | 'broken' | 'skipped';
  /** What was counted, or why it was not. */
  detail: string;
}

/** Time after propagation from which nobody may fail any more: requests that were on their way have ended by then. */
const settleMs = 2_000;

/** What the design promises a viewer, judged by what was seen. Pure. */
export function judgePromises(drill: Drill): DrillPromise[] {
  return [safeRequestsSurvive(drill), nobodyFailsAfterTheFlip(drill), nobodyGoesToWeightZero(drill), everybodyComesHome(drill)];
}

function safeRequestsSurvive({ fault, outcomes, timeline }: Drill): DrillPromise {
  const promise = 'no GET fails';
  if (!['refuse', '5xx', 'flaky', 'half'].includes(fault)) {
    return { promise, result: 'skipped', detail: 'promised for refuse, 5xx, flaky and half' };
  }
  return judge(
    promise,
    outcomes.filter(({ method, startedAt }) => method === 'GET' && startedAt >= timeline.brokenAt),
    ({ ok }) => ok,
  );
}

function nobodyFailsAfterTheFlip({ outcomes, timeline }: Drill): DrillPromise {
  const promise = 'nobody fails from 2 s after propagation';
  const { propagatedAt } = timeline;
  if (propagatedAt === undefined) return { promise, result: 'broken', detail: 'the flip never reached the edge' };
  return judge(
    promise,
    outcomes.filter(({ startedAt }) => startedAt >= propagatedAt + settleMs),
    ({ ok }) => ok,
  );
}

/**
 * Judges requests that began and ended under one record: one that saw the next arrive may have been routed by either, and by none while the key is missing
 * before it.
 */
function nobodyGoesToWeightZero({ config, requests, timeline, missMs = 0 }: Drill): DrillPromise {
  const promise = 'nobody is sent to weight 0 while another is up';
  const { records } = timeline;
  const settled = requests.filter(
    ({ at, ms }) => records.findLastIndex((r) => r.at <= at) === records.findLastIndex((r) => r.at <= at + ms + missMs),
  );
  return judge(promise, settled, ({ at, origins }) => {
    const isOut = (id: string) => servedWeight(records, id, at) === 0;
    return Object.keys(config.origins).every(isOut) || !origins.some(isOut);
  });
}

function everybodyComesHome({ config, outcomes, timeline }: Drill): DrillPromise {
  const promise = 'everybody is home after the ramp';
  const { homeAt } = timeline;
  if (homeAt === undefined) return { promise, result: 'broken', detail: 'the ramp did not end' };
  return judge(
    promise,
    outcomes.filter(({ startedAt }) => startedAt >= homeAt),
    ({ country, region }) => {
      const order = config.routes.find(({ countries }) => countries.includes(country))?.order ?? config.defaultOrder;
      return region === config.origins[order[0] ?? '']?.region;
    },
  );
}

function judge<T>(promise: string, seen: readonly T[], isKept: (item: T) => boolean): DrillPromise {
  const broken = seen.filter((item) => !isKept(item)).length;
  // Nothing seen proves nothing.
  if (seen.length === 0) return { promise, result: 'broken', detail: 'no request put it to the test' };
  return { promise, result: broken === 0 ? 'held' : 'broken', detail: `${broken} of ${seen.length} requests` };
}
