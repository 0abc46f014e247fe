import { setImmediate } from 'node:timers/promises';
import { healthKey } from '../../../kvs/keys.ts';
import type { Execution, FunctionSource, StoreView, SweepRuntime } from '../../edge/execution.ts';
import { readDecision, readRoute } from '../decision.ts';
import { type AnyRuntime, runAll } from '../run-all.ts';
import { DecisionMemo } from './decision-memo.ts';
import { readTrace, traceFunction } from './trace-function.ts';
import { buildLoggedEvent, type VisibleRequest } from './visible-request.ts';

/** Where both functions send a request, such as `singapore, then europe`. */
interface Routes {
  before: string;
  after: string;
}

/** Says where two functions send requests, running them as seldom as can be. */
export interface Decider {
  decide(requests: readonly VisibleRequest[]): Promise<Routes[]>;
  /** Runs so far. */
  runs(): number;
  close(): Promise<void>;
}

export interface DeciderOptions {
  /** The caller's, who closes it. */
  runtime: AnyRuntime;
  before: FunctionSource;
  after: FunctionSource;
  /** The health record under which both run. */
  record: string;
  /** Epoch milliseconds: the moment of every run. */
  now: number;
  /** Opened when many requests need a run of their own, and closed with the decider; undefined when there is none. Default: all runs are `runtime`'s. */
  openSweeper?: () => Promise<SweepRuntime | undefined>;
}

// A few runs often answer for all requests of a log; where each request needs its own, starting the engine anew for few of them would cost most.
const smallestBatch = 16;
const largestBatch = 4_000;
/** Requests without an answer for which a sweep is worth its second of start. */
const smallestSweep = 512;
const sweepSize = 1_000;

export function openDecider(options: DeciderOptions): Decider {
  const { runtime, record, now } = options;
  const store = { values: new Map([[healthKey, record]]), version: record };
  const sides = [options.before, options.after].map((source) => openSide({ runtime, source, store, now }));
  let { openSweeper } = options;
  let sweeper: Promise<SweepRuntime | undefined> | undefined;
  let batch = smallestBatch;
  let runs = 0;
  // True once runs have told little about other requests.
  let isEachItsOwn = false;

  /** The routes by side; undefined when these functions cannot be swept. */
  async function sweep(requests: readonly VisibleRequest[]): Promise<string[][] | undefined> {
    if (openSweeper === undefined) return undefined;
    sweeper ??= openSweeper();
    const opened = await sweeper;
    const sources = [options.before, options.after];
    const asked: Promise<Execution[][] | undefined>[] = [];
    for (let from = 0; opened !== undefined && from < requests.length; from += sweepSize) {
      const events = requests.slice(from, from + sweepSize).map(buildLoggedEvent);
      asked.push(opened.sweep({ sources, events, store, now }));
      // The engine's answer gets its turn: it runs one part while the next is written.
      await setImmediate();
    }
    const parts = await Promise.all(asked);
    if (opened === undefined || parts.includes(undefined)) {
      openSweeper = undefined;
      return undefined;
    }
    runs += sources.length * requests.length;
    return sources.map((_, side) => parts.flatMap((part) => (part?.[side] ?? []).map(readRoute)));
  }

  /** Runs the first of these until all have an answer. */
  async function learn(requests: readonly VisibleRequest[], routes: (string | undefined)[][]): Promise<void> {
    const isOpen = (index: number) => routes.some((side) => side[index] === undefined);
    let open = [...requests.keys()].filter(isOpen);
    while (open.length > 0) {
      if (isEachItsOwn && open.length >= smallestSweep) {
        const swept = await sweep(open.map((index) => requests[index] as VisibleRequest));
        for (const [side, found] of (swept ?? []).entries())
          for (const [place, route] of found.entries()) (routes[side] as string[])[open[place] as number] = route;
        if (swept !== undefined) return;
      }
      const asked = open.slice(0, batch);
      for (const [place, side] of sides.entries()) {
        const missing = asked.filter((index) => routes[place]?.[index] === undefined);
        runs += missing.length;
        await side.learn(missing.map((index) => requests[index] as VisibleRequest));
        for (const index of open) (routes[place] as (string | undefined)[])[index] ??= side.find(requests[index] as VisibleRequest);
      }
      const left = open.length - asked.length;
      open = open.filter(isOpen);
      isEachItsOwn = open.length > left / 2;
      batch = isEachItsOwn ? Math.min(largestBatch, batch * 4) : smallestBatch;
    }
  }

  return {
    runs: () => runs,
    close: async () => (await sweeper)?.close(),
    decide: async (requests) => {
      const routes = sides.map((side) => requests.map(side.find));
      await learn(requests, routes);
      return requests.map((_, index) => ({ before: routes[0]?.[index] ?? '', after: routes[1]?.[index] ?? '' }));
    },
  };
}

interface Side {
  find(visible: VisibleRequest): string | undefined;
  learn(requests: readonly VisibleRequest[]): Promise<void>;
}

/** One of the functions, with what is known of it. */
function openSide({ runtime, source, store, now }: { runtime: AnyRuntime; source: FunctionSource; store: StoreView; now: number }): Side {
  const traced = traceFunction(source);
  const memo = new DecisionMemo();
  return {
    find: (visible) => memo.find(visible),
    learn: async (requests) => {
      const events = requests.map(buildLoggedEvent);
      const executions = await runAll(
        runtime,
        events.map((event) => ({ source: traced ?? source, event, store, now })),
      );
      for (const [index, execution] of executions.entries()) {
        const [visible, event] = [requests[index], events[index]];
        if (visible === undefined || event === undefined) continue;
        // A run that does not tell what it read may have read everything.
        memo.keep(visible, readTrace(execution.logs) ?? [...visible.keys()], readDecision(execution, event).route);
      }
    },
  };
}
