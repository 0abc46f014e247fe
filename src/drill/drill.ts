import type { EdgeConfig } from '../config/edge-config.ts';
import type { FailureClass } from '../core/signal.ts';
import type { Verdict } from '../core/state-record.ts';
import type { Opinion } from '../core/streak.ts';
import type { Timeline } from './timeline.ts';

/** One request as its viewer lived through it. */
export interface Outcome {
  /** Epoch milliseconds. */
  startedAt: number;
  ms: number;
  method: string;
  country: string;
  /** 0 when no complete response came. */
  status: number;
  /** The `x-region` of the response. */
  region: string | undefined;
  /** A complete response below 500. */
  ok: boolean;
}

/** One request as the edge served it. */
export interface EdgeRequest {
  /** Epoch milliseconds at arrival. */
  at: number;
  /** Until the response was over. */
  ms: number;
  /** Origins that were tried, in order. */
  origins: readonly string[];
}

/** One look of the flipper at one signal. */
export interface DrillLook {
  /** Epoch milliseconds at its end. */
  at: number;
  origin: string;
  signal: string;
  opinion: Opinion;
  /** Of a bad look. */
  class?: FailureClass;
}

/** A verdict that changed. */
export interface DrillVerdict {
  at: number;
  origin: string;
  verdict: Verdict;
  /** What an unhealthy verdict rests on. */
  why?: string;
}

/** One committed change of weights and its way to the edge. */
export interface DrillFlip {
  writtenAt: number;
  /** Every edge location serves by it from then on. */
  servedAt: number;
  from: string;
  to: string;
  reason: string;
}

/** How long CloudFront waits for an origin, as distribution.json has it. */
export interface OriginWait {
  connectionAttempts: number;
  connectTimeoutSeconds: number;
  readTimeoutSeconds: number;
}

/** All that was seen of one outage. */
export interface Drill {
  config: Pick<EdgeConfig, 'origins' | 'defaultOrder' | 'routes'>;
  broken: string;
  /** One of the faults that an origin of the local cloud has, such as `refuse`. */
  fault: string;
  /** For how long a key may be missing before a write arrives; 0 when absent. */
  missMs?: number;
  timeline: Timeline;
  /** What viewers saw. */
  outcomes: readonly Outcome[];
  /** What the edge did. */
  requests: readonly EdgeRequest[];
  looks: readonly DrillLook[];
  verdicts: readonly DrillVerdict[];
  flips: readonly DrillFlip[];
  /** By origin. */
  waits: Readonly<Record<string, OriginWait>>;
  /** How late the process that ran viewers, edge and origins was, 99 % of the time at most: no latency is more exact than that. */
  lagMs: number;
}
