import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeObservations } from '../../../src/aws/signals.ts';

const now = Date.parse('2026-03-01T03:00:00Z');
const maxAgeMs = 90_000;
const seen = (Status: string, ageMs = 10_000) => ({ StatusReport: { Status, CheckedTime: new Date(now - ageMs) } });
const mixed = (good: number, bad: number) => [...Array(good).fill(seen('Success: OK')), ...Array(bad).fill(seen('Failure: refused'))];
const judge = (observations: Parameters<typeof judgeObservations>[0]) => judgeObservations(observations, maxAgeMs, now);

describe('judgeObservations', () => {
  it.each([
    { good: 16, bad: 0, opinion: 'good' },
    { good: 3, bad: 13, opinion: 'good' },
    { good: 2, bad: 14, opinion: 'bad' },
    { good: 9, bad: 41, opinion: 'bad' },
    { good: 10, bad: 40, opinion: 'good' },
    { good: 0, bad: 16, opinion: 'bad' },
    { good: 0, bad: 3, opinion: 'bad' },
    { good: 0, bad: 2, opinion: 'none' },
    { good: 2, bad: 0, opinion: 'none' },
  ])('of $good that reach it and $bad that do not makes $opinion', ({ good, bad, opinion }) => {
    expect(judge(mixed(good, bad)).opinion).toBe(opinion);
  });

  it('leaves out those that looked too long ago, that say neither, and that never looked', () => {
    const stale = Array(14).fill(seen('Failure: refused', maxAgeMs + 1));
    expect(judge([...stale, ...mixed(3, 0)]).opinion).toBe('good');
    expect(judge([...stale, ...mixed(2, 0), seen('Unknown'), { StatusReport: { Status: 'Success' } }, {}]).opinion).toBe('none');
  });

  it('takes a checker whose clock runs ahead', () => {
    expect(judge(Array(3).fill(seen('Failure: refused', -5_000))).opinion).toBe('bad');
  });

  it('reports the failure that most of them met, on one short line', () => {
    const { detail } = judge([...mixed(0, 2), ...Array(3).fill(seen(`Failure: ${'x\n'.repeat(500)}`))]);
    expect(detail).toMatch(/^0 of 5 health checkers reach it: Failure: x x/);
    expect(Buffer.byteLength(detail ?? '')).toBeLessThan(160);
  });

  it('never calls an origin bad that more than 18 % reach', () => {
    fc.assert(
      fc.property(fc.nat(40), fc.nat(40), (good, bad) => {
        const { opinion } = judge(mixed(good, bad));
        if (good + bad < 3) expect(opinion).toBe('none');
        else expect(opinion).toBe(good / (good + bad) > 0.18 ? 'good' : 'bad');
      }),
    );
  });
});
