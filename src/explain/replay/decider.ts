import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { healthKey } from '../../../kvs/keys.ts';
import { type AnyRuntime, runAll } from '../../edge/ask/ask.ts';
import { readDecision, readRoute } from '../../edge/ask/decision.ts';
import type { Execution, FunctionSource, StoreView, SweepRuntime } from '../../edge/execution.ts';
import { buildLoggedEvent, formatPresence, type VisibleRequest } from './logged-request.ts';

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

/** Either what was decided, or what must be known next to tell. */
type Node = { decision: string } | { reads: string; by: Map<string, Node> };

/** Nodes that are kept; a log with more different requests than this begins anew, which costs time and changes nothing. */
const maxNodes = 200_000;

/**
 * What a function decided, by what it read to decide: a request that agrees in everything that was read gets the same decision without a run. Exact as
 * long as the function goes by the request, the store and the time alone, which stand still.
 */
export class DecisionMemo {
  #roots = new Map<string, Node>();
  #nodes = 0;

  /** The decision for this request; undefined when a run must tell. */
  find(visible: VisibleRequest): string | undefined {
    let node = this.#roots.get(formatPresence(visible));
    while (node !== undefined) {
      if ('decision' in node) return node.decision;
      node = node.by.get(visible.get(node.reads) ?? '');
    }
    return undefined;
  }

  /** Keeps what a run decided and read, in the order in which it read. */
  keep(visible: VisibleRequest, reads: readonly string[], decision: string): void {
    if (this.#nodes > maxNodes) {
      this.#roots.clear();
      this.#nodes = 0;
    }
    let place: Map<string, Node> = this.#roots;
    let key = formatPresence(visible);
    for (const name of reads) {
      const node = place.get(key);
      // The same reads so far lead to the same next one: anything else was decided by chance, and the last run counts.
      const next = node !== undefined && 'reads' in node && node.reads === name ? node : { reads: name, by: new Map<string, Node>() };
      if (next !== node) this.#nodes++;
      place.set(key, next);
      place = next.by;
      key = visible.get(name) ?? '';
    }
    if (!place.has(key)) this.#nodes++;
    place.set(key, { decision });
  }
}

const mark = 'replay-reads:';

// Runs behind the function's own code, in CloudFront's dialect. Everything of the request that a log tells of becomes a property that notes when it is
// read; what the function reads in one run is all that its decision can depend on.
const tracer = `
;(function () {
  const original = handler;
  handler = async function (event) {
    const reads = [];
    const note = function (name) {
      if (reads.indexOf(name) < 0) reads.push(name);
    };
    const watch = function (object, key, name) {
      let value = object[key];
      Object.defineProperty(object, key, {
        enumerable: true,
        configurable: true,
        get: function () {
          note(name);
          return value;
        },
        set: function (next) {
          value = next;
        },
      });
    };
    const request = event.request;
    const raw = request.rawQueryString;
    Object.defineProperty(request, 'rawQueryString', {
      configurable: true,
      value: function () {
        note('querystring');
        return raw.call(request);
      },
    });
    watch(event.viewer, 'ip', 'ip');
    ['method', 'uri', 'querystring', 'cookies'].forEach(function (key) {
      watch(request, key, key);
    });
    Object.keys(request.headers).forEach(function (key) {
      watch(request.headers, key, 'headers.' + key);
    });
    try {
      return await original(event);
    } finally {
      console.log('${mark}' + JSON.stringify(reads));
    }
  };
})();
`;

/** The function with a tracer behind it, which logs what of the request each run has read. Undefined when its handler cannot be wrapped. */
export function traceFunction({ code }: FunctionSource): FunctionSource | undefined {
  // A constant cannot be replaced.
  if (/\bconst\s+handler\b/.test(code)) return undefined;
  const traced = code + tracer;
  return { code: traced, sha256: createHash('sha256').update(traced).digest('hex') };
}

/** The names that a traced run has read, in order; undefined when its logs do not tell. */
export function readTrace(logs: readonly string[]): string[] | undefined {
  const line = logs.findLast((text) => text.startsWith(mark));
  return line === undefined ? undefined : (JSON.parse(line.slice(mark.length)) as string[]);
}
