import pMap from 'p-map';
import type { FunctionRuntime, FunctionSource, RunInput } from '../edge/execution.ts';
import { type CountryGroup, explainCountries } from './explain.ts';

export interface LiveSurvey {
  source: FunctionSource;
  /** The health record at the edge; undefined when the key is missing. */
  record: string | undefined;
  /** Every read of the store fails, so that the record has no effect. */
  failReads: boolean;
  /** Epoch milliseconds. */
  now: number;
  /** `keyPrefix` of edge.config.ts. */
  keyPrefix?: string | undefined;
}

/**
 * Runs at the same time: as many as the runtime sends in one message, so that a viewer's run waits for one message at
 * most.
 */
const concurrency = 64;

/**
 * All viewers under the record, run by a runtime that serves viewers at the same time. `origins` is how many there are.
 */
export function surveyLive(
  runtime: FunctionRuntime,
  { source, record, failReads, now, keyPrefix }: LiveSurvey,
  origins: number,
  path?: string,
): Promise<CountryGroup[]> {
  // Only the questions about a missing record have an empty store; the others find the orders and need their reads.
  const run = (input: RunInput) =>
    runtime.run(failReads && input.store?.values.size === 0 ? { ...input, store: { ...input.store, failReads: true } } : input);
  // One list of runs after the other, or two lists together would exceed the limit.
  let last: Promise<unknown> = Promise.resolve();
  const runMany = (inputs: readonly RunInput[]) => {
    const runs = last.then(() => pMap(inputs, run, { concurrency }));
    last = runs.catch(() => undefined);
    return runs;
  };
  const polite = { run, runMany, close: async () => undefined };
  return explainCountries({ runtime: polite, source, now, keyPrefix }, failReads ? undefined : record, origins, { path });
}
