/** Equal parts of a drill's time, from whole seconds to whole hours. */
export interface Buckets {
  /** Epoch milliseconds at which the first one begins: at or before the first request, and whole buckets away from the fault. */
  from: number;
  bucketMs: number;
  count: number;
}

const sizesMs = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600].map((seconds) => seconds * 1_000);
/** What a chart can show and a file of bounded size can hold. */
const maxBuckets = 120;

/** Buckets that cover `startedAt` to `endedAt`, one of which begins at `anchor`: no bucket mixes before and after. */
export function chooseBuckets(startedAt: number, endedAt: number, anchor: number): Buckets {
  const lengthMs = Math.max(1, endedAt - startedAt);
  const fits = (size: number) => lengthMs / size <= maxBuckets - 1;
  const hours = Math.ceil(lengthMs / 3_600_000 / (maxBuckets - 1));
  const bucketMs = sizesMs.find(fits) ?? hours * 3_600_000;
  const from = anchor - Math.ceil((anchor - startedAt) / bucketMs) * bucketMs;
  return { from, bucketMs, count: Math.max(1, Math.ceil((endedAt - from) / bucketMs)) };
}

/** The place of this moment among the buckets; what lies outside counts to the nearest one. */
export function bucketAt({ from, bucketMs, count }: Buckets, at: number): number {
  return Math.min(count - 1, Math.max(0, Math.floor((at - from) / bucketMs)));
}
