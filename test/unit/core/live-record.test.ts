import { describe, expect, it } from 'vitest';
import { auditKey, healthKey, stateKey } from '../../../kvs/keys.ts';
import { type AuditEntry, formatAuditEntry } from '../../../src/core/audit.ts';
import { effectiveWeights, type LiveRecord, overriddenWeights, overrideInForce, parseLiveRecord } from '../../../src/core/live-record.ts';
import { formatStateRecord, freshState, type OriginMemory, type Override, type StateRecord } from '../../../src/core/state-record.ts';
import { hashRecord } from '../../../src/core/stored-schema.ts';
import { dayOne } from './policy.ts';

const now = dayOne;
const seconds = dayOne / 1_000;
const day = 86_400;

function read(record: string | undefined, state?: StateRecord, others: readonly AuditEntry[] = [], at = now): LiveRecord {
  const values = new Map<string, string>();
  if (record !== undefined) values.set(healthKey, record);
  if (state !== undefined) values.set(stateKey, formatStateRecord(state));
  for (const entry of others) values.set(auditKey(entry.sequence), formatAuditEntry(entry));
  return parseLiveRecord(values, at);
}

describe('the record as its writers see it', () => {
  it('is ok in an empty store', () => {
    expect(read(undefined)).toEqual({ text: 'ok', overrides: [], timed: [], automatic: {}, state: freshState, edited: false });
  });

  it.each<{ record: string; automatic: Record<string, number>; overrides: string[]; why: string }>([
    { record: 'a=0;b=25', automatic: { a: 0, b: 25 }, overrides: [], why: 'what does not expire is automatic' },
    { record: 'a=100;b=99', automatic: { b: 99 }, overrides: [], why: 'a whole weight is none' },
    { record: 'a=25;a=50', automatic: { a: 25 }, overrides: [], why: 'the first one counts' },
    { record: `a=0@${seconds + 60};a=25`, automatic: { a: 25 }, overrides: ['a=0'], why: 'an override comes first' },
    { record: `a=100;a=0@${seconds + 60}`, automatic: {}, overrides: [], why: 'the edge stops at the entry without an end' },
    { record: `a=0@${seconds + 1};b=0@${seconds}`, automatic: {}, overrides: ['a=0'], why: 'it ends in its second' },
    { record: 'a=zero', automatic: {}, overrides: [], why: 'it cannot be read' },
  ])('$record: $why', ({ record, automatic, overrides }) => {
    const live = read(record);
    expect(live.automatic).toEqual(automatic);
    expect(live.overrides.map(({ origin, weight }) => `${origin}=${weight}`)).toEqual(overrides);
  });

  it('has an override until the second of its end has begun', () => {
    const until = `a=0@${seconds}`;
    expect(read(until, undefined, [], now - 1).overrides).toHaveLength(1);
    expect(read(until, undefined, [], now).overrides).toEqual([]);
  });

  it('keeps one that ended less than a day ago, which costs no viewer anything', () => {
    const live = read(`a=0@${seconds - day + 1};b=0@${seconds - day};c=0@${seconds + 9}`);
    expect(live.timed.map(({ origin }) => origin)).toEqual(['a', 'c']);
    expect(live.overrides.map(({ origin }) => origin)).toEqual(['c']);
  });

  it('is longer than the configured origins need, and has no entries', () => {
    const values = new Map([[healthKey, 'a=0;'.repeat(12)]]);
    expect(parseLiveRecord(values, now).automatic).toEqual({ a: 0 });
    expect(parseLiveRecord(values, now, ['a']).automatic).toEqual({});
  });

  it.each<{ record: string | undefined; state?: Partial<StateRecord>; edited: boolean; why: string }>([
    { record: undefined, edited: false, why: 'no flip yet' },
    { record: 'ok', edited: false, why: 'no flip yet' },
    { record: 'a=0', edited: true, why: 'no flip wrote it' },
    { record: 'a=0', state: { sequence: 1, recordHash: hashRecord('a=0') }, edited: false, why: 'the last flip wrote it' },
    { record: 'ok', state: { sequence: 1, recordHash: hashRecord('a=0') }, edited: true, why: 'the last flip wrote another one' },
    { record: 'ok', state: { sequence: 1 }, edited: true, why: 'what the last flip wrote is not known' },
  ])('$record is edited: $edited ($why)', ({ record, state, edited }) => {
    expect(read(record, state && { ...freshState, ...state }).edited).toBe(edited);
  });

  it('has no hold-down that ends more than a day from now, and leaves all else as it is', () => {
    const memory: OriginMemory = { verdict: 'unhealthy', since: now - 9, movedAt: now - 5, flaps: 2, heldUntil: now + 24 * 3_600_000 };
    const resting: OriginMemory = { verdict: 'healthy', since: now };
    const read24 = (heldUntil: number) =>
      read('a=0', { ...freshState, sequence: 1, origins: { a: { ...memory, heldUntil }, b: resting } }).state.origins;
    const most = now + 24 * 3_600_000;
    expect(read24(most)).toStrictEqual({ a: memory, b: resting });
    expect(read24(most - 1)).toStrictEqual({ a: { ...memory, heldUntil: most - 1 }, b: resting });
    expect(read24(most + 1)).toStrictEqual({ a: memory, b: resting });
  });
});

describe('the state', () => {
  const entry = (sequence: number, change: Partial<AuditEntry> = {}): AuditEntry => ({
    sequence,
    at: now - 60_000 + sequence,
    kind: 'automatic',
    from: 'ok',
    to: 'a=0',
    reason: `flip ${sequence}`,
    by: 'flipper',
    ...change,
  });
  const held = entry(3, {
    kind: 'override',
    to: `a=0@${seconds + 60};b=0@${seconds - 900};a=50@${seconds + 60};c=25`,
    until: (seconds + 60) * 1_000,
    reason: 'ALB 5xx',
    by: 'ana',
  });
  const written: StateRecord = { ...freshState, sequence: 3, recordHash: 'f00', automaticAt: now - 9 };

  it('is the one in the store as long as no flip of the audit is later', () => {
    expect(read('a=0', written, [entry(3)]).state).toEqual(written);
    expect(read('a=0', written, []).state).toEqual(written);
  });

  it('comes from the audit when that has a later flip', () => {
    const { at, kind, to, reason, by } = entry(4);
    expect(read('a=0', written, [entry(3), entry(4)]).state).toEqual({
      sequence: 4,
      recordHash: hashRecord('a=0'),
      origins: {},
      lastFlip: { at, kind, to, reason, by },
    });
  });

  it('comes from the audit when it is missing, and the record is then not edited', () => {
    const live = read('a=0', undefined, [entry(7)]);
    expect(live).toMatchObject({ edited: false, state: { sequence: 7, recordHash: hashRecord('a=0') } });
  });

  it('goes on from its own number when only that can be read and the audit is older', () => {
    const values = new Map([
      [healthKey, 'a=0'],
      [stateKey, '{"sequence":41,"origins":{"a'],
      [auditKey(7), formatAuditEntry(entry(7))],
    ]);
    const live = parseLiveRecord(values, now);
    expect(live).toMatchObject({ edited: true, state: { sequence: 41, lastFlip: { reason: 'flip 7' } } });
    expect(live.state.recordHash).toBeUndefined();
    values.delete(auditKey(7));
    expect(parseLiveRecord(values, now).state).toEqual({ ...freshState, sequence: 41 });
  });

  it('has the last override of the audit: the entries that were in force, the first of each origin', () => {
    const override = { weights: { a: 0 }, until: (seconds + 60) * 1_000, reason: 'ALB 5xx', by: 'ana', notedAt: held.at };
    expect(read('a=0', undefined, [held, entry(4), entry(5, { kind: 'edit' })]).state.override).toEqual(override);
  });

  it('has none once an operator has ended it, and none where there never was one', () => {
    expect(read('a=0', undefined, [held, entry(4, { kind: 'clear', to: 'ok' })]).state.override).toBeUndefined();
    expect(read('a=0', undefined, [entry(4), entry(5, { kind: 'restore' })]).state.override).toBeUndefined();
  });

  it('has one without weights where the audit’s record cannot be read', () => {
    const damaged = { ...held, to: 'a=zero' };
    expect(read('a=0', undefined, [damaged]).state.override).toMatchObject({ weights: {}, reason: 'ALB 5xx' });
  });
});

describe('the override in force', () => {
  const until = (seconds + 60) * 1_000;
  const known: Override = { weights: { a: 0, b: 50 }, until, reason: 'ALB 5xx', by: 'ana', notedAt: now };
  const record = `a=0@${seconds + 60};b=50@${seconds + 60};c=25`;
  const inForce = (text: string, override: Override | undefined) => overrideInForce(read(text, { ...freshState, sequence: 1, override }));

  it('is the one that the state describes', () => {
    expect(inForce(record, known)).toEqual(known);
  });

  it.each<{ what: string; override: Override | undefined }>([
    { what: 'nothing', override: undefined },
    { what: 'another end', override: { ...known, until: until + 1_000 } },
    { what: 'another weight', override: { ...known, weights: { a: 0, b: 51 } } },
    { what: 'another origin', override: { ...known, weights: { a: 0, c: 50 } } },
    { what: 'one origin less', override: { ...known, weights: { a: 0 } } },
    { what: 'one origin more', override: { ...known, weights: { a: 0, b: 50, c: 25 } } },
  ])('was written by hand where the state describes $what', ({ override }) => {
    expect(inForce(record, override)).toEqual({ weights: { a: 0, b: 50 }, until, reason: 'written by hand', by: 'unknown' });
  });

  it('ends with its last entry', () => {
    expect(inForce(`a=0@${seconds + 1};b=0@${seconds + 3};c=0@${seconds + 2}`, undefined)?.until).toBe((seconds + 3) * 1_000);
  });

  it('is none without an entry in force', () => {
    expect(inForce(`a=0@${seconds};c=25`, known)).toBeUndefined();
  });

  it('holds the first weight of each origin, over the automatic ones', () => {
    const live = read(`a=0@${seconds + 60};a=50@${seconds + 90};a=10;c=25`);
    expect(overriddenWeights(live)).toEqual({ a: 0 });
    expect(effectiveWeights(live)).toEqual({ a: 0, c: 25 });
  });
});
