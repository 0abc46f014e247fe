import { describe, expect, it } from 'vitest';
import { auditKey, healthKey, stateKey } from '../../../kvs/keys.ts';
import { type AuditEntry, formatAuditEntry } from '../../../src/core/audit.ts';
import { type Recovered, recoverValues } from '../../../src/core/recover-values.ts';
import { formatStateRecord, freshState, parseStateRecord, type StateRecord } from '../../../src/core/state-record.ts';
import { hashRecord } from '../../../src/core/stored-schema.ts';
import { dayOne } from './policy.ts';

const now = dayOne;
const until = now + 60_000;
const inForce = `a=0@${until / 1_000}`;

interface Store {
  record?: string | undefined;
  state?: StateRecord | string | undefined;
  audit?: readonly AuditEntry[] | undefined;
}

function valuesOf({ record, state, audit = [] }: Store): Map<string, string> {
  const values = new Map<string, string>();
  if (record !== undefined) values.set(healthKey, record);
  if (state !== undefined) values.set(stateKey, typeof state === 'string' ? state : formatStateRecord(state));
  for (const entry of audit) values.set(auditKey(entry.sequence), formatAuditEntry(entry));
  return values;
}

/** What the store holds after that flip, a minute before now for the fifth. */
function flipped(sequence: number, to: string, change: Partial<StateRecord> = {}, from = 'ok'): { record: string; state: StateRecord } {
  const at = now - 360_000 + sequence * 60_000;
  const lastFlip = { at, kind: 'automatic' as const, from, to, reason: `flip ${sequence}`, by: 'flipper' };
  return { record: to, state: { ...freshState, sequence, recordHash: hashRecord(to), lastFlip, ...change } };
}

const entryOf = (sequence: number, to: string): AuditEntry => ({
  sequence,
  at: now - 360_000 + sequence * 60_000,
  kind: 'automatic',
  from: 'ok',
  to,
  reason: `flip ${sequence}`,
  by: 'flipper',
});

const five = flipped(5, 'a=0');

function recover(found: Store, known?: Store, asked?: readonly string[]): Recovered {
  return recoverValues(valuesOf(found), known && valuesOf(known), now, asked);
}

/** The record and the state to go on from. */
function goesOn({ values }: Recovered): { record: string | undefined; state: StateRecord } {
  return { record: values.get(healthKey), state: parseStateRecord(values.get(stateKey)) };
}

describe('a store that makes sense', () => {
  it.each<{ what: string; found: Store; known?: Store }>([
    { what: 'is empty', found: {} },
    { what: 'has a record and no flip yet', found: { record: 'a=0' } },
    { what: 'has record and state', found: five },
    { what: 'is as it was known', found: five, known: five },
    { what: 'has a flip more than was known', found: flipped(6, 'ok'), known: five },
    { what: 'has a record changed by hand', found: { ...five, record: 'b=50' }, known: five },
    { what: 'has the plain ok of a change by hand', found: { ...five, record: 'ok' }, known: five },
    { what: 'has its last audit entry', found: { ...five, audit: [entryOf(5, 'a=0')] }, known: five },
  ])('that $what is left as it is', ({ found, known }) => {
    const values = valuesOf(found);
    const recovered = recoverValues(values, known && valuesOf(known), now);
    expect(recovered).toEqual({ values, isBehind: false });
    expect(recovered.values).toBe(values);
  });
});

describe('a health record', () => {
  it.each<{ what: string; record: string | undefined }>([
    { what: 'is missing', record: undefined },
    { what: 'cannot be read', record: 'a=zero' },
  ])('that $what comes from the last flip of the state', ({ record }) => {
    const recovered = recover({ ...five, record });
    expect(recovered).toMatchObject({ isBehind: false, damage: { keys: [healthKey], found: record ?? 'ok' } });
    expect(goesOn(recovered)).toEqual(five);
  });

  it('comes from what was known before, where that is as new', () => {
    const known = { ...five, record: 'b=50' };
    expect(goesOn(recover({ state: five.state }, known)).record).toBe('b=50');
    expect(goesOn(recover({ state: flipped(6, 'ok').state }, known)).record).toBe('ok');
    expect(goesOn(recover({ state: five.state }, { state: five.state })).record).toBe('ok');
  });

  it('comes from the audit where the state does not have it', () => {
    const state = { ...five.state, recordHash: 'f00' };
    expect(goesOn(recover({ state, audit: [entryOf(4, 'b=25'), entryOf(5, 'b=50')] })).record).toBe('b=50');
    // A flip without its own entry: an older one says nothing about its record.
    expect(goesOn(recover({ state, audit: [entryOf(4, 'b=25')] })).record).toBe('ok');
    expect(goesOn(recover({ state: { ...state, lastFlip: undefined }, audit: [entryOf(5, 'b=50')] })).record).toBe('b=50');
  });

  it('comes from the override of the state where nothing else has it', () => {
    const override = { weights: { a: 0, b: 50 }, until, reason: 'ALB 5xx', by: 'ana' };
    const state = { ...freshState, sequence: 5, override };
    expect(goesOn(recover({ state })).record).toBe(`${inForce};b=50@${until / 1_000}`);
    expect(goesOn(recover({ state: { ...state, override: undefined } })).record).toBe('ok');
  });

  it('that cannot be read is damage in a store without a flip, too', () => {
    const recovered = recover({ record: 'a=zero' });
    expect(recovered.damage).toEqual({ keys: [healthKey], found: 'a=zero' });
    expect(goesOn(recovered)).toEqual({ record: 'ok', state: freshState });
  });

  it('that is longer than the configured origins need is damage', () => {
    const found = valuesOf({ record: 'a=0;'.repeat(12) });
    expect(recoverValues(found, undefined, now).damage).toBeUndefined();
    expect(recoverValues(found, undefined, now, [], ['a']).damage?.keys).toEqual([healthKey]);
  });
});

describe('a state', () => {
  it.each<{ what: string; state: string | undefined }>([
    { what: 'is missing', state: undefined },
    { what: 'cannot be read', state: '[]' },
  ])('that $what comes from what was known, and the record stays', ({ state }) => {
    const recovered = recover({ record: 'b=50', state }, five);
    expect(recovered.damage).toEqual({ keys: [stateKey], found: 'b=50' });
    expect(goesOn(recovered)).toEqual({ record: 'b=50', state: five.state });
    // A store without its state shows less than it held, whatever is left in it.
    expect(recovered.isBehind).toBe(true);
  });

  it('that is missing comes from the audit', () => {
    const recovered = recover({ record: 'a=0', audit: [entryOf(7, 'a=0')] });
    expect(recovered).toMatchObject({ isBehind: false, damage: { keys: [stateKey], found: 'a=0' } });
    expect(goesOn(recovered).state).toMatchObject({ sequence: 7, recordHash: hashRecord('a=0') });
  });

  it('that cannot be read is damage in a store without a flip, too', () => {
    expect(recover({ record: 'ok', state: '[]' }).damage?.keys).toEqual([stateKey]);
  });

  it('that is older than the audit is damage', () => {
    const recovered = recover({ ...five, audit: [entryOf(6, 'b=50')] });
    expect(recovered.damage?.keys).toEqual([stateKey]);
    expect(goesOn(recovered)).toMatchObject({ record: 'a=0', state: { sequence: 6 } });
  });

  it('goes with a plain ok: then the whole store was lost, and both come from what was known', () => {
    const recovered = recover({ record: 'ok' }, five);
    expect(recovered.damage).toEqual({ keys: [healthKey, stateKey], found: 'ok' });
    expect(goesOn(recovered)).toEqual(five);
    const empty = recover({}, five);
    expect(empty.damage).toEqual({ keys: [healthKey, stateKey], found: 'ok' });
    expect(goesOn(empty)).toEqual(five);
    // The record was ok before, too.
    expect(recover({ record: 'ok' }, flipped(5, 'ok')).damage?.keys).toEqual([stateKey]);
    // Nothing was known: the record counts.
    expect(goesOn(recover({ record: 'ok', audit: [entryOf(7, 'a=0')] })).record).toBe('ok');
  });
});

describe('a store that shows an earlier flip than was known', () => {
  const four = flipped(4, 'b=25');

  it('is behind, and goes on from what was known', () => {
    const recovered = recover(four, five);
    expect(recovered).toMatchObject({ isBehind: true, damage: { keys: [healthKey, stateKey], found: 'b=25' } });
    expect(goesOn(recovered)).toEqual(five);
    // Its record is the same.
    expect(recover(flipped(4, 'a=0'), five).damage?.keys).toEqual([stateKey]);
  });

  it('keeps a record that was changed by hand since', () => {
    const recovered = recover({ ...four, record: 'b=50' }, five);
    expect(recovered).toMatchObject({ isBehind: true, damage: { keys: [stateKey], found: 'b=50' } });
    expect(goesOn(recovered)).toEqual({ record: 'b=50', state: five.state });
  });

  it('keeps an override in force that was not known, and its story', () => {
    const override = { weights: { a: 0 }, until, reason: 'ALB 5xx', by: 'ana', notedAt: now };
    const recovered = recover(flipped(4, inForce, { override }), five);
    expect(recovered).toMatchObject({ isBehind: true, damage: { keys: [stateKey] } });
    expect(goesOn(recovered)).toEqual({ record: inForce, state: { ...five.state, override } });
    expect(goesOn(recover(flipped(4, inForce), five))).toEqual({ record: inForce, state: five.state });
  });

  it('goes on from what was known when its override was known, or has ended', () => {
    const ended = `a=0@${now / 1_000}`;
    expect(goesOn(recover(flipped(4, ended), five)).record).toBe('a=0');
    // The known flip replaced it.
    const replaced = flipped(5, 'a=0', {}, inForce);
    expect(goesOn(recover(flipped(4, inForce), replaced)).record).toBe('a=0');
    const known = flipped(5, inForce);
    expect(goesOn(recover(flipped(4, inForce), known))).toEqual(known);
  });

  it('was begun again by another writer when its flip was made later: it counts, and the number goes on', () => {
    const lastFlip = { at: now - 59_999, kind: 'automatic' as const, from: 'ok', to: 'b=25', reason: '', by: '' };
    const recovered = recover(flipped(1, 'b=25', { lastFlip }), five);
    expect(recovered).toMatchObject({ isBehind: false, damage: { keys: [stateKey], found: 'b=25' } });
    expect(goesOn(recovered)).toMatchObject({ record: 'b=25', state: { sequence: 5, lastFlip } });
    // Made at the same time.
    expect(recover(flipped(1, 'b=25', { lastFlip: { ...lastFlip, at: now - 60_000 } }), five).isBehind).toBe(true);
    expect(recover(flipped(1, 'b=25', { lastFlip: undefined }), five).isBehind).toBe(true);
    expect(recover(flipped(1, 'b=25', { lastFlip }), flipped(5, 'a=0', { lastFlip: undefined })).isBehind).toBe(true);
  });
});

describe('the last audit entry', () => {
  const asked = [healthKey, stateKey, auditKey(5)];

  it.each<{ what: string; audit: string | undefined; keys: readonly string[] | undefined }>([
    { what: 'there', audit: formatAuditEntry(entryOf(5, 'a=0')), keys: undefined },
    { what: 'missing', audit: undefined, keys: [auditKey(5)] },
    { what: 'spoiled', audit: '{}', keys: [auditKey(5)] },
    { what: 'that of an earlier flip', audit: formatAuditEntry(entryOf(4, 'a=0')), keys: [auditKey(5)] },
  ])('that was asked for and is $what', ({ audit, keys }) => {
    const found = valuesOf(five);
    if (audit !== undefined) found.set(auditKey(5), audit);
    const recovered = recoverValues(found, undefined, now, asked);
    expect(recovered.damage?.keys).toEqual(keys);
    if (keys !== undefined) expect(goesOn(recovered)).toEqual(five);
  });

  it('is not missed when it was not asked for, or when more than it was lost', () => {
    expect(recover(five).damage).toBeUndefined();
    expect(recover({ state: five.state }, undefined, asked).damage?.keys).toEqual([healthKey]);
  });
});
