/** A binding that an import line of the source asks for: `import name from 'module'`. */
export interface ImportedName {
  name: string;
  module: string;
}

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

/** One message to workerd: what it has not seen yet, what it may forget, and the runs, one after the other. */
export interface Batch {
  sources: WireSource[];
  stores: WireStore[];
  forgetSources: number[];
  forgetStores: number[];
  runs: WireRun[];
}

/** The message, instead of a batch, that asks workerd to give up a run which waits in vain. */
export const nudge = '';
