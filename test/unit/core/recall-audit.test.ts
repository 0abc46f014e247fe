import { describe, expect, it } from 'vitest';
import { auditKey, auditPlaces, healthKey, stateKey } from '../../../kvs/keys.ts';
import { recallAudit } from '../../../src/core/audit.ts';
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
});
