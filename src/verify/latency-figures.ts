export interface LatencyFigures {
  p50Ms: number;
  p95Ms: number;
  maxMs: number;
}

/** Percentiles by the nearest rank; undefined for no sample. */
export function latencyFigures(samplesMs: readonly number[]): LatencyFigures | undefined {
  const sorted = samplesMs.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
  return sorted.length === 0 ? undefined : { p50Ms: at(0.5), p95Ms: at(0.95), maxMs: at(1) };
}
