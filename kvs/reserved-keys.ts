import { healthKey, stateKey } from './keys.ts';

/** The list of the keys that were declared when they were last applied is kept in parts below this. */
export const ownedPrefix = 'owned/';

const reservedPrefixes = ['audit/', 'publish/', 'remote/', ownedPrefix];

/**
 * Keys that only the package writes, so that a team cannot declare them: health, state, the rings of flips and of
 * published versions, remote reports and requests, the list of declared keys.
 */
export function isReservedKey(key: string): boolean {
  return key === healthKey || key === stateKey || reservedPrefixes.some((prefix) => key.startsWith(prefix));
}

/** Before a key of the function without a prefix, as a function with a prefix names it. */
export const outside = '../';

/**
 * The name in the store of a key as this package names it: with the prefix `staging`, `health` is `staging/health`. A
 * team's keys keep their names.
 */
export function storedKey(key: string, prefix: string | undefined): string {
  if (prefix === undefined) return key;
  if (key.startsWith(outside)) return key.slice(outside.length);
  return isReservedKey(key) ? `${prefix}/${key}` : key;
}

/** The reverse. `health` of the function without a prefix is `../health` for one that has a prefix. */
export function ownKey(stored: string, prefix: string | undefined): string {
  if (prefix === undefined) return stored;
  const inner = stored.startsWith(`${prefix}/`) ? stored.slice(prefix.length + 1) : '';
  if (isReservedKey(inner)) return inner;
  return isReservedKey(stored) ? outside + stored : stored;
}
