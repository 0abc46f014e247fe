import { maxFunctionMemoryBytes } from '../../../kvs/limits.ts';
import type { EventValue, EventValues, Execution, RawRun, RunInput, ViewerRequestEvent, ViewerResponseEvent } from '../execution.ts';
import { checkCustomHeaders, checkOriginCalls } from './check-origin-call.ts';
import { checkOutput } from './check-output.ts';

/** Bytes of a field that `logCustomData` fills, after URL encoding (general-helper-methods.html). */
const maxCustomDataBytes = 800;

/**
 * What CloudFront makes of a run: the output if it is valid, else the error and nothing of what the function wanted.
 */
export function judgeRun(input: RunInput, raw: RawRun): Execution {
  const execution: Execution = { output: undefined, originCall: undefined, reads: raw.reads, logs: raw.logs, error: undefined };
  if (raw.customData !== undefined) execution.customData = encodeURI(Buffer.from(raw.customData).toString()).slice(0, maxCustomDataBytes);
  const { memoryBytes = 0 } = raw;
  if (raw.memoryBytes !== undefined) execution.memoryBytes = raw.memoryBytes;
  if (memoryBytes > maxFunctionMemoryBytes) return { ...execution, error: { kind: 'execution', message: memoryProblem(memoryBytes) } };
  if (raw.failure !== undefined) return { ...execution, error: { kind: 'execution', message: raw.failure } };
  const { call, problems } = checkOriginCalls(raw.calls, input.event.context.eventType);
  const all = [...problems, ...checkOutput(raw.output, input.event), ...checkCustomHeaders(call, raw.output)];
  if (all.length > 0) return { ...execution, error: { kind: 'validation', message: all.join('; ') } };
  settleValues(raw.output as object, input.event);
  return { ...execution, output: raw.output, originCall: call, ...(raw.queryNames && { queryNames: raw.queryNames }) };
}

/** A run that never began, or was stopped: a FunctionExecutionError, a 503 to the viewer. */
export function failedExecution(message: string): Execution {
  return { output: undefined, originCall: undefined, reads: [], logs: [], error: { kind: 'execution', message } };
}

function memoryProblem(bytes: number): string {
  const [used, limit] = [bytes, maxFunctionMemoryBytes].map((each) => each.toLocaleString('en-US'));
  return `the function took ${used} bytes of memory, more than the ${limit} that a function has`;
}

type Maps = { querystring?: EventValues | string; headers?: EventValues; cookies?: EventValues };

/**
 * Makes `value` and `multiValue` of a checked output agree, as AWS says: a changed multiValue wins, and `value` becomes
 * its first entry; a changed `value` beside an unchanged multiValue replaces the first entry, and the others stay.
 */
export function settleValues(output: Maps, event: ViewerRequestEvent | ViewerResponseEvent): void {
  const before: Maps = 'response' in event ? event.response : event.request;
  settleMap(output.headers, before.headers);
  settleMap(output.cookies, before.cookies);
  settleMap(output.querystring, before.querystring);
}

function settleMap(values: EventValues | string | undefined, before: EventValues | string | undefined): void {
  if (typeof values === 'string' || typeof before === 'string') return;
  for (const name in values) {
    const entry = values[name];
    if (entry?.multiValue !== undefined) settleEntry(entry, entry.multiValue, before?.[name]);
  }
}

function settleEntry(entry: EventValue, multiValue: EventValue[], before: EventValue | undefined): void {
  const isChanged = entry.value !== before?.value || entry.attributes !== before?.attributes;
  const isUntouched = JSON.stringify(multiValue) === JSON.stringify(before?.multiValue);
  if (isUntouched && isChanged && entry.value !== undefined) {
    const { value, attributes } = entry;
    multiValue[0] = attributes === undefined ? { value } : { value, attributes };
    return;
  }
  entry.value = multiValue[0]?.value ?? '';
}
