import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { labelEnd, labelLength, parseHealthRecord, weightAt } from '../../../kvs/health-record.ts';
import { recordText } from '../../edge/router/arbitraries.ts';

type KeepOrigins = (order: string[], record: string, event: { viewer?: { ip?: unknown } }) => string[];

// By a variable: type-checked with the project's own settings the function would not pass, its runtime knows other
// types.
const file = new URL('../../../functions/lib/keep-origins.ts', import.meta.url).href;
const { keepOrigins } = (await import(/* @vite-ignore */ file)) as { keepOrigins: KeepOrigins };

const order = ['singapore', 'europe', 'tokyo'];
const keep = (record: string, ip: unknown, from = order) => keepOrigins(from, record, { viewer: { ip } });
const bucketOf = (ip: string) => Math.floor(((createHash('md5').update(ip).digest()[0] ?? 0) * 100) / 256);

/** Addresses that come out the same in every run of this test. */
function addresses(kind: fc.Arbitrary<string>, count = 10_000): string[] {
  return fc.sample(kind, { numRuns: count, seed: 20_251_124 });
}

afterEach(() => {
  vi.useRealTimers();
});

describe('the origins that take a viewer', () => {
  it('are those that the parsed record and the viewer’s bucket leave, with an access log and without, whatever the text', () => {
    const seconds = 1_764_000_000;
    fc.assert(
      fc.property(recordText, fc.ipV4(), fc.integer({ min: -3_000, max: 3_000 }), (record, ip, ms) => {
        vi.setSystemTime(seconds * 1_000 + ms);
        const parsed = parseHealthRecord(record);
        // What is in the place of a label and is none has no meaning that both edge functions agree on: the tools
        // replace it.
        fc.pre(parsed !== undefined || record >= labelEnd);
        const entries = parsed ?? [];
        const left = order.filter((originId) => {
          const weight = weightAt(entries, originId, seconds + ms / 1_000);
          return weight === 100 || weight > bucketOf(ip);
        });
        expect(keep(record, ip)).toEqual(left.length > 0 ? left : order);
        expect(keep(record < labelEnd ? record.slice(labelLength) : record, ip)).toEqual(left.length > 0 ? left : order);
      }),
      { numRuns: 2_000 },
    );
  });

  it('are never none, and are in their order', () => {
    fc.assert(
      fc.property(recordText, fc.ipV6(), (record, ip) => {
        const kept = keep(record, ip);
        expect(kept.length).toBeGreaterThan(0);
        expect(order.filter((id) => kept.includes(id))).toEqual(kept);
      }),
    );
  });

  it('leave the order that they were given as it was', () => {
    const given = structuredClone(order);
    keep('singapore=0;europe=50', '203.0.113.7', given);
    expect(given).toEqual(order);
  });
});

describe.each([
  { family: 'IPv4', kind: fc.ipV4() },
  { family: 'IPv6', kind: fc.ipV6() },
])('the share of viewers that a weight keeps, $family', ({ kind }) => {
  const viewers = addresses(kind);

  it.each([1, 5, 10, 25, 50, 75, 90, 99])('is %i %%, two points more or less', (weight) => {
    const kept = viewers.filter((ip) => keep(`singapore=${weight}`, ip)[0] === 'singapore').length;
    expect(Math.abs((100 * kept) / viewers.length - weight)).toBeLessThanOrEqual(2);
  });

  it('only grows in a failback: no viewer that is back is sent away again', () => {
    for (const ip of viewers.slice(0, 300)) {
      const steps = Array.from({ length: 101 }, (_, weight) => keep(`singapore=${weight}`, ip)[0] === 'singapore');
      expect(steps).toEqual([...steps].sort((a, b) => Number(a) - Number(b)));
      expect([steps[0], steps[100]]).toEqual([false, true]);
    }
  });

  it('are the same viewers at every request, wherever else they may go', () => {
    for (const ip of viewers.slice(0, 300)) {
      const alone = keep('singapore=50', ip).includes('singapore');
      expect(keep('singapore=50', ip).includes('singapore')).toBe(alone);
      expect(keep('tokyo=1;singapore=50;mars=30', ip).includes('singapore')).toBe(alone);
    }
  });
});
