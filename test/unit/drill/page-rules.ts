import { XMLValidator } from 'fast-xml-parser';
import { expect } from 'vitest';

/** What every page must be: well formed (so everything in it was escaped), without script, and complete in itself. */
export function expectSoundPage(page: string): void {
  expect(XMLValidator.validate(page.replace('<!DOCTYPE html>\n', ''))).toBe(true);
  // Matches, not the page itself: a failure shows what was found and not the megabyte around it.
  expect(page.match(/<(?:script|img|iframe|link)\b|<[^>]*\s(?:on[a-z]+|src|href)="|url\(|@import|https?:/gi)).toBeNull();
  expect(page.match(/.{0,40}(?:NaN|Infinity|undefined|\[object).{0,20}/g)).toBeNull();
  const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
  expect(new Set(ids).size).toBe(ids.length);
  const named = [...page.matchAll(/aria-labelledby="([^"]+)"/g)].flatMap(([, names]) => (names ?? '').split(' '));
  expect(named.filter((name) => !ids.includes(name))).toEqual([]);
}
