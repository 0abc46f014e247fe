import type { RawRun, ViewerRequestEvent } from '../../src/edge/execution.ts';
import type { ImportedName } from '../../src/edge/gate/parse-code.ts';

/** A source as workerd compiles it: import lines blanked, their names handed in as parameters. */
export interface WireSource {
  id: number;
  body: string;
  imports: ImportedName[];
}

/** A KeyValueStore's snapshot; sent once, named by id afterwards. */
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
  /** Milliseconds: what every clock says during this run. */
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

/** One message to workerd: what it has not seen yet, what it may forget, and the runs, one after the other. */
export interface Batch {
  sources: WireSource[];
  stores: WireStore[];
  forgetSources: number[];
  forgetStores: number[];
  runs: WireRun[];
  sweep?: WireSweep;
}

/** The message, instead of a batch, that asks workerd to give up a run which waits in vain. */
export const nudge = '';
