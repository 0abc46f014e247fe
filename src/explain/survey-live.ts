import type { FunctionRuntime, FunctionSource, RunInput } from '../edge/execution.ts';
import { type Audience, explainEverybody } from './explain.ts';

export interface LiveSurvey {
  source: FunctionSource;
  /** The health record at the edge; undefined when the key is missing. */
  record: string | undefined;
  /** Every read of the store fails; the record counts for nothing then. */
  failReads: boolean;
  /** Epoch milliseconds. */
  now: number;
}

/** Runs of a survey that are under way at once, as many as the runtime sends in one message: a viewer's own run waits for one message at most. */
const maxUnderWay = 64;

/** Everybody under the record, asked of a runtime that serves viewers meanwhile. `origins` is how many there are. */
export function surveyLive(runtime: FunctionRuntime, { source, record, failReads, now }: LiveSurvey, origins: number): Promise<Audience[]> {
  const polite = holdBack(runtime.run, maxUnderWay);
  // A question about a record that is not there is the only one whose store is empty: the others find out the orders, and need it.
  const run = (input: RunInput) =>
    polite(failReads && input.store?.values.size === 0 ? { ...input, store: { ...input.store, failReads: true } } : input);
  return explainEverybody({ runtime: { run, close: async () => undefined }, source, now }, failReads ? undefined : record, origins);
}

/** The same function, of which only so many calls are under way at a time; the others wait in order. */
function holdBack(run: FunctionRuntime['run'], most: number): FunctionRuntime['run'] {
  const waiting: (() => void)[] = [];
  let underWay = 0;
  return async (input) => {
    if (underWay >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    else underWay += 1;
    try {
      return await run(input);
    } finally {
      const next = waiting.shift();
      if (next === undefined) underWay -= 1;
      else next();
    }
  };
}
