import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requestsKey } from '../../../kvs/keys.ts';
import { maxValueBytes } from '../../../kvs/limits.ts';
import { findRequest, rememberRequest } from '../../../src/core/requests.ts';

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
