import { parseHealthRecord, weightAt } from '../../kvs/health-record.ts';
import type { EdgeConfig } from '../config/edge-config.ts';
import type { FailureClass } from '../core/signal.ts';
import type { Verdict } from '../core/state-record.ts';
import type { Opinion } from '../core/streak.ts';

/** Everything recorded of one outage. Times are epoch milliseconds. */
export interface Drill {
  config: Pick<EdgeConfig, 'origins' | 'defaultOrder' | 'defaultSlices' | 'routes'> & Partial<Pick<EdgeConfig, 'services'>>;
  broken: string;
  /** A fault of the local cloud's origins, such as `refuse`. */
  fault: string;
  /** How long a key may be missing before a write arrives. Default 0. */
  missMs?: number;
  timeline: Timeline;
  /** What viewers got. */
  outcomes: readonly ViewerOutcome[];
  /** What the edge did. */
  requests: readonly ServedRequest[];
  probes: readonly DrillProbe[];
  verdicts: readonly DrillVerdict[];
  flips: readonly DrillFlip[];
  /** By origin. */
  waits: Readonly<Record<string, OriginWait>>;
  /** The delay of the process that ran viewers, edge and origins, at p99: no latency is more exact. */
  lagMs: number;
}

/** One request as its viewer saw it. */
export interface ViewerOutcome {
  startedAt: number;
  ms: number;
  method: string;
  /** Default `/`. */
  path?: string;
  country: string;
  /** 0 without a complete response. */
  status: number;
  /** The `x-region` of the response. */
  region: string | undefined;
  /** A complete response below 500. */
  ok: boolean;
}

/** One request as the edge served it. */
export interface ServedRequest {
  /** At arrival. */
  at: number;
  /** Until the end of the response. */
  ms: number;
  /** The origins tried, in order. */
  origins: readonly string[];
}

/** One probe of one signal. */
export interface DrillProbe {
  /** At its end. */
  at: number;
  origin: string;
  signal: string;
  opinion: Opinion;
  /** Of a bad probe. */
  class?: FailureClass;
}

/** A change of verdict. */
export interface DrillVerdict {
  at: number;
  origin: string;
  verdict: Verdict;
  /** The evidence for an unhealthy verdict. */
  why?: string;
}

/** One committed change of weights. */
export interface DrillFlip {
  writtenAt: number;
  /** From then on every edge location serves by it. */
  servedAt: number;
  from: string;
  to: string;
  reason: string;
}

/** How long CloudFront waits for an origin, from distribution.json. */
export interface OriginWait {
  connectionAttempts: number;
  connectTimeoutSeconds: number;
  readTimeoutSeconds: number;
}

/** The moments of a drill; undefined for what did not happen. */
interface Timeline {
  startedAt: number;
  brokenAt: number;
  /** The flipper's verdict on the broken origin. */
  unhealthyAt: number | undefined;
  /** The flip away was written. */
  writtenAt: number | undefined;
  /** The flip away was at the edge. */
  propagatedAt: number | undefined;
  restoredAt: number | undefined;
  /** The last step of the failback was at the edge: every viewer has the usual order again. */
  failbackAt: number | undefined;
  endedAt: number;
  /** Oldest first. The first was served when the drill began. */
  records: readonly ServedRecord[];
}

/** A record, and when it had reached every edge location. */
export interface ServedRecord {
  at: number;
  record: string;
}

/** The record that the edge served by at this time. */
export function servedRecord(records: readonly ServedRecord[], at: number): string {
  return records.findLast((entry) => entry.at <= at)?.record ?? 'ok';
}

/** The weight that the edge gave an origin at this time. */
export function servedWeight(records: readonly ServedRecord[], origin: string, at: number): number {
  return weightAt(parseHealthRecord(servedRecord(records, at)) ?? [], origin, at / 1_000);
}
