import type { HealthPolicy, HttpSignal } from '../config/edge-config.ts';
import type { ProbeResult } from '../core/signal.ts';

/**
 * How an origin fails, as the drill breaks one, and two more: packets that vanish, and one of two addresses that does.
 */
export const outageKinds = ['refuse', 'unreachable', '5xx', 'hang', 'slow', 'bad-body', 'half', 'flaky', 'address'] as const;
export type OutageKind = (typeof outageKinds)[number];

export const outageWords: Readonly<Record<OutageKind, string>> = {
  refuse: 'refuses every connection',
  unreachable: 'answers no packet',
  '5xx': 'answers 503 to every request',
  hang: 'accepts every request and answers none',
  slow: 'answers every request late',
  'bad-body': 'answers 200 with a broken body',
  half: 'answers 503 to half of the requests, at random',
  flaky: 'answers 503 to every second request',
  address: 'answers no packet at one of two addresses',
};

/** How CloudFront waits for an origin. */
export interface OriginTimes {
  connectionAttempts: number;
  connectTimeoutMs: number;
  readTimeoutMs: number;
}

/** The share of requests that an outage of this kind spoils. */
export function spoiledShare(kind: OutageKind): number {
  return kind === 'half' || kind === 'flaky' || kind === 'address' ? 0.5 : 1;
}

/** The turn of each probe or check decides who meets `flaky` and `address`, chance who meets `half`. */
export function isSpoiled(kind: OutageKind, turn: number, random: () => number): boolean {
  if (kind === 'half') return random() < 0.5;
  return spoiledShare(kind) === 1 || turn % 2 === 0;
}

/** Round trips of a probe that is answered at once. */
const answerMs = 200;

type Probed = Pick<ProbeResult, 'opinion' | 'detail' | 'class'> & { afterMs: number };

export const goodProbe: Probed = { opinion: 'good', afterMs: answerMs };

/** What a probe that meets the outage finds, and when, by the signal's own checks and the configured timeouts. */
export function probeOutage(kind: OutageKind, slowMs: number, signal: HttpSignal, health: HealthPolicy): Probed {
  const bad = (failure: NonNullable<ProbeResult['class']>, afterMs: number, detail: string): Probed => ({
    opinion: 'bad',
    class: failure,
    detail,
    afterMs,
  });
  switch (kind) {
    case 'refuse':
      return bad('connect', answerMs / 2, 'refused');
    case 'unreachable':
    case 'address':
      return bad('timeout', Math.min(health.connectTimeoutMs, health.timeoutMs), 'no connection in time');
    case 'hang':
      return bad('timeout', health.timeoutMs, 'no answer in time');
    case 'slow':
      if (slowMs >= health.timeoutMs) return bad('timeout', health.timeoutMs, 'no answer in time');
      return slowMs > (signal.maxLatencyMs ?? Number.POSITIVE_INFINITY)
        ? bad('timeout', slowMs, 'late')
        : { ...goodProbe, afterMs: slowMs };
    case 'bad-body':
      return Object.keys(signal.json).length > 0 ? bad('body', answerMs, 'not JSON') : goodProbe;
    default:
      return signal.statuses.includes(errorStatus) ? goodProbe : bad('status', answerMs, `status ${errorStatus}`);
  }
}

/** The drill's own. */
const errorStatus = 503;

/** What becomes of a request that meets the outage. */
export interface SpoiledRequest {
  outcome: 'failed' | 'slow' | 'answered';
  /** From the edge's first try to the answer or the error. */
  afterMs: number;
}

/** A request that takes this much longer is slow. */
const slowFromMs = 1_000;

/** One request at the edge, with a second origin to try or without. Only GET, HEAD and OPTIONS are tried again. */
export function spoilRequest(
  kind: OutageKind,
  slowMs: number,
  times: OriginTimes,
  method: 'GET' | 'POST',
  hasSecond: boolean,
): SpoiledRequest {
  const { connectionAttempts, connectTimeoutMs, readTimeoutMs } = times;
  const reads = method === 'GET' ? connectionAttempts : 1;
  const failsOver = hasSecond && method === 'GET';
  const after = (afterMs: number): SpoiledRequest => {
    if (!failsOver) return { outcome: 'failed', afterMs };
    return { outcome: afterMs >= slowFromMs ? 'slow' : 'answered', afterMs };
  };
  switch (kind) {
    case 'unreachable':
    case 'address':
      return after(connectionAttempts * connectTimeoutMs);
    case 'hang':
      return after(reads * readTimeoutMs);
    case 'slow':
      if (slowMs >= readTimeoutMs) return after(reads * readTimeoutMs);
      return { outcome: slowMs >= slowFromMs ? 'slow' : 'answered', afterMs: slowMs };
    // The status is 200 and no reason to fail over.
    case 'bad-body':
      return { outcome: 'failed', afterMs: 0 };
    default:
      return after(0);
  }
}
