import { maxValueBytes } from '../../kvs/limits.ts';
import { isReservedKey, ownedPrefix } from '../../kvs/reserved-keys.ts';

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
