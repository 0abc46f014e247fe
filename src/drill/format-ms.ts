/** Milliseconds for people: `12 ms`, `3.4 s`; `-` for null. */
export function formatMs(ms: number | null): string {
  if (ms === null) return '-';
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
