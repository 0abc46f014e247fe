import { readTls, type TlsFacts } from '../probe/connect-like-edge.ts';
import { exchange, type HttpAnswer, type NoAnswer, type ProbeOptions, type ProbeTarget } from '../probe/probe.ts';
import { percentile } from '../text/percentile.ts';
import { formatDuration } from '../text/time.ts';

/** How every row is sampled and judged. */
export interface Sampling {
  samples: number;
  /** Of the 95th percentile; undefined for no limit. */
  maxLatencyMs: number | undefined;
  /** Epoch milliseconds. */
  now: number;
  /** How to reach anything; default the system's way. */
  network: Pick<ProbeOptions, 'lookup' | 'ca'>;
  signal: AbortSignal;
}

/** A certificate that expires sooner is a warning. */
const soonMs = 21 * 86_400_000;

/** Outcome, latency and TLS of the samples, with what was found in their answers. */
export function judgeSamples(
  { answers, broken, tls }: Samples,
  found: { failures: readonly string[]; warnings: readonly string[] },
  { maxLatencyMs, now }: Pick<Sampling, 'maxLatencyMs' | 'now'>,
): Pick<VerifyRow, 'outcome' | 'statuses' | 'samples' | 'latency' | 'tls' | 'notes'> {
  const latency = latencyFigures(answers.map(({ latencyMs }) => latencyMs));
  const failures = [...found.failures, ...judgeLatency(latency, maxLatencyMs)];
  const warnings = [...found.warnings, ...judgeTls(tls, now)];
  const statuses = [...answers.map(({ status }) => status), ...(broken?.status === undefined ? [] : [broken.status])];
  return {
    outcome: failures.length > 0 ? 'fail' : warnings.length > 0 ? 'warn' : 'ok',
    statuses: [...new Set(statuses)],
    samples: answers.length + (broken === undefined ? 0 : 1),
    latency,
    tls,
    notes: [...new Set([...failures, ...warnings])],
  };
}

function judgeLatency(latency: LatencyFigures | undefined, maxLatencyMs: number | undefined): string[] {
  if (latency === undefined || maxLatencyMs === undefined || latency.p95Ms <= maxLatencyMs) return [];
  return [`p95 is ${Math.round(latency.p95Ms)} ms, limit ${maxLatencyMs} ms`];
}

function judgeTls(tls: TlsFacts | undefined, now: number): string[] {
  if (tls === undefined || tls.validTo - now > soonMs) return [];
  return [`the certificate of ${tls.name} expires in ${formatDuration(tls.validTo - now)}`];
}

export interface LatencyFigures {
  p50Ms: number;
  p95Ms: number;
  maxMs: number;
}

/** Percentiles by the nearest rank; undefined for no sample. */
export function latencyFigures(samplesMs: readonly number[]): LatencyFigures | undefined {
  const sorted = samplesMs.toSorted((a, b) => a - b);
  const at = (share: number) => percentile(sorted, share) ?? 0;
  return sorted.length === 0 ? undefined : { p50Ms: at(0.5), p95Ms: at(0.95), maxMs: at(1) };
}

export interface Samples {
  answers: readonly HttpAnswer[];
  /** The request after which no other was sent. */
  broken: NoAnswer | undefined;
  tls: TlsFacts | undefined;
}

/**
 * Sends the same request `count` times, each on its own connection. Stops at the first one without an answer, so that a
 * dead edge costs one timeout. Aborted, it returns what it has.
 */
export async function takeSamples(
  target: Omit<ProbeTarget, 'region' | 'checks'>,
  count: number,
  options: ProbeOptions & { signal: AbortSignal },
): Promise<Samples> {
  const answers: HttpAnswer[] = [];
  let tls: TlsFacts | undefined;
  const onConnect: ProbeOptions['onConnect'] = (socket) => {
    tls ??= readTls(socket);
  };
  while (answers.length < count && !options.signal.aborted) {
    const exchanged = await exchange(target, { ...options, turn: answers.length, onConnect });
    if (!('failure' in exchanged)) answers.push(exchanged);
    else if (!options.signal.aborted) return { answers, broken: exchanged, tls };
  }
  return { answers, broken: undefined, tls };
}

/** One row: a viewer through the edge, an origin directly, or an origin without CloudFront's secret headers. */
export interface VerifyRow {
  way: 'edge' | 'direct' | 'lock';
  /** A country, `others`, `from here`, or an origin. */
  who: string;
  outcome: 'ok' | 'warn' | 'fail';
  /** Ids of origins that may answer; empty when there is no expectation. */
  expected: readonly string[];
  /** Ids of origins that answered, each once. */
  went: readonly string[];
  /** Each status once. */
  statuses: readonly number[];
  /** Requests sent; the first without an answer was the last. */
  samples: number;
  /** Of the answers; undefined without any. */
  latency: LatencyFigures | undefined;
  /** Undefined over http, and without a connection. */
  tls: TlsFacts | undefined;
  /** One line each. */
  notes: readonly string[];
}
