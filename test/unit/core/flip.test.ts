import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maxRecordBytes, parseHealthRecord } from '../../../kvs/health-record.ts';
import { auditKey, healthKey, stateKey } from '../../../kvs/keys.ts';
import { maxValueBytes } from '../../../kvs/limits.ts';
import { auditHistory, parseAuditEntry, replayAudit } from '../../../src/core/audit.ts';
import type { StoreSnapshot } from '../../../src/core/flag-store.ts';
import { type Flip, type FlipContext, maxOverrideMs, planFlip } from '../../../src/core/flip.ts';
import { effectiveWeights, overrideInForce, parseLiveRecord } from '../../../src/core/live-record.ts';
import { parseStateRecord } from '../../../src/core/state-record.ts';
import { hashRecord } from '../../../src/core/stored-schema.ts';

const at = Date.parse('2026-03-01T03:00:00.000Z');
const origins = ['singapore', 'europe'];
const context: FlipContext = { at, reason: 'singapore: 3 probes failed (connect)', by: 'flipper', origins };
const toEurope: Flip = { kind: 'override', weights: { singapore: 0 }, until: at + 7_200_000 };

function snapshot(values: Record<string, string> = {}): StoreSnapshot {
  return { etag: 'E1', values: new Map(Object.entries(values)) };
}

function apply(before: StoreSnapshot, flip: Flip, overrides: Partial<FlipContext> = {}): StoreSnapshot {
  const change = planFlip(before, flip, { ...context, ...overrides });
  const values = new Map(before.values);
  for (const { key, value } of change?.puts ?? []) values.set(key, value);
  return { etag: `${before.etag}+`, values };
}

function automatic(weights: Record<string, number>): Flip {
  return { kind: 'automatic', weights, memory: {} };
}

describe('a flip', () => {
  it.each([
    { what: 'that the edge cannot read', found: 'garbage;;', left: 'ok' },
    { what: 'with an entry that has ended', found: `europe=50;singapore=0@${at / 1_000 - 172_800}`, left: 'europe=50' },
  ])('of the kind clear replaces a record $what, though no override is in force', ({ found, left }) => {
    const after = apply(snapshot({ [healthKey]: found }), { kind: 'clear' });
    expect(after.values.get(healthKey)).toBe(left);
  });

  it('writes record, state and audit entry in one change', () => {
    const memory = { singapore: { verdict: 'unhealthy' as const, since: at, movedAt: at, flaps: 1, heldUntil: at + 300_000 } };
    const change = planFlip(snapshot(), { kind: 'automatic', weights: { singapore: 0 }, memory }, context);
    expect(change?.deletes).toEqual([]);
    expect(change?.puts.map(({ key }) => key)).toEqual([healthKey, stateKey, 'audit/01']);
    const [health, state, audit] = change?.puts.map(({ value }) => value) ?? [];
    expect(health).toBe('singapore=0');
    expect(parseStateRecord(state)).toEqual({
      sequence: 1,
      recordHash: hashRecord('singapore=0'),
      automaticAt: at,
      origins: memory,
      lastFlip: { at, kind: 'automatic', from: 'ok', to: 'singapore=0', reason: context.reason, by: 'flipper' },
    });
    expect(parseAuditEntry(audit ?? '')).toEqual({
      sequence: 1,
      at,
      kind: 'automatic',
      from: 'ok',
      to: 'singapore=0',
      reason: context.reason,
      by: 'flipper',
    });
  });

  it('writes an override before the automatic entries, which stay', () => {
    const after = apply(snapshot({ [healthKey]: 'singapore=25' }), toEurope);
    expect(after.values.get(healthKey)).toBe(`singapore=0@${(at + 7_200_000) / 1000};singapore=25`);
  });

  it('rounds the end of an override up to a whole second, alike in record, state and audit', () => {
    const after = apply(snapshot(), { ...toEurope, until: at + 1_500 });
    expect(after.values.get(healthKey)).toBe(`singapore=0@${at / 1000 + 2}`);
    expect(parseStateRecord(after.values.get(stateKey)).override?.until).toBe(at + 2_000);
    expect(parseAuditEntry(after.values.get('audit/01') ?? '')?.until).toBe(at + 2_000);
  });

  it('keeps an override in force and its story through an automatic flip', () => {
    const held = apply(snapshot(), toEurope, { reason: 'ALB 5xx', by: 'ana' });
    const after = apply(held, automatic({ singapore: 0 }), { at: at + 60_000 });
    expect(after.values.get(healthKey)).toBe(`singapore=0@${(at + 7_200_000) / 1000};singapore=0`);
    expect(parseStateRecord(after.values.get(stateKey)).override).toEqual({
      weights: { singapore: 0 },
      until: at + 7_200_000,
      reason: 'ALB 5xx',
      by: 'ana',
      notedAt: at,
    });
  });

  it('drops an override that has ended from record and state', () => {
    const after = apply(apply(snapshot(), toEurope), automatic({ singapore: 0 }), { at: at + 7_200_000 });
    expect(after.values.get(healthKey)).toBe('singapore=0');
    expect(parseStateRecord(after.values.get(stateKey)).override).toBeUndefined();
  });

  it('ends an override without touching the automatic weights', () => {
    const after = apply(apply(snapshot({ [healthKey]: 'europe=50' }), toEurope), { kind: 'clear' });
    expect(after.values.get(healthKey)).toBe('europe=50');
    expect(parseStateRecord(after.values.get(stateKey)).override).toBeUndefined();
  });

  it('replaces an override by the next one', () => {
    const after = apply(apply(snapshot(), toEurope), { kind: 'override', weights: { europe: 50 }, until: at + 60_000 });
    expect(after.values.get(healthKey)).toBe(`europe=50@${at / 1000 + 60}`);
  });

  it.each<{ when: string; before: Record<string, string>; flip: Flip }>([
    { when: 'automation asks for the weights that are there', before: { [healthKey]: 'singapore=0' }, flip: automatic({ singapore: 0 }) },
    { when: 'there is no override to end', before: {}, flip: { kind: 'clear' } },
    { when: 'no operator changed the record by hand', before: {}, flip: { kind: 'edit' } },
  ])('writes nothing when $when', ({ before, flip }) => {
    expect(planFlip(snapshot(before), flip, context)).toBeUndefined();
  });

  it('drops automatic entries of an origin that is no longer configured', () => {
    expect(apply(snapshot({ [healthKey]: 'tokyo=0' }), automatic({ singapore: 0 })).values.get(healthKey)).toBe('singapore=0');
  });

  it('acts on a record that does not parse as the edge does, as on ok', () => {
    const after = apply(snapshot({ [healthKey]: 'singapore=zero' }), automatic({ europe: 10 }));
    expect(after.values.get(healthKey)).toBe('europe=10');
    expect(parseAuditEntry(after.values.get('audit/01') ?? '')).toMatchObject({ from: 'singapore=zero', edited: true });
  });
});

describe('what a flip writes', () => {
  const auditOf = (values: ReadonlyMap<string, string>, sequence = 1) => parseAuditEntry(values.get(auditKey(sequence)) ?? '');
  const stateOf = (values: ReadonlyMap<string, string>) => parseStateRecord(values.get(stateKey));
  const memory = { singapore: { verdict: 'unhealthy' as const, since: at, movedAt: at, flaps: 1, heldUntil: at + 300_000 } };

  it('has its number in the record where that is wanted and fits', () => {
    const { values } = apply(snapshot(), automatic({ singapore: 0 }), { namesFlips: true });
    expect(values.get(healthKey)).toBe('#=0@000001;singapore=0');
    expect(auditOf(values)?.to).toBe('#=0@000001;singapore=0');
    const ids = ['a'.repeat(maxRecordBytes - 2), 'b'];
    const full = apply(snapshot(), automatic({ [ids[0] ?? '']: 0 }), { origins: ids, namesFlips: true });
    expect(full.values.get(healthKey)).toHaveLength(maxRecordBytes);
    // There is nothing to clear in a record with the number of an earlier flip.
    expect(planFlip(snapshot({ [healthKey]: '#=0@000001;singapore=0' }), { kind: 'clear' }, context)).toBeUndefined();
  });

  it('has the entries in the order of the configuration, and none for a whole weight', () => {
    const { values } = apply(snapshot(), automatic({ tokyo: 100, europe: 10, singapore: 0 }), { origins: [...origins, 'tokyo'] });
    expect(values.get(healthKey)).toBe('singapore=0;europe=10');
  });

  it('notes a damaged record that was found in place of the one to go on from', () => {
    const noted = (found: string | undefined) => auditOf(apply(snapshot(), automatic({ singapore: 0 }), { found }).values);
    expect(noted('garbage')).toMatchObject({ from: 'garbage', edited: true });
    expect(noted('ok')).toStrictEqual(noted(undefined));
    expect(noted('ok')?.edited).toBeUndefined();
  });

  it('keeps an override that has ended for as long as automation’s clock may be ahead', () => {
    const ended = snapshot({ [healthKey]: `europe=0@${at / 1_000 - 5}` });
    const recordAt = (keepEndedMs?: number) => apply(ended, automatic({ singapore: 0 }), { keepEndedMs }).values.get(healthKey);
    expect(recordAt(5_001)).toBe(`europe=0@${at / 1_000 - 5};singapore=0`);
    expect(recordAt(5_000)).toBe('singapore=0');
    expect(recordAt()).toBe('singapore=0');
  });

  it('cuts long texts: the reason at 300 bytes, the author at 80, the break-glass at 200', () => {
    const long = 'x'.repeat(400);
    const flip: Flip = { kind: 'override', weights: { singapore: 0 }, until: at + 1_000, breakGlass: long };
    const entry = auditOf(apply(snapshot(), flip, { reason: long, by: long }).values);
    expect([entry?.reason, entry?.by, entry?.breakGlass].map((text) => Buffer.byteLength(text ?? ''))).toEqual([300, 80, 200]);
    expect(auditOf(apply(snapshot(), toEurope).values)).not.toHaveProperty('breakGlass');
  });

  it('has the memory of an automatic flip, and of another one where it has any', () => {
    const first = apply(snapshot(), { kind: 'automatic', weights: { singapore: 0 }, memory });
    const others: Flip[] = [toEurope, { kind: 'restore' }];
    for (const flip of others)
      expect(stateOf(apply(first, flip, { at: at + 9_000 }).values)).toMatchObject({ origins: memory, automaticAt: at });
    const known = { europe: memory.singapore };
    expect(stateOf(apply(first, { kind: 'restore', memory: known }, { at: at + 9_000 }).values)).toMatchObject({
      origins: known,
      automaticAt: at,
    });
  });

  it('notes when an override that was written by hand was first seen', () => {
    const byHand = snapshot({ [healthKey]: `singapore=0@${at / 1_000 + 600}` });
    const noted = apply(byHand, { kind: 'edit' });
    expect(stateOf(noted.values).override).toMatchObject({ reason: 'written by hand', notedAt: at });
    const later = apply(noted, automatic({ europe: 50 }), { at: at + 60_000 });
    expect(stateOf(later.values).override).toMatchObject({ reason: 'written by hand', notedAt: at });
  });

  it('may take an origin out below an override that has left none', () => {
    const dead = apply(snapshot(), { ...toEurope, weights: { singapore: 0, europe: 0 }, breakGlass: 'planned stop' } as Flip);
    expect(apply(dead, automatic({ singapore: 0 })).values.get(healthKey)).toMatch(/;singapore=0$/);
    expect(() => planFlip(dead, automatic({ singapore: 0, europe: 0 }), context)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });
});

describe('a record changed by hand', () => {
  const flipped = apply(snapshot(), automatic({ singapore: 0 }));
  const byHand = { ...flipped, values: new Map(flipped.values).set(healthKey, `europe=40;singapore=0@${at / 1000 + 60}`) };

  it('counts unchanged and shows as edited', () => {
    const live = parseLiveRecord(byHand.values, at);
    expect(live.edited).toBe(true);
    expect(effectiveWeights(live)).toEqual({ europe: 40, singapore: 0 });
    expect(overrideInForce(live)).toEqual({ weights: { singapore: 0 }, until: at + 60_000, reason: 'written by hand', by: 'unknown' });
  });

  it('is noted in the audit by the next flip, which keeps what it says', () => {
    const after = apply(byHand, automatic({ europe: 50 }));
    expect(after.values.get(healthKey)).toBe(`singapore=0@${at / 1000 + 60};europe=50`);
    expect(parseAuditEntry(after.values.get('audit/02') ?? '')).toMatchObject({ from: byHand.values.get(healthKey), edited: true });
    expect(parseLiveRecord(after.values, at).edited).toBe(false);
  });

  it('can be taken note of alone, its weights left as they are', () => {
    const after = apply(byHand, { kind: 'edit' }, { reason: 'changed by hand' });
    expect(effectiveWeights(parseLiveRecord(after.values, at))).toEqual({ europe: 40, singapore: 0 });
    expect(parseLiveRecord(after.values, at).edited).toBe(false);
    expect(replayAudit(auditHistory(after.values))).toEqual({ record: after.values.get(healthKey), gaps: [] });
  });

  it('keeps what the edge ignores from counting: an override behind an entry without expiry', () => {
    const live = parseLiveRecord(new Map([[healthKey, `singapore=0;singapore=100@${at / 1000 + 60}`]]), at);
    expect(live.overrides).toEqual([]);
    expect(live.automatic).toEqual({ singapore: 0 });
  });
});

describe('a flip is refused', () => {
  const hour: Flip = { kind: 'override', weights: { singapore: 0 }, until: at + 3_600_000 };
  it.each<{ when: string; flip: Flip; before?: Record<string, string>; code: string }>([
    { when: 'it names an unknown origin', flip: { ...hour, weights: { singapor: 0 } }, code: 'ORIGIN_UNKNOWN' },
    { when: 'a weight is above 100', flip: { ...hour, weights: { singapore: 101 } }, code: 'USAGE' },
    { when: 'a weight is below 0', flip: { ...hour, weights: { singapore: -1 } }, code: 'USAGE' },
    { when: 'automation names an unknown origin', flip: automatic({ singapor: 0 }), code: 'ORIGIN_UNKNOWN' },
    { when: 'a weight is not a whole number', flip: { ...hour, weights: { singapore: 0.5 } }, code: 'USAGE' },
    { when: 'an override ends now', flip: { ...hour, until: at }, code: 'USAGE' },
    { when: 'an override never ends', flip: { ...hour, until: Number.NaN }, code: 'USAGE' },
    { when: 'an override lasts longer than 72 hours', flip: { ...hour, until: at + maxOverrideMs + 1 }, code: 'USAGE' },
    { when: 'an override names no origin', flip: { ...hour, weights: {} }, code: 'USAGE' },
    { when: 'every origin would have weight 0', flip: { ...hour, weights: { singapore: 0, europe: 0 } }, code: 'USAGE' },
    { when: 'override and automation together leave no origin', flip: hour, before: { [healthKey]: 'europe=0' }, code: 'USAGE' },
    { when: 'automation would leave no origin', flip: automatic({ singapore: 0, europe: 0 }), code: 'USAGE' },
    {
      when: 'automation would leave no origin below an override',
      flip: automatic({ singapore: 0 }),
      before: { [healthKey]: `europe=0@${at / 1000 + 9}` },
      code: 'USAGE',
    },
  ])('when $when', ({ flip, before = {}, code }) => {
    expect(() => planFlip(snapshot(before), flip, context)).toThrow(expect.objectContaining({ code }));
  });

  it('with the origins that it may name', () => {
    expect(() => planFlip(snapshot(), automatic({ singapor: 0 }), context)).toThrow(
      expect.objectContaining({ name: 'FlipRefused', hint: 'origins: singapore, europe' }),
    );
  });

  it('not for an override that ends in a moment', () => {
    expect(planFlip(snapshot(), { ...hour, until: at + 1 }, context)).toBeDefined();
  });

  it('unless the glass is broken, and the audit keeps why', () => {
    const after = apply(snapshot(), { ...hour, weights: { singapore: 0, europe: 0 }, breakGlass: 'planned stop' } as Flip);
    expect(parseAuditEntry(after.values.get('audit/01') ?? '')?.breakGlass).toBe('planned stop');
  });

  it('not for the whole of a weight and the whole of 72 hours', () => {
    const after = apply(snapshot(), { ...hour, weights: { singapore: 0, europe: 100 }, until: at + maxOverrideMs });
    expect(overrideInForce(parseLiveRecord(after.values, at))).toMatchObject({ weights: { europe: 100 }, until: at + maxOverrideMs });
  });

  it('not when the record just fits', () => {
    const ids = ['a'.repeat(maxRecordBytes - 2), 'b'];
    const after = apply(snapshot(), automatic({ [ids[0] ?? '']: 0 }), { origins: ids });
    expect(after.values.get(healthKey)).toHaveLength(maxRecordBytes);
    const longer = ['a'.repeat(maxRecordBytes - 1), 'b'];
    expect(() => apply(snapshot(), automatic({ [longer[0] ?? '']: 0 }), { origins: longer })).toThrow(
      new RegExp(`${maxRecordBytes + 1} bytes`),
    );
  });

  it('when the record would not fit', () => {
    const many = Array.from({ length: 20 }, (_, index) => `o${index}-${'x'.repeat(50)}`);
    const weights = Object.fromEntries(many.slice(1).map((id) => [id, 0]));
    expect(() => planFlip(snapshot(), automatic(weights), { ...context, origins: many })).toThrow(
      expect.objectContaining({ code: 'QUOTA' }),
    );
  });
});

describe('laws over random histories', () => {
  const weights = fc.dictionary(fc.constantFrom(...origins, 'tokyo'), fc.constantFrom(0, 10, 25, 50, 100), { maxKeys: 3 });
  const reason = fc
    .tuple(fc.string({ unit: 'binary', maxLength: 8 }), fc.constantFrom(1, 5, 90))
    .map(([text, times]) => text.repeat(times));
  const step = fc.record({
    seconds: fc.integer({ min: -3_600, max: 3_600 }),
    act: fc.constantFrom('automatic', 'override', 'clear', 'edit', 'by hand', 'lose state'),
    weights,
    forSeconds: fc.integer({ min: 1, max: 7_200 }),
    breakGlass: fc.boolean(),
    reason,
    by: reason,
  });
  const ids = [...origins, 'tokyo'];

  it('the audit replays to the record, values fit, overrides survive automation, no viewer is left without an origin', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let now = at;
        let store = snapshot();
        let sequence = 0;
        for (const { seconds, act, weights, forSeconds, breakGlass, reason, by } of steps) {
          now += seconds * 1_000;
          if (act === 'by hand') {
            store = { ...store, values: new Map(store.values).set(healthKey, `europe=${forSeconds % 101};singapore=0@${now / 1000 + 60}`) };
            continue;
          }
          if (act === 'lose state') {
            const damaged = (store.values.get(stateKey) ?? '').slice(0, 40);
            store = { ...store, values: new Map(store.values).set(stateKey, damaged) };
            continue;
          }
          const flip: Flip =
            act === 'override'
              ? { kind: act, weights, until: now + forSeconds * 1_000, ...(breakGlass ? { breakGlass: reason } : {}) }
              : act === 'automatic'
                ? { kind: act, weights, memory: {} }
                : { kind: act as 'clear' | 'edit' };
          const before = parseLiveRecord(store.values, now);
          let change: ReturnType<typeof planFlip>;
          try {
            change = planFlip(store, flip, { at: now, reason, by, origins: ids });
          } catch (error) {
            expect(error).toMatchObject({ name: 'FlipRefused' });
            continue;
          }
          if (change === undefined) continue;
          store = { etag: 'E', values: new Map([...store.values, ...change.puts.map(({ key, value }) => [key, value] as const)]) };
          sequence += 1;
          for (const { value } of change.puts) expect(Buffer.byteLength(value)).toBeLessThanOrEqual(maxValueBytes);
          const record = store.values.get(healthKey) ?? '';
          expect(parseHealthRecord(record)).toBeDefined();
          expect(record.length).toBeLessThanOrEqual(maxRecordBytes);
          expect(parseAuditEntry(store.values.get(auditKey(sequence)) ?? '')).toMatchObject({ sequence, to: record });
          const after = parseLiveRecord(store.values, now);
          expect(after.edited).toBe(false);
          if (act === 'automatic') expect(after.overrides).toEqual(before.overrides);
          if (act === 'automatic' || (act === 'override' && !breakGlass)) {
            const wasDead = ids.every((id) => effectiveWeights(before)[id] === 0);
            const isDead = ids.every((id) => effectiveWeights(after)[id] === 0);
            expect(isDead && !wasDead).toBe(false);
          }
          const { record: replayed, gaps } = replayAudit(auditHistory(store.values));
          expect(replayed).toBe(record);
          expect(gaps).toEqual([]);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('a record written by hand', () => {
  const inForce = (origin: string, seconds: number) => `${origin}=100@${at / 1_000 + seconds}`;

  it('always finds room for a flip off a dead origin: it drops entries, except the first one in force of each origin', () => {
    const hand = [3_600, 3_601, 3_602].map((seconds) => inForce('europe', seconds)).join(';');
    expect(parseHealthRecord(hand, origins)).toHaveLength(3);
    const { values } = apply(snapshot({ [healthKey]: hand }), automatic({ singapore: 0 }));
    const record = values.get(healthKey) ?? '';
    expect(parseHealthRecord(record, origins)).toEqual([
      { origin: 'europe', weight: 100, until: at / 1_000 + 3_600 },
      { origin: 'singapore', weight: 0 },
    ]);
  });

  it('that is longer than these origins can need has no entries, as at the edge', () => {
    const long = Array.from({ length: 9 }, () => 'singapore=0').join(';');
    expect(effectiveWeights(parseLiveRecord(new Map([[healthKey, long]]), at, origins))).toEqual({});
    const { values } = apply(snapshot({ [healthKey]: long }), automatic({ europe: 0 }));
    expect(values.get(healthKey)).toBe('europe=0');
  });
});
