import { describe, expect, it } from 'vitest';
import { type Decision, decide } from '../../../src/core/decide.ts';
import { parseLiveRecord } from '../../../src/core/live-record.ts';
import { normalizeRecord } from '../../../src/core/normalize-record.ts';
import type { Evidence } from '../../../src/core/origin-track.ts';
import type { FlipPolicy } from '../../../src/core/policy.ts';
import type { OriginMemory, StateRecord, Weights } from '../../../src/core/state-record.ts';
import { dayOne, healthy, policyFor, two, unhealthy, unknown } from './policy.ts';

interface Situation {
  record: string;
  memory: Record<string, OriginMemory>;
  automaticAt?: number;
  evidence: Record<string, Evidence>;
  policy: FlipPolicy;
  now: number;
}

const sick: Situation = { record: 'ok', memory: {}, evidence: { singapore: unhealthy, europe: healthy }, policy: two, now: dayOne };
const outAt = dayOne - 1_000_000;
const out: OriginMemory = { verdict: 'unhealthy', since: outAt, movedAt: outAt, flaps: 1, heldUntil: outAt + 300_000 };
const recovered: Situation = {
  ...sick,
  record: 'singapore=0',
  memory: { singapore: out },
  evidence: { singapore: healthy, europe: healthy },
};
const minute = 60_000;
const soon = dayOne / 1_000 + 3_600;

function judge(base: Situation, spoil: Partial<Situation> = {}): Decision {
  const { record, memory, automaticAt, evidence, policy, now } = { ...base, ...spoil };
  const live = parseLiveRecord(new Map([['health', record]]), now);
  const state: StateRecord = { sequence: 1, origins: memory, ...(automaticAt === undefined ? {} : { automaticAt }) };
  return decide(normalizeRecord({ ...live, state }, policy.failover, now), evidence, policy, now);
}

function weightsOf(decision: Decision): Weights | string {
  return decision.action === 'flip' ? decision.weights : decision.reason;
}

describe('taking an origin out', () => {
  it('takes no origin out for bad probes while it has all its viewers and no verdict against it', () => {
    const evidence = { singapore: { ...healthy, failing: true, lastBadAt: dayOne }, europe: healthy };
    expect(weightsOf(judge(sick, { evidence }))).toBe('steady');
  });

  it('ends no failback for a bad probe where a share of the viewers would land on an unproven origin', () => {
    const policy = policyFor([
      ['c', 'a', 'b'],
      ['b', 'a'],
    ]);
    const evidence = { a: unknown, b: healthy, c: { ...healthy, failing: true, lastBadAt: dayOne } };
    const returning: Partial<Situation> = { policy, evidence, record: 'a=10;c=10', memory: { a: out, c: out } };
    expect(weightsOf(judge(sick, returning))).toBe('fallback-unproven');
    expect(weightsOf(judge(sick, { ...returning, evidence: { ...evidence, a: healthy } }))).toEqual({ a: 10, c: 0 });
  });

  it('leaves an unproven origin its viewers where an operator holds the only proven one below 100', () => {
    const policy = policyFor([
      ['a', 'b', 'c'],
      ['b', 'a'],
      ['c', 'a', 'b'],
    ]);
    const evidence = { a: { ...unknown, since: dayOne - minute }, b: healthy, c: unhealthy };
    // Without a, 70 % of its viewers in the order of c would land on c itself: no origin takes them, and c comes first.
    expect(weightsOf(judge(sick, { policy, evidence, record: `b=30@${soon};c=10` }))).toEqual({ c: 0 });
  });

  it('flips away from an unhealthy origin to a proven one, and says why', () => {
    expect(judge(sick)).toEqual({
      action: 'flip',
      kind: 'protect',
      weights: { singapore: 0 },
      memory: {
        singapore: { verdict: 'unhealthy', since: dayOne, movedAt: dayOne, flaps: 1, heldUntil: dayOne + 300_000 },
        europe: { verdict: 'healthy', since: healthy.since },
      },
      moves: [{ origin: 'singapore', from: 100, to: 0, why: 'unhealthy (connect: refused)' }],
      reason: 'singapore 100 to 0: unhealthy (connect: refused)',
    });
  });

  it.each<{ when: string; spoil: Partial<Situation>; reason: string }>([
    { when: 'all origins are healthy', spoil: { evidence: { singapore: healthy, europe: healthy } }, reason: 'steady' },
    {
      when: 'one bad probe is not a verdict',
      spoil: { evidence: { singapore: { ...healthy, failing: true }, europe: healthy } },
      reason: 'steady',
    },
    { when: 'nothing is known', spoil: { evidence: {} }, reason: 'steady' },
    { when: 'the origin is unknown', spoil: { evidence: { singapore: unknown, europe: healthy } }, reason: 'steady' },
    { when: 'the fallback is unhealthy, too', spoil: { evidence: { singapore: unhealthy, europe: unhealthy } }, reason: 'panic' },
    { when: 'the fallback is not proven', spoil: { evidence: { singapore: unhealthy, europe: unknown } }, reason: 'fallback-unproven' },
    { when: 'the fallback was never looked at', spoil: { evidence: { singapore: unhealthy } }, reason: 'fallback-unproven' },
    { when: 'an operator keeps the fallback empty', spoil: { record: `europe=0@${soon}` }, reason: 'override' },
    { when: 'there is no other origin', spoil: { policy: policyFor([['singapore']]) }, reason: 'panic' },
  ])('holds when $when', ({ spoil, reason }) => {
    expect(weightsOf(judge(sick, spoil))).toBe(reason);
  });

  it('holds on to the last healthy origin when others are out already', () => {
    const evidence = { singapore: unhealthy, europe: unhealthy };
    expect(weightsOf(judge(sick, { record: 'europe=0', memory: { europe: out }, evidence }))).toBe('panic');
  });

  it('moves at once to an origin that has recovered, hold-down or not, when the one in use dies', () => {
    const decision = judge(sick, {
      record: 'europe=0',
      memory: { europe: { ...out, heldUntil: dayOne + minute } },
      automaticAt: dayOne - 1_000,
    });
    expect(weightsOf(decision)).toEqual({ singapore: 0 });
    expect(decision).toMatchObject({ kind: 'protect', moves: [{ origin: 'europe', from: 0, to: 100 }, { origin: 'singapore' }] });
  });

  it('raises an origin that is failing back to all its viewers when the one in use dies', () => {
    const memory = { europe: { ...out, movedAt: dayOne - 1_000 } };
    expect(weightsOf(judge(sick, { record: 'europe=10', memory, automaticAt: dayOne - 1_000 }))).toEqual({ singapore: 0 });
  });

  it('does not raise an origin that was taken out a moment ago', () => {
    const memory = { europe: { ...out, movedAt: dayOne - 9_999, heldUntil: dayOne + minute } };
    expect(weightsOf(judge(sick, { record: 'europe=0', memory }))).toBe('min-interval');
    expect(weightsOf(judge(sick, { record: 'europe=0', memory, now: dayOne + 1 }))).toEqual({ singapore: 0 });
  });

  it('does not wait for the minimum delay when it only lowers weights', () => {
    expect(weightsOf(judge(sick, { automaticAt: dayOne - 1 }))).toEqual({ singapore: 0 });
  });

  it('takes several out at once', () => {
    const policy = policyFor([['a', 'b', 'c']]);
    expect(weightsOf(judge(sick, { policy, evidence: { a: unhealthy, b: unhealthy, c: healthy } }))).toEqual({ a: 0, b: 0 });
  });

  it('doubles the hold-down with each flap up to its cap, and forgives one per half-life after it', () => {
    const flap = (memory: OriginMemory) => {
      const decision = judge(sick, { memory: { singapore: memory } });
      const after = decision.action === 'flip' ? decision.memory['singapore'] : undefined;
      return [after?.flaps, ((after?.heldUntil ?? 0) - dayOne) / minute];
    };
    expect(flap({ ...out, flaps: 1, heldUntil: dayOne - minute })).toEqual([2, 10]);
    expect(flap({ ...out, flaps: 2, heldUntil: dayOne - minute })).toEqual([3, 20]);
    expect(flap({ ...out, flaps: 4, heldUntil: dayOne - minute })).toEqual([5, 60]);
    expect(flap({ ...out, flaps: 5, heldUntil: dayOne - minute })).toEqual([5, 60]);
    expect(flap({ ...out, flaps: 2, heldUntil: dayOne - 15 * minute })).toEqual([2, 10]);
    expect(flap({ ...out, flaps: 5, heldUntil: dayOne - 24 * 60 * minute })).toEqual([1, 5]);
  });
});

describe('with three origins', () => {
  const policy = policyFor([['a', 'b', 'c']]);
  const young = { ...unknown, since: dayOne - 7_999 };
  const old = { ...unknown, since: dayOne - 8_000 };

  it('waits for an unproven origin that viewers would land on, but not for ever', () => {
    expect(weightsOf(judge(sick, { policy, evidence: { a: unhealthy, b: young, c: healthy } }))).toBe('fallback-unproven');
    expect(weightsOf(judge(sick, { policy, evidence: { a: unhealthy, b: old, c: healthy } }))).toEqual({ a: 0, b: 0 });
  });

  it('sets an unproven origin aside without calling that a flap', () => {
    const decision = judge(sick, { policy, evidence: { a: unhealthy, b: old, c: healthy } });
    expect(decision).toMatchObject({ memory: { a: { flaps: 1 }, b: { movedAt: dayOne, heldUntil: dayOne } } });
    expect(decision).not.toHaveProperty('memory.b.flaps');
  });

  it('does not touch an unproven origin behind a proven one, or before the dead one', () => {
    expect(weightsOf(judge(sick, { policy, evidence: { a: unhealthy, b: healthy, c: old } }))).toEqual({ a: 0 });
    expect(weightsOf(judge(sick, { policy, evidence: { a: old, b: unhealthy, c: healthy } }))).toEqual({ b: 0 });
  });

  it('does not sacrifice an unproven origin for a bad probe during failback', () => {
    const evidence = { a: { ...healthy, failing: true, lastBadAt: dayOne }, b: old, c: healthy };
    expect(weightsOf(judge(sick, { policy, record: 'a=25', memory: { a: out }, evidence }))).toBe('fallback-unproven');
  });

  it('asks only the orders in which the dead origin has viewers', () => {
    const orders = policyFor([
      ['a', 'b'],
      ['c', 'a'],
    ]);
    expect(weightsOf(judge(sick, { policy: orders, evidence: { a: unhealthy, b: unhealthy, c: healthy } }))).toBe('panic');
    expect(weightsOf(judge(sick, { policy: orders, evidence: { a: unhealthy, b: healthy, c: healthy } }))).toEqual({ a: 0 });
  });

  it('goes when one order has a proven origin and the others nothing better', () => {
    const orders = policyFor([
      ['a', 'b'],
      ['a', 'c'],
    ]);
    expect(weightsOf(judge(sick, { policy: orders, evidence: { a: unhealthy, b: unhealthy, c: healthy } }))).toEqual({ a: 0 });
    expect(weightsOf(judge(sick, { policy: orders, evidence: { a: unhealthy, b: young, c: healthy } }))).toBe('fallback-unproven');
    expect(weightsOf(judge(sick, { policy: orders, evidence: { a: unhealthy, b: old, c: healthy } }))).toEqual({ a: 0 });
  });

  it('leaves a dead end that the edge would send to a dead origin', () => {
    const memory = { a: out, b: out };
    expect(weightsOf(judge(sick, { policy: two, record: 'singapore=0;europe=0', memory: { singapore: out, europe: out } }))).toEqual({
      singapore: 0,
    });
    expect(weightsOf(judge(sick, { policy, record: 'a=0;b=0', memory, evidence: { a: unhealthy, b: unhealthy, c: healthy } }))).toBe(
      'not-healthy',
    );
  });
});

describe('where no origin of an order is at 100', () => {
  const memory = { singapore: out, europe: out };
  // What the weights do not take, the edge sends to the order's first origin, whatever its own weight.
  it.each(['singapore=0;europe=10', 'singapore=0;europe=50', 'singapore=10;europe=10'])('a dead first origin is helped: %s', (record) => {
    expect(weightsOf(judge(sick, { record, memory }))).toEqual({ singapore: 0 });
  });

  it('a healthy first origin is left to its ramp', () => {
    expect(weightsOf(judge(recovered, { record: 'singapore=10;europe=0', memory }))).toEqual({ singapore: 25, europe: 10 });
  });
});

describe('bringing an origin home', () => {
  it.each([
    { from: 0, to: 10 },
    { from: 10, to: 25 },
    { from: 25, to: 50 },
    { from: 40, to: 50 },
    { from: 50, to: 100 },
  ])('goes from $from to $to', ({ from, to }) => {
    const decision = judge(recovered, { record: `singapore=${from}` });
    expect(weightsOf(decision)).toEqual(to === 100 ? {} : { singapore: to });
    expect(decision).toMatchObject({ kind: 'return', memory: { singapore: { movedAt: dayOne, flaps: 1, heldUntil: out.heldUntil } } });
  });

  it.each<{ when: string; spoil: Partial<Situation>; reason: string }>([
    { when: 'the hold-down lasts', spoil: { memory: { singapore: { ...out, heldUntil: dayOne + 1 } } }, reason: 'hold-down' },
    {
      when: 'the last step was too short ago',
      spoil: { record: 'singapore=25', memory: { singapore: { ...out, movedAt: dayOne - 119_999 } } },
      reason: 'ramp-step',
    },
    { when: 'the last automatic flip was too short ago', spoil: { automaticAt: dayOne - 9_999 }, reason: 'min-interval' },
    { when: 'the origin is not proven', spoil: { evidence: { singapore: unknown, europe: healthy } }, reason: 'not-healthy' },
    {
      when: 'its latest probe was bad',
      spoil: { evidence: { singapore: { ...healthy, failing: true }, europe: healthy } },
      reason: 'not-clean',
    },
    { when: 'an operator holds it lower', spoil: { record: `singapore=5@${soon};singapore=0` }, reason: 'override' },
  ])('holds when $when', ({ spoil, reason }) => {
    expect(weightsOf(judge(recovered, spoil))).toBe(reason);
  });

  it.each<{ when: string; spoil: Partial<Situation>; reason: string }>([
    {
      when: 'the hold-down is over',
      spoil: { memory: { singapore: { ...out, heldUntil: dayOne } } },
      reason: 'singapore 0 to 10: healthy, hold-down over',
    },
    {
      when: 'it was taken out a moment ago and is held no longer',
      spoil: { memory: { singapore: { ...out, movedAt: dayOne - 1, heldUntil: dayOne } } },
      reason: 'singapore 0 to 10: healthy, hold-down over',
    },
    {
      when: 'the ramp step is over',
      spoil: { record: 'singapore=25', memory: { singapore: { ...out, movedAt: dayOne - 120_000 } } },
      reason: 'singapore 25 to 50: healthy during failback',
    },
    {
      when: 'the minimum delay is over',
      spoil: { automaticAt: dayOne - 10_000 },
      reason: 'singapore 0 to 10: healthy, hold-down over',
    },
  ])('goes the very moment that $when', ({ spoil, reason }) => {
    expect(judge(recovered, spoil)).toMatchObject({ action: 'flip', kind: 'return', reason });
  });

  it('does not take an origin that is out for one whose failback must be aborted', () => {
    const evidence = { singapore: { ...healthy, lastBadAt: dayOne }, europe: healthy };
    const memory = { singapore: { ...out, heldUntil: dayOne + minute }, europe: { ...out, movedAt: dayOne - minute } };
    expect(weightsOf(judge(recovered, { record: 'singapore=0;europe=50', memory, evidence }))).toBe('hold-down');
  });

  it('goes back to 0 at once on any bad probe since the last step, and counts it as a flap', () => {
    const bad = { ...healthy, lastBadAt: dayOne - 1, why: 'timeout' };
    const memory = { singapore: { ...out, movedAt: dayOne - 1_000, heldUntil: dayOne - minute } };
    const decision = judge(recovered, {
      record: 'singapore=25',
      memory,
      automaticAt: dayOne - 1_000,
      evidence: { singapore: bad, europe: healthy },
    });
    expect(decision).toMatchObject({
      kind: 'protect',
      weights: { singapore: 0 },
      reason: 'singapore 25 to 0: bad probe during failback (timeout)',
      memory: { singapore: { flaps: 2, heldUntil: dayOne + 600_000 } },
    });
  });

  it('forgets bad probes from before the last step', () => {
    const evidence = { singapore: { ...healthy, lastBadAt: dayOne - 200_000 }, europe: healthy };
    const memory = { singapore: { ...out, movedAt: dayOne - 130_000 } };
    expect(weightsOf(judge(recovered, { record: 'singapore=25', memory, evidence }))).toEqual({ singapore: 50 });
  });

  it('brings an origin home that was put out by hand, after a hold-down from when that was noticed', () => {
    expect(weightsOf(judge(recovered, { memory: {} }))).toBe('hold-down');
  });
});

describe('an override', () => {
  it('lets automation record a dead origin below it, so its end sends no viewer there', () => {
    expect(weightsOf(judge(sick, { record: `singapore=0@${soon}` }))).toEqual({ singapore: 0 });
    expect(weightsOf(judge(sick, { record: `singapore=100@${soon}` }))).toEqual({ singapore: 0 });
  });

  it('keeps automation from changing anything else for the sake of what it holds', () => {
    expect(
      weightsOf(judge(sick, { record: `singapore=100@${soon};europe=0`, memory: { europe: { ...out, heldUntil: dayOne + minute } } })),
    ).toBe('override');
  });

  it.each([
    { held: `europe=50@${soon}`, flip: { singapore: 0 } },
    { held: `europe=1@${soon}`, flip: { singapore: 0 } },
    { held: `europe=0@${soon}`, flip: 'override' },
    { held: `europe=100@${soon}`, flip: { singapore: 0 } },
    { held: `singapore=50@${soon}`, flip: { singapore: 0 } },
    { held: `singapore=50@${soon};europe=50@${soon}`, flip: { singapore: 0 } },
  ])('does not keep viewers on a dead origin that it does not hold there: $held', ({ held, flip }) => {
    expect(weightsOf(judge(sick, { record: held }))).toEqual(flip);
  });

  it('that holds the fallback at a part of its viewers stops the rest', () => {
    const record = `europe=50@${soon};singapore=0`;
    expect(judge(sick, { record, memory: { singapore: out } })).toEqual({ action: 'hold', reason: 'override', origin: 'singapore' });
  });

  it('that holds the fallback at a part of its viewers does not keep it low below', () => {
    const decision = judge(sick, { record: `europe=50@${soon};europe=0`, memory: { europe: out } });
    expect(weightsOf(decision)).toEqual({ singapore: 0 });
    expect(decision).toMatchObject({ moves: [{ origin: 'europe', from: 0, to: 100, isBelowOverride: true }, { origin: 'singapore' }] });
  });

  it.each([
    { orders: [['a', 'b', 'c']], held: `b=50@${soon}`, evidence: { a: unhealthy, b: healthy, c: healthy }, flip: { a: 0 } },
    { orders: [['a', 'b', 'c']], held: `b=50@${soon}`, evidence: { a: unhealthy, b: healthy, c: unhealthy }, flip: { a: 0, c: 0 } },
    { orders: [['a', 'b', 'c']], held: `c=50@${soon}`, evidence: { a: unhealthy, b: unhealthy, c: healthy }, flip: { a: 0, b: 0 } },
    { orders: [['a', 'b', 'c']], held: `c=0@${soon}`, evidence: { a: unhealthy, b: unhealthy, c: healthy }, flip: 'override' },
    { orders: [['a', 'b', 'c']], held: `c=0@${soon}`, evidence: { a: unhealthy, b: healthy, c: healthy }, flip: { a: 0 } },
    // Half of the viewers would land on an origin about which nothing is known yet, the other half are worth the wait.
    {
      orders: [['a', 'b', 'c']],
      held: `b=50@${soon}`,
      evidence: { a: unhealthy, b: healthy, c: { ...unknown, since: dayOne } },
      flip: 'fallback-unproven',
    },
    // A viewer that no weight takes goes to the first origin: worth a wait while that may be proven, and no worse than
    // a dead one after it.
    {
      orders: [['c', 'a', 'b']],
      held: `b=50@${soon};c=0`,
      evidence: { a: unhealthy, b: healthy, c: { ...unknown, since: dayOne } },
      flip: 'fallback-unproven',
    },
    {
      orders: [['c', 'a', 'b']],
      held: `b=50@${soon};c=0`,
      evidence: { a: unhealthy, b: healthy, c: { ...unknown, since: dayOne - minute } },
      flip: { a: 0, c: 0 },
    },
  ])('with three origins: $held', ({ orders, held, evidence, flip }) => {
    expect(weightsOf(judge(sick, { policy: policyFor(orders), record: held, evidence }))).toEqual(flip);
  });

  it('of a dead origin at a part of its viewers gets no viewers for a bad probe during failback', () => {
    const policy = policyFor([['a', 'b', 'c']]);
    const evidence = { a: { ...healthy, failing: true, lastBadAt: dayOne }, b: unhealthy, c: healthy };
    const record = `b=30@${soon};a=10;b=0`;
    expect(weightsOf(judge(sick, { policy, record, memory: { a: out, b: out }, evidence }))).toBe('override');
    expect(weightsOf(judge(sick, { policy, record, memory: { a: out, b: out }, evidence: { ...evidence, a: unhealthy } }))).toEqual({
      a: 0,
      b: 0,
    });
  });

  it('is named as the reason when it keeps viewers on an origin that was taken out below it', () => {
    const memory = { singapore: out };
    for (const held of [`singapore=100@${soon}`, `singapore=50@${soon};europe=50@${soon}`])
      expect(judge(sick, { record: `${held};singapore=0`, memory })).toEqual({ action: 'hold', reason: 'override', origin: 'singapore' });
    // Without a healthy origin the override is not what is wrong.
    const evidence = { singapore: unhealthy, europe: unhealthy };
    expect(judge(sick, { record: `singapore=100@${soon};singapore=0`, memory, evidence })).toMatchObject({ reason: 'panic' });
    expect(judge(sick, { record: `singapore=0@${soon};singapore=0`, memory })).toMatchObject({ reason: 'not-healthy' });
  });

  it('below which an origin is taken out moves no viewer, and the flip says so', () => {
    expect(judge(sick, { record: `singapore=100@${soon}` })).toMatchObject({
      moves: [{ origin: 'singapore', to: 0, isBelowOverride: true }],
    });
    expect(judge(sick, { record: 'ok' })).not.toHaveProperty('moves.0.isBelowOverride');
  });

  it('on one origin leaves the others to automation', () => {
    const policy = policyFor([['a', 'b', 'c']]);
    expect(weightsOf(judge(sick, { policy, record: `a=50@${soon}`, evidence: { a: healthy, b: unhealthy, c: healthy } }))).toEqual({
      b: 0,
    });
  });

  it('of a dead origin prevents a useless move to it; one of an unproven origin does not', () => {
    const policy = policyFor([['a', 'b', 'c']]);
    const held = { policy, record: `b=100@${soon};b=0`, memory: { b: out } };
    expect(weightsOf(judge(sick, { ...held, evidence: { a: unhealthy, b: unhealthy, c: healthy } }))).toBe('override');
    expect(weightsOf(judge(sick, { ...held, evidence: { a: unhealthy, b: unknown, c: healthy } }))).toEqual({ a: 0, b: 0 });
  });

  it('lets an origin come home below it as far as it carries viewers already', () => {
    expect(weightsOf(judge(recovered, { record: `singapore=100@${soon};singapore=50` }))).toEqual({});
    expect(weightsOf(judge(recovered, { record: `singapore=30@${soon};singapore=10` }))).toEqual({ singapore: 25 });
    expect(weightsOf(judge(recovered, { record: `singapore=30@${soon};singapore=25` }))).toBe('override');
  });

  it('that has ended no longer counts', () => {
    expect(weightsOf(judge(sick, { record: `europe=0@${dayOne / 1_000}` }))).toEqual({ singapore: 0 });
  });
});

describe('evidence that was not confirmed for a while', () => {
  const stale = (evidence: Evidence): Evidence => ({ ...evidence, confirmedAt: dayOne - 33_001 });

  it('brings no origin home', () => {
    const evidence = { singapore: stale(healthy), europe: healthy };
    expect(judge(recovered, { evidence })).toEqual({ action: 'hold', reason: 'not-confirmed', origin: 'singapore' });
    expect(weightsOf(judge(recovered, { evidence: { ...evidence, singapore: { ...healthy, confirmedAt: dayOne - 33_000 } } }))).toEqual({
      singapore: 10,
    });
  });

  it('proves no fallback', () => {
    expect(weightsOf(judge(sick, { evidence: { singapore: unhealthy, europe: stale(healthy) } }))).toBe('fallback-unproven');
    const policy = policyFor([['a', 'b', 'c']]);
    expect(weightsOf(judge(sick, { policy, evidence: { a: unhealthy, b: stale(healthy), c: healthy } }))).toBe('fallback-unproven');
  });
});

describe('a clock that jumps', () => {
  it('back by an hour does not lengthen a hold-down beyond itself', () => {
    const memory = { singapore: { ...out, movedAt: dayOne + 3_600_000, heldUntil: dayOne + 3_900_000 } };
    expect(weightsOf(judge(recovered, { memory }))).toBe('hold-down');
    const decision = judge(sick, { record: 'ok', memory });
    expect(decision).toMatchObject({ memory: { singapore: { flaps: 2, heldUntil: dayOne + 600_000 } } });
  });

  it('back by an hour does not stop a death from being acted on', () => {
    expect(weightsOf(judge(sick, { automaticAt: dayOne + 3_600_000 }))).toEqual({ singapore: 0 });
  });
});
