/** The value that so large a share (0 to 1) of the sorted values lies below; undefined when there are none. */
export function percentile(sorted: readonly number[], share: number): number | undefined {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}
