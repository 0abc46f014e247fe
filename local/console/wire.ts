// Messages between the console's server and its page. Times are epoch milliseconds of the server's clock.

/** The map: paths and places in its own units. The empty code is land without an ISO code. */
export interface WorldShapes {
  width: number;
  height: number;
  /** SVG path data by country code. */
  shapes: Readonly<Record<string, string>>;
  /** For countries too small to see, or without a shape. */
  dots: Readonly<Record<string, readonly [number, number]>>;
}

export type ShownVerdict = 'healthy' | 'unhealthy' | 'unknown';

export interface OriginState {
  id: string;
  region: string;
  port: number;
  /** `none`, or how it is broken, such as `slow:1500`. */
  fault: string;
  verdict: ShownVerdict;
  /** Since when; null before the first verdict. */
  since: number | null;
  /** Why it is not healthy; null when unknown. */
  why: string | null;
  /** The last probe, such as `good, 3 ms`; null before the first. */
  probe: string | null;
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

/** Everything but traffic and the map. */
export interface ConsoleState {
  edge: string;
  origins: readonly OriginState[];
  /** The record in the authoritative store. */
  record: string;
  /** False: not a health record; the edge routes as for `ok`. */
  isReadable: boolean;
  /** Changed by hand since the last flip. */
  edited: boolean;
  override: OverrideState | null;
  /** The record in each edge location's copy of the store; null where the key is missing. */
  locations: readonly { name: string; record: string | null }[];
  /** When the last write will be everywhere; null when it is. */
  settlesAt: number | null;
  replica: { failReads: boolean; transientMiss: boolean };
  flipper: {
    running: boolean;
    /** Why it holds, in words; null when it does not. */
    hold: string | null;
  };
  /** Requests per second of the simulated viewers. */
  viewers: number;
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

/** One second of traffic. */
export interface Second {
  /** Its first millisecond. */
  at: number;
  /** Requests by the origin that answered; the empty id is the edge itself. */
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
  tone: 'good' | 'bad' | 'plain';
  text: string;
  detail: string | null;
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
