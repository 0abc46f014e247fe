import type { Execution, OriginCall, OriginOverrides, RunInput } from '../execution.ts';
import type { RawRun } from '../raw-run.ts';

/** Takes a run as it is: the last origin helper counts, and nothing that the handler returned is checked. */
export function acceptRun(_input: RunInput, raw: RawRun): Execution {
  const execution: Execution = { output: undefined, originCall: undefined, reads: raw.reads, logs: raw.logs, error: undefined };
  if (raw.customData !== undefined) execution.customData = raw.customData;
  if (raw.memoryBytes !== undefined) execution.memoryBytes = raw.memoryBytes;
  if (raw.failure !== undefined) return { ...execution, error: { kind: 'execution', message: raw.failure } };
  const last = raw.calls.at(-1);
  return { ...execution, output: raw.output, originCall: last && originCall(last) };
}

interface GroupArgument {
  originIds: { originId: string; originOverrides?: OriginOverrides }[];
  failoverCriteria: { statusCodes: number[] };
  selectionCriteria?: string;
}

// The arguments are the function's own, unchecked: whoever needs to trust them gives the runtime a judge.
function originCall([helper, args]: RawRun['calls'][number]): OriginCall {
  if (helper === 'selectRequestOriginById') {
    const [originId, overrides] = args as [string, OriginOverrides?];
    return overrides === undefined ? { helper, originId } : { helper, originId, overrides };
  }
  if (helper === 'createRequestOriginGroup') {
    const { originIds, failoverCriteria, selectionCriteria } = args[0] as GroupArgument;
    const call: OriginCall = { helper, originIds, statusCodes: failoverCriteria.statusCodes };
    return selectionCriteria === undefined ? call : { ...call, selectionCriteria };
  }
  return { helper: 'updateRequestOrigin', settings: args[0] as Record<string, unknown> };
}
