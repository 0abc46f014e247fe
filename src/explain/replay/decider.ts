import { setImmediate } from 'node:timers/promises';
import { healthKey } from '../../../kvs/keys.ts';
import { storedKey } from '../../../kvs/reserved-keys.ts';
import { type AnyRuntime, readRoute, runAll } from '../../edge/ask/ask.ts';
import type { Execution, FunctionSource, OriginCall, StoreView, SweepRuntime } from '../../edge/execution.ts';
import { buildLoggedEvent, formatPresence, type VisibleRequest } from './logged-event.ts';
import { readTrace, traceFunction } from './trace.ts';

/** What one function does with a request. */
export interface Decided {
  /** Where it sends the request, such as `singapore, then europe`. */
  route: string;
  /** What it changes in the request, or its own answer; empty for nothing. Our header x-origin-route does not count. */
  changes: string;
  /**
   * What the decision may depend on, by the names of `VisibleRequest`; `headers` for a function that lists them,
   * `context` of the event, `key:name` of the store, and `*` where no trace shows it.
   */
  reads: readonly string[];
}

interface DecidedPair {
  before: Decided;
  after: Decided;
}

/** Finds where two functions send requests, with as few runs as possible. */
export interface Decider {
  decide(requests: readonly VisibleRequest[]): Promise<DecidedPair[]>;
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
  /** The name of an origin by its id. Default: the id. */
  nameOf?: ((id: string) => string) | undefined;
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
  const { nameOf = (id: string) => id } = options;
  const sides = [options.before, options.after].map((source) => openSide({ runtime, source, store, now, nameOf }));
  let { openSweeper } = options;
  let sweeper: Promise<SweepRuntime | undefined> | undefined;
  let batch = smallestBatch;
  let runs = 0;
  // True once the result of a run seldom answers another request.
  let isEachItsOwn = false;

  /** The decisions by side; undefined when these functions cannot be swept. */
  async function sweep(requests: readonly VisibleRequest[]): Promise<Decided[][] | undefined> {
    if (openSweeper === undefined) return undefined;
    sweeper ??= openSweeper();
    const opened = await sweeper;
    const sources = sides.map((side) => side.source);
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
    return sources.map((_, side) =>
      parts.flatMap((part) => (part?.[side] ?? []).map((execution) => readDecided(execution, store, nameOf))),
    );
  }

  /** Runs the first of these until all have an answer. */
  async function learn(requests: readonly VisibleRequest[], decided: (Decided | undefined)[][]): Promise<void> {
    const isOpen = (index: number) => decided.some((side) => side[index] === undefined);
    let open = [...requests.keys()].filter(isOpen);
    while (open.length > 0) {
      if (isEachItsOwn && open.length >= smallestSweep) {
        const swept = await sweep(open.map((index) => requests[index] as VisibleRequest));
        for (const [side, found] of (swept ?? []).entries())
          for (const [place, one] of found.entries()) (decided[side] as Decided[])[open[place] as number] = one;
        if (swept !== undefined) return;
      }
      const asked = open.slice(0, batch);
      for (const [place, side] of sides.entries()) {
        const missing = asked.filter((index) => decided[place]?.[index] === undefined);
        runs += missing.length;
        await side.learn(missing.map((index) => requests[index] as VisibleRequest));
        for (const index of open) (decided[place] as (Decided | undefined)[])[index] ??= side.find(requests[index] as VisibleRequest);
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
      const decided = sides.map((side) => requests.map(side.find));
      await learn(requests, decided);
      return requests.map((_, index) => ({ before: decided[0]?.[index] ?? unknown, after: decided[1]?.[index] ?? unknown }));
    },
  };
}

const unknown: Decided = { route: '', changes: '', reads: ['*'] };

interface Side {
  /** Traced where that is possible. */
  source: FunctionSource;
  find(visible: VisibleRequest): Decided | undefined;
  learn(requests: readonly VisibleRequest[]): Promise<void>;
}

type SideOptions = Required<Pick<DeciderOptions, 'runtime' | 'now'>> & {
  nameOf: (id: string) => string;
  source: FunctionSource;
  store: StoreView;
};

/** One of the functions, with its known decisions. */
function openSide({ runtime, source, store, now, nameOf }: SideOptions): Side {
  const traced = traceFunction(source) ?? source;
  const memo = new DecisionMemo<Decided>();
  return {
    source: traced,
    find: (visible) => memo.find(visible),
    learn: async (requests) => {
      const events = requests.map(buildLoggedEvent);
      const executions = await runAll(
        runtime,
        events.map((event) => ({ source: traced, event, store, now })),
      );
      for (const [index, execution] of executions.entries()) {
        const visible = requests[index];
        if (visible === undefined) continue;
        // A run without a trace may have read everything.
        memo.keep(visible, readTrace(execution.logs)?.reads ?? [...visible.keys()], readDecided(execution, store, nameOf));
      }
    },
  };
}

function readDecided(execution: Execution, store: StoreView, nameOf: (id: string) => string): Decided {
  const { originCall, logs, reads } = execution;
  const trace = readTrace(logs);
  const keys = reads.filter((key) => !store.values.has(key)).map((key) => `key:${key}`);
  const changes = [trace?.changes ?? '', describeCriteria(originCall)].filter((change) => change !== '').join('\n');
  return { route: readRoute(execution, nameOf), changes, reads: [...(trace?.reads ?? ['*']), ...keys] };
}

/** The settings of an origin helper beside the origins; empty for none. */
function describeCriteria(call: OriginCall | undefined): string {
  if (call?.helper === 'selectRequestOriginById') return call.overrides === undefined ? '' : JSON.stringify(call.overrides);
  if (call?.helper !== 'createRequestOriginGroup') return '';
  const { statusCodes, selectionCriteria, originIds } = call;
  const overrides = originIds.map(({ originOverrides = null }) => originOverrides);
  const more =
    selectionCriteria === undefined && overrides.every((each) => each === null) ? '' : ` ${JSON.stringify([selectionCriteria, overrides])}`;
  return `failover on ${statusCodes.join(', ')}${more}`;
}

/** Either the decision, or the field whose value decides next. */
type Node<T> = { decision: T } | { reads: string; by: Map<string, Node<T>> };

/** Above this many nodes the memo starts again, which costs time and changes no result. */
const maxNodes = 200_000;

/**
 * Decisions by what the function read to make them: a request that agrees in every field that was read gets the same
 * decision without a run. Exact if the function depends only on the request, the store and the time, which are
 * the same for all requests.
 */
export class DecisionMemo<T> {
  #roots = new Map<string, Node<T>>();
  #nodes = 0;

  /** The decision for this request; undefined when only a run can show it. */
  find(visible: VisibleRequest): T | undefined {
    let node = this.#roots.get(formatPresence(visible));
    while (node !== undefined) {
      if ('decision' in node) return node.decision;
      node = node.by.get(visible.get(node.reads) ?? '');
    }
    return undefined;
  }

  /** Keeps what a run decided and read, in the order in which it read. */
  keep(visible: VisibleRequest, reads: readonly string[], decision: T): void {
    if (this.#nodes > maxNodes) {
      this.#roots.clear();
      this.#nodes = 0;
    }
    let place: Map<string, Node<T>> = this.#roots;
    let key = formatPresence(visible);
    for (const name of reads) {
      const node = place.get(key);
      // The same reads so far lead to the same next one: anything else was decided by chance, and the last run counts.
      const next = node !== undefined && 'reads' in node && node.reads === name ? node : { reads: name, by: new Map<string, Node<T>>() };
      if (next !== node) this.#nodes++;
      place.set(key, next);
      place = next.by;
      key = visible.get(name) ?? '';
    }
    if (!place.has(key)) this.#nodes++;
    place.set(key, { decision });
  }
}
