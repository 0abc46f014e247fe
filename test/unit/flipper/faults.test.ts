import { describe, expect, it } from 'vitest';
import { auditHistory, replayAudit } from '../../../src/core/audit.ts';
import type { FlagStore } from '../../../src/core/flag-store.ts';
import type { StoreFault } from '../../../src/predict/simulation.ts';
import { dayOne } from '../core/policy.ts';
import { downIn, Simulation } from './simulation.ts';
import { openTrafficMonitor } from './traffic-monitor.ts';

const second = 1_000;
const minute = 60_000;

/** An interval, two fast probes, a write, and the edge of the monitor's steps: what the thresholds allow. */
const allowedMs = 10_000 + 2 * 1_000 + 500 + 500;
const outage = downIn({ singapore: [[60, 600]] });

function expectWholeAudit(simulation: Simulation): void {
  expect(replayAudit(auditHistory(simulation.store.values))).toEqual({ record: simulation.record(), gaps: [] });
  expect(simulation.store.writes.length).toBe(auditHistory(simulation.store.values).length);
}

describe('a store that misbehaves for a minute while an origin dies', () => {
  it.each<{ fault: StoreFault; after: number }>([
    { fault: 'down', after: 11_000 },
    { fault: 'throttled', after: 11_000 },
    { fault: 'conflicting', after: 11_000 },
    { fault: 'slow', after: 0 },
  ])('delays the flip when it is $fault, and loses nothing', async ({ fault, after }) => {
    const simulation = new Simulation({ world: outage });
    const monitor = openTrafficMonitor({ simulation, world: outage, stepMs: 250, provenAfterMs: 60_000 });
    simulation.start();
    await monitor.run(50 * second);
    simulation.store.fault = fault;
    await monitor.run(60 * second, () => fault !== 'slow');
    simulation.store.fault = undefined;
    if (after > 0) expect(simulation.record()).toBe('ok');
    await monitor.run(25 * minute);
    // A slow store takes 4 s a call: two calls until the flip is in force.
    expect(monitor.longestMs()).toBeLessThanOrEqual(fault === 'slow' ? allowedMs + 8_000 : after + 500);
    expect(simulation.written.map(([, record]) => record)).toEqual(['singapore=0', 'singapore=10', 'singapore=25', 'singapore=50', 'ok']);
    expectWholeAudit(simulation);
  });

  it('is asked less and less often, and says so each time', async () => {
    const simulation = new Simulation({ world: downIn({ singapore: [[60, 1e9]] }) });
    simulation.start();
    await simulation.clock.run(50 * second);
    simulation.store.fault = 'down';
    await simulation.clock.run(10 * minute);
    const told = simulation.of('store-failed');
    expect(told.length).toBeLessThan(90);
    expect(told[0]).toMatchObject({ code: 'ENDPOINT_UNREACHABLE', message: 'no answer' });
    const waits = told.map(({ retryInMs }) => retryInMs);
    expect(waits.slice(0, 3)).toEqual([188, 375, 750]);
    expect(Math.max(...waits)).toBe(7_500);
    // The next failure is a new one.
    simulation.store.fault = undefined;
    await simulation.clock.run(10 * minute);
    const before = simulation.of('store-failed').length;
    simulation.store.fault = 'down';
    await simulation.clock.run(2 * minute);
    expect(simulation.of('store-failed')[before]).toMatchObject({ retryInMs: 188 });
  });

  it('at the start does not stop the probes, and is read as soon as it answers', async () => {
    const simulation = new Simulation({ world: outage });
    simulation.store.fault = 'down';
    simulation.start();
    await simulation.clock.run(90 * second);
    simulation.store.fault = undefined;
    await simulation.clock.run(11 * second);
    expect(simulation.record()).toBe('singapore=0');
  });
});

describe('a flipper that is killed', () => {
  /** A store that stops answering after this many API calls, as for a process that is gone. */
  function dyingAfter(simulation: Simulation, calls: number): FlagStore {
    const client = simulation.store.client();
    const before = simulation.store.calls;
    const alive = async <T>(call: () => Promise<T>): Promise<T> => {
      if (simulation.store.calls - before >= calls) return new Promise<T>(() => undefined);
      return call();
    };
    return {
      read: (keys) => alive(() => client.read(keys)),
      list: (pages) => alive(() => client.list(pages)),
      // The write itself is one call, and happens or does not.
      update: (keys, change) =>
        alive(async () => {
          const snapshot = await alive(() => client.read(keys));
          return alive(() => client.update(keys, () => change(snapshot)));
        }),
    };
  }

  it.each(Array.from({ length: 20 }, (_, index) => index))(
    'after %i calls leaves a store from which the next one goes on',
    async (calls) => {
      const simulation = new Simulation({ world: outage });
      const killed = simulation.start({ store: dyingAfter(simulation, calls) });
      await simulation.clock.run(90 * second);
      killed.stop();
      simulation.start();
      const monitor = openTrafficMonitor({ simulation, world: outage, stepMs: 500, provenAfterMs: 60_000 });
      await monitor.run(25 * minute);
      expect(monitor.longestMs()).toBeLessThanOrEqual(allowedMs);
      expect(simulation.written.map(([, record]) => record)).toEqual(['singapore=0', 'singapore=10', 'singapore=25', 'singapore=50', 'ok']);
      expectWholeAudit(simulation);
    },
  );
});

describe('a clock that is set', () => {
  const hour = 60 * minute;
  const cases = [-hour, hour].flatMap((jump) => [30, 61, 75, 200, 390, 450].map((after) => ({ jump, after })));
  it.each(cases)('by $jump ms after $after s leaves no viewer on a dead origin and brings all viewers home', async ({ jump, after }) => {
    const world = downIn({ singapore: [[60, 120]] });
    const simulation = new Simulation({ world });
    const monitor = openTrafficMonitor({ simulation, world, stepMs: 500, provenAfterMs: 60_000 });
    simulation.start();
    await monitor.run(after * second);
    simulation.clock.jump(jump);
    await monitor.run(40 * minute);
    expect(monitor.longestMs()).toBeLessThanOrEqual(allowedMs);
    expect(simulation.written.map(([, record]) => record)).toEqual(['singapore=0', 'singapore=10', 'singapore=25', 'singapore=50', 'ok']);
    expectWholeAudit(simulation);
  });

  it('back by an hour prolongs a hold-down by no more than itself', async () => {
    const simulation = new Simulation({ world: downIn({ singapore: [[60, 120]] }) });
    simulation.start();
    await simulation.clock.run(200 * second);
    simulation.clock.jump(-hour);
    await simulation.clock.run(350 * second);
    expect(simulation.record()).toBe('singapore=10');
  });

  it('back by an hour lets an override end when the edge thinks it ends', async () => {
    const simulation = new Simulation({ world: downIn({}) });
    simulation.store.put('health', `singapore=0@${dayOne / 1_000 + 600}`);
    simulation.start();
    await simulation.clock.run(300 * second);
    simulation.clock.jump(-hour);
    await simulation.clock.run(hour + 310 * second);
    expect(simulation.weight('singapore')).toBe(100);
    expect(simulation.of('flip')).toEqual([]);
  });
});

describe('origins that flap', () => {
  it('out of phase keep viewers on whichever is proven', async () => {
    const spans = (from: number) =>
      Array.from({ length: 20 }, (_, index): [number, number] => [from + index * 400, from + index * 400 + 130]);
    const world = downIn({ singapore: spans(100), europe: spans(300) });
    const simulation = new Simulation({ world });
    const monitor = openTrafficMonitor({ simulation, world, stepMs: 500, provenAfterMs: 60_000 });
    simulation.start();
    await monitor.run(120 * minute);
    expect(monitor.longestMs()).toBeLessThanOrEqual(allowedMs);
    expect(simulation.store.writes.length).toBeGreaterThan(20);
    expect(simulation.store.writes.length).toBeLessThan(60);
  });

  it('alone is sent home ever less often', async () => {
    const flapping = downIn({
      singapore: Array.from({ length: 200 }, (_, index): [number, number] => [60 + index * 90, 60 + index * 90 + 15]),
    });
    const simulation = new Simulation({ world: flapping });
    simulation.start();
    await simulation.clock.run(5 * 60 * minute);
    expect(simulation.written.filter(([, record]) => record !== 'singapore=0').length).toBeLessThan(8);
  });
});
