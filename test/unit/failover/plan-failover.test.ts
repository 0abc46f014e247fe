import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Flip } from '../../../src/core/flip.ts';
import { listAudiences } from '../../../src/core/viewer-shares.ts';
import { formatMovePlan } from '../../../src/failover/format-failover.ts';
import { checkDangers, type Proof, planFailover } from '../../../src/failover/plan-failover.ts';
import type { OriginProbe } from '../../../src/probe/probe-origin.ts';
import { judgeProbe } from '../../../src/probe/probe-origin.ts';

const at = 1_764_000_000_000;
const order = ['singapore', 'europe'];
const audiences = listAudiences({
  defaultOrder: order,
  routes: [
    { countries: ['US', 'IN'], order },
    { countries: ['DE'], order: ['europe', 'singapore'] },
  ],
});
const proven = (verdict: Proof['verdict']): Proof => ({ verdict, evidence: 'a test' });
const allWell = new Map(order.map((id) => [id, proven('healthy')]));
const context = { at, by: 'ann', reason: 'ALB 5xx', origins: order, audiences, proofs: allWell };
const snapshot = (health: string) => ({ etag: 'E1', values: new Map([['health', health]]) });
const override = (weights: Record<string, number>, breakGlass?: string): Flip => ({
  kind: 'override',
  weights,
  until: at + 7_200_000,
  ...(breakGlass === undefined ? {} : { breakGlass }),
});

describe('planFailover', () => {
  it('knows the weights on both sides and which viewers move', () => {
    const plan = planFailover(snapshot('ok'), override({ singapore: 0, europe: 100 }), context);
    expect(plan).toMatchObject({ before: { singapore: 100, europe: 100 }, after: { singapore: 0, europe: 100 }, dangers: [] });
    expect(plan?.moves.map(({ audience }) => audience.countries)).toEqual([['US', 'IN'], []]);
  });

  it.each([
    { when: 'it wins viewers', health: 'ok', weights: { singapore: 0, europe: 100 }, sick: 'europe' },
    { when: 'it wins some viewers', health: 'ok', weights: { singapore: 90 }, sick: 'europe' },
    { when: 'its weight rises although no viewer lands on it yet', health: 'europe=0', weights: { europe: 100 }, sick: 'europe' },
    { when: 'it comes back', health: 'singapore=0', weights: { singapore: 100 }, sick: 'singapore' },
  ])('sees a danger in an unproven origin when $when', ({ health, weights, sick }) => {
    for (const verdict of ['unhealthy', 'unknown'] as const) {
      const proofs = new Map([...allWell, [sick, proven(verdict)]]);
      const flip = override(weights);
      const plan = planFailover(snapshot(health), flip, { ...context, proofs });
      expect(plan?.dangers).toEqual([`${sick} is ${verdict} (a test)`]);
      expect(() => plan && checkDangers(plan)).toThrow(expect.objectContaining({ code: 'ORIGIN_UNHEALTHY' }));
    }
  });

  it('sees none in an unproven origin that loses viewers', () => {
    const proofs = new Map([...allWell, ['singapore', proven('unhealthy')]]);
    expect(planFailover(snapshot('ok'), override({ singapore: 0 }), { ...context, proofs })?.dangers).toEqual([]);
  });

  it('takes an unproven origin for unknown', () => {
    const plan = planFailover(snapshot('ok'), override({ singapore: 0 }), { ...context, proofs: new Map() });
    expect(plan?.dangers).toEqual(['europe is unknown']);
  });

  it('never lets everything at 0 or an unproven gainer through without a broken glass, whatever the record', () => {
    const weight = fc.constantFrom(0, 25, 100);
    const record = fc.constantFrom('ok', 'singapore=0', 'europe=0', 'singapore=25', 'europe=50;singapore=10', 'garbage!');
    const verdict = fc.constantFrom<Proof['verdict']>('healthy', 'unhealthy', 'unknown');
    fc.assert(
      fc.property(record, weight, weight, verdict, verdict, (health, singapore, europe, s, e) => {
        const proofs = new Map([
          ['singapore', proven(s)],
          ['europe', proven(e)],
        ]);
        const flip = override({ singapore, europe });
        const plan = planFailover(snapshot(health), flip, { ...context, proofs });
        if (plan === undefined || plan.dangers.length > 0) return;
        expect(plan.after).not.toEqual({ singapore: 0, europe: 0 });
        for (const [id, after] of Object.entries(plan.after))
          if (after > (plan.before[id] ?? 100)) expect(proofs.get(id)?.verdict).toBe('healthy');
      }),
    );
  });

  it('has nothing to do for auto without an override', () => {
    expect(planFailover(snapshot('singapore=0'), { kind: 'clear' }, context)).toBeUndefined();
  });
});

describe('checkDangers', () => {
  const proofs = new Map([...allWell, ['europe', proven('unhealthy')]]);

  it('lets a danger pass that the operator has named', () => {
    const flip = override({ singapore: 0 }, 'I see it work');
    const plan = planFailover(snapshot('ok'), flip, { ...context, proofs });
    expect(plan?.dangers).toHaveLength(1);
    expect(() => plan && checkDangers(plan)).not.toThrow();
  });

  it('never keeps automation from taking over again', () => {
    const plan = planFailover(snapshot(`europe=0@${at / 1_000 + 60}`), { kind: 'clear' }, { ...context, proofs });
    expect(plan?.dangers).toEqual(['europe is unhealthy (a test)']);
    expect(() => plan && checkDangers(plan)).not.toThrow();
  });
});

describe('formatMovePlan', () => {
  it('shows old and new weights, which viewers move, until when and the dangers', () => {
    const flip = override({ singapore: 25 });
    const proofs = new Map([...allWell, ['europe', proven('unknown')]]);
    const plan = planFailover(snapshot('ok'), flip, { ...context, proofs });
    if (plan === undefined) throw new Error('there is a plan');
    const lines = formatMovePlan(plan, { now: at, audiences, colour: false });
    expect(lines.filter((line) => !line.startsWith('until'))).toEqual([
      'weights',
      '  singapore   25 %  was 100 %',
      '  europe     100 %  as before',
      'viewers',
      '  US, IN           singapore → singapore 25 %, europe 75 %',
      '  other countries  singapore → singapore 25 %, europe 75 %',
      '  all others stay where they are',
      'danger   europe is unknown (a test)',
    ]);
    expect(lines.find((line) => line.startsWith('until'))).toMatch(/UTC\)?, 2h from now$/);
  });
});

describe('judgeProbe', () => {
  it.each<{ failure: { class: 'dns' | 'connect' | 'tls' | 'timeout' | 'status' | 'body'; detail: string }; kind: OriginProbe['kind'] }>([
    { failure: { class: 'dns', detail: 'ENOTFOUND' }, kind: 'unreached' },
    { failure: { class: 'connect', detail: 'not connected within 2000 ms' }, kind: 'unreached' },
    { failure: { class: 'connect', detail: 'ECONNREFUSED 10.0.0.1:443' }, kind: 'bad' },
    { failure: { class: 'tls', detail: 'certificate has expired' }, kind: 'bad' },
    { failure: { class: 'timeout', detail: 'no answer within 3000 ms' }, kind: 'bad' },
    { failure: { class: 'status', detail: 'status 503' }, kind: 'bad' },
    { failure: { class: 'body', detail: 'region is "x"' }, kind: 'bad' },
  ])('takes $failure.class ($failure.detail) for $kind', ({ failure, kind }) => {
    expect(judgeProbe({ ok: false, failure, latencyMs: 1 })).toEqual({ kind, problem: `${failure.class}: ${failure.detail}` });
  });

  it('takes a good answer for one', () => {
    expect(judgeProbe({ ok: true, status: 200, latencyMs: 1 })).toEqual({ kind: 'good' });
  });
});
