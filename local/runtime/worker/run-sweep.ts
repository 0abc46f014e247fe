import type { EventValues, ViewerRequestEvent } from '../../../src/edge/execution.ts';
import type { WireSweep } from '../wire.ts';
import { defineProperty, formatJson, hasOwn, ownKeys, RealMap } from './captured.ts';
import { setClock } from './frozen-date.ts';
import { sources } from './known.ts';
import type { Trace } from './open-cloudfront.ts';
import { callHandler, describeFailure, evaluate, formatOutput, formatRun, newTrace, settled, type Waiting } from './run-one.ts';

/**
 * Runs every source on every event and returns a SweepAnswer as JSON text. Most runs do the same as an earlier one;
 * only the first of them is in the answer. `null` when a source may change what all runs share: it needs `runOne`,
 * which repairs that.
 */
export async function runSweep(sweep: WireSweep, waiting: Waiting): Promise<string> {
  const places = new RealMap<string, number>();
  const kinds: string[] = [];
  const picks: string[] = [];
  setClock(sweep.now);
  for (let index = 0; index < sweep.sources.length; index += 1) {
    const source = sweep.sources[index] ?? 0;
    if (sources.get(source)?.touchesRealm === true) return 'null';
    const run = openRuns({ source, store: sweep.store }, waiting);
    const picked: number[] = [];
    for (let place = 0; place < sweep.events.length; place += 1) {
      const input = sweep.events[place];
      if (input === undefined) continue;
      const { key, text } = await run(input.event, input.raw);
      let kind = places.get(key);
      if (kind === undefined) {
        kind = kinds.length;
        places.set(key, kind);
        kinds.push(`{"event":${place},"run":${text()}}`);
      }
      picked.push(kind);
    }
    picks.push(`[${picked.join()}]`);
  }
  return `{"kinds":[${kinds.join()}],"picks":[${picks.join()}]}`;
}

interface Done {
  /** Equal for two runs that did the same, even with different requests. */
  key: string;
  /** The RawRun as JSON text; valid until the next run. */
  text: () => string;
}

type Run = (event: ViewerRequestEvent, rawQueryString: string | undefined) => Promise<Done>;

/** Runs of one source that share one evaluation of its top level. */
function openRuns(run: { source: number; store: number }, waiting: Waiting): Run {
  const trace = newTrace();
  const failed = (error: unknown): Done => {
    const failure = describeFailure(error);
    return { key: `failed ${failure}`, text: () => formatRun('null', trace, failure) };
  };
  let handler: (event: unknown) => unknown;
  try {
    handler = evaluate(run, trace);
  } catch (error) {
    const done = failed(error);
    return async () => done;
  }
  return async (event, rawQueryString) => {
    forgetLast(trace);
    const request = copyRequest(event.request);
    const given = { version: event.version, context: { ...event.context }, viewer: { ip: event.viewer.ip }, request };
    try {
      const returned = await settled(callHandler(handler, given, rawQueryString), waiting);
      const change = returned === request ? describeChange(request, event.request) : undefined;
      const output = change === undefined ? formatOutput(returned) : undefined;
      // The names of the headers count too: a custom header of updateRequestOrigin must not be among them.
      const key = `${trace.calls.join()} ${trace.logs.join()} ${trace.customData} ${trace.missing} ${ownKeys(event.request.headers).join()} ${change ?? output}`;
      const text = (): string => formatRun(output ?? formatOutput(returned), trace, undefined);
      return { key, text: () => attempt(text, (error) => failed(error).text()) };
    } catch (error) {
      return failed(error);
    }
  };
}

function attempt(text: () => string, otherwise: (error: unknown) => string): string {
  try {
    return text();
  } catch (error) {
    return otherwise(error);
  }
}

function forgetLast(trace: Trace): void {
  trace.calls = [];
  trace.reads = [];
  trace.logs = [];
  trace.logBytes = 0;
  trace.droppedLogArguments = 0;
  trace.customData = undefined;
  trace.missing = undefined;
}

type Request = ViewerRequestEvent['request'];

function copyRequest({ method, uri, querystring, headers, cookies }: Request): Request {
  return { method, uri, querystring: copyValues(querystring), headers: copyValues(headers), cookies: copyValues(cookies) };
}

function copyValues(values: EventValues): EventValues {
  const copy: EventValues = {};
  for (const name in values) {
    const entry = values[name];
    if (entry === undefined) continue;
    const one = entry.multiValue === undefined ? { value: entry.value } : { value: entry.value, multiValue: copyItems(entry.multiValue) };
    // An assignment to `__proto__` would set the prototype.
    if (name === '__proto__') defineProperty(copy, name, { value: one, enumerable: true, configurable: true, writable: true });
    else copy[name] = one;
  }
  return copy;
}

function copyItems(items: readonly { value: string }[]): { value: string }[] {
  const copy: { value: string }[] = [];
  for (let index = 0; index < items.length; index += 1) copy.push({ value: items[index]?.value ?? '' });
  return copy;
}

/**
 * The function's change of a request: equal texts for equal changes of two requests. Undefined when the whole output
 * must be compared, as for a URI.
 */
function describeChange(after: Request, before: Request): string | undefined {
  // With rawQueryString, which `callHandler` added.
  if (ownKeys(after).length !== 6 || after.method !== before.method || after.uri !== before.uri) return undefined;
  if (!isMap(after.headers) || !isMap(after.querystring) || !isMap(after.cookies)) return undefined;
  if (describeValues(after.querystring, before.querystring) !== '') return undefined;
  return `${describeValues(after.headers, before.headers)}\n${describeValues(after.cookies, before.cookies)}`;
}

function isMap(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function describeValues(after: EventValues, before: EventValues): string {
  let change = '';
  const names = ownKeys(after);
  for (let index = 0; index < names.length; index += 1) {
    const name = names[index];
    if (typeof name === 'string' && !isSame(after[name], before[name])) change += `${formatJson(name)} ${formatJson(after[name])}\n`;
  }
  for (const name in before) if (!hasOwn(after, name)) change += `no ${formatJson(name)}\n`;
  return change;
}

function isSame(after: unknown, before: EventValues[string] | undefined): boolean {
  if (before === undefined || typeof after !== 'object' || after === null) return false;
  const { value, multiValue, attributes } = after as { value?: unknown; multiValue?: unknown; attributes?: unknown };
  if (value !== before.value || attributes !== undefined) return false;
  return multiValue === undefined && before.multiValue === undefined ? true : formatJson(multiValue) === formatJson(before.multiValue);
}
