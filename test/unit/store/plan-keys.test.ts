import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maxKeysPerUpdate, maxStoreBytes, maxUpdateBytes, maxValueBytes } from '../../../kvs/limits.ts';
import { isReservedKey, ownedPrefix } from '../../../kvs/reserved-keys.ts';
import { parseEdgeConfig } from '../../../src/config/edge-config.ts';
import { findKeyProblems } from '../../../src/config/edge-config-rules.ts';
import type { FlagStore } from '../../../src/core/flag-store.ts';
import {
  checkStoreSize,
  formatOwnedKeys,
  listBatches,
  planKeys,
  readOwnedKeys,
  splitBatches,
  writeBatches,
} from '../../../src/store/plan-keys.ts';

type Declared = Record<string, string>;

/** A store in memory. With `breakAfter` it takes this many writes and then fails each. */
function openStore(values: Map<string, string>, breakAfter = Number.POSITIVE_INFINITY) {
  let left = breakAfter;
  const store: Pick<FlagStore, 'read' | 'update'> & { writes: number } = {
    writes: 0,
    read: async () => ({ etag: 'E', values: new Map(values) }),
    async update(_keys, change) {
      const written = change({ etag: 'E', values: new Map(values) });
      if (written === undefined) return { written, attempts: 0 };
      if (left-- <= 0) throw new Error('the store is gone');
      expect(written.puts.length + written.deletes.length).toBeLessThanOrEqual(maxKeysPerUpdate);
      store.writes++;
      for (const { key, value } of written.puts) values.set(key, value);
      for (const key of written.deletes) values.delete(key);
      return { written, attempts: 1 };
    },
  };
  return store as typeof store & FlagStore;
}

async function apply(values: Map<string, string>, declared: Declared, breakAfter?: number): Promise<number> {
  const plan = planKeys(values, declared);
  const store = openStore(values, breakAfter);
  await writeBatches(store, listBatches(plan, values), () => undefined).catch((error: Error) => {
    if (error.message !== 'the store is gone') throw error;
  });
  return store.writes;
}

const own = (values: ReadonlyMap<string, string>) => Object.fromEntries([...values].filter(([key]) => !key.startsWith(ownedPrefix)));

describe('planKeys', () => {
  const there = new Map([
    ['health', 'singapore=0'],
    ['state', '{}'],
    ['audit/00', '{}'],
    ['flag/a', '1'],
    ['flag/b', '2'],
    ['theirs', 'x'],
    ['owned/000', 'flag/a\nflag/gone\nflag/b'],
  ]);

  it('names what is added, changed, taken over, removed and gone, and leaves the rest alone', () => {
    expect(planKeys(there, { 'flag/a': '9', 'flag/c': '3', theirs: 'x' })).toMatchObject({
      steps: [
        { kind: 'change', key: 'flag/a', before: '1', after: '9' },
        { kind: 'add', key: 'flag/c', after: '3' },
        { kind: 'adopt', key: 'theirs' },
        { kind: 'release', key: 'flag/gone' },
        { kind: 'remove', key: 'flag/b', before: '2' },
      ],
      others: [],
    });
    expect(planKeys(there, { 'flag/a': '1', 'flag/b': '2', 'flag/gone': 'x' }).others).toEqual(['theirs']);
  });

  it('removes no key of the tools, whatever an operator wrote into the list', () => {
    const forged = new Map([...there, ['owned/000', 'health\nstate\naudit/00\npublish/0\nowned/000\n\nflag/a']]);
    expect(planKeys(forged, {}).steps).toEqual([{ kind: 'remove', key: 'flag/a', before: '1' }]);
  });

  it.each([
    { list: '../owned/000', whose: 'the function without a prefix' },
    { list: 'staging/owned/001', whose: 'a function with a prefix' },
  ])('removes no key that $whose declares, too', ({ list }) => {
    const shared = new Map([...there, ['owned/000', 'flag/a\nflag/b'], [list, 'flag/a\nother']]);
    const plan = planKeys(shared, {});
    expect(plan.steps).toEqual([
      { kind: 'release', key: 'flag/a', before: '1' },
      { kind: 'remove', key: 'flag/b', before: '2' },
    ]);
    expect(listBatches(plan, shared).flat()).toEqual([
      { key: 'flag/b', before: '2', after: undefined },
      { key: 'owned/000', before: 'flag/a\nflag/b', after: undefined },
    ]);
  });

  it('seeds an empty store', () => {
    expect(planKeys(new Map(), {}).steps.map(({ kind, key }) => `${kind} ${key}`)).toEqual(['add health', 'add state']);
  });
});

describe('applying declared keys', () => {
  const keys = [...Array.from({ length: 120 }, (_, index) => `flag/${index}`), 'k'.repeat(512), 'ключ', 'a b'];
  const value = fc.constantFrom('1', '2', 'v'.repeat(maxValueBytes));
  const declared = fc
    .tuple(fc.subarray(keys), fc.infiniteStream(value))
    .map(([names, drawn]) => Object.fromEntries(names.map((name) => [name, drawn.next().value as string])));
  const foreignKey = fc.constantFrom('theirs/1', 'theirs/2', 'health', 'state', 'audit/03', 'publish/1');
  const foreign = fc.dictionary(foreignKey, fc.constantFrom('x', 'singapore=0'));

  it('makes the store what is declared, and keeps everything else, wherever earlier applies were cut off', () =>
    fc.assert(
      fc.asyncProperty(foreign, fc.array(fc.tuple(declared, fc.nat(6)), { maxLength: 3 }), declared, async (others, cutOff, last) => {
        const values = new Map(Object.entries(others));
        for (const [keys, breakAfter] of cutOff) await apply(values, keys, breakAfter);
        await apply(values, last);
        expect(own(values)).toEqual({ health: 'ok', state: '{"sequence":0,"origins":{}}', ...others, ...last });
        expect(planKeys(values, last).steps).toEqual([]);
        expect(await apply(values, last)).toBe(0);
      }),
      { numRuns: 60 },
    ));

  it('takes one write when everything fits into one', async () => {
    const values = new Map<string, string>();
    expect(await apply(values, { a: '1', b: '2' })).toBe(1);
    expect(await apply(values, { a: '2' })).toBe(1);
    expect(own(values)).toMatchObject({ a: '2' });
    expect(values.has('b')).toBe(false);
  });

  it('refuses a key that was changed since the plan was made', async () => {
    const values = new Map([['a', '1']]);
    const batches = listBatches(planKeys(values, { a: '2' }), values);
    values.set('a', '3');
    await expect(writeBatches(openStore(values), batches, () => undefined)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('"a"'),
      hint: expect.stringContaining('nothing was written'),
    });
    expect(values.get('a')).toBe('3');
  });

  it('lets a health record win that was written since the plan was made', async () => {
    const values = new Map<string, string>();
    const batches = listBatches(planKeys(values, { a: '1' }), values);
    values.set('health', 'singapore=0').set('state', '{"sequence":7}');
    await writeBatches(openStore(values), batches, () => undefined);
    expect(own(values)).toEqual({ health: 'singapore=0', state: '{"sequence":7}', a: '1' });
  });
});

describe('the list of declared keys', () => {
  it('comes back whole, each part within a value’s limit', () => {
    const key = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 100 })
      .filter((text) => findKeyProblems({ [text]: 'v' }).length === 0);
    fc.assert(
      fc.property(fc.uniqueArray(key, { maxLength: 80 }), (keys) => {
        const parts = formatOwnedKeys(keys);
        for (const [name, list] of parts) {
          expect(isReservedKey(name)).toBe(true);
          expect(Buffer.byteLength(list)).toBeLessThanOrEqual(maxValueBytes);
        }
        expect([...readOwnedKeys(parts)].sort()).toEqual(keys.toSorted());
      }),
      { numRuns: 100 },
    );
  });
});

describe('splitBatches', () => {
  const write = (size: number) => ({ key: 'k', before: undefined, after: 'v'.repeat(size) });

  it('never exceeds keys or bytes, and keeps the order', () =>
    fc.assert(
      fc.property(fc.array(fc.nat(30), { maxLength: 60 }), (sizes) => {
        const writes = sizes.map(write);
        const batches = splitBatches(writes, 7, 100);
        expect(batches.flat()).toEqual(writes);
        for (const batch of batches) {
          expect(batch.length).toBeLessThanOrEqual(7);
          expect(batch.reduce((sum, { after }) => sum + 1 + (after ?? '').length, 0)).toBeLessThanOrEqual(100);
        }
      }),
    ));

  it('has CloudFront’s limits by default', () => {
    expect(splitBatches(Array.from({ length: 101 }, () => write(1))).map(({ length }) => length)).toEqual([50, 50, 1]);
    expect(splitBatches([write(maxUpdateBytes - 1), write(0)]).map(({ length }) => length)).toEqual([1, 1]);
  });
});

describe('checkSize', () => {
  it('refuses what CloudFront would refuse half way', () => {
    const values = new Map([['theirs', 'x'.repeat(maxStoreBytes - 8)]]);
    const writes = (after: string) => [[{ key: 'a', before: undefined, after }]];
    expect(() => checkStoreSize(values, writes('1'))).not.toThrow();
    expect(() => checkStoreSize(values, writes('12'))).toThrow(expect.objectContaining({ code: 'QUOTA' }));
  });
});

describe('keys in edge.config.ts', () => {
  const parse = (keys: Declared) =>
    parseEdgeConfig({ origins: { singapore: { region: 'ap-southeast-1' } }, defaultOrder: ['singapore'], keys });

  it('are none unless declared', () => {
    expect(parseEdgeConfig({ origins: { singapore: { region: 'ap-southeast-1' } }, defaultOrder: ['singapore'] }).keys).toEqual({});
    expect(parse({ 'flag/new checkout': 'on' }).keys).toEqual({ 'flag/new checkout': 'on' });
  });

  it.each([
    { when: 'the health record', keys: { health: 'ok' }, says: 'written by the tools' },
    { when: 'an audit entry', keys: { 'audit/00': '{}' }, says: 'written by the tools' },
    { when: 'a published version', keys: { 'publish/0/0': '' }, says: 'written by the tools' },
    { when: 'a line break in a key', keys: { 'a\nhealth': '1' }, says: 'control characters' },
    { when: 'a space at the end of a key', keys: { 'a ': '1' }, says: 'spaces' },
    { when: 'an empty key', keys: { '': '1' }, says: 'a key is text' },
    { when: 'a key of 513 bytes', keys: { [`${'é'.repeat(256)}e`]: '1' }, says: '512 bytes, found 513' },
    { when: 'a value of 1,025 bytes', keys: { a: `${'é'.repeat(512)}e` }, says: '1024 bytes, found 1025' },
    { when: 'an empty value', keys: { a: '' }, says: 'at least one character' },
    { when: 'half a surrogate pair', keys: { a: '\ud800' }, says: 'surrogate' },
  ])('refuses $when', ({ keys, says }) => {
    expect(() => parse(keys)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining(says) }));
  });
});
