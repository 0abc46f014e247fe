import { describe, expect, it } from 'vitest';
import { formatRecord } from '../../../src/text/format-record.ts';
import { formatUtc } from '../../../src/text/time.ts';

const now = Date.UTC(2026, 10, 30, 0, 19, 0);
const inAnHour = now / 1_000 + 3_600;

describe('formatRecord', () => {
  it.each([
    { record: 'ok', words: 'all origins serve their viewers' },
    { record: '#=0@000417;ok', words: 'all origins serve their viewers' },
    { record: undefined, words: 'no record: all origins serve their viewers' },
    { record: 'singapore=0', words: 'singapore 0 %' },
    { record: '#=0@000417;singapore=0;tokyo=0;europe=50', words: 'singapore and tokyo 0 %, europe 50 %' },
    { record: `singapore=0@${inAnHour}`, words: 'singapore 0 % until 01:19 UTC' },
    { record: `singapore=0@${inAnHour};singapore=25`, words: 'singapore 0 % until 01:19 UTC, then 25 %' },
    { record: `europe=100@${inAnHour};singapore=0@${inAnHour}`, words: 'europe 100 %, singapore 0 % until 01:19 UTC' },
    { record: `europe=0@${inAnHour};singapore=0`, words: 'europe 0 % until 01:19 UTC; singapore 0 %' },
    // Only what the edge counts: expired entries, second entries and an automatic 100 are left out.
    { record: `singapore=0@${now / 1_000};singapore=25;singapore=0;europe=100`, words: 'singapore 25 %' },
    { record: 'what?', words: 'unreadable record "what?": the edge acts as if all origins were healthy' },
  ])('says $record', ({ record, words }) => expect(formatRecord(record, { now })).toBe(words));

  it('names the cause of each entry and the age of the whole', () => {
    const record = `europe=0@${inAnHour};singapore=0`;
    expect(formatRecord(record, { now, cause: true, writtenAt: now - 250_000 })).toBe(
      'europe 0 % until 01:19 UTC, by hand; singapore 0 %, automatic (4m 10s ago)',
    );
  });
});

describe('formatUtc', () => {
  it('has seconds when it is near and the day when it is another', () => {
    expect([now + 61_500, now + 700_000, now + 86_400_000].map((at) => formatUtc(at, now))).toEqual([
      '00:20:01 UTC',
      '00:30 UTC',
      '2026-12-01 00:19 UTC',
    ]);
  });
});
