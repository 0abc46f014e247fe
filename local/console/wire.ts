// Messages between the console's server and its page. Times are epoch milliseconds of the server's clock.

/** The map: paths and places in its own units. The empty code is land without an ISO code. */
export interface WorldShapes {
  width: number;
  height: number;
  /** Where AWS regions are. */
  regions: Readonly<Record<string, readonly [number, number]>>;
  /** SVG path data by country code. */
  shapes: Readonly<Record<string, string>>;
  /** For countries too small to see, or without a shape. */
  dots: Readonly<Record<string, readonly [number, number]>>;
}

export type ShownVerdict = 'healthy' | 'unhealthy' | 'unknown';

/** The last probe of an origin. */
export interface ProbeState {
  at: number;
  opinion: 'good' | 'bad' | 'none';
  /** Such as `good, 3 ms` or `bad, connect, 1 ms`. */
  text: string;
  /** Bad probes in a row, up to this one. */
  badInRow: number;
}

export interface OriginState {
  id: string;
  region: string;
  /** Null where it is not on this machine. */
  port: number | null;
  /** `none`, or how it is broken, such as `slow:1500`; null where it cannot be broken from here. */
  fault: string | null;
  verdict: ShownVerdict;
  /** Since when; null before the first verdict. */
  since: number | null;
  /** Why it is not healthy; null when unknown. */
  why: string | null;
  /** Null before the first. */
  probe: ProbeState | null;
  /** The latest probes, one letter each, the newest last: `g` good, `b` bad, `n` without an opinion. */
  probes: string;
  /** The weights in the authoritative store and at the edge. */
  storeWeight: number;
  edgeWeight: number;
}

/** An operator's weights for a time. */
export interface OverrideState {
  weights: Readonly<Record<string, number>>;
  until: number;
  reason: string;
  by: string;
}

/** What the console shows: the local cloud, or an account. */
export interface TargetState {
  /** `local`, or the environment of edge.config.ts. */
  name: string;
  isLocal: boolean;
  /** The AWS account; null on this machine. */
  account: string | null;
  store: string;
  /** False: the server refuses every write. */
  mayWrite: boolean;
}

/** The flipper's heartbeat. */
interface FlipperState {
  running: boolean;
  /** Its last sign of life; null before the first. */
  beatAt: number | null;
  /** Time between two beats; the heart has stopped after several of them. Null when unknown. */
  everyMs: number | null;
  /** Why it holds, in words; null when it does not. */
  hold: string | null;
}

/** AWS API calls of this console, with their price. */
export interface CallsState {
  count: number;
  usd: number;
  /** Such as `kvs:ListKeys 12`. */
  detail: string;
}

/** Everything but traffic and the map. */
export interface ConsoleState {
  target: TargetState;
  /** Null when unknown. */
  edge: string | null;
  origins: readonly OriginState[];
  /** The record in the authoritative store. */
  record: string;
  /** False: not a health record; the edge routes as for `ok`. */
  isReadable: boolean;
  /** Changed by hand since the last flip. */
  edited: boolean;
  override: OverrideState | null;
  /**
   * The record in each edge location's copy of the store; null where the key is missing. Empty where no copy can be
   * read.
   */
  locations: readonly { name: string; record: string | null }[];
  /** When the last write will be everywhere; null when it is. */
  settlesAt: number | null;
  /** Faults of the edge's copy of the store; null where they cannot be switched. */
  replica: { failReads: boolean; transientMiss: boolean } | null;
  flipper: FlipperState;
  /** Requests per second of the simulated viewers; null where there are none. */
  viewers: number | null;
  /** Milliseconds of one column of the traffic: 1,000 on this machine. */
  stepMs: number;
  /** Null on this machine. */
  calls: CallsState | null;
  /** What could not be read and how to allow it, a line each. */
  hints: readonly string[];
  /** When the store was last read; null where it cannot be old. */
  readAt: number | null;
  /** What access logs say, a line each; empty without any. */
  logs: readonly string[];
  /** The name in the audit. */
  author: string;
}

/** Countries with the same routing by the LIVE function, under the record of the first edge location. */
export interface AudienceState {
  /** ISO codes; null is viewers without a country. */
  countries: readonly (string | null)[];
  /** All origins for them, home first. */
  order: readonly string[];
  /** Where GET goes, in words, and where POST does. */
  get: string;
  post: string;
  /** Percent of them by origin; null while no weight is partial. */
  shares: Readonly<Record<string, number>> | null;
}

export interface WorldState {
  audiences: readonly AudienceState[];
  /** SHA-256 of the function, hex; null when nothing is LIVE. */
  sha256: string | null;
  /** Why there is no answer; null when there is one. */
  problem: string | null;
}

/** One second of traffic, or one step of `stepMs`. */
export interface Second {
  /** Its first millisecond. */
  at: number;
  /** Requests that did not fail, by the origin that answered; the empty id is the edge itself. */
  byOrigin: Readonly<Record<string, number>>;
  /** Answers of 500 and more, and viewers who left before one. */
  failed: number;
  /** Null without requests. */
  p50Ms: number | null;
  p99Ms: number | null;
}

/** One request out of the stream. */
export interface SampledRequest {
  at: number;
  method: string;
  path: string;
  country: string | null;
  /** 0 when the viewer left before any answer. */
  status: number;
  origins: readonly string[];
  /** The function's note about its decision; null without one. */
  decision: string | null;
  ms: number;
  reason: string | null;
}

export interface TimelineEntry {
  /** Counts up. */
  id: number;
  at: number;
  kind: 'flip' | 'verdict' | 'hold' | 'fault' | 'note';
  tone: 'good' | 'warn' | 'bad' | 'plain';
  /** A sentence. */
  text: string;
  detail: string | null;
  /** A few words for a marker in the chart; absent without one. */
  mark?: string;
}

/** The changes of one tick. An absent part has not changed. */
export interface ConsoleBatch {
  now: number;
  /** The batch has everything, for a page that is new or missed a batch. */
  fresh?: true;
  state?: ConsoleState;
  world?: WorldState;
  /** The seconds that have changed. */
  seconds?: readonly Second[];
  /** Some requests of this tick, the oldest first, and how many more there were. */
  requests?: readonly SampledRequest[];
  more?: number;
  timeline?: readonly TimelineEntry[];
}
