import { describe, expect, it } from 'vitest';
import { auditHistory, replayAudit } from '../../../src/core/audit.ts';
import type { FlagStore, StoreSnapshot } from '../../../src/core/flag-store.ts';
import { dayOne } from '../core/policy.ts';
import { downIn, Simulation, type World } from './simulation.ts';

const second = 1_000;
const hour = 3_600_000;
const well = downIn({});

/** Singapore is down from second 60 on. */
const outage = downIn({ singapore: [[60, 1e9]] });

describe('a flipper while nothing happens', () => {
  it('asks the store with one call a minute whether another writer was there, and writes nothing', async () => {
    const simulation = new Simulation({ world: well });
    simulation.start();
    await simulation.clock.run(24 * hour);
    expect(simulation.store.calls).toBeGreaterThan(24 * 59);
    expect(simulation.store.calls).toBeLessThanOrEqual(6 + 24 * 60);
    expect(simulation.store.writes).toEqual([]);
    expect(simulation.of('probe').length).toBeGreaterThan(2 * 8_640);
    expect(simulation.of('store-failed')).toEqual([]);
  });

  it('asks every 15 minutes when no other flipper runs', async () => {
    const base = new Simulation({ world: well });
    const failover = { ...base.policy.failover, peerCheckMs: 0 };
    const simulation = new Simulation({ world: well, policy: { ...base.policy, failover } });
    simulation.start();
    await simulation.clock.run(24 * hour);
    expect(simulation.store.calls).toBeGreaterThan(24 * 3);
    expect(simulation.store.calls).toBeLessThanOrEqual(6 + 24 * 4);
  });

  it('lives through hours of noise without moving anything', async () => {
    let looks = 0;
    const noisy: World = () => ({ opinion: ++looks % 3 === 0 ? 'bad' : 'good' });
    const simulation = new Simulation({ world: noisy });
    simulation.start();
    await simulation.clock.run(2 * hour);
    expect(simulation.store.writes).toEqual([]);
  });

  it('proves its origins within seconds of its start', async () => {
    const simulation = new Simulation({ world: well });
    simulation.start();
    await simulation.clock.run(4_100);
    expect(simulation.of('verdict').map(({ origin, to, at }) => [origin, to, at - dayOne])).toEqual([
      ['singapore', 'healthy', 4_005],
      ['europe', 'healthy', 4_005],
    ]);
  });
});

describe('a flipper in an outage', () => {
  it('flips within its interval and three fast probes, verifies, and then only reads whether that is still in force', async () => {
    const simulation = new Simulation({ world: outage });
    simulation.start();
    await simulation.clock.run(90 * second);
    const [flip] = simulation.of('flip');
    expect(flip).toMatchObject({
      kind: 'protect',
      sequence: 1,
      from: 'ok',
      to: 'singapore=0',
      reason: 'singapore 100 to 0: unhealthy (http connect: refused)',
      attempts: 1,
      shadow: false,
    });
    expect((flip?.at ?? 0) - dayOne).toBeLessThan(60 * second + 10 * second + 2 * second + 200);
    expect(simulation.of('verified')).toHaveLength(1);
    const calls = simulation.store.calls;
    await simulation.clock.run(hour);
    const callsPerMinute = 2;
    expect(simulation.store.calls - calls).toBeGreaterThan(50 * callsPerMinute);
    expect(simulation.store.calls - calls).toBeLessThanOrEqual(60 * callsPerMinute);
    expect(simulation.record()).toBe('singapore=0');
  });

  it('asks no more than one call a minute once the dead origin lives again', async () => {
    const simulation = new Simulation({ world: downIn({ singapore: [[60, 120]] }) });
    simulation.start();
    await simulation.clock.run(200 * second);
    const calls = simulation.store.calls;
    await simulation.clock.run(150 * second);
    expect(simulation.record()).toBe('singapore=0');
    expect(simulation.store.calls - calls).toBeLessThanOrEqual(3);
  });

  it('writes within 200 ms of the third fast probe', async () => {
    const simulation = new Simulation({ world: outage });
    simulation.start();
    await simulation.clock.run(90 * second);
    const firstBad = simulation.of('probe').find(({ opinion }) => opinion === 'bad')?.at ?? 0;
    const [[writtenAt = 0] = []] = simulation.written;
    expect(writtenAt - (firstBad - dayOne)).toBeLessThan(2 * second + 200);
  });

  it('brings the origin home after the hold-down, step by step', async () => {
    const simulation = new Simulation({ world: downIn({ singapore: [[60, 120]] }) });
    simulation.start();
    await simulation.clock.run(hour);
    expect(simulation.written.map(([, record]) => record)).toEqual(['singapore=0', 'singapore=10', 'singapore=25', 'singapore=50', 'ok']);
    const times = simulation.written.map(([at]) => at);
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(300 * second);
    for (let step = 2; step < 5; step++) {
      expect((times[step] ?? 0) - (times[step - 1] ?? 0)).toBeGreaterThanOrEqual(120 * second);
      expect((times[step] ?? 0) - (times[step - 1] ?? 0)).toBeLessThan(131 * second);
    }
  });

  it('goes back to 0 at the first bad probe of a failback, even when the store is down just then, and waits twice as long', async () => {
    let isBad = false;
    const simulation = new Simulation({
      world: (origin, at) => (isBad && origin === 'singapore' ? { opinion: 'bad' } : downIn({ singapore: [[60, 120]] })(origin, at)),
    });
    simulation.start();
    while (simulation.record() !== 'singapore=25') await simulation.clock.run(second);
    simulation.store.fault = 'down';
    isBad = true;
    await simulation.clock.run(10_500);
    isBad = false;
    await simulation.clock.run(20 * second);
    simulation.store.fault = undefined;
    await simulation.clock.run(12 * second);
    expect(simulation.record()).toBe('singapore=0');
    const [back = 0] = simulation.written.at(-1) ?? [];
    while (simulation.record() === 'singapore=0') await simulation.clock.run(second);
    expect((simulation.written.at(-1)?.[0] ?? 0) - back).toBeGreaterThanOrEqual(600 * second);
  });

  it('does nothing while both origins are down, and moves as soon as one is proven', async () => {
    const simulation = new Simulation({ world: downIn({ singapore: [[60, 1e9]], europe: [[60, 300]] }) });
    simulation.start();
    await simulation.clock.run(299 * second);
    expect(simulation.written).toEqual([]);
    expect(simulation.of('hold').at(-1)).toMatchObject({ reason: 'panic', origin: 'singapore' });
    await simulation.clock.run(55 * second);
    expect(simulation.record()).toBe('singapore=0');
  });

  it('flips away from the fallback when that fails and home has recovered, whatever the hold-down says', async () => {
    const simulation = new Simulation({ world: downIn({ singapore: [[60, 120]], europe: [[200, 1e9]] }) });
    simulation.start();
    await simulation.clock.run(215 * second);
    expect(simulation.record()).toBe('europe=0');
  });

  it('is not held up by other origins whose probes hang', async () => {
    const origins = Array.from({ length: 100 }, (_, index) => `o${index}`);
    const world: World = (origin, elapsed) =>
      origin === 'o7' && elapsed >= 60_000 ? { opinion: 'bad' } : { opinion: 'good', ...(origin < 'o5' ? {} : { afterMs: 2_900 }) };
    const base = new Simulation({ world });
    const simulation = new Simulation({ world, policy: { ...base.policy, origins, orders: [origins] } });
    simulation.start();
    await simulation.clock.run(90 * second);
    expect(simulation.record()).toBe('o7=0');
    const firstBad = simulation.of('probe').find(({ opinion }) => opinion === 'bad')?.at ?? 0;
    expect((simulation.written[0]?.[0] ?? 0) - (firstBad - dayOne)).toBeLessThan(2 * second + 200);
  });
});

describe('a flipper that is not alone', () => {
  it('shares one flip with another flipper', async () => {
    const simulation = new Simulation({ world: downIn({ singapore: [[60, 120]] }) });
    simulation.start();
    await simulation.clock.run(3_700);
    simulation.start();
    await simulation.clock.run(hour);
    expect(simulation.written.map(([, record]) => record)).toEqual(['singapore=0', 'singapore=10', 'singapore=25', 'singapore=50', 'ok']);
  });

  it('takes up after a restart where the last one stopped', async () => {
    const simulation = new Simulation({ world: downIn({ singapore: [[60, 120]] }) });
    const first = simulation.start();
    await simulation.clock.run(200 * second);
    first.stop();
    await first.ended;
    simulation.start();
    await simulation.clock.run(hour);
    const times = simulation.written.map(([at]) => at);
    expect(simulation.record()).toBe('ok');
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(300 * second);
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeLessThan(311 * second);
  });

  it('respects a record changed by hand, notes it, and fails back from there at its own pace', async () => {
    const simulation = new Simulation({ world: well });
    simulation.store.put('health', 'singapore=0');
    simulation.start();
    await simulation.clock.run(200 * second);
    expect(simulation.of('record')[0]).toMatchObject({ record: 'singapore=0', edited: true });
    expect(simulation.of('edit')).toHaveLength(1);
    expect(simulation.record()).toBe('singapore=0');
    await simulation.clock.run(hour);
    expect(simulation.record()).toBe('ok');
    expect(replayAudit(auditHistory(simulation.store.values))).toEqual({ record: 'ok', gaps: [] });
    expect(auditHistory(simulation.store.values).at(-1)).toMatchObject({ kind: 'edit', from: 'singapore=0', edited: true });
  });

  it.each(['ok', 'singapore=100', 'europe=0', 'singapore', ''])(
    'does not leave viewers on a dead origin to which an operator sent them by hand for longer than a minute: %j',
    async (record) => {
      const simulation = new Simulation({ world: outage });
      simulation.start();
      await simulation.clock.run(200 * second);
      simulation.store.put('health', record);
      // A minute, the rest of an interval, and the minimum delay before an origin just put out is raised.
      await simulation.clock.run(90 * second);
      expect(simulation.weight('singapore')).toBe(0);
      expect(simulation.weight('europe')).toBe(100);
      const history = auditHistory(simulation.store.values);
      expect(history.find(({ edited }) => edited)).toMatchObject({ from: record });
      expect(replayAudit(history)).toEqual({ record: simulation.record(), gaps: [] });
    },
  );

  it('looks again at once when an origin dies that it believes to be out', async () => {
    const world = downIn({
      singapore: [
        [60, 120],
        [250, 1e9],
      ],
    });
    const simulation = new Simulation({ world });
    simulation.start();
    await simulation.clock.run(240 * second);
    simulation.store.put('health', 'ok');
    await simulation.clock.run((10 + 10 + 2 + 1) * second);
    expect(simulation.record()).toBe('singapore=0');
  });

  it('takes out again what another flipper without sight of the failure brings back, before its second step', async () => {
    const simulation = new Simulation({ world: outage });
    simulation.start();
    await simulation.clock.run(100 * second);
    // Begun after the flip, it knows that Singapore is out.
    simulation.start({ world: well });
    await simulation.clock.run(3 * hour);
    const records = simulation.written.map(([, record]) => record);
    expect(new Set(records)).toEqual(new Set(['singapore=0', 'singapore=10']));
    const away = simulation.written.filter(([, record]) => record === 'singapore=10').map(([at]) => at);
    const back = simulation.written.filter(([, record]) => record === 'singapore=0').map(([at]) => at);
    for (const [index, at] of away.entries()) expect((back[index + 1] ?? simulation.clock.monotonic()) - at).toBeLessThan(75 * second);
    // Five minutes, ten, twenty, forty, an hour.
    expect(away.length).toBeGreaterThan(3);
    expect(away.length).toBeLessThan(7);
  });

  it('looks until it has seen what the store holds, when that does not answer just then', async () => {
    const simulation = new Simulation({ world: outage });
    simulation.start();
    await simulation.clock.run(100 * second);
    simulation.store.put('health', 'ok');
    simulation.store.fault = 'down';
    await simulation.clock.run(60 * second);
    simulation.store.fault = undefined;
    await simulation.clock.run(20 * second);
    expect(simulation.record()).toBe('singapore=0');
    expect(simulation.of('record').length).toBeGreaterThan(1);
  });

  it('hears within a minute that an operator ended an override that stood in its way', async () => {
    const simulation = new Simulation({ world: downIn({ europe: [[60, 1e9]] }) });
    simulation.store.put('health', `singapore=0@${dayOne / 1_000 + 7_200}`);
    simulation.start();
    await simulation.clock.run(600 * second);
    expect(simulation.of('hold').at(-1)).toMatchObject({ reason: 'override', origin: 'europe' });
    const callsPerMinute = 2;
    expect(simulation.store.calls).toBeLessThan(20 + 10 * callsPerMinute);
    simulation.store.put('health', 'ok');
    await simulation.clock.run(61 * second);
    expect(simulation.record()).toBe('europe=0');
  });

  it('notes below an override what its end must not undo', async () => {
    const simulation = new Simulation({ world: downIn({ singapore: [[60, 1e9]] }) });
    const until = dayOne / 1_000 + 600;
    simulation.store.put('health', `singapore=0@${until}`);
    simulation.start();
    await simulation.clock.run(90 * second);
    expect(simulation.record()).toBe(`singapore=0@${until};singapore=0`);
    await simulation.clock.run(hour);
    expect(simulation.weight('singapore')).toBe(0);
  });
});

describe('a flipper that reads back what it wrote', () => {
  /** A store whose reads after the first write show what it held before for this long, or arrive this late. */
  function lagging(simulation: Simulation, { staleMs = 0, lateMs = 0 }): FlagStore {
    const client = simulation.store.client();
    let before: StoreSnapshot | undefined;
    let writtenAt: number | undefined;
    return {
      ...client,
      read: async (keys) => {
        const isOld = writtenAt !== undefined && simulation.clock.monotonic() - writtenAt < staleMs;
        const snapshot = isOld && before !== undefined ? before : await client.read(keys);
        if (writtenAt !== undefined) await simulation.clock.sleep(lateMs);
        before ??= snapshot;
        return snapshot;
      },
      update: async (keys, change) => {
        const done = await client.update(keys, change);
        if (done.written !== undefined) writtenAt ??= simulation.clock.monotonic();
        return done;
      },
    };
  }

  it('does not write again because a reader is behind, and says that it could not verify', async () => {
    const simulation = new Simulation({ world: outage });
    simulation.start({ store: lagging(simulation, { staleMs: 60_000 }) });
    await simulation.clock.run(200 * second);
    expect(simulation.of('unverified')).toMatchObject([{ sequence: 1, detail: 'the store holds ok' }]);
    expect(simulation.written.map(([, record]) => record)).toEqual(['singapore=0']);
  });

  it('waits for a reader that catches up', async () => {
    const simulation = new Simulation({ world: outage });
    simulation.start({ store: lagging(simulation, { staleMs: 700 }) });
    await simulation.clock.run(200 * second);
    expect(simulation.of('unverified')).toEqual([]);
    expect(simulation.of('verified')).toHaveLength(1);
  });

  it('forgets a late answer about a flip that the next one has overtaken', async () => {
    const both = downIn({ singapore: [[60, 61]], europe: [[63, 1e9]] });
    const { policy } = new Simulation({ world: both });
    const health = { ...policy.health, intervalMs: 500, fastIntervalMs: 250 };
    const simulation = new Simulation({
      world: both,
      policy: { ...policy, health, failover: { ...policy.failover, minFlipIntervalMs: 1 } },
    });
    simulation.start({ store: lagging(simulation, { lateMs: 4_500 }) });
    await simulation.clock.run(75 * second);
    expect(simulation.written.map(([, record]) => record)).toEqual(['singapore=0', 'europe=0']);
    expect(simulation.of('verified').map(({ sequence }) => sequence)).toEqual([2]);
  });

  it('takes a change by hand right after its own as the later word, and acts on that', async () => {
    const simulation = new Simulation({ world: outage });
    simulation.start();
    while (simulation.store.writes.length === 0) await simulation.clock.run(5);
    simulation.store.put('health', 'europe=50');
    await simulation.clock.run(60 * second);
    expect(simulation.of('unverified')).toMatchObject([{ detail: 'the store holds europe=50' }]);
    expect(simulation.record()).toBe('singapore=0');
    expect(auditHistory(simulation.store.values)[0]).toMatchObject({ from: 'europe=50', to: 'singapore=0', edited: true });
  });
});

describe('a flipper that was paused', () => {
  /** The monotonic clock stops in a suspended machine, and runs on while a process is stopped. */
  it.each(['suspended', 'stopped'])(
    'by its machine being %s raises no weight before it has probed again, and reads the store',
    async (how) => {
      let hangsFrom = Number.POSITIVE_INFINITY;
      const simulation = new Simulation({
        world: (origin, at) =>
          origin === 'singapore' && at >= hangsFrom ? { opinion: 'bad', afterMs: 3_000 } : downIn({ singapore: [[60, 120]] })(origin, at),
      });
      const { clock } = simulation;
      simulation.start();
      await clock.run(300 * second);
      const calls = simulation.store.calls;
      hangsFrom = clock.monotonic();
      if (how === 'suspended') clock.jump(3_600_000);
      else clock.freeze(3_600_000);
      await clock.run(60 * second);
      expect(simulation.written.map(([, record]) => record)).toEqual(['singapore=0']);
      expect(simulation.store.calls).toBeGreaterThan(calls);
    },
  );
});

describe('a flipper that only says what it would do', () => {
  it('writes nothing, and logs the whole story', async () => {
    const simulation = new Simulation({ world: downIn({ singapore: [[60, 120]] }) });
    simulation.start({ shadow: true });
    await simulation.clock.run(hour);
    expect(simulation.store.writes).toEqual([]);
    expect(simulation.of('flip').map(({ to, shadow }) => [to, shadow])).toEqual([
      ['singapore=0', true],
      ['singapore=10', true],
      ['singapore=25', true],
      ['singapore=50', true],
      ['ok', true],
    ]);
  });
});

describe('a flipper that runs once', () => {
  it('looks until the verdicts are clear, flips and ends', async () => {
    const simulation = new Simulation({ world: downIn({ singapore: [[0, 1e9]] }) });
    const { ended } = simulation.start({ mode: 'once' });
    await simulation.clock.run(10 * second);
    expect(await ended).toMatchObject({
      held: 'not-healthy',
      evidence: { singapore: { verdict: 'unhealthy' }, europe: { verdict: 'healthy' } },
    });
    expect(simulation.record()).toBe('singapore=0');
    // Three bad ones, and the ten good ones that failback asks for.
    expect(simulation.of('probe')).toHaveLength(13);
  });

  it('names the origins whose viewers it could not move, an override in the way included', async () => {
    const simulation = new Simulation({ world: downIn({ singapore: [[0, 1e9]] }) });
    simulation.store.put('health', `singapore=100@${dayOne / 1_000 + 7_200}`);
    const { ended } = simulation.start({ mode: 'once' });
    await simulation.clock.run(60 * second);
    expect(await ended).toMatchObject({ held: 'override', stranded: ['singapore'] });
    const { ended: again } = simulation.start({ mode: 'once', world: downIn({}) });
    await simulation.clock.run(60 * second);
    expect(await again).toMatchObject({ stranded: [] });
  });

  it('goes one step of the failback each time', async () => {
    const simulation = new Simulation({ world: downIn({ singapore: [[0, 100]] }) });
    for (let run = 0; run < 8; run++) {
      simulation.start({ mode: 'once' });
      await simulation.clock.run(300 * second);
    }
    expect(simulation.written.map(([, record]) => record)).toEqual(['singapore=0', 'singapore=10', 'singapore=25', 'singapore=50', 'ok']);
  });

  it('fails with the store’s error when it cannot write', async () => {
    const simulation = new Simulation({ world: downIn({ singapore: [[0, 1e9]] }) });
    simulation.store.fault = 'throttled';
    const { ended } = simulation.start({ mode: 'once' });
    const failure = expect(ended).rejects.toMatchObject({ code: 'THROTTLED' });
    await simulation.clock.run(60 * second);
    await failure;
    expect(simulation.of('store-failed')).toHaveLength(4);
  });
});

describe('a flipper whose signal aborts', () => {
  it('ends between looks and counts no look that was cut off', async () => {
    const simulation = new Simulation({ world: () => ({ opinion: 'bad', afterMs: 2_000 }) });
    const { ended, stop } = simulation.start();
    await simulation.clock.run(1_000);
    stop();
    await ended;
    expect(simulation.of('probe')).toEqual([]);
    expect(simulation.events.at(-1)?.event).toBe('stop');
  });

  it('lets a write that is on its way finish', async () => {
    const simulation = new Simulation({ world: outage, latencyMs: 500 });
    const { ended, stop } = simulation.start();
    while (simulation.of('probe').filter(({ opinion }) => opinion === 'bad').length < 3) await simulation.clock.run(100);
    stop();
    await simulation.clock.run(5 * second);
    await ended;
    expect(simulation.record()).toBe('singapore=0');
    expect(simulation.of('flip')).toHaveLength(1);
  });
});
