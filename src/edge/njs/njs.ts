import pMap from 'p-map';
import { EdgeError } from '../../errors.ts';
import type { EventValues, Execution, FunctionRuntime, JudgeRun, OriginCall, OriginOverrides, RawRun, RunInput } from '../execution.ts';
import { isIntegerLike } from './needs-njs.ts';
import { type NjsRun, runBatch } from './run-batch.ts';
import { findExecutable } from './run-process.ts';

/** Runs functions in njs, the engine whose grammar and error texts are CloudFront's. */
export interface NjsRuntime extends FunctionRuntime {
  /**
   * Runs many events, many to a process, results in the order of the inputs. Runs of one source share one evaluation of
   * its top level: a function that changes its own top-level state sees what earlier events left there. `run` starts
   * again each time.
   */
  runMany(inputs: readonly RunInput[]): Promise<Execution[]>;
}

export interface NjsRuntimeOptions {
  /** The path of njs, see `findNjs`. */
  njs: string | undefined;
  /** What CloudFront makes of a run. Default: `acceptRun`, which checks nothing. */
  judge?: JudgeRun;
  /**
   * Milliseconds for one run, the start of its process included; default 5,000. Catches endless runs, not slow ones.
   */
  timeLimitMs?: number;
  /** Milliseconds since the epoch: the time of runs without a time of their own. */
  now?: () => number;
  /** njs processes at once; default 2. */
  processes?: number;
  /** Runs in one process; default 2,000. njs frees nothing before it ends. */
  runsPerProcess?: number;
  /** Ends the runs in progress, which then reject. */
  signal?: AbortSignal | undefined;
  /** Where each process gets a folder while it runs; default: the system's. */
  temporaryFolder?: string;
}

/** The njs command on this PATH; undefined when it is not installed. */
export function findNjs(path: string | undefined): string | undefined {
  return findExecutable('njs', path);
}

export function openNjsRuntime(options: NjsRuntimeOptions): NjsRuntime {
  const { njs, judge = acceptRun, timeLimitMs = 5_000, now = Date.now, processes = 2, runsPerProcess = 2_000 } = options;
  if (njs === undefined) throw new EdgeError('TOOL_MISSING', 'njs is not on PATH', { hint: 'apt-get install njs' });
  const engine: string = njs;
  const closing = new AbortController();
  const limits = {
    timeLimitMs,
    signal: options.signal === undefined ? closing.signal : AbortSignal.any([closing.signal, options.signal]),
    ...(options.temporaryFolder !== undefined && { temporaryFolder: options.temporaryFolder }),
  };

  /** Starts a process for the runs that are left, until each has a result. */
  async function runGroup(inputs: readonly RunInput[]): Promise<Execution[]> {
    const [first] = inputs;
    const done: Execution[] = [];
    while (first !== undefined && done.length < inputs.length) {
      const left = inputs.slice(done.length);
      const startedAt = now();
      const runs = left.map((input) => describeRun(input, startedAt));
      const batch = { code: first.source.code, associated: first.store !== undefined, now: first.now ?? startedAt, runs };
      const { loadFailure, lines, stopped } = await runBatch(engine, batch, limits);
      if (loadFailure !== undefined) return [...done, ...left.map((input) => judge(input, failedRun(loadFailure)))];
      const raws = lines.map((line) => JSON.parse(line) as RawRun);
      if (stopped !== undefined) raws.push(failedRun(stopped));
      for (const [index, raw] of raws.entries()) done.push(judge(left[index] as RunInput, raw));
    }
    return done;
  }

  async function runMany(inputs: readonly RunInput[]): Promise<Execution[]> {
    const results: Execution[] = [];
    await pMap(
      groupRuns(inputs, runsPerProcess),
      async (group) => {
        const executions = await runGroup(group.map((index) => inputs[index] as RunInput));
        for (const [place, index] of group.entries()) results[index] = executions[place] as Execution;
      },
      { concurrency: processes },
    );
    return results;
  }

  return {
    run: async (input) => (await runGroup([input]))[0] as Execution,
    runMany,
    close: async () => closing.abort(),
  };
}

/** Places of inputs that can share a process: one source, and a store for all or for none. */
function groupRuns(inputs: readonly RunInput[], size: number): number[][] {
  const groups = new Map<string, number[][]>();
  for (const [index, { source, store }] of inputs.entries()) {
    const key = `${source.sha256} ${store !== undefined}`;
    const chunks = groups.get(key) ?? [[]];
    groups.set(key, chunks);
    const last = chunks.at(-1);
    if (last === undefined || last.length >= size) chunks.push([index]);
    else last.push(index);
  }
  return [...groups.values()].flat();
}

function describeRun(input: RunInput, startedAt: number): NjsRun {
  const { event, store, edgeLocation, rawQueryString, now } = input;
  const run: NjsRun = { event, now: now ?? startedAt };
  if (store !== undefined) {
    run.store = { values: Object.fromEntries(store.values) };
    if (store.createdAt !== undefined) run.store.createdAt = store.createdAt;
    if (store.updatedAt !== undefined) run.store.updatedAt = store.updatedAt;
    if (store.failReads === true) run.failReads = true;
  }
  if (edgeLocation !== undefined && event.context.eventType === 'viewer-request') run.edgeLocation = edgeLocation;
  const raw = rawQueryString ?? joinQuery(event.request.querystring);
  if (raw !== undefined) run.rawQueryString = raw;
  if (rawQueryString !== undefined && Object.keys(event.request.querystring).some(isIntegerLike))
    run.queryNames = [...new Set(rawQueryString.split('&').map((pair) => pair.split('=', 1)[0] ?? ''))].filter(
      (name) => event.request.querystring[name] !== undefined,
    );
  return run;
}

/** The query string that these arguments may have come from; undefined for none. */
function joinQuery(values: EventValues): string | undefined {
  const pairs = Object.entries(values).flatMap(([name, { value, multiValue }]) =>
    (multiValue ?? [{ value }]).map((each) => (each.value === '' ? name : `${name}=${each.value}`)),
  );
  return pairs.length === 0 ? undefined : pairs.join('&');
}

function failedRun(failure: string): RawRun {
  return { output: null, calls: [], reads: [], logs: [], droppedLogArguments: 0, failure };
}

/** Accepts a run unchecked: the last origin helper counts, and any output is valid. */
export function acceptRun(_input: RunInput, raw: RawRun): Execution {
  const execution: Execution = { output: undefined, originCall: undefined, reads: raw.reads, logs: raw.logs, error: undefined };
  if (raw.customData !== undefined) execution.customData = raw.customData;
  if (raw.memoryBytes !== undefined) execution.memoryBytes = raw.memoryBytes;
  if (raw.failure !== undefined) return { ...execution, error: { kind: 'execution', message: raw.failure } };
  const last = raw.calls.at(-1);
  return { ...execution, output: raw.output, originCall: last && originCall(last) };
}

interface GroupArgument {
  originIds: (string | { originId: string; originOverrides?: OriginOverrides })[];
  failoverCriteria: { statusCodes: number[] };
  selectionCriteria?: string;
}

// The arguments are unchecked: give the runtime a judge to rely on them.
function originCall([helper, args]: RawRun['calls'][number]): OriginCall {
  if (helper === 'selectRequestOriginById') {
    const [originId, overrides] = args as [string, OriginOverrides?];
    return overrides === undefined ? { helper, originId } : { helper, originId, overrides };
  }
  if (helper === 'createRequestOriginGroup') {
    const { originIds, failoverCriteria, selectionCriteria } = args[0] as GroupArgument;
    const members = originIds.map((member) => (typeof member === 'string' ? { originId: member } : member));
    const call: OriginCall = { helper, originIds: members, statusCodes: failoverCriteria.statusCodes };
    return selectionCriteria === undefined ? call : { ...call, selectionCriteria };
  }
  return { helper: 'updateRequestOrigin', settings: args[0] as Record<string, unknown> };
}
