import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatHealthRecord,
  type HealthEntry,
  maxRecordLength,
  okRecord,
  parseHealthRecord,
  weightAt,
} from '../../../kvs/health-record.ts';
import { recordText } from '../../edge/router/arbitraries.ts';

const now = 1_764_003_600;
const weight = fc.integer({ min: 0, max: 100 });
const entry: fc.Arbitrary<HealthEntry> = fc.oneof(
  fc.record({ origin: fc.stringMatching(/^[a-z][a-z\d-]{0,62}$/), weight }),
  fc.record({ origin: fc.constantFrom('singapore', 'europe'), weight, until: fc.nat({ max: 999_999_999_999 }) }),
);
const entries = fc.array(entry, { maxLength: 8 });

describe('the longest record that origins can need', () => {
  it('is an override with the longest expiry and an automatic entry for each, and no more is read', () => {
    const longest = 'singapore=100@999999999999;europe=100@999999999999;singapore=100;europe=100;';
    expect(maxRecordLength(['singapore', 'europe'])).toBe(longest.length);
    expect(parseHealthRecord(longest, ['singapore', 'europe'])).toHaveLength(4);
    expect(parseHealthRecord(`${longest.slice(0, -1)}1;`, ['singapore', 'europe'])).toBeUndefined();
    expect(
      parseHealthRecord('a-long-name-that-is-configured-no-more=0;another-long-name-of-that-kind=0;singapore=0', ['singapore', 'europe']),
    ).toBeUndefined();
    expect(maxRecordLength(Array.from({ length: 30 }, (_, n) => `origin-${n}`))).toBe(600);
  });
});

describe('the health record', () => {
  it.each([
    { text: 'ok', read: [] },
    { text: 'singapore=0', read: [{ origin: 'singapore', weight: 0 }] },
    { text: 'singapore=25;', read: [{ origin: 'singapore', weight: 25 }] },
    { text: 'singapore=0@1764003600', read: [{ origin: 'singapore', weight: 0, until: now }] },
    {
      text: 'singapore=100@1764003600;singapore=0;eu-2=99',
      read: [
        { origin: 'singapore', weight: 100, until: now },
        { origin: 'singapore', weight: 0 },
        { origin: 'eu-2', weight: 99 },
      ],
    },
  ])('$text is read unchanged', ({ text, read }) => {
    expect(parseHealthRecord(text)).toEqual(read);
  });

  it.each([
    '',
    ' ',
    ';',
    'OK',
    'ok;',
    'singapore',
    'singapore=',
    'singapore=-1',
    'singapore=101',
    'singapore=00',
    'singapore=1e2',
    'Singapore=0',
    '1st=0',
  ])('%j is not a record', (text) => {
    expect(parseHealthRecord(text)).toBeUndefined();
  });

  it.each([
    'singapore=0;;',
    ';singapore=0',
    'singapore=0 ',
    'singapore=0\n',
    'singapore=0;x',
    'x;singapore=0',
    'singapore=0@',
    'singapore=0@a',
    'singapore=0@-1',
    'singapore=0@1764003600000',
    `${'a=1;'.repeat(12)}a=1`,
    `${'a=1;'.repeat(13)}`,
    // A router with an access log would read `ore=0`, `gapore=0` and `ingapore=0`.
    '#=50;singapore=0',
    '#=0@417;singapore=0',
    '#=0@1234;singapore=0',
    '#singapore=0',
    '#=0@000417;',
  ])('one part of it that is not an entry makes %j invalid', (text) => {
    expect(parseHealthRecord(text)).toBeUndefined();
  });

  it('comes back from its text as it was', () => {
    fc.assert(
      fc.property(entries, (list) => {
        expect(parseHealthRecord(formatHealthRecord(list))).toEqual(list);
      }),
    );
  });

  it('has one text: what is read and written again is the same, except for the last separator', () => {
    fc.assert(
      fc.property(recordText, (text) => {
        const read = parseHealthRecord(text);
        fc.pre(read !== undefined && !/@0\d|@\d{16}/.test(text));
        expect(formatHealthRecord(read)).toBe(text.replace(/;$/, ''));
      }),
    );
  });

  it('is read to the end or not at all, whatever the text, and every weight is one', () => {
    fc.assert(
      fc.property(recordText, (text) => {
        for (const { origin, weight: read, until } of parseHealthRecord(text) ?? []) {
          expect(origin).toMatch(/^[a-z][a-z\d-]*$/);
          expect(read).toBeGreaterThanOrEqual(0);
          expect(read).toBeLessThanOrEqual(100);
          expect(Number.isInteger(read)).toBe(true);
          expect(until ?? 0).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });

  it('is ok when there is no entry', () => {
    expect(formatHealthRecord([])).toBe(okRecord);
  });
});

describe('the weight in force', () => {
  const record: HealthEntry[] = [
    { origin: 'singapore', weight: 100, until: now },
    { origin: 'singapore', weight: 50, until: now + 60 },
    { origin: 'singapore', weight: 0 },
    { origin: 'singapore', weight: 7 },
  ];

  it.each([
    { when: 'the first entry holds', at: now - 1, weight: 100 },
    { when: 'the first expires this second', at: now, weight: 50 },
    { when: 'half a second before the second expires', at: now + 59.5, weight: 50 },
    { when: 'both have expired', at: now + 60, weight: 0 },
    { when: 'years have passed', at: 4 * now, weight: 0 },
  ])('is $weight when $when', ({ at, weight: inForce }) => {
    expect(weightAt(record, 'singapore', at)).toBe(inForce);
  });

  it('is 100 for an origin that nothing is said about, and when everything about it has expired', () => {
    expect(weightAt(record, 'europe', now)).toBe(100);
    expect(weightAt([], 'singapore', now)).toBe(100);
    expect(weightAt(record.slice(0, 2), 'singapore', now + 60)).toBe(100);
  });

  it('is that of the first entry that has not expired, whatever follows it', () => {
    fc.assert(
      fc.property(entries, entries, fc.nat(), (before, behind, at) => {
        const expired = before.map((each) => ({ ...each, origin: 'singapore', until: at }));
        expect(weightAt([...expired, { origin: 'singapore', weight: 33 }, ...behind], 'singapore', at)).toBe(33);
      }),
    );
  });
});
