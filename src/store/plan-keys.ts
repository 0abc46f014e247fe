import { maxValueBytes } from '../../kvs/limits.ts';
import { isReservedKey, ownedPrefix } from '../../kvs/reserved-keys.ts';
import { seed } from '../../kvs/seed.ts';

/**
 * One difference between a store and what is declared. `adopt`: the value is there already, and the key counts as declared from now on.
 * `release`: a key that was declared once and that somebody else has removed.
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
  /** Keys of others, which stay. */
  others: readonly string[];
}

/** What makes a store hold the seed and the declared keys, and no more those that were declared before; nothing else is touched. */
export function planKeys(values: ReadonlyMap<string, string>, declared: Readonly<Record<string, string>>): KeysPlan {
  const before = readOwnedKeys(values);
  const after = new Set(Object.keys(declared));
  const seeding = seed.filter(({ key }) => !values.has(key)).map(({ key, value }): KeyStep => ({ kind: 'add', key, after: value }));
  const putting = Object.entries(declared).flatMap(([key, value]) => planPut(key, values.get(key), value, before.has(key)));
  const removing = [...before].filter((key) => !after.has(key)).map((key) => planRemoval(key, values.get(key)));
  const others = [...values.keys()].filter((key) => !isReservedKey(key) && !before.has(key) && !after.has(key));
  return { steps: [...seeding, ...putting, ...removing], owned: { before, after }, others };
}

function planPut(key: string, before: string | undefined, after: string, isOwned: boolean): KeyStep[] {
  if (before === undefined) return [{ kind: 'add', key, after }];
  if (before !== after) return [{ kind: 'change', key, before, after }];
  return isOwned ? [] : [{ kind: 'adopt', key, before, after }];
}

function planRemoval(key: string, before: string | undefined): KeyStep {
  return before === undefined ? { kind: 'release', key } : { kind: 'remove', key, before };
}

/** The keys that were declared when they were last applied, among a store's values: what may be removed when it is declared no more. */
export function readOwnedKeys(values: ReadonlyMap<string, string>): Set<string> {
  const lines = [...values].flatMap(([key, list]) => (key.startsWith(ownedPrefix) ? list.split('\n') : []));
  // A list that somebody changed by hand must not lead to the health record's removal.
  return new Set(lines.filter((key) => key !== '' && !isReservedKey(key)));
}

/** The list as values of a store, one key a line: as many parts as its length takes. */
export function formatOwnedKeys(keys: Iterable<string>): Map<string, string> {
  const parts: string[] = [];
  for (const key of [...keys].sort()) {
    const longer = `${parts.at(-1) ?? ''}\n${key}`;
    if (parts.length > 0 && Buffer.byteLength(longer) <= maxValueBytes) parts[parts.length - 1] = longer;
    else parts.push(key);
  }
  return new Map(parts.map((list, part) => [`${ownedPrefix}${String(part).padStart(3, '0')}`, list]));
}
