import { maxKeysPerUpdate, maxStoreBytes, maxUpdateBytes, maxValueBytes } from '../../kvs/limits.ts';
import { isReservedKey, outside, ownedPrefix } from '../../kvs/reserved-keys.ts';
import { seed } from '../../kvs/seed.ts';
import type { FlagStore } from '../core/flag-store.ts';
import { EdgeError } from '../errors.ts';
import { typed } from '../text/typed.ts';
import { writeAndReadBack } from './create-store.ts';

/**
 * One difference between a store and what is declared. `adopt`: the store has the value already, and the key counts as
 * declared from now on. `release`: a key that was declared once, and that another writer has removed or another
 * function of the store still declares.
 */
export interface KeyStep {
  kind: 'add' | 'change' | 'remove' | 'adopt' | 'release';
  key: string;
  before?: string;
  after?: string;
}

export interface KeysPlan {
  steps: readonly KeyStep[];
  /** Declared keys as the store knows them, before and after. */
  owned: { before: ReadonlySet<string>; after: ReadonlySet<string> };
  /** Keys of other writers, which stay. */
  others: readonly string[];
}

/** What gives a store the seed and the declared keys, and removes keys declared earlier; all others stay untouched. */
export function planKeys(values: ReadonlyMap<string, string>, declared: Readonly<Record<string, string>>): KeysPlan {
  const before = readOwnedKeys(values);
  const after = new Set(Object.keys(declared));
  const seeding = seed.filter(({ key }) => !values.has(key)).map(({ key, value }): KeyStep => ({ kind: 'add', key, after: value }));
  const putting = Object.entries(declared).flatMap(([key, value]) => planPut(key, values.get(key), value, before.has(key)));
  const shared = readSharedKeys(values);
  const removing = [...before].filter((key) => !after.has(key)).map((key) => planRemoval(key, values.get(key), shared.has(key)));
  const others = [...values.keys()].filter((key) => !isReservedKey(key) && !before.has(key) && !after.has(key));
  return { steps: [...seeding, ...putting, ...removing], owned: { before, after }, others };
}

function planPut(key: string, before: string | undefined, after: string, isOwned: boolean): KeyStep[] {
  if (before === undefined) return [{ kind: 'add', key, after }];
  if (before !== after) return [{ kind: 'change', key, before, after }];
  return isOwned ? [] : [{ kind: 'adopt', key, before, after }];
}

function planRemoval(key: string, before: string | undefined, isShared: boolean): KeyStep {
  if (before === undefined) return { kind: 'release', key };
  return { kind: isShared ? 'release' : 'remove', key, before };
}

/** The keys that the last apply declared: only these may be removed once edge.config.ts no longer has them. */
export function readOwnedKeys(values: ReadonlyMap<string, string>): Set<string> {
  const lines = [...values].flatMap(([key, list]) => (key.startsWith(ownedPrefix) ? list.split('\n') : []));
  // A list that was edited by hand must not remove the health record.
  return new Set(lines.filter((key) => key !== '' && !isReservedKey(key) && !key.startsWith(outside)));
}

/** Keys that other functions of the store declare: their lists are `../owned/…` and `<prefix>/owned/…`. */
function readSharedKeys(values: ReadonlyMap<string, string>): Set<string> {
  const isList = /^(\.\.|[a-z][a-z0-9-]*)\/owned\/\d+$/;
  return new Set([...values].flatMap(([key, list]) => (isList.test(key) ? list.split('\n') : [])));
}

/** The list as values of a store, one key a line, in as many parts as it needs. */
export function formatOwnedKeys(keys: Iterable<string>): Map<string, string> {
  const parts: string[] = [];
  for (const key of [...keys].sort()) {
    const longer = `${parts.at(-1) ?? ''}\n${key}`;
    if (parts.length > 0 && Buffer.byteLength(longer) <= maxValueBytes) parts[parts.length - 1] = longer;
    else parts.push(key);
  }
  return new Map(parts.map((list, part) => [`${ownedPrefix}${String(part).padStart(3, '0')}`, list]));
}

/**
 * The batches that carry out a plan, each all or nothing. A key is on the list of declared keys before it is written
 * and until it is removed. So after an interruption at any point the next apply knows its own keys.
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

/** The writes that make this the list of declared keys. */
function listWrites(owned: ReadonlySet<string>, values: ReadonlyMap<string, string>): KeyWrite[] {
  const lists = formatOwnedKeys(owned);
  const there = [...values.keys()].filter((key) => key.startsWith(ownedPrefix));
  return [...new Set([...there, ...lists.keys()])]
    .map((key): KeyWrite => ({ key, before: values.get(key), after: lists.get(key) }))
    .filter(({ before, after }) => before !== after);
}

/** QUOTA when the store would hold more than CloudFront allows: some batches would be written and the rest refused. */
export function checkStoreSize(values: ReadonlyMap<string, string>, batches: readonly KeyWrite[][]): void {
  const after = new Map(values);
  for (const { key, after: value } of batches.flat()) {
    if (value === undefined) after.delete(key);
    else after.set(key, value);
  }
  const bytes = [...after].reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0);
  if (bytes > maxStoreBytes)
    throw new EdgeError('QUOTA', `the store would hold ${bytes} bytes; CloudFront allows ${maxStoreBytes}`, {
      hint: 'declare less, or give this package a store of its own: keyValueStoreName in edge.config.ts',
    });
}

/**
 * Writes the batches. CONFLICT when a key has neither its value from the plan nor its new one; batches written before
 * that stay in force.
 */
export async function writeBatches(store: FlagStore, batches: readonly KeyWrite[][], progress: (line: string) => void): Promise<void> {
  for (const [index, batch] of batches.entries()) {
    if (batches.length > 1) progress(`writing batch ${index + 1} of ${batches.length}`);
    await writeAndReadBack(
      store,
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
  // The flipper or an operator wrote first: theirs is the live record.
  if (before === undefined && isReservedKey(key) && !key.startsWith(ownedPrefix)) return false;
  throw new EdgeError('CONFLICT', `key ${JSON.stringify(key)} was changed since the plan was made`, {
    hint: `${index === 0 ? 'nothing was written' : 'earlier changes are written'}; see ${typed('kvs:plan')}, then apply again`,
  });
}

/** One key of a write: its value before and after, undefined where it is missing. */
export interface KeyWrite {
  key: string;
  before: string | undefined;
  after: string | undefined;
}

/** The writes in their order, in batches that CloudFront accepts in one call each. */
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
