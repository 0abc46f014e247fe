import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { auditHistory } from '../../../src/core/audit.ts';
import { EdgeError } from '../../../src/errors.ts';
import { judgeStep } from '../../../src/rehearse/judge-step.ts';
import { parseSteps } from '../../../src/rehearse/plan-rehearsal.ts';
import type { RehearsalResult } from '../../../src/rehearse/rehearse.ts';
import { openWorld, request, start } from './world.ts';

const leaseMs = request.verifyMs + request.holdMs + request.marginMs;
const passed = (found: unknown) => found as RehearsalResult;

it.each(['0', '100,1', '1,1', '1,5,', '', 'NaN', '1e2', '101', '1000', '-1', '1.5', '9'.repeat(400), '1,2,3,4,5,6,7,8,9,10,11'])(
  'takes no steps %j',
  (text) => {
    expect(parseSteps(text)).toBeUndefined();
  },
);

it('takes rising steps', () => {
  expect(parseSteps('1, 5%,25,100')).toEqual([1, 5, 25, 100]);
});

it('judges a fallback by its last checks: an hour of good ones does not hide bad ones', () => {
  const check = (opinion: 'good' | 'bad') => ({ source: 'direct' as const, origin: 'europe', opinion, latencyMs: 40 });
  const good = Array.from({ length: 3_600 }, () => check('good'));
  const later = Array.from({ length: 100 }, (_, index) => check(index % 5 === 0 ? 'bad' : 'good'));
  const { bounds } = request;
  expect(judgeStep({ seen: [...good, ...later], bounds, home: 'singapore' })).toMatchObject({ cause: 'errors' });
  expect(judgeStep({ seen: good, bounds, home: 'singapore' })).toBeUndefined();
});

describe('rehearse', () => {
  it('goes through its steps, sees each at the edge and comes home', async () => {
    const world = openWorld();
    const result = passed(await world.run());
    expect(result).toMatchObject({
      outcome: 'passed',
      abort: null,
      fallbacks: ['europe'],
      home: { by: 'written', sequence: 5, isConfirmed: true },
    });
    expect(result.steps.map(({ percent, weight, sequence }) => [percent, weight, sequence])).toEqual([
      [1, 99, 1],
      [5, 95, 2],
      [25, 75, 3],
      [100, 0, 4],
    ]);
    for (const { atEdgeMs, watchedMs, writtenAt, until } of result.steps) {
      expect(atEdgeMs).toBeGreaterThanOrEqual(4_900);
      expect(atEdgeMs).toBeLessThan(7_500);
      expect(watchedMs).toBeGreaterThanOrEqual(request.holdMs);
      expect(until - writtenAt).toBeLessThanOrEqual(leaseMs + 1_000);
    }
    expect(result.home.atEdgeMs).toBeGreaterThanOrEqual(4_900);
    expect(result.steps[3]?.evidence).toContainEqual(expect.objectContaining({ source: 'direct', origin: 'europe', failed: 0, p95Ms: 40 }));
    expect(world.record()).toBe('ok');
    expect(auditHistory(world.store.values).map(({ kind }) => kind)).toEqual(['clear', 'override', 'override', 'override', 'override']);
  });

  it('sees on a real edge only whether the viewer of this machine moves', async () => {
    const here = passed(await openWorld({ isLocal: false }).run());
    expect(here.outcome).toBe('passed');
    // The address of this machine is in one bucket: it moves at one step.
    expect(here.steps.filter(({ atEdgeMs }) => atEdgeMs !== null)).toHaveLength(1);
    const elsewhere = passed(await openWorld({ isLocal: false, here: 'elsewhere' }).run());
    expect(elsewhere).toMatchObject({ outcome: 'passed', home: { atEdgeMs: null } });
    expect(elsewhere.steps.map(({ atEdgeMs }) => atEdgeMs)).toEqual([null, null, null, null]);
  });

  it.each([
    { when: 'the fallback fails', cause: 'errors', spoil: (w: ReturnType<typeof openWorld>) => happen(w, 'bad') },
    { when: 'every fourth check of the fallback fails', cause: 'errors', spoil: (w) => happen(w, 'flaky') },
    { when: 'the fallback is slow', cause: 'latency', spoil: (w) => happen(w, 'slow') },
    { when: 'the origin fails that is left', cause: 'home', spoil: (w) => happen(w, 'home-bad') },
    { when: 'the alarm goes off', cause: 'alarm', spoil: (w) => happen(w, 'alarm') },
    { when: 'the edge does not follow', cause: 'edge', spoil: (w) => happen(w, 'stuck') },
    {
      when: 'another operator overrides',
      cause: 'override-changed',
      spoil: (w) => w.write({ kind: 'override', weights: { europe: 0 }, until: start + 36_000_000 }, 'bob'),
    },
    { when: 'another operator ends the override', cause: 'override-changed', spoil: (w) => w.write({ kind: 'clear' }, 'bob') },
    {
      when: 'the flipper moves viewers',
      cause: 'automation',
      spoil: (w) => w.write({ kind: 'automatic', weights: { europe: 50 }, memory: {} }, 'flipper'),
    },
    { when: 'Ctrl-C comes', cause: 'interrupted', spoil: (w) => w.stop.abort(new Error('interrupted')) },
  ] satisfies { when: string; cause: string; spoil: (world: ReturnType<typeof openWorld>) => void }[])(
    'aborts and comes home when $when',
    async ({ cause, spoil }) => {
      const world = openWorld();
      world.after(40_000, () => spoil(world));
      const result = passed(await world.run());
      expect(result).toMatchObject({ outcome: cause === 'interrupted' ? 'interrupted' : 'aborted', abort: { cause, percent: 5 } });
      // Their override stays, and ours is gone.
      if (world.record().includes('@')) expect(world.record()).toMatch(/^europe=0@\d+$/);
      expect(world.weight(world.clock.now())).toBe(100);
      expect(world.clock.now()).toBeLessThan(start + 40_000 + 62_000 + request.verifyMs);
    },
  );

  it('does not count the time that this machine slept as watched', async () => {
    const world = openWorld();
    world.after(46_000, () => world.clock.freeze(20_000));
    const result = passed(await world.run());
    expect(result.outcome).toBe('passed');
    for (const { evidence } of result.steps)
      expect(evidence.find(({ source, origin }) => source === 'direct' && origin === 'europe')?.asked).toBeGreaterThanOrEqual(20);
  });

  it('says that its override has ended when this machine slept for longer', async () => {
    const world = openWorld();
    world.after(46_000, () => world.clock.freeze(3_600_000));
    const result = passed(await world.run({}, 7_200_000));
    expect(result).toMatchObject({ outcome: 'aborted', abort: { cause: 'expired', percent: 5 }, home: { by: 'expiry' } });
  });

  it('ends its override also when its clock jumps ahead, by which it had ended already', async () => {
    const world = openWorld();
    let skewMs = 0;
    world.tools.store = { ...world.client, clockSkewMs: () => skewMs };
    world.after(46_000, () => {
      skewMs = 3_600_000;
      world.clock.jump(skewMs);
    });
    const result = passed(await world.run());
    expect(result).toMatchObject({ outcome: 'aborted', abort: { percent: 5 }, home: { by: 'written' } });
    expect(world.record()).toBe('ok');
  });

  it.each([3_600_000, -3_600_000])('does not start with a clock that is wrong by %i ms', async (skewMs) => {
    const world = openWorld();
    world.tools.store = { ...world.client, clockSkewMs: () => skewMs };
    expect(await world.run()).toMatchObject({ error: { code: 'NOT_READY' } });
    expect(world.store.writes.filter(({ record }) => record !== 'ok')).toEqual([]);
  });

  it('checks again after a question that was answered late', async () => {
    const world = openWorld();
    const writes = world.store.writes.length;
    const confirm = async () => {
      await world.clock.sleep(600_000);
      happen(world, 'alarm');
      return true;
    };
    expect(await world.run({}, 3_600_000, { confirm })).toMatchObject({ error: { code: 'ORIGIN_UNHEALTHY' } });
    expect(world.store.writes).toHaveLength(writes);
  });

  it('goes no further when the alarm loses its state', async () => {
    const world = openWorld();
    world.after(35_000, () => happen(world, 'no-alarm'));
    const result = passed(await world.run({ holdMs: 40_000 }));
    expect(result).toMatchObject({ outcome: 'aborted', abort: { cause: 'no-evidence' }, home: { by: 'written' } });
  });

  it('has not passed when another operator has taken over before it was home', async () => {
    const world = openWorld();
    const result = passed(await world.run({ steps: [1] }, 3_600_000, { stepDone: () => happen(world, 'bob') }));
    expect(result).toMatchObject({ outcome: 'aborted', abort: { cause: 'override-changed' }, home: { by: 'another' } });
  });

  it('waits for a first write whose answer was lost, and ends what it left', async () => {
    const world = openWorld();
    const { update } = world.client;
    world.tools.store = {
      ...world.client,
      update: async (keys, change) => {
        if (world.store.writes.some(({ record }) => record.includes('@'))) return update(keys, change);
        // It lands after the error.
        world.after(4_000, () => void update(keys, change));
        throw new EdgeError('ENDPOINT_UNREACHABLE', 'no answer');
      },
    };
    const result = passed(await world.run());
    expect(result).toMatchObject({ outcome: 'aborted', abort: { cause: 'failed' }, home: { by: 'written' } });
    expect(world.record()).toBe('ok');
  });

  it('comes home at the expiry when the store takes no write', async () => {
    const world = openWorld();
    world.after(40_000, () => {
      world.store.fault = 'down';
    });
    world.after(41_000, () => {
      world.health['europe'] = 'bad';
    });
    const result = passed(await world.run());
    expect(result).toMatchObject({ outcome: 'aborted', home: { by: 'expiry' } });
    expect(world.weight(result.home.at)).toBe(100);
  });

  it.each([
    {
      when: 'an override is in force',
      code: 'CONFLICT',
      spoil: (w: ReturnType<typeof openWorld>) => w.write({ kind: 'override', weights: { europe: 90 }, until: start + 60_000 }, 'bob'),
    },
    {
      when: 'automation has moved viewers',
      code: 'NOT_READY',
      spoil: (w) => w.write({ kind: 'automatic', weights: { singapore: 50 }, memory: {} }, 'flipper'),
    },
    {
      when: 'the flipper has an origin as unhealthy',
      code: 'ORIGIN_UNHEALTHY',
      spoil: (w) =>
        w.write({ kind: 'automatic', weights: { europe: 0 }, memory: { europe: { verdict: 'unhealthy', since: start } } }, 'flipper'),
    },
    {
      when: 'an origin is in its hold-down',
      code: 'NOT_READY',
      spoil: (w) => {
        w.write({ kind: 'automatic', weights: { europe: 0 }, memory: {} }, 'flipper');
        const memory = { europe: { verdict: 'healthy', since: start, heldUntil: start + 300_000 } } as const;
        w.write({ kind: 'automatic', weights: {}, memory }, 'flipper');
      },
    },
    { when: 'the fallback fails its probes', code: 'ORIGIN_UNHEALTHY', spoil: (w) => happen(w, 'bad') },
    { when: 'the origin itself fails', code: 'ORIGIN_UNHEALTHY', spoil: (w) => happen(w, 'home-bad') },
    { when: 'the alarm is in alarm', code: 'ORIGIN_UNHEALTHY', spoil: (w) => happen(w, 'alarm') },
    { when: 'the alarm has no state', code: 'NOT_READY', spoil: (w) => happen(w, 'no-alarm') },
    { when: 'the record is not readable', code: 'NOT_READY', spoil: (w) => w.store.put('health', 'nonsense') },
    {
      when: 'nothing shows the fallback',
      code: 'ORIGIN_UNHEALTHY',
      spoil: (w) => {
        w.tools.signals = {};
        w.tools.proveOrigin = async () => ({ kind: 'unreached', problem: 'it admits CloudFront only' });
      },
    },
  ] satisfies { when: string; code: string; spoil: (world: ReturnType<typeof openWorld>) => void }[])(
    'does not start when $when',
    async ({ code, spoil }) => {
      const world = openWorld();
      spoil(world);
      const writes = world.store.writes.length;
      expect(await world.run()).toMatchObject({ error: { code } });
      expect(world.store.writes).toHaveLength(writes);
    },
  );

  it('writes nothing when it is declined, or only planned', async () => {
    const world = openWorld();
    const writes = world.store.writes.length;
    expect(await world.run({}, 3_600_000, { confirm: async () => false })).toBe('declined');
    expect(world.store.writes).toHaveLength(writes);
  });

  it('does not start when a step would move viewers outside of the countries that were named', async () => {
    expect(await openWorld().run({ countries: ['US', 'IN'] })).toMatchObject({ error: { code: 'USAGE' } });
    expect(await openWorld().run({ service: 'api' })).toMatchObject({ error: { code: 'USAGE' } });
    expect(await openWorld().run({ origin: 'europe', countries: ['DE'], steps: [100] })).toMatchObject({ outcome: 'passed' });
  });

  const event = fc.record({
    atMs: fc.integer({ min: 0, max: 400_000 }),
    what: fc.constantFrom(
      'bad',
      'flaky',
      'slow',
      'good',
      'home-bad',
      'down',
      'throttled',
      'conflicting',
      'slow-store',
      'store-good',
      'bob',
      'clear',
      'flipper',
      'stop',
      'alarm',
      'stuck',
      'wiped',
      'frozen',
    ),
  });

  it('leaves no viewer away, whatever happens and wherever it dies', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 4 }), fc.option(fc.integer({ min: 1, max: 400_000 })), async (events, diesAt) => {
        const world = openWorld();
        for (const { atMs, what } of events) world.after(atMs, () => happen(world, what));
        const result = await world.run({}, diesAt ?? 3_600_000);
        const lastRunAt = world.clock.now();
        if (diesAt === null) {
          expect(result).toBeDefined();
          if (typeof result === 'object' && 'outcome' in result) {
            expect(world.hasOurs(world.clock.now())).toBe(false);
            if (result.abort !== null) expect(result.outcome).not.toBe('passed');
          }
        }
        // A process that died may have had a write on its way.
        expect(world.hasOurs(lastRunAt + leaseMs + 6_000)).toBe(false);
      }),
      { numRuns: 25 },
    );
  });
});

function happen(world: ReturnType<typeof openWorld>, what: string): void {
  const { health, store } = world;
  if (what === 'bad' || what === 'flaky' || what === 'slow' || what === 'good') health['europe'] = what;
  else if (what === 'home-bad') health['singapore'] = 'bad';
  else if (what === 'down' || what === 'throttled' || what === 'conflicting') store.fault = what;
  else if (what === 'slow-store') store.fault = 'slow';
  else if (what === 'store-good') store.fault = undefined;
  else if (what === 'bob') world.write({ kind: 'override', weights: { singapore: 30 }, until: world.clock.now() + 7_200_000 }, 'bob');
  else if (what === 'clear') world.write({ kind: 'clear' }, 'bob');
  else if (what === 'flipper') world.write({ kind: 'automatic', weights: { singapore: 50 }, memory: {} }, 'flipper');
  else if (what === 'stop') world.stop.abort(new Error('interrupted'));
  else if (what === 'alarm') world.world.alarm = 'bad';
  else if (what === 'no-alarm') world.world.alarm = 'none';
  else if (what === 'stuck') world.world.isEdgeStuck = !world.world.isEdgeStuck;
  else if (what === 'wiped') for (const key of [...store.values.keys()]) store.remove(key);
  else world.clock.freeze(120_000);
}
