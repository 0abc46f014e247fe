import { describe, expect, it } from 'vitest';
import { parseHealthRecord } from '../../../kvs/health-record.ts';
import { healthKey, stateKey } from '../../../kvs/keys.ts';
import { seed } from '../../../kvs/seed.ts';
import type { FlagStore, KeyChange } from '../../../src/core/flag-store.ts';
import { parseLiveRecord } from '../../../src/core/live-record.ts';
import { formatStateRecord, freshState } from '../../../src/core/state-record.ts';
import { seedStore } from '../../../src/store/create-store.ts';

/**
 * A store whose write conflicts: the change is asked again for each of these contents, and the last answer is written.
 */
function conflictingStore(contents: readonly Record<string, string>[]): FlagStore {
  const stored = new Map(Object.entries(contents.at(-1) ?? {}));
  return {
    read: async () => ({ etag: 'E', values: stored }),
    list: () => Promise.reject(new Error('not asked for here')),
    update: async (_keys, change) => {
      let written: KeyChange | undefined;
      for (const content of contents) written = change({ etag: 'E', values: new Map(Object.entries(content)) });
      for (const { key, value } of written?.puts ?? []) stored.set(key, value);
      return { written, attempts: contents.length };
    },
  };
}

describe('the seed', () => {
  it('is what the tools mean by a store in which nothing has happened', () => {
    const values = new Map(seed.map(({ key, value }) => [key, value]));
    expect(parseHealthRecord(values.get(healthKey) ?? '')).toEqual([]);
    expect(values.get(stateKey)).toBe(formatStateRecord(freshState));
    expect(parseLiveRecord(values, 0)).toEqual(parseLiveRecord(new Map(), 0));
  });
});

describe('seedStore', () => {
  it.each([
    { when: 'the store is empty', contents: [{}], seeded: ['health', 'state'] },
    { when: 'a health record is there', contents: [{ health: 'singapore=0' }], seeded: ['state'] },
    { when: 'both are there', contents: [{ health: 'garbage', state: '' }], seeded: [] },
    { when: 'the flipper writes between the read and the write', contents: [{}, { health: 'singapore=0', state: '{}' }], seeded: [] },
    { when: 'an empty value is there', contents: [{ health: '' }], seeded: ['state'] },
  ])('writes what is missing when $when', async ({ contents, seeded }) => {
    expect(await seedStore(conflictingStore(contents))).toEqual(seeded);
  });
});
