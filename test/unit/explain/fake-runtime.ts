import type { Asked } from '../../../src/edge/ask/ask.ts';
import type { Execution, FunctionRuntime, OriginCall, RunInput, ViewerRequestEvent } from '../../../src/edge/execution.ts';

/** What a function written for a test is given. */
interface FakeRequest {
  country: string | undefined;
  method: string;
  ip: string;
  record: string | undefined;
}

/** A function in place of the built one: the origins it chooses, or an error to fail with. */
export type FakeFunction = (request: FakeRequest) => readonly string[] | { fails: string };

/** Runs a test's function and counts its runs; headers go through as they came. */
export function fakeAsked(decide: FakeFunction, now = 1_764_000_000_000): Asked & { runs: () => number } {
  let runs = 0;
  const runtime: FunctionRuntime = {
    run: async (input) => {
      runs++;
      return execute(decide, input);
    },
    close: async () => undefined,
  };
  return { runtime, source: { code: '', sha256: '' }, now, runs: () => runs };
}

function execute(decide: FakeFunction, { event, store }: RunInput): Execution {
  const { request, viewer } = event as ViewerRequestEvent;
  const chosen = decide({
    country: request.headers['cloudfront-viewer-country']?.value,
    method: request.method,
    ip: viewer.ip,
    record: store?.values.get('health'),
  });
  const none = { reads: ['health'], logs: [], error: undefined };
  if ('fails' in chosen) return { ...none, output: undefined, originCall: undefined, error: { kind: 'execution', message: chosen.fails } };
  return { ...none, output: request, originCall: callFor(chosen) };
}

function callFor(origins: readonly string[]): OriginCall | undefined {
  const [first] = origins;
  if (first === undefined) return undefined;
  if (origins.length === 1) return { helper: 'selectRequestOriginById', originId: first };
  return { helper: 'createRequestOriginGroup', originIds: origins.slice(0, 2).map((originId) => ({ originId })), statusCodes: [500, 503] };
}
