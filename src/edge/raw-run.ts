import type { Execution, RunInput } from './execution.ts';

/** What one run of a function did, before anything about it is checked. */
export interface RawRun {
  output: unknown;
  /** Calls of origin helpers in order, with their arguments as JSON sees them. */
  calls: [helper: string, args: unknown[]][];
  reads: string[];
  logs: string[];
  /** Arguments of console.log after the first, which were not logged. */
  droppedLogArguments: number;
  customData?: string;
  /** The names of the returned query in the engine's own order, where `output` may list them in another one. */
  queryNames?: string[];
  /** Bytes that loading and running took, where the engine can tell. */
  memoryBytes?: number;
  /** Why the handler gave no result. */
  failure?: string;
}

/** What CloudFront makes of a run: src/edge/judge/judge-run.ts is the one for every runtime. */
export type JudgeRun = (input: RunInput, raw: RawRun) => Execution;
