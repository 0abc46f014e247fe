import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requestsKey } from '../../../kvs/keys.ts';
import { maxValueBytes } from '../../../kvs/limits.ts';
import { findRequest, type RequestOutcome, rememberRequest } from '../../../src/core/requests.ts';

const snapshotOf = (value?: string) => ({ etag: '1', values: new Map(value === undefined ? [] : [[requestsKey, value]]) });
const outcome = fc.oneof(fc.nat(1e9), fc.constantFrom('nothing', 'ORIGIN_UNHEALTHY', 'CONFLICT'));

describe('the latest requests', () => {
  it('are found with what became of them, and fit into a value', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.record({ id: fc.string({ minLength: 1 }), content: fc.string(), outcome }), {
          minLength: 1,
          maxLength: 60,
          selector: ({ id }) => id,
        }),
        (requests) => {
          let value: string | undefined;
          for (const request of requests) value = rememberRequest(snapshotOf(value), request, request.outcome);
          expect(Buffer.byteLength(value ?? '')).toBeLessThanOrEqual(maxValueBytes);
          for (const { outcome: what, ...request } of requests.slice(-15))
            expect(findRequest(snapshotOf(value), request)).toEqual({ outcome: what });
        },
      ),
    );
  });

  it('do not mix up two that share an id', () => {
    const value = rememberRequest(snapshotOf(), { id: 'a', content: 'to europe' }, 7);
    expect(findRequest(snapshotOf(value), { id: 'a', content: 'to singapore' })).toBe('other-content');
    expect(findRequest(snapshotOf(value), { id: 'b', content: 'to europe' })).toBeUndefined();
  });

  it('have one outcome each, the latest first', () => {
    const [first, second] = [
      { id: 'a', content: 'to europe' },
      { id: 'b', content: 'back' },
    ];
    const once = rememberRequest(snapshotOf(), first, 'CONFLICT');
    expect(JSON.parse(once)).toHaveLength(1);
    const both = rememberRequest(snapshotOf(once), second, 'nothing');
    const again = rememberRequest(snapshotOf(both), first, 7);
    expect(JSON.parse(again)).toMatchObject([{ 2: 7 }, { 2: 'nothing' }]);
    expect(findRequest(snapshotOf(again), first)).toEqual({ outcome: 7 });
  });

  it('leave the value from the oldest on, as many as fit', () => {
    const remember = (count: number, outcome: RequestOutcome) => {
      let value: string | undefined;
      for (let each = 0; each < count; each++) value = rememberRequest(snapshotOf(value), { id: `${each}`, content: '' }, outcome);
      return value ?? '';
    };
    const [many, long] = [remember(60, 1), remember(60, 'ORIGIN_UNHEALTHY')];
    expect(Buffer.byteLength(many)).toBeLessThanOrEqual(maxValueBytes);
    expect(Buffer.byteLength(long)).toBeLessThanOrEqual(maxValueBytes);
    expect(JSON.parse(long).length).toBeGreaterThan(15);
    expect(findRequest(snapshotOf(long), { id: '59', content: '' })).toEqual({ outcome: 'ORIGIN_UNHEALTHY' });
    expect(findRequest(snapshotOf(long), { id: '0', content: '' })).toBeUndefined();
  });

  it('fill the value to its last byte', () => {
    const request = { id: 'a', content: 'b' };
    const most = maxValueBytes - rememberRequest(snapshotOf(), request, '').length;
    expect(rememberRequest(snapshotOf(), request, 'x'.repeat(most))).toHaveLength(maxValueBytes);
    expect(rememberRequest(snapshotOf(), request, 'x'.repeat(most + 1))).toBe('[]');
  });

  it('keep the rows of a value that can be read', () => {
    const [row] = JSON.parse(rememberRequest(snapshotOf(), { id: 'a', content: 'b' }, 3));
    const value = rememberRequest(snapshotOf(JSON.stringify([['x'], 7, row])), { id: 'c', content: 'd' }, 4);
    expect(JSON.parse(value)).toMatchObject([{ 2: 4 }, row]);
  });

  it('are none in a damaged value, and go on from it', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        const request = { id: 'a', content: 'b' };
        const value = rememberRequest(snapshotOf(text), request, 3);
        expect(findRequest(snapshotOf(value), request)).toEqual({ outcome: 3 });
      }),
    );
  });
});
