import { describe, expect, it } from 'vitest';
import { auditKey, healthKey, publishCodeKey, publishKey, publishPlaces, stateKey } from '../../../kvs/keys.ts';
import * as limits from '../../../kvs/limits.ts';
import { isReservedKey, ownedPrefix } from '../../../kvs/reserved-keys.ts';

const numbers = Array.from({ length: 200 }, (_, index) => index);

describe('the keys of the store', () => {
  it('keep a ring of 32 flips, in the order of their names', () => {
    const ring = [...new Set(numbers.map(auditKey))];
    expect([ring[0], ring[9], ring.at(-1)]).toEqual(['audit/00', 'audit/09', 'audit/31']);
    expect(ring).toHaveLength(32);
    expect([...ring].sort()).toEqual(ring);
    expect(auditKey(32)).toBe('audit/00');
    expect(auditKey(1_000_000)).toBe('audit/00');
  });

  it('keep a ring of published versions, each with the pieces of its code', () => {
    expect(new Set(numbers.map(publishKey)).size).toBe(publishPlaces);
    expect([publishKey(0), publishKey(7), publishCodeKey(8, 2)]).toEqual(['publish/0', 'publish/0', 'publish/1/2']);
  });

  it('fit into one page of ListKeys, with a piece of code for each version and one list of declared keys', () => {
    const all = [
      healthKey,
      stateKey,
      `${ownedPrefix}0`,
      ...numbers.flatMap((each) => [auditKey(each), publishKey(each), publishCodeKey(each, 0)]),
    ];
    expect(new Set(all).size).toBeLessThanOrEqual(limits.maxListKeysResults);
    for (const key of all) {
      expect(Buffer.byteLength(key)).toBeLessThanOrEqual(limits.maxKeyBytes);
      expect(isReservedKey(key), key).toBe(true);
    }
  });

  it('leave every other name to the team', () => {
    for (const key of ['healthy', 'states', 'audit', 'publisher', 'features/health', '']) expect(isReservedKey(key), key).toBe(false);
  });
});

describe('the limits', () => {
  it('are those of CloudFront’s pages, the stricter where they disagree', () => {
    expect({ ...limits }).toEqual({
      maxFunctionBytes: 10_240,
      maxFunctionMemoryBytes: 2_097_152,
      maxHeadBytes: 32_768,
      maxKeyBytes: 512,
      maxValueBytes: 1_024,
      maxStoreBytes: 5_242_880,
      maxKeysPerUpdate: 50,
      maxUpdateBytes: 3_145_728,
      maxListKeysResults: 50,
      maxTestEventBytes: 40_960,
      maxUriLength: 8_192,
      defaultMaxUtilization: 60,
    });
  });
});
