import { describe, expect, it } from 'vitest';
import { effectiveIn, isWithinInterval, moveIn, viewOf, weightIn, withHold, withMoves } from '../../../src/core/flip-view.ts';
import { parseLiveRecord } from '../../../src/core/live-record.ts';
import type { Evidence } from '../../../src/core/origin-track.ts';
import { dayOne, healthy, two, unhealthy } from './policy.ts';

const now = dayOne;
const until = now / 1_000 + 60;
const live = parseLiveRecord(new Map([['health', `singapore=30@${until};singapore=10;europe=25`]]), now);
const view = viewOf(live, {}, two, now);
const move = { origin: 'europe', from: 25, to: 50, why: 'a test' };

describe('evidence', () => {
  // Three intervals of 10 s and a probe that takes 3 s.
  const oldest = now - 33_000;
  const judge = (each: Evidence) => viewOf(live, { singapore: each, europe: healthy }, two, now);

  it('of an origin that is healthy counts until it is three intervals and a probe old', () => {
    const fresh = { ...healthy, confirmedAt: oldest };
    expect(judge(fresh)).toMatchObject({ unconfirmed: new Set(), evidence: { singapore: fresh } });
    const old = { ...healthy, failing: true, confirmedAt: oldest - 1 };
    expect(judge(old)).toMatchObject({
      unconfirmed: new Set(['singapore']),
      evidence: { singapore: { ...old, verdict: 'unknown', since: now }, europe: healthy },
    });
  });

  it.each<{ what: string; each: Evidence }>([
    { what: 'unhealthy', each: { ...unhealthy, confirmedAt: oldest - 1 } },
    { what: 'without a time', each: healthy },
  ])('that is $what counts at any age', ({ each }) => {
    expect(judge(each)).toMatchObject({ unconfirmed: new Set(), evidence: { singapore: each } });
  });
});

describe('a view', () => {
  it('has the automatic weight, after a move the new one, and 100 without either', () => {
    expect([weightIn(view, 'singapore'), weightIn(view, 'europe'), weightIn(view, 'tokyo')]).toEqual([10, 25, 100]);
    expect(weightIn(withMoves(view, [move]), 'europe')).toBe(50);
  });

  it('has the weight of an override for the edge, whatever moves below it', () => {
    const moved = withMoves(view, [moveIn(view, 'singapore', 0, 'a test'), move]);
    expect([effectiveIn(moved, 'singapore'), weightIn(moved, 'singapore'), effectiveIn(moved, 'europe')]).toEqual([30, 0, 50]);
  });

  it('has moves from the weight until then, and says which are below an override', () => {
    expect(moveIn(view, 'singapore', 0, 'a test')).toEqual({ origin: 'singapore', from: 10, to: 0, why: 'a test', isBelowOverride: true });
    expect(moveIn(view, 'europe', 50, 'a test')).toStrictEqual(move);
  });

  it('has one move for each origin: the first', () => {
    const [later, other] = [
      { ...move, to: 100 },
      { ...move, origin: 'tokyo' },
    ];
    expect(withMoves(withMoves(view, [move]), [later, other]).moves).toEqual([move, other]);
    expect(withMoves(view, [move, later, other]).moves).toEqual([move, other]);
    expect(view.moves).toEqual([]);
  });

  it('has the reason that an operator should read first, of the first origin that has it', () => {
    const held = withHold(view, 'hold-down', 'singapore');
    expect(held.held).toEqual({ reason: 'hold-down', origin: 'singapore' });
    expect(withHold(held, 'hold-down', 'europe').held).toEqual({ reason: 'hold-down', origin: 'singapore' });
    expect(withHold(held, 'ramp-step', 'europe').held).toEqual({ reason: 'hold-down', origin: 'singapore' });
    expect(withHold(held, 'override', 'europe').held).toEqual({ reason: 'override', origin: 'europe' });
  });

  it('is within the interval of a flip until that has passed', () => {
    expect([now - 9_999, now - 10_000, undefined].map((at) => isWithinInterval(view, at))).toEqual([true, false, false]);
  });
});
