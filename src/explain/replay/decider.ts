import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { healthKey } from '../../../kvs/keys.ts';
import { storedKey } from '../../../kvs/reserved-keys.ts';
import { type AnyRuntime, runAll } from '../../edge/ask/ask.ts';
import { readDecision, readRoute } from '../../edge/ask/decision.ts';
import type { Execution, FunctionSource, StoreView, SweepRuntime } from '../../edge/execution.ts';
import { buildLoggedEvent, formatPresence, type VisibleRequest } from './logged-request.ts';

/** Where both functions send a request, such as `singapore, then europe`. */
interface Routes {
  before: string;
  after: string;
}

/** Finds where two functions send requests, with as few runs as possible. */
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
  /** `keyPrefix` of edge.config.ts: both functions read the record below it. */
  keyPrefix?: string | undefined;
  /** Epoch milliseconds: the moment of every run. */
  now: number;
  /** Opened when many requests need runs of their own, closed with the decider. Default: `runtime` does all runs. */
  openSweeper?: () => Promise<SweepRuntime | undefined>;
}

// A few runs often answer all requests of a log. Where each request needs its own run, larger batches save engine
// starts.
const smallestBatch = 16;
const largestBatch = 4_000;
/** From this many open requests on, a sweep is worth its start of one second. */
const smallestSweep = 512;
const sweepSize = 1_000;

export function openDecider(options: DeciderOptions): Decider {
  const { runtime, record, now } = options;
  const store = { values: new Map([[storedKey(healthKey, options.keyPrefix), record]]), version: record };
  const sides = [options.before, options.after].map((source) => openSide({ runtime, source, store, now }));
  let { openSweeper } = options;
  let sweeper: Promise<SweepRuntime | undefined> | undefined;
  let batch = smallestBatch;
  let runs = 0;
  // True once the result of a run seldom answers another request.
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
      // Lets the engine run one part while the next is written.
      await setImmediate();
    }
    const parts = await Promise.all(asked);
    if (opened === undefined || parts.includes(undefined)) {
      openSweeper = undefined;
      return undefined;
    }
    runs += sources.length * requests.length;
    return sources.map((_, side) => parts.flatMap((part) => (part?.[side] ?? []).map((execution) => readRoute(execution))));
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

/** One of the functions, with its known decisions. */
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
        // A run without a trace may have read everything.
        memo.keep(visible, readTrace(execution.logs) ?? [...visible.keys()], readDecision(execution, event).route);
      }
    },
  };
}

/** Either the decision, or the field whose value decides next. */
type Node = { decision: string } | { reads: string; by: Map<string, Node> };

/** Above this many nodes the memo starts again, which costs time and changes no result. */
const maxNodes = 200_000;

/**
 * Decisions by what the function read to make them: a request that agrees in every field that was read gets the same
 * decision without a run. Exact if the function depends on nothing but the request, the store and the time, which are
 * the same for all requests.
 */
export class DecisionMemo {
  #roots = new Map<string, Node>();
  #nodes = 0;

  /** The decision for this request; undefined when only a run can show it. */
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

// Runs behind the function's own code, in CloudFront's dialect. Every field of the request that a log may contain
// becomes a property that notes when it is read: a decision can depend only on what the function reads in that run.
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

/**
 * The function with a tracer behind it, which logs what each run reads. Undefined when its handler cannot be wrapped.
 */
function traceFunction({ code }: FunctionSource): FunctionSource | undefined {
  // A constant cannot be replaced.
  if (/\bconst\s+handler\b/.test(code)) return undefined;
  const traced = code + tracer;
  return { code: traced, sha256: createHash('sha256').update(traced).digest('hex') };
}

/** The names that a traced run has read, in order; undefined without a trace in its logs. */
function readTrace(logs: readonly string[]): string[] | undefined {
  const line = logs.findLast((text) => text.startsWith(mark));
  return line === undefined ? undefined : (JSON.parse(line.slice(mark.length)) as string[]);
}
