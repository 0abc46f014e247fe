import { percentile } from '../text/percentile.ts';
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
