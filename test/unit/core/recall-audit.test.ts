import { describe, expect, it } from 'vitest';
import { auditKey, auditPlaces, healthKey, stateKey } from '../../../kvs/keys.ts';
import { readRing, recallAudit } from '../../../src/core/audit.ts';
import type { FlagStore } from '../../../src/core/flag-store.ts';
import { flipKeys, planFlip } from '../../../src/core/flip.ts';
import { parseStateRecord } from '../../../src/core/state-record.ts';
import { EdgeError } from '../../../src/errors.ts';

const at = Date.parse('2026-03-01T03:00:00.000Z');
const context = { at, reason: 'a reason', by: 'ana', origins: ['singapore', 'europe'] };
const entry = (sequence: number) => JSON.stringify({ sequence, at: '2026-03-01T02:00:00.000Z', kind: 'automatic', to: 'singapore=0' });

/** A store with these values; `asked` lists the keys of each read, and `list` for a list. */
function open(values: Record<string, string>, denied = false) {
  const held = new Map(Object.entries(values));
  const asked: (readonly string[] | 'list')[] = [];
  const read = (keys: readonly string[]) => ({ etag: 'E1', values: new Map([...held].filter(([key]) => keys.includes(key))) });
  const store: FlagStore = {
    read: async (keys) => {
      asked.push(keys);
      return read(keys);
    },
    list: async () => {
      asked.push('list');
      if (denied) throw new EdgeError('ACCESS_DENIED', 'not allowed');
      return { values: held, complete: true };
    },
    update: async (keys, change) => {
      asked.push(keys);
      return { written: change(read(keys)), attempts: 1 };
    },
  };
  return { store: recallAudit(store), asked };
}

describe('a store that recalls the audit', () => {
  it('costs nothing more while the state can be read', async () => {
    const { store, asked } = open({ [healthKey]: 'ok', [stateKey]: '{"sequence":7,"origins":{}}', [auditKey(7)]: entry(7) });
    expect([...(await store.read(flipKeys)).values.keys()]).toEqual([healthKey, stateKey]);
    await store.update(flipKeys, () => undefined);
    expect(asked).toEqual([flipKeys, flipKeys]);
  });

  it.each([
    { how: 'by one list', denied: false },
    { how: 'by name, for a role that may not list', denied: true },
  ])('finds the number of a lost state $how', async ({ denied }) => {
    const ring = Object.fromEntries(Array.from({ length: auditPlaces }, (_, index) => [auditKey(index + 9), entry(index + 9)]));
    const { store, asked } = open({ [healthKey]: 'singapore=0', ...ring }, denied);
    const { written } = await store.update(flipKeys, (snapshot) => planFlip(snapshot, { kind: 'restore' }, context));
    expect(parseStateRecord(written?.puts.find(({ key }) => key === stateKey)?.value).sequence).toBe(auditPlaces + 9);
    expect(asked.filter((keys) => keys === 'list')).toHaveLength(1);
    // The same moment is not asked about again.
    const before = asked.length;
    await store.read(flipKeys);
    expect(asked.length - before).toBe(1);
  });

  it('begins at 1 in a store that has never seen a flip', async () => {
    const { store } = open({});
    const { written } = await store.update(flipKeys, (snapshot) => planFlip(snapshot, { kind: 'restore' }, context));
    expect(parseStateRecord(written?.puts.find(({ key }) => key === stateKey)?.value).sequence).toBe(1);
  });

  it('adds the ring only where the state was asked for and cannot be read', async () => {
    const ring = { [auditKey(7)]: entry(7) };
    const { store, asked } = open({ [healthKey]: 'ok', ...ring });
    expect([...(await store.read([healthKey])).values.keys()]).toEqual([healthKey]);
    expect(asked).toEqual([[healthKey]]);
    // The ring was asked for itself.
    expect([...(await store.read([stateKey, auditKey(7)])).values.keys()]).toEqual([auditKey(7)]);
    expect(asked).toHaveLength(2);
    expect([...(await store.read(flipKeys)).values.keys()].sort()).toEqual([auditKey(7), healthKey]);
  });

  /** A store whose ETag changes with each update, by another writer. */
  function openChanging(untilUpdate: number) {
    let updates = 0;
    const seen: number[] = [];
    const { store } = open({ [healthKey]: 'singapore=0', [auditKey(7)]: entry(7) });
    const snapshot = () => ({ etag: `E${Math.min(updates, untilUpdate)}`, values: new Map([[healthKey, 'singapore=0']]) });
    const changing: FlagStore = {
      ...store,
      update: async (_keys, change) => {
        updates += 1;
        return { written: change(snapshot()), attempts: updates };
      },
    };
    const recalling = recallAudit(changing);
    const update = () =>
      recalling.update(flipKeys, ({ values }) => {
        seen.push(values.size);
        return { puts: [], deletes: [] };
      });
    return { update, seen };
  }

  it('is asked again until the ring is that of the moment, at most four times', async () => {
    const calm = openChanging(1);
    expect((await calm.update()).attempts).toBe(2);
    expect(calm.seen).toEqual([2]);
    const busy = openChanging(9);
    // The last one goes on without the ring.
    expect((await busy.update()).attempts).toBe(4);
    expect(busy.seen).toEqual([1]);
  });
});

describe('the audit ring', () => {
  const held = new Map([
    [healthKey, 'ok'],
    [auditKey(7), entry(7)],
    ['audit/99', 'of another tool'],
  ]);
  const openRing = (list: FlagStore['list']) => {
    const { store } = open({ [auditKey(8)]: entry(8) });
    return { ...store, list };
  };

  it('comes from one page of the list when that is complete', async () => {
    expect([...(await readRing(openRing(async () => ({ values: held, complete: true })))).keys()]).toEqual([auditKey(7)]);
  });

  it('comes from its keys when the list is longer', async () => {
    expect([...(await readRing(openRing(async () => ({ values: held, complete: false })))).keys()]).toEqual([auditKey(8)]);
  });

  it('is not there when the list fails for another reason than a missing permission', async () => {
    const fail = (code: 'ACCESS_DENIED' | 'CONFLICT') => async () => {
      throw new EdgeError(code, 'no list');
    };
    await expect(readRing(openRing(fail('CONFLICT')))).rejects.toMatchObject({ code: 'CONFLICT' });
    expect([...(await readRing(openRing(fail('ACCESS_DENIED')))).keys()]).toEqual([auditKey(8)]);
  });
});
