import type { ConsoleBatch, ConsoleState, SampledRequest, Second, TimelineEntry, WorldState } from '../wire.ts';

/**
 * Rows of the request stream, seconds of the plot, entries of the timeline: however long a page is open, it keeps no
 * more.
 */
export const kept = { requests: 40, seconds: 120, entries: 200 } as const;

/** What the page knows. */
interface PageModel {
  /** Server's clock less this machine's. */
  clockOffset: number;
  state: ConsoleState | undefined;
  world: WorldState | undefined;
  /** The oldest first, as the next two. */
  seconds: Second[];
  requests: SampledRequest[];
  timeline: TimelineEntry[];
  /** Requests since the page opened that are not among those shown. */
  more: number;
}

export const emptyModel: PageModel = {
  clockOffset: 0,
  state: undefined,
  world: undefined,
  seconds: [],
  requests: [],
  timeline: [],
  more: 0,
};

/** The model with a batch taken in; `now` is this machine's clock. */
export function applyBatch(before: PageModel, batch: ConsoleBatch, now: number): PageModel {
  const old = batch.fresh === true ? emptyModel : before;
  const state = batch.state ?? old.state;
  return {
    clockOffset: batch.now - now,
    state,
    world: batch.world ?? old.world,
    seconds: batch.seconds === undefined ? old.seconds : mergeSeconds(old.seconds, batch.seconds, batch.now, state?.stepMs),
    requests: batch.requests === undefined ? old.requests : [...old.requests, ...batch.requests].slice(-kept.requests),
    timeline: batch.timeline === undefined ? old.timeline : mergeEntries(old.timeline, batch.timeline),
    more: old.more + (batch.more ?? 0),
  };
}

function mergeSeconds(old: readonly Second[], changed: readonly Second[], now: number, stepMs = 1_000): Second[] {
  const all = new Map([...old, ...changed].map((second) => [second.at, second]));
  return [...all.values()].filter(({ at }) => at > now - (kept.seconds + 1) * stepMs).sort((a, b) => a.at - b.at);
}

function mergeEntries(old: readonly TimelineEntry[], added: readonly TimelineEntry[]): TimelineEntry[] {
  const all = new Map([...old, ...added].map((entry) => [entry.id, entry]));
  return [...all.values()].sort((a, b) => a.id - b.id).slice(-kept.entries);
}
