import { maxKeysPerUpdate, maxUpdateBytes } from '../../kvs/limits.ts';

/** One key of a write: its value before and after, undefined where it is missing. */
export interface KeyWrite {
  key: string;
  before: string | undefined;
  after: string | undefined;
}

/** The writes in their order, in batches that CloudFront takes in one call each. */
export function splitBatches(writes: readonly KeyWrite[], maxKeys = maxKeysPerUpdate, maxBytes = maxUpdateBytes): KeyWrite[][] {
  const batches: KeyWrite[][] = [];
  let bytes = 0;
  for (const write of writes) {
    const size = Buffer.byteLength(write.key) + Buffer.byteLength(write.after ?? '');
    const last = batches.at(-1);
    if (last === undefined || last.length >= maxKeys || bytes + size > maxBytes) {
      batches.push([write]);
      bytes = size;
    } else {
      last.push(write);
      bytes += size;
    }
  }
  return batches;
}
