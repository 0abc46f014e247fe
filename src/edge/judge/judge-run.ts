import { maxFunctionMemoryBytes } from '../../../kvs/limits.ts';
import type { Execution, RunInput } from '../execution.ts';
import type { RawRun } from '../raw-run.ts';
import { checkCustomHeaders, checkOriginCalls } from './check-origin-call.ts';
import { checkOutput } from './check-output.ts';
import { settleValues } from './settle-values.ts';

/** Bytes of a field that `logCustomData` fills, after URL encoding (general-helper-methods.html). */
const maxCustomDataBytes = 800;

/** What CloudFront makes of a run: the output when it may go on, else the error and nothing of what the function wanted. */
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
