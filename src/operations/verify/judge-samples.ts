import { formatDuration } from '../../cli/duration.ts';
import type { TlsFacts } from '../../health/read-tls.ts';
import type { LatencyFigures } from '../latency-figures.ts';
import type { Samples } from './take-samples.ts';

/** A certificate that ends sooner is worth a word. */
const soonMs = 21 * 86_400_000;

export function judgeLatency(latency: LatencyFigures | undefined, maxLatencyMs: number | undefined): string[] {
  if (latency === undefined || maxLatencyMs === undefined || latency.p95Ms <= maxLatencyMs) return [];
  return [`p95 is ${Math.round(latency.p95Ms)} ms, limit ${maxLatencyMs} ms`];
}

export function judgeTls(tls: TlsFacts | undefined, now: number): string[] {
  if (tls === undefined || tls.validTo - now > soonMs) return [];
  return [`the certificate of ${tls.name} ends in ${formatDuration(tls.validTo - now)}`];
}

export function listStatuses({ answers, broken }: Samples): number[] {
  return [...new Set([...answers.map(({ status }) => status), ...(broken?.status === undefined ? [] : [broken.status])])];
}
