// What the console's server and its page say to each other. Times are epoch milliseconds of the server's clock.

/** The map: paths and places in its own units. The empty code stands for land without an ISO code. */
export interface WorldShapes {
  width: number;
  height: number;
  /** SVG path data by country code. */
  shapes: Readonly<Record<string, string>>;
  /** For countries too small to see, or without a shape. */
  dots: Readonly<Record<string, readonly [number, number]>>;
}

export type Verdict = 'healthy' | 'unhealthy' | 'unknown';

export interface OriginState {
  id: string;
  region: string;
  port: number;
  /** `none`, or how it is broken, such as `slow:1500`. */
  fault: string;
  verdict: Verdict;
  /** Since when; null before the first verdict. */
  since: number | null;
  /** Why it is not healthy; null when nobody said. */
  why: string | null;
  /** The last look at it, such as `good, 3 ms`; null before the first. */
  probe: string | null;
  /** The weight in the authoritative store, and the one that the edge acts by. */
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
  /** False: no health record; the edge acts as for `ok`. */
  isReadable: boolean;
  /** Changed by hand since the last flip. */
  edited: boolean;
  override: OverrideState | null;
  /** What each edge location's copy of the store holds; null where the key is missing. */
  locations: readonly { name: string; record: string | null }[];
  /** When the last write will be everywhere; null when it is. */
  settlesAt: number | null;
  replica: { failReads: boolean; transientMiss: boolean };
  flipper: {
    running: boolean;
    /** What stands in its way, in words; null when nothing does. */
    hold: string | null;
  };
  /** Requests a second of the viewers that the console plays. */
  viewers: number;
  /** Whom the audit will name. */
  author: string;
}

/** Countries that the LIVE function treats alike, under the record of the first edge location. */
export interface AudienceState {
  /** ISO codes; null stands for viewers without a country. */
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
  /** SHA-256 of the function that was asked, hex; null when nothing is LIVE. */
  sha256: string | null;
  /** Why there is no answer; null when there is one. */
  problem: string | null;
}

/** One second of traffic. */
export interface Second {
  /** Its first millisecond. */
  at: number;
  /** Requests by the origin that answered; the empty id stands for the edge itself. */
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
  /** What the function wrote about its decision; null when it wrote nothing. */
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

/** What one tick tells; a part that is absent is as it was. */
export interface Batch {
  now: number;
  /** Everything that is known, for somebody who knows nothing or has missed something. */
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
