/**
 * By the nearest rank: the smallest of the sorted values with at least this share (0 to 1) at or below it; undefined
 * for no values.
 */
export function percentile(sorted: readonly number[], share: number): number | undefined {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
}
