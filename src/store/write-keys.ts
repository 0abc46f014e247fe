import { maxKeysPerUpdate, maxStoreBytes, maxUpdateBytes } from '../../kvs/limits.ts';
import { isReservedKey, ownedPrefix } from '../../kvs/reserved-keys.ts';
import type { FlagStore } from '../core/flag-store.ts';
import { EdgeError } from '../errors.ts';
import { formatOwnedKeys, type KeysPlan } from './plan-keys.ts';

/**
 * The batches that carry a plan out, each all or nothing. A key is on the list of declared keys before it is written and until it is removed: wherever
 * an apply is interrupted, the next one knows what is its own.
 */
export function listBatches({ steps, owned }: KeysPlan, values: ReadonlyMap<string, string>): KeyWrite[][] {
  const keys = steps
    .filter(({ kind }) => kind === 'add' || kind === 'change' || kind === 'remove')
    .map(({ key, before, after }): KeyWrite => ({ key, before, after }));
  const atOnce = splitBatches([...keys, ...listWrites(owned.after, values)]);
  if (atOnce.length <= 1) return atOnce;
  const both = new Set([...owned.before, ...owned.after]);
  return [
    ...splitBatches(listWrites(both, values)),
    ...splitBatches(keys),
    ...splitBatches(listWrites(owned.after, formatOwnedKeys(both))),
  ];
}

/** What makes the list of declared keys these. */
function listWrites(owned: ReadonlySet<string>, values: ReadonlyMap<string, string>): KeyWrite[] {
  const lists = formatOwnedKeys(owned);
  const there = [...values.keys()].filter((key) => key.startsWith(ownedPrefix));
  return [...new Set([...there, ...lists.keys()])]
    .map((key): KeyWrite => ({ key, before: values.get(key), after: lists.get(key) }))
    .filter(({ before, after }) => before !== after);
}

/** QUOTA when the store would hold more than CloudFront allows: a part of the batches would be written and the rest refused. */
export function checkSize(values: ReadonlyMap<string, string>, batches: readonly KeyWrite[][]): void {
  const after = new Map(values);
  for (const { key, after: value } of batches.flat()) {
    if (value === undefined) after.delete(key);
    else after.set(key, value);
  }
  const bytes = [...after].reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0);
  if (bytes > maxStoreBytes)
    throw new EdgeError('QUOTA', `the store would hold ${bytes} bytes, and CloudFront allows ${maxStoreBytes}`, {
      hint: 'declare less, or give this package a store of its own: keyValueStoreName in edge.config.ts',
    });
}

/** Writes the batches. CONFLICT when a key is neither as it was when the plan was made nor as it shall be; what was written until then stays, and is right. */
export async function writeBatches(store: FlagStore, batches: readonly KeyWrite[][], progress: (line: string) => void): Promise<void> {
  for (const [index, batch] of batches.entries()) {
    if (batches.length > 1) progress(`writing batch ${index + 1} of ${batches.length}`);
    await store.update(
      batch.map(({ key }) => key),
      ({ values }) => {
        const open = batch.filter((write) => isOpen(write, values.get(write.key), index));
        const puts = open.flatMap(({ key, after }) => (after === undefined ? [] : [{ key, value: after }]));
        const deletes = open.flatMap(({ key, after }) => (after === undefined ? [key] : []));
        return open.length === 0 ? undefined : { puts, deletes };
      },
    );
  }
}

function isOpen({ key, before, after }: KeyWrite, now: string | undefined, index: number): boolean {
  if (now === after) return false;
  if (now === before) return true;
  // The flipper or an operator was quicker than the seed: theirs is the live record.
  if (before === undefined && isReservedKey(key) && !key.startsWith(ownedPrefix)) return false;
  throw new EdgeError('CONFLICT', `key ${JSON.stringify(key)} was changed since the plan was made`, {
    hint: `${index === 0 ? 'nothing was written' : 'what comes before it is written'}; look at npm run kvs:plan, then apply again`,
  });
}

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
