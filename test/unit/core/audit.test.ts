import { describe, expect, it } from 'vitest';
import { maxValueBytes } from '../../../kvs/limits.ts';
import { type AuditEntry, auditHistory, formatAuditEntry, parseAuditEntry, replayAudit } from '../../../src/core/audit.ts';
import { dayOne } from './policy.ts';

const base: AuditEntry = {
  sequence: 7,
  at: dayOne,
  kind: 'override',
  from: 'ok',
  to: 'a=0',
  reason: 'ALB 5xx',
  by: 'ana',
  until: dayOne + 1_000,
};
const written = (entry: AuditEntry) => parseAuditEntry(formatAuditEntry(entry));
const bytes = (text: string | undefined) => Buffer.byteLength(text ?? '');

describe('an audit entry that does not fit', () => {
  const long = 'x'.repeat(maxValueBytes);
  const record = (count: number) => 'a'.repeat(count);

  it('is whole up to the last byte of the value', () => {
    const room = maxValueBytes - bytes(formatAuditEntry({ ...base, reason: '' }));
    expect(written({ ...base, reason: 'x'.repeat(room) })?.reason).toHaveLength(room);
    expect(bytes(written({ ...base, reason: 'x'.repeat(room + 1) })?.reason)).toBe(160);
  });

  it('has its texts cut first: reason and break-glass to 160 bytes, the author to 40', () => {
    const cut = written({ ...base, reason: long, by: long, breakGlass: long });
    expect([bytes(cut?.reason), bytes(cut?.breakGlass), bytes(cut?.by)]).toEqual([160, 160, 40]);
    expect(cut).toMatchObject({ from: 'ok', to: 'a=0', until: base.until });
    expect(written({ ...base, reason: long })).not.toHaveProperty('breakGlass');
  });

  it('has them cut to 60 bytes then, and loses the record before after that', () => {
    const shorter = written({ ...base, reason: long, from: record(340), to: record(400) });
    expect([bytes(shorter?.reason), shorter?.from]).toEqual([60, record(340)]);
    const without = written({ ...base, reason: long, from: record(500), to: record(500) });
    expect([bytes(without?.reason), without?.from, without?.to]).toEqual([60, undefined, record(500)]);
  });

  it('has next to no texts at last, and the whole record always', () => {
    const least = written({ ...base, reason: long, breakGlass: long, by: long, from: record(600), to: record(760) });
    expect(least).toMatchObject({ sequence: 7, at: dayOne, kind: 'override', to: record(760), until: base.until });
    expect([bytes(least?.reason), bytes(least?.breakGlass), least?.from]).toEqual([20, 20, undefined]);
  });
});

describe('the audit history', () => {
  const valuesOf = (...entries: [key: string, entry: AuditEntry][]) =>
    new Map(entries.map(([key, entry]) => [key, formatAuditEntry(entry)] as const));

  it('has the later of two flips with one number first, and no value under another key', () => {
    const later = { ...base, at: dayOne + 1, reason: 'later' };
    const others = [
      ['publish/07', base],
      ['audit/08', { ...base, sequence: 8 }],
    ] as [string, AuditEntry][];
    const history = (first: AuditEntry, second: AuditEntry) =>
      auditHistory(valuesOf(['audit/07', first], ['audit/39', second], ...others)).map(({ sequence, at }) => [sequence, at - dayOne]);
    const wanted = [
      [8, 0],
      [7, 1],
      [7, 0],
    ];
    expect(history(base, later)).toEqual(wanted);
    expect(history(later, base)).toEqual(wanted);
  });

  const flip = (sequence: number, from: string | undefined, to: string, edited?: true): AuditEntry => ({
    ...base,
    sequence,
    from,
    to,
    edited,
  });

  it.each<{ what: string; history: AuditEntry[]; gaps: number[] }>([
    { what: 'begins anywhere', history: [flip(7, 'b=0', 'a=0')], gaps: [] },
    { what: 'goes on from the record before', history: [flip(8, 'a=0', 'ok'), flip(7, 'ok', 'a=0')], gaps: [] },
    { what: 'goes on from another record', history: [flip(8, 'a=1', 'ok'), flip(7, 'ok', 'a=0')], gaps: [8] },
    { what: 'goes on from one changed by hand', history: [flip(8, 'a=1', 'ok', true), flip(7, 'ok', 'a=0')], gaps: [] },
    { what: 'had no room for the record before', history: [flip(8, undefined, 'ok'), flip(7, 'ok', 'a=0')], gaps: [] },
    { what: 'leaves a number out', history: [flip(9, 'a=0', 'ok'), flip(7, 'ok', 'a=0')], gaps: [9] },
    { what: 'has a number twice', history: [flip(7, 'a=0', 'ok', true), flip(7, 'ok', 'a=0')], gaps: [7] },
    { what: 'has two gaps', history: [flip(9, 'a=2', 'ok'), flip(8, 'a=1', 'ok'), flip(7, 'ok', 'a=0')], gaps: [8, 9] },
  ])('that $what has the gaps $gaps', ({ history, gaps }) => {
    expect(replayAudit(history)).toEqual({ record: history[0]?.to, gaps });
  });

  it('without a flip leads to no record', () => {
    expect(replayAudit([])).toEqual({ record: undefined, gaps: [] });
  });
});
