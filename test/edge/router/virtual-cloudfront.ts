// Replaces 'cloudfront' when the source of the router is tested.
import type { RawRun, RunInput } from '../../../src/edge/execution.ts';

type Trace = Pick<RawRun, 'calls' | 'reads' | 'customData'>;

let store: RunInput['store'];
let trace: Trace = { calls: [], reads: [] };
let refuses = false;

/** The store of the next run; what the run asks for is noted in the trace that is returned. */
export function beginRun(input: RunInput): Trace {
  store = input.store;
  trace = { calls: [], reads: [] };
  return trace;
}

/** From here on every origin helper throws, or none does. */
export function refuseHelpers(refused: boolean): void {
  refuses = refused;
}

async function get(key: string): Promise<string> {
  trace.reads.push(key);
  const value = store?.values.get(key);
  if (store?.failReads === true || value === undefined) throw new Error('no value');
  return value;
}

async function meta(): Promise<{ lastUpdatedDateTime: string }> {
  if (store?.failReads === true) throw new Error('no value');
  return { lastUpdatedDateTime: store?.updatedAt ?? '1970-01-01T00:00:00.000Z' };
}

function note(helper: string): (...args: unknown[]) => void {
  return (...args) => {
    if (refuses) throw new Error(`${helper} is refused`);
    trace.calls.push([helper, structuredClone(args)]);
  };
}

export default {
  kvs(): { get: typeof get; meta: typeof meta } {
    if (store === undefined) throw new Error('no store is associated');
    return { get, meta };
  },
  logCustomData(text: string): void {
    if (refuses) throw new Error('logCustomData is refused');
    trace.customData = text;
  },
  selectRequestOriginById: note('selectRequestOriginById'),
  createRequestOriginGroup: note('createRequestOriginGroup'),
  updateRequestOrigin: note('updateRequestOrigin'),
};
