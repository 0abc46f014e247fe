import { healthKey, stateKey } from './keys.ts';

/** The list of the keys that were declared when they were last applied is kept in parts below this. */
export const ownedPrefix = 'owned/';

const reservedPrefixes = ['audit/', 'publish/', ownedPrefix];

/** Keys that only the package writes, so that a team cannot declare them: health, state, the rings of flips and of published versions, the list of declared keys. */
export function isReservedKey(key: string): boolean {
  return key === healthKey || key === stateKey || reservedPrefixes.some((prefix) => key.startsWith(prefix));
}
