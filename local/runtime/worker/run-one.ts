import { Buffer } from 'node:buffer';
import { maxFunctionMemoryBytes } from '../../../kvs/limits.ts';
import type { WireRun } from '../wire.ts';
import { decoder, defineProperty, encoder, formatJson } from './captured.ts';
import { setClock } from './frozen-date.ts';
import { type Source, sources, stores } from './known.ts';
import { modules } from './modules.ts';
import { openCloudfront, type Trace } from './open-cloudfront.ts';

/** Bytes of logs that one run keeps; CloudFront truncates at 10 KB (cloudfront-function-restrictions.html). */
const maxLogBytes = 10_240;

/** Ends a run that waits for a promise that never settles; set during such a wait. */
export interface Waiting {
  giveUp: (() => void) | undefined;
}

/** Runs one function once and returns a RawRun as JSON text. Never throws. */
export async function runOne(run: WireRun, waiting: Waiting): Promise<string> {
  const trace = newTrace();
  setClock(run.now);
  let output = 'null';
  let failure: string | undefined;
  try {
    const returned = await settled(callHandler(evaluate(run, trace), run.event as EventOfOneRun, run.rawQueryString), waiting);
    output = formatOutput(returned);
  } catch (error) {
    failure = describeFailure(error);
  }
  return formatRun(output, trace, failure);
}

/** The event of one run, which may change it freely. */
export interface EventOfOneRun {
  request: object;
}

export function newTrace(): Trace {
  return { calls: [], reads: [], logs: [], logBytes: 0, droppedLogArguments: 0, customData: undefined, missing: undefined };
}

/** Evaluates the source's top level and returns its handler; throws what that throws. */
export function evaluate(run: Omit<WireRun, 'event' | 'now'>, trace: Trace): (event: unknown) => unknown {
  const source = sources.get(run.source);
  if (source === undefined) throw new Error('the runtime does not know this source');
  if (source.factory === undefined) throw source.problem;
  const store = run.store === undefined ? undefined : stores.get(run.store);
  const open = source.factory(openConsole(trace), requireModule, Buffer);
  const handler = open(...importedBy(source, () => openCloudfront(run, store, trace)));
  if (typeof handler !== 'function') throw new TypeError('the function has no handler at its top level');
  return handler as (event: unknown) => unknown;
}

export function callHandler(handler: (event: unknown) => unknown, event: EventOfOneRun, rawQueryString: string | undefined): unknown {
  // Not enumerable, like a method: it must not be part of the returned request.
  defineProperty(event.request, 'rawQueryString', { value: () => rawQueryString, configurable: true, writable: true });
  return handler(event);
}

/** The handler's result as JSON. Throws when it is too large. */
export function formatOutput(returned: unknown): string {
  const output = formatJson(returned) ?? 'null';
  // V8 cannot limit the memory of one function; this catches only a result that is larger.
  if (output.length > maxFunctionMemoryBytes)
    throw new RangeError(`the result is larger than the ${maxFunctionMemoryBytes} bytes of memory that a function has`);
  return output;
}

/** A RawRun as JSON text. */
export function formatRun(output: string, trace: Trace, failed: string | undefined): string {
  const { reads, logs, droppedLogArguments, customData } = trace;
  const failure = trace.missing ?? failed;
  return `{"output":${output},"calls":[${trace.calls.join(',')}],${formatJson({ reads, logs, droppedLogArguments, customData, failure }).slice(1)}`;
}

function importedBy(source: Source, openCf: () => object): unknown[] {
  const imported: unknown[] = [];
  for (let index = 0; index < source.imports.length; index += 1) {
    const module = source.imports[index]?.module;
    imported.push(module === 'cloudfront' ? openCf() : requireModule(module));
  }
  return imported;
}

function requireModule(name: unknown): object {
  const module = typeof name === 'string' ? modules[name] : undefined;
  if (module === undefined) throw new Error(`Cannot find module "${String(name)}"`);
  return module;
}

function openConsole(trace: Trace): object {
  return {
    log: (...args: unknown[]) => {
      trace.droppedLogArguments += Math.max(0, args.length - 1);
      const bytes = encoder.encode(logged(args[0]));
      if (trace.logBytes >= maxLogBytes) return;
      const room = maxLogBytes - trace.logBytes;
      trace.logs.push(decoder.decode(bytes.length > room ? bytes.subarray(0, room) : bytes));
      trace.logBytes += bytes.length;
    },
  };
}

function logged(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  try {
    return formatJson(value) ?? String(value);
  } catch {
    return String(value);
  }
}

/** The value of a handler's promise; rejects when the run is ended. */
export function settled(value: unknown, waiting: Waiting): unknown {
  if (!(value instanceof Promise)) return value;
  return new Promise((resolve, reject) => {
    waiting.giveUp = () => reject(new Error('the handler waits for a promise that never settles'));
    value.then(resolve, reject);
  }).finally(() => {
    waiting.giveUp = undefined;
  });
}

/** Why a handler gave no result, with the line of the source. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return `Uncaught ${logged(error)}`;
  const place = /function\.js:(\d+):\d+/.exec(String(error.stack));
  const message = `${error.name}: ${error.message}`;
  return place === null ? message : `${message} in ${place[1]}`;
}
