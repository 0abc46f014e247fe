import { createHash } from 'node:crypto';
import { type Core, CoreFault } from './core.ts';

/** Viewers at both ends of the spread: one that any partial weight keeps, one that only 100 keeps. */
export const buckets = [0, 99] as const;
export type Bucket = (typeof buckets)[number];

const viewers = new Map<Bucket, string>();
for (let host = 1; viewers.size < buckets.length; host++) {
  const ip = `192.0.${host >> 8}.${host & 255}`;
  const bucket = ((createHash('md5').update(ip).digest()[0] ?? 0) * 100) >> 8;
  const wanted = buckets.find((each) => each === bucket);
  if (wanted !== undefined && !viewers.has(wanted)) viewers.set(wanted, ip);
}

const memo = new WeakMap<Core, Map<string, string>>();

/**
 * The origin to which an edge location that reads `record` sends a viewer at a time: the edge function's own code
 * decides. Throws when the record's other reader, which the flipper and the commands use, would send the viewer
 * elsewhere.
 */
export function landing(core: Core, record: string | undefined, order: readonly string[], bucket: Bucket, at: number): string {
  const text = record ?? 'ok';
  if (text === 'ok') return order[0] ?? '';
  const known = memo.get(core) ?? new Map<string, string>();
  memo.set(core, known);
  const key = `${text}|${order}|${bucket}|${text.includes('@') ? at : ''}`;
  let origin = known.get(key);
  if (origin === undefined) {
    origin = atEdge(core, text, order, bucket, at);
    const other = byWeights(core, text, order, bucket, at);
    if (origin !== other)
      throw new CoreFault('disagree', `the edge sends bucket ${bucket} of ${order} to ${origin}, the weights of "${text}" say ${other}`);
    known.set(key, origin);
  }
  return origin;
}

/** The function reads the clock of its process: it is given the model's for the length of one call. */
function atEdge(core: Core, record: string, order: readonly string[], bucket: Bucket, at: number): string {
  const { now } = Date;
  Date.now = () => at;
  try {
    const event = { viewer: { ip: viewers.get(bucket) ?? '' } };
    return core.keepOrigins([...order], record, event)[0] ?? '';
  } finally {
    Date.now = now;
  }
}

function byWeights(core: Core, record: string, order: readonly string[], bucket: Bucket, at: number): string {
  const entries = core.parseHealthRecord(record) ?? [];
  return order.find((id) => core.weightAt(entries, id, Math.floor(at / 1_000)) > bucket) ?? order[0] ?? '';
}
