import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutText } from '../../../kvs/cut-text.ts';
import { maxValueBytes } from '../../../kvs/limits.ts';
import { type AuditEntry, auditHistory, formatAuditEntry, parseAuditEntry, replayAudit } from '../../../src/core/audit.ts';
import { formatStateRecord, freshState, parseStateRecord, type StateRecord } from '../../../src/core/state-record.ts';

const time = fc.integer({ min: 0, max: Date.parse('2100-01-01') });
const id = fc.constantFrom('singapore', 'europe', 'tokyo');
const weight = fc.integer({ min: 0, max: 100 });
const verdict = fc.constantFrom('healthy' as const, 'unhealthy' as const, 'unknown' as const);
const kind = fc.constantFrom('automatic' as const, 'override' as const, 'clear' as const, 'edit' as const);

function optional<T>(value: fc.Arbitrary<T>, key: string): fc.Arbitrary<Record<string, T>> {
  return fc.oneof(
    fc.constant({}),
    value.map((some) => ({ [key]: some })),
  );
}

function stateOf(text: fc.Arbitrary<string>): fc.Arbitrary<StateRecord> {
  const memory = fc
    .tuple(
      fc.record({ verdict, since: time }),
      optional(time, 'movedAt'),
      optional(fc.integer({ min: 1, max: 9 }), 'flaps'),
      optional(time, 'heldUntil'),
    )
    .map((parts) => Object.assign({}, ...parts));
  const override = fc.record({ weights: fc.dictionary(id, weight), until: time, reason: text, by: text });
  const lastFlip = fc
    .tuple(
      fc.record({ at: time, kind, to: fc.constantFrom('ok', 'singapore=0'), reason: text, by: text }),
      optional(fc.constant('ok'), 'from'),
    )
    .map((parts) => Object.assign({}, ...parts));
  return fc
    .tuple(
      fc.record({ sequence: fc.nat(), origins: fc.dictionary(id, memory, { maxKeys: 2 }) }),
      optional(time, 'automaticAt'),
      optional(fc.constant('0a1b2c3d'), 'recordHash'),
      optional(override, 'override'),
      optional(lastFlip, 'lastFlip'),
    )
    .map((parts) => Object.assign({}, ...parts));
}

/** Long texts of any characters, cheap to make. */
const anyText = fc
  .tuple(fc.string({ unit: 'binary', maxLength: 12 }), fc.constantFrom(1, 9, 90))
  .map(([text, times]) => text.repeat(times));
const shortText = fc.string({ maxLength: 12 }).map((text) => text.replace(/["\\]/g, '').trim());

function auditOf(text: fc.Arbitrary<string>, record: fc.Arbitrary<string>): fc.Arbitrary<AuditEntry> {
  return fc
    .tuple(
      fc.record({ sequence: fc.nat(), at: time, kind, to: record, reason: text, by: text }),
      optional(record, 'from'),
      optional(time, 'until'),
      optional(text, 'breakGlass'),
      optional(fc.constant(true), 'edited'),
    )
    .map((parts) => Object.assign({}, ...parts));
}

describe('the state record', () => {
  it('survives being written and read', () => {
    fc.assert(
      fc.property(stateOf(shortText), (state) => {
        expect(parseStateRecord(formatStateRecord(state))).toEqual(state);
      }),
    );
  });

  it('fits a value whatever is in it, keeps its number, and reads back as it was written', () => {
    fc.assert(
      fc.property(stateOf(anyText), (state) => {
        const text = formatStateRecord(state);
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(maxValueBytes);
        expect(parseStateRecord(text).sequence).toBe(state.sequence);
        const read = parseStateRecord(text);
        expect(parseStateRecord(formatStateRecord(read))).toEqual(read);
      }),
    );
  });

  it('keeps the origins that are out when there is no room for all', () => {
    const since = Date.parse('2026-03-01');
    const resting = Array.from({ length: 100 }, (_, index) => [`o${index}`, { verdict: 'healthy' as const, since }] as const);
    const out = { verdict: 'unhealthy' as const, since, movedAt: since, flaps: 2, heldUntil: since + 600_000 };
    const state = { ...freshState, sequence: 7, origins: { ...Object.fromEntries(resting), tokyo: out } };
    expect(parseStateRecord(formatStateRecord(state))).toEqual({ sequence: 7, origins: { tokyo: out } });
  });

  describe('that does not fit', () => {
    const at = Date.parse('2026-03-01T03:00:00.000Z');
    const long = 'x'.repeat(maxValueBytes);
    const note = { reason: long, by: long };
    const override = { weights: { a: 0 }, until: at, ...note };
    const lastFlip = { at, kind: 'override' as const, from: 'ok', to: 'a=0', ...note };
    const base: StateRecord = { ...freshState, sequence: 7, recordHash: '0a1b2c3d' };
    const kept = (state: StateRecord) => parseStateRecord(formatStateRecord(state));
    const bytes = (text: string | undefined) => Buffer.byteLength(text ?? '');
    /** Origins that are out, each moved a second after the one before. */
    const out = (count: number, more: { flaps?: number; heldUntil?: number } = {}) =>
      Object.fromEntries(
        Array.from({ length: count }, (_, index) => [
          `o${index}`,
          { verdict: 'unhealthy' as const, since: at, movedAt: at + ((index * 5) % count) * 1_000, ...more },
        ]),
      );
    const movedLast = (count: number, most: number) =>
      Object.entries(out(count))
        .sort(([, a], [, b]) => b.movedAt - a.movedAt)
        .slice(0, most)
        .map(([id]) => id);

    it('is whole up to the last byte of the value', () => {
      const withReason = (reason: string) => ({ ...base, lastFlip: { ...lastFlip, by: '', reason } });
      const room = maxValueBytes - bytes(formatStateRecord(withReason('')));
      expect(kept(withReason('x'.repeat(room))).lastFlip?.reason).toHaveLength(room);
      expect(bytes(kept(withReason('x'.repeat(room + 1))).lastFlip?.reason)).toBe(120);
    });

    it('has its reasons cut to 120 bytes and its authors to 48 first, then loses the record before', () => {
      const cut = kept({ ...base, override, lastFlip });
      expect([cut.override?.reason, cut.lastFlip?.reason, cut.override?.by, cut.lastFlip?.by].map(bytes)).toEqual([120, 120, 48, 48]);
      expect(cut.lastFlip?.from).toBe('ok');
      expect(kept({ ...base, override })).not.toHaveProperty('lastFlip');
      expect(kept({ ...base, lastFlip })).not.toHaveProperty('override');
      const without = kept({ ...base, override, lastFlip: { ...lastFlip, from: 'a'.repeat(600) } });
      expect([bytes(without.lastFlip?.reason), without.lastFlip?.from]).toEqual([120, undefined]);
    });

    it('keeps the eight origins with something to remember that moved last, then four', () => {
      const resting = Object.fromEntries(
        Array.from({ length: 9 }, (_, index) => [`r${index}`, { verdict: 'healthy' as const, since: at }]),
      );
      expect(Object.keys(kept({ ...base, origins: { ...resting, ...out(12) } }).origins)).toEqual(movedLast(12, 8));
      const held = { flaps: 2, heldUntil: at };
      expect(Object.keys(kept({ ...base, origins: out(12, held) }).origins)).toEqual(movedLast(12, 4));
      const returning = { verdict: 'healthy' as const, since: at, flaps: 1 };
      const never = { verdict: 'unknown' as const, since: at };
      const some = kept({ ...base, origins: { ...resting, ...resting, never, returning, ...out(6) }, lastFlip: { ...lastFlip, by: 'x' } });
      expect(Object.keys(some.origins).length).toBeLessThan(9);
      expect(Object.keys(kept({ ...base, origins: { ...resting, r9: never, never, returning, ...out(3) } }).origins)).toEqual([
        ...movedLast(3, 3),
        'r9',
        'never',
        'returning',
      ]);
    });

    it('loses the last flip then, after that its origins, and everything but number and hash at last', () => {
      const held = { flaps: 2, heldUntil: at };
      const noFlip = kept({ ...base, origins: out(12, held), override, lastFlip: { ...lastFlip, to: 'a'.repeat(200) } });
      expect(noFlip).not.toHaveProperty('lastFlip');
      expect([Object.keys(noFlip.origins), bytes(noFlip.override?.reason)]).toEqual([movedLast(12, 4), 40]);
      const weights = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`${index}`.padStart(30, 'o'), 0]));
      const noOrigins = kept({ ...base, origins: out(12, held), override: { ...override, weights: weights(18) }, lastFlip });
      expect(noOrigins).toMatchObject({ ...base, origins: {}, override: { weights: weights(18) } });
      expect(bytes(noOrigins.override?.reason)).toBe(24);
      expect(noOrigins).not.toHaveProperty('lastFlip');
      expect(kept({ ...base, origins: out(12, held), override: { ...override, weights: weights(40) }, lastFlip })).toEqual(base);
    });
  });

  it('speaks ISO time to people', () => {
    expect(formatStateRecord({ ...freshState, automaticAt: 0 })).toContain('"automaticAt":"1970-01-01T00:00:00.000Z"');
  });

  it.each([
    { what: 'nothing', text: undefined, state: freshState },
    { what: 'an empty value', text: '', state: freshState },
    { what: 'another type', text: '[1]', state: freshState },
    { what: 'a value cut short, except its number', text: '{"sequence":41,"origins":{"sing', state: { ...freshState, sequence: 41 } },
    {
      what: 'fields of wrong types',
      text: '{"sequence":"x","origins":{"a":1,"b":{"verdict":"fine"}},"override":7,"lastFlip":{}}',
      state: freshState,
    },
    { what: 'a number below zero', text: '{"sequence":-4}', state: freshState },
  ])('is fresh for $what', ({ text, state }) => {
    expect(parseStateRecord(text)).toEqual(state);
  });
});

describe('an audit entry', () => {
  it('survives being written and read', () => {
    const record = fc.constantFrom('ok', 'singapore=0', 'singapore=0@1764003600;singapore=25');
    fc.assert(
      fc.property(auditOf(shortText, record), (entry) => {
        expect(parseAuditEntry(formatAuditEntry(entry))).toEqual(entry);
      }),
    );
  });

  it('fits a value whatever is in it, and always keeps the record that it wrote', () => {
    const record = fc.string({ unit: fc.constantFrom(...'a=0;@1'), maxLength: 640 });
    fc.assert(
      fc.property(auditOf(anyText, record), (entry) => {
        const text = formatAuditEntry(entry);
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(maxValueBytes);
        expect(parseAuditEntry(text)).toMatchObject({ sequence: entry.sequence, at: entry.at, to: entry.to });
      }),
    );
  });

  it.each(['', 'null', '{}', '{"sequence":1,"at":"2026-01-01T00:00:00Z","kind":"dance","to":"ok"}'])('is nothing for %j', (text) => {
    expect(parseAuditEntry(text)).toBeUndefined();
  });
});

describe('the audit history', () => {
  const entry = (sequence: number, from: string, to: string): [string, string] => [
    `audit/${String(sequence % 32).padStart(2, '0')}`,
    formatAuditEntry({ sequence, at: 0, kind: 'automatic', from, to, reason: '', by: '' }),
  ];

  it('runs from the newest to the oldest across the end of the ring', () => {
    const values = new Map([entry(31, 'ok', 'a=0'), entry(32, 'a=0', 'a=10'), entry(33, 'a=10', 'a=25'), ['audit/05', 'rubbish']] as [
      string,
      string,
    ][]);
    expect(auditHistory(values).map(({ sequence }) => sequence)).toEqual([33, 32, 31]);
    expect(replayAudit(auditHistory(values))).toEqual({ record: 'a=25', gaps: [] });
  });

  it('shows where a flip is missing', () => {
    expect(replayAudit(auditHistory(new Map([entry(1, 'ok', 'a=0'), entry(3, 'a=0', 'ok')]))).gaps).toEqual([3]);
    expect(replayAudit(auditHistory(new Map([entry(1, 'ok', 'a=0'), entry(2, 'a=10', 'ok')]))).gaps).toEqual([2]);
  });
});

describe('a cut text', () => {
  it('is one line within its bytes and never half a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.integer({ min: 3, max: 100 }), (text, maxBytes) => {
        const cut = cutText(text, maxBytes);
        expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(maxBytes);
        expect(cut).not.toMatch(/\p{Cc}|\p{Cs}/u);
        if (!/[\p{Cc}\p{Cs}\u2028\u2029]/u.test(text) && Buffer.byteLength(text) <= maxBytes) expect(cut).toBe(text.trim());
      }),
    );
  });
});
