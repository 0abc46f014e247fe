import type { RawRun, ViewerRequestEvent } from '../../src/edge/execution.ts';
import type { ImportedName } from '../../src/edge/gate/parse-code.ts';

/** A source as workerd compiles it: import lines blanked, their names handed in as parameters. */
export interface WireSource {
  id: number;
  body: string;
  imports: ImportedName[];
}

/** A KeyValueStore's snapshot. Sent once, then named by id. */
export interface WireStore {
  id: number;
  entries: [string, string][];
  createdAt: string;
  updatedAt: string;
}

export interface WireRun {
  source: number;
  store?: number;
  failReads?: true;
  /** Epoch milliseconds: the time during this run. */
  now: number;
  event: unknown;
  rawQueryString?: string;
  edgeLocation?: { name: string; serverIp: string; region: string };
}

/** The same events for several sources, each evaluated once for all of them. */
export interface WireSweep {
  sources: number[];
  store: number;
  now: number;
  /** `raw` is what `request.rawQueryString()` answers. */
  events: { event: ViewerRequestEvent; raw?: string }[];
}

/** Runs that did the same have one place in `kinds`; its output is that of the first of them. */
export interface SweepAnswer {
  kinds: { event: number; run: RawRun }[];
  /** By source and event, the place in `kinds`. */
  picks: number[][];
}

/** One message to workerd: new sources and stores, those to forget, and the runs in order. */
export interface Batch {
  sources: WireSource[];
  stores: WireStore[];
  forgetSources: number[];
  forgetStores: number[];
  runs: WireRun[];
  sweep?: WireSweep;
}

/** The message, instead of a batch, that makes workerd end a run that waits for ever. */
export const nudge = '';
