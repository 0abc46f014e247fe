import { healthKey } from '../../kvs/keys.ts';
import type { FunctionSource } from '../edge/execution.ts';
import { type Decision, readDecision } from './decision.ts';
import { type AnyRuntime, runAll } from './run-all.ts';
import { buildViewerEvent, type Viewer } from './viewer-event.ts';

/** One request of one viewer while the store says this. */
export interface Question {
  viewer: Viewer;
  /** The health record; undefined when the key is missing. */
  record: string | undefined;
}

/** A function's bytes and the engine that runs them. */
export interface Asked {
  runtime: AnyRuntime;
  source: FunctionSource;
  /** Epoch milliseconds: the moment of the run, which decides whether an entry has expired. */
  now: number;
}

/** What the function itself decides, question by question: it is run, nothing about it is assumed. */
export async function askFunction({ runtime, source, now }: Asked, questions: readonly Question[]): Promise<Decision[]> {
  const events = questions.map(({ viewer }) => buildViewerEvent(viewer));
  const inputs = questions.map(({ record }, index) => ({
    source,
    event: events[index] as (typeof events)[number],
    store: { values: new Map(record === undefined ? [] : [[healthKey, record]]) },
    now,
  }));
  const executions = await runAll(runtime, inputs);
  return executions.map((execution, index) => readDecision(execution, events[index] as (typeof events)[number]));
}
