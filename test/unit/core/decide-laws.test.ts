import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { okRecord } from '../../../kvs/health-record.ts';
import { type Decision, decide } from '../../../src/core/decide.ts';
import { planFlip } from '../../../src/core/flip.ts';
import { effectiveWeights, type LiveRecord, overriddenWeights } from '../../../src/core/live-record.ts';
import { learnRecord } from '../../../src/core/normalize-record.ts';
import type { Evidence } from '../../../src/core/origin-track.ts';
import type { FlipPolicy } from '../../../src/core/policy.ts';
import { dayOne, policyFor, two } from './policy.ts';

const three = policyFor([
  ['a', 'b', 'c'],
  ['b', 'a'],
  ['c', 'a', 'b'],
]);
const policies: FlipPolicy[] = [two, policyFor([['a', 'b', 'c']]), three];

const verdict = fc.constantFrom('healthy' as const, 'healthy' as const, 'unhealthy' as const, 'unknown' as const);
const look = fc.record({
  verdict,
  sinceMs: fc.constantFrom(0, 1_000, 60_000),
  badMs: fc.option(fc.constantFrom(0, 5_000, 150_000)),
  /** Since when it was not confirmed: for most of the time just now, sometimes for longer than evidence is good for. */
  ageMs: fc.constantFrom(0, 0, 0, 10_000, 40_000),
});
const step = fc.record({
  ms: fc.oneof(fc.constantFrom(1_000, 10_000, 120_000, 300_000), fc.constantFrom(-3_600_000, 3_600_000)),
  looks: fc.array(look, { minLength: 3, maxLength: 3 }),
  act: fc.constantFrom('none', 'none', 'none', 'override', 'break glass', 'clear'),
  place: fc.nat({ max: 2 }),
  weight: fc.constantFrom(0, 30, 100),
  forMs: fc.constantFrom(30_000, 1_000_000),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

interface Moment {
  live: LiveRecord;
  evidence: Record<string, Evidence>;
  decision: Decision;
  after: LiveRecord;
  now: number;
}

/** Plays a history against a store in memory and hands every moment to `check`. */
function play(policy: FlipPolicy, steps: readonly Step[], check: (moment: Moment) => void): void {
  let now = dayOne;
  let values = new Map<string, string>();
  let known: LiveRecord | undefined;
  const apply = (flip: Parameters<typeof planFlip>[1]) => {
    const change = planFlip({ etag: 'E', values }, flip, { at: now, reason: 'a reason', by: 'a test', origins: policy.origins });
    values = new Map([...values, ...(change?.puts ?? []).map(({ key, value }) => [key, value] as const)]);
  };
  for (const { ms, looks, act, place, weight, forMs } of steps) {
    now += ms;
    const origin = policy.origins[place % policy.origins.length] ?? '';
    try {
      if (act === 'clear') apply({ kind: 'clear' });
      else if (act !== 'none')
        apply({
          kind: 'override',
          weights: { [origin]: weight },
          until: now + forMs,
          ...(act === 'break glass' ? { breakGlass: 'because' } : {}),
        });
    } catch (error) {
      expect(error).toMatchObject({ code: 'USAGE' });
    }
    const evidence = Object.fromEntries(policy.origins.map((id, index) => [id, evidenceOf(looks[index], now)]));
    // A few decisions in a row: one flip must deal with all that it saw.
    for (let again = 0; again < 3; again++) {
      const live = learnRecord(values, known, policy.failover, now);
      const decision = decide(live, evidence, policy, now);
      if (decision.action === 'flip') apply({ kind: 'automatic', weights: decision.weights, memory: decision.memory });
      known = learnRecord(values, live, policy.failover, now);
      check({ live, evidence, decision, after: known, now });
      if (decision.action === 'hold') break;
      expect(again).toBeLessThan(2);
    }
  }
}

function evidenceOf(look: Step['looks'][number] | undefined, now: number): Evidence {
  const { verdict = 'unknown' as const, sinceMs = 0, badMs = null, ageMs = 0 } = look ?? {};
  const isBad = verdict === 'unhealthy' || badMs === 0;
  return {
    verdict,
    since: now - sinceMs,
    failing: isBad,
    ...(isBad || badMs !== null ? { lastBadAt: now - (badMs ?? 0) } : {}),
    confirmedAt: now - ageMs,
  };
}

/** Where the edge sends an order's viewer of this bucket. */
function landingOf(order: readonly string[], bucket: number, weights: Readonly<Record<string, number>>): string {
  return order.find((id) => bucket < (weights[id] ?? 100)) ?? order[0] ?? '';
}

const buckets = [0, 29, 30, 60, 99];

function isFresh(evidence: Evidence | undefined, now: number): boolean {
  return now - (evidence?.confirmedAt ?? now) <= 33_000;
}

function law(name: string, check: (moment: Moment, policy: FlipPolicy) => void): void {
  it(name, () => {
    let flips = 0;
    fc.assert(
      fc.property(fc.constantFrom(...policies), fc.array(step, { minLength: 10, maxLength: 60 }), (policy, steps) => {
        play(policy, steps, (moment) => {
          if (moment.decision.action === 'flip') flips += 1;
          check(moment, policy);
        });
      }),
      { numRuns: 30 },
    );
    // A law about flips says nothing over histories without any.
    expect(flips).toBeGreaterThan(50);
  });
}

describe('over random histories with overrides and clocks that jump', () => {
  law(
    'automation never leaves every origin at 0, nor an operator’s weights and its own together unless they were',
    ({ live, decision, after }, policy) => {
      if (decision.action === 'hold') return;
      expect(policy.origins.some((id) => (after.automatic[id] ?? 100) === 100)).toBe(true);
      const isDead = (record: LiveRecord) => policy.origins.every((id) => effectiveWeights(record)[id] === 0);
      expect(isDead(after) && !isDead(live)).toBe(false);
    },
  );

  law('only origins proven a moment ago gain viewers', ({ evidence, decision, now }) => {
    if (decision.action === 'hold') return;
    for (const { origin, from, to } of decision.moves) {
      if (to <= from) continue;
      expect(evidence[origin]?.verdict).toBe('healthy');
      expect(isFresh(evidence[origin], now)).toBe(true);
    }
  });

  law(
    'a viewer that a flip moves lands on a proven origin, or one that is not worse',
    ({ live, evidence, decision, after, now }, policy) => {
      if (decision.action === 'hold') return;
      for (const order of policy.orders)
        for (const bucket of buckets) {
          const [from, to] = [live, after].map((record) => landingOf(order, bucket, effectiveWeights(record)));
          if (from === to || from === undefined || to === undefined) continue;
          const isProven = evidence[to]?.verdict === 'healthy' && isFresh(evidence[to], now);
          // An operator vouches for what an override holds up; an order without a proven origin must not keep the
          // others from being helped.
          const isVouchedFor = (overriddenWeights(live)[to] ?? 0) > 0 && evidence[to]?.verdict !== 'unhealthy';
          const isHopeless = !order.some(
            (id) => evidence[id]?.verdict === 'healthy' && isFresh(evidence[id], now) && (overriddenWeights(live)[id] ?? 100) > 0,
          );
          if (isProven || isVouchedFor || isHopeless || evidence[from]?.verdict === 'unhealthy') continue;
          expect({ from: live.text, to: after.text, evidence, order, bucket, decision }).toBe('no worse');
        }
    },
  );

  law('no viewer stays on a dead origin without a reason when a proven one would take it', ({ live, evidence, decision, now }, policy) => {
    if (decision.action === 'flip' || decision.reason === 'min-interval') return;
    // The answer about an origin that viewers would land on is worth a moment.
    if (policy.origins.some((id) => evidence[id]?.verdict === 'unknown' || !isFresh(evidence[id], now))) return;
    const weights = effectiveWeights(live);
    for (const order of policy.orders)
      for (const bucket of buckets) {
        const landing = landingOf(order, bucket, weights);
        if (evidence[landing]?.verdict !== 'unhealthy' || landing in overriddenWeights(live)) continue;
        // One that takes the viewer by its own weight: the edge's last resort does not rescue viewers.
        const next = order.find((id) => id !== landing && bucket < (weights[id] ?? 100));
        const isRescue = next !== undefined && evidence[next]?.verdict === 'healthy' && isFresh(evidence[next], now);
        if (isRescue) expect({ record: live.text, evidence, order, bucket, decision }).toBe('rescued');
      }
  });

  law('a hold names an override only where one is in force', ({ live, decision }) => {
    if (decision.action === 'hold' && decision.reason === 'override') expect(live.overrides.length).toBeGreaterThan(0);
    if (decision.action === 'flip')
      for (const { origin, isBelowOverride } of decision.moves) expect(isBelowOverride === true).toBe(origin in overriddenWeights(live));
  });

  law(
    'no order’s viewers land on an unhealthy or unproven origin that they were not on before',
    ({ live, evidence, decision, after }, policy) => {
      if (decision.action === 'hold') return;
      const pinned = overriddenWeights(live);
      for (const order of policy.orders) {
        const landing = (record: LiveRecord) => order.find((id) => (effectiveWeights(record)[id] ?? 100) === 100);
        const [from, to] = [landing(live), landing(after)];
        if (to === undefined || to === from) continue;
        // Orders without any proven origin cannot be helped; they must not keep the others from being helped.
        if (!order.some((id) => evidence[id]?.verdict === 'healthy' && (pinned[id] ?? 100) === 100)) continue;
        // An operator who holds an origin up vouches for it, unless it is known to be worse than where viewers are.
        const isWorse = evidence[to]?.verdict === 'unhealthy' && from !== undefined && evidence[from]?.verdict !== 'unhealthy';
        if (pinned[to] === 100 && !isWorse) continue;
        expect(evidence[to]?.verdict).toBe('healthy');
      }
    },
  );

  law('a healthy origin loses viewers only for a bad probe while failing back', ({ live, evidence, decision }) => {
    if (decision.action === 'hold') return;
    for (const { origin, from, to } of decision.moves) {
      if (to > from || evidence[origin]?.verdict !== 'healthy') continue;
      expect(from).toBeLessThan(100);
      expect(evidence[origin]?.lastBadAt).toBeGreaterThan(live.state.origins[origin]?.movedAt ?? 0);
    }
  });

  law('no viewer comes home inside a hold-down, a ramp step or the minimum delay', ({ live, decision, now }, policy) => {
    if (decision.action === 'hold' || decision.kind === 'protect') return;
    expect(now - (live.state.automaticAt ?? 0)).toBeGreaterThanOrEqual(policy.failover.minFlipIntervalMs);
    for (const { origin, from } of decision.moves) {
      const { heldUntil = 0, movedAt = 0 } = live.state.origins[origin] ?? {};
      if (from === 0) expect(now).toBeGreaterThanOrEqual(heldUntil);
      else expect(now - movedAt).toBeGreaterThanOrEqual(policy.failover.rampStepMs);
    }
  });

  law('an origin that was lowered is not raised within the minimum delay', ({ live, decision, now }, policy) => {
    if (decision.action === 'hold') return;
    for (const { origin, from, to } of decision.moves)
      if (from === 0 && to > 0)
        expect(now - (live.state.origins[origin]?.movedAt ?? 0)).toBeGreaterThanOrEqual(policy.failover.minFlipIntervalMs);
  });

  law('an override in force is never touched', ({ live, after }) => {
    expect(after.overrides).toEqual(live.overrides);
  });

  law(
    'viewers stay on an unhealthy origin only when there is no proven one to take them, or a reason that is logged',
    ({ live, evidence, decision, now }, policy) => {
      if (decision.action === 'flip') return;
      const weights = effectiveWeights(live);
      const stuck = policy.orders.filter((order) => {
        // The edge sends viewers that no weight takes to the order's first origin.
        const landing = order.find((id) => (weights[id] ?? 100) === 100) ?? order[0] ?? '';
        return evidence[landing]?.verdict === 'unhealthy' && overriddenWeights(live)[landing] !== 100;
      });
      const isHopeless = policy.orders.some((order) =>
        order.every((id) => evidence[id]?.verdict !== 'healthy' || !isFresh(evidence[id], now)),
      );
      const told = ['override', 'fallback-unproven', 'min-interval', ...(isHopeless ? ['panic'] : [])];
      if (stuck.length > 0) expect(told).toContain(decision.reason);
    },
  );

  law('state is plain data: a decision is the same after writing it down', ({ live, evidence, decision, now }, policy) => {
    const copy = JSON.parse(JSON.stringify({ live, evidence })) as { live: LiveRecord; evidence: Record<string, Evidence> };
    expect(decide(copy.live, copy.evidence, policy, now)).toEqual(decision);
  });

  it('all viewers are home in the end when all origins are healthy', () => {
    const well = { verdict: 'healthy' as const, sinceMs: 60_000 as const, badMs: null, ageMs: 0 as const };
    const quiet: Step = { ms: 120_000, looks: [well, well, well], act: 'none', place: 0, weight: 0, forMs: 30_000 };
    fc.assert(
      fc.property(fc.constantFrom(...policies), fc.array(step, { maxLength: 40 }), (policy, steps) => {
        let last: LiveRecord | undefined;
        play(policy, [...steps, ...Array.from({ length: 120 }, () => quiet)], ({ after }) => {
          last = after;
        });
        expect(last?.automatic).toEqual({});
        expect(last?.overrides).toEqual([]);
        if (steps.every(({ act }) => act === 'none')) expect(last?.text).toBe(okRecord);
      }),
      { numRuns: 15 },
    );
  });
});
