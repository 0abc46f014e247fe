import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  entryPattern,
  formatHealthRecord,
  okRecord,
  parseHealthRecord,
  recordSequence,
  withoutSequence,
  withSequence,
} from '../../../kvs/health-record.ts';
import { type Flip, planFlip } from '../../../src/core/flip.ts';

const weights = fc.array(fc.record({ origin: fc.constantFrom('singapore', 'europe'), weight: fc.integer({ min: 0, max: 100 }) }), {
  maxLength: 5,
});

describe('the number of a flip in its record', () => {
  it('changes no entry, and comes off again', () => {
    fc.assert(
      fc.property(weights, fc.integer({ min: 1, max: 999_999 }), (entries, sequence) => {
        const plain = formatHealthRecord(entries);
        const named = withSequence(plain, sequence);
        expect(recordSequence(named)).toBe(sequence);
        expect(withoutSequence(named)).toBe(plain);
        expect(parseHealthRecord(named)).toEqual(parseHealthRecord(plain));
      }),
    );
  });

  it('is one more entry that has expired for a reader that does not know it', () => {
    const entries = withSequence('singapore=0;europe=50', 417)
      .split(';')
      .map((part) => entryPattern.exec(part));
    expect(entries.map((entry) => entry?.[1])).toEqual(['#', 'singapore', 'europe']);
    expect(Number(entries[0]?.[3])).toBe(417);
  });

  it.each(['ok', 'singapore=0', '#=0@417;ok', '#=0@0004170;ok', '#=1@000417;ok', 'singapore=0;#=0@000417;', '#=0@000417'])(
    'is not in %s',
    (text) => {
      expect(recordSequence(text)).toBeUndefined();
      expect(withoutSequence(text)).toBe(text);
    },
  );

  it.each(['#=0@417;singapore=0', '#=1@000417;singapore=0', '#=0@000417'])(
    'makes no record of %s, which begins like a label and is none',
    (text) => {
      expect(parseHealthRecord(text)).toBeUndefined();
    },
  );

  it('counts as one of the twelve entries of a record', () => {
    const entriesOf = (count: number) => Array.from({ length: count }, (_, index) => `o${index}=0`).join(';');
    expect([11, 12].map((count) => parseHealthRecord(`#=0@000417;${entriesOf(count)}`)?.length)).toEqual([11, undefined]);
    expect([12, 13].map((count) => parseHealthRecord(entriesOf(count))?.length)).toEqual([12, undefined]);
  });

  it.each([1_000_000, -1, 1.5])('is left out when it is %s', (sequence) => {
    expect(withSequence(okRecord, sequence)).toBe(okRecord);
  });
});

describe('a flip', () => {
  const context = { at: Date.UTC(2026, 10, 20), reason: 'r', by: 'b', namesFlips: true };
  const plan = (origins: string[], flip: Flip, values: [string, string][] = []) =>
    planFlip({ etag: 'E', values: new Map(values) }, flip, { ...context, origins })?.puts[0]?.value;
  const out: Flip = { kind: 'automatic', weights: { singapore: 0 }, memory: {} };

  it('writes its number when the access log wants it, and only then', () => {
    expect(plan(['singapore', 'europe'], out)).toBe('#=0@000001;singapore=0');
    expect(
      planFlip({ etag: 'E', values: new Map() }, out, { ...context, origins: ['singapore', 'europe'], namesFlips: false })?.puts[0]?.value,
    ).toBe('singapore=0');
  });

  it('writes the number of a failback, too', () => {
    const home: Flip = { kind: 'automatic', weights: {}, memory: {} };
    expect(plan(['singapore', 'europe'], home, [['health', '#=0@000001;singapore=0']])).toBe('#=0@000001;ok');
  });

  it('has nothing to clear in ok with a number', () => {
    expect(plan(['singapore', 'europe'], { kind: 'clear' }, [['health', '#=0@000001;ok']])).toBeUndefined();
  });

  it('leaves the number out where the record has no room for it', () => {
    const until = Date.UTC(2026, 10, 20, 1);
    const override: Flip = { kind: 'override', weights: { a: 100, b: 100 }, until };
    const record = plan(['a', 'b'], override, [['health', 'a=50;b=50']]);
    expect(record).toBe('a=100@1795136400;b=100@1795136400;a=50;b=50');
  });
});
