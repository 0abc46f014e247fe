import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { auditKey, healthKey, publishCodeKey } from '../../../kvs/keys.ts';
import { ownKey, storedKey } from '../../../kvs/reserved-keys.ts';

describe('a key in a store that two functions share', () => {
  it.each([
    { key: healthKey, stored: 'staging/health' },
    { key: auditKey(3), stored: 'staging/audit/03' },
    { key: publishCodeKey(8, 0), stored: 'staging/publish/1/0' },
    { key: 'owned/000', stored: 'staging/owned/000' },
    { key: 'flag/a', stored: 'flag/a' },
    { key: '../health', stored: 'health' },
    { key: 'prod/health', stored: 'prod/health' },
  ])('$key of a function with a prefix is $stored', ({ key, stored }) => {
    expect(storedKey(key, 'staging')).toBe(stored);
    expect(ownKey(stored, 'staging')).toBe(key);
  });

  it('is the same text without a prefix', () => {
    for (const key of ['health', 'staging/health', '../health', 'flag'])
      expect([storedKey(key, undefined), ownKey(key, undefined)]).toEqual([key, key]);
  });

  it('comes back as it was, and no two names of one function meet', () => {
    const word = fc.constantFrom('health', 'state', 'audit/00', 'publish/1', 'owned/000', 'flag', 'staging', 'prod');
    const stored = fc.oneof(
      word,
      fc.tuple(fc.constantFrom('staging', 'prod', 'flag'), word).map((parts) => parts.join('/')),
    );
    fc.assert(
      fc.property(stored, stored, (one, other) => {
        expect(storedKey(ownKey(one, 'staging'), 'staging')).toBe(one);
        if (one !== other) expect(ownKey(one, 'staging')).not.toBe(ownKey(other, 'staging'));
      }),
    );
  });
});
