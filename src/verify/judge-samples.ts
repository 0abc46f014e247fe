import type { ProbeOptions } from '../probe/probe.ts';
import type { TlsFacts } from '../probe/read-tls.ts';
import { formatDuration } from '../text/duration.ts';
import { type LatencyFigures, latencyFigures } from './latency-figures.ts';
import type { Samples } from './take-samples.ts';
import type { VerifyRow } from './verify-row.ts';

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

/** A certificate that ends sooner is worth a word. */
const soonMs = 21 * 86_400_000;

/** What samples tell by themselves, with what was found in their answers. */
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
  return [`the certificate of ${tls.name} ends in ${formatDuration(tls.validTo - now)}`];
}
