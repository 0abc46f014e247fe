import { describe, expect, it } from 'vitest';
import { auditKey, healthKey, stateKey } from '../../../kvs/keys.ts';
import { parseStateRecord } from '../../../src/core/state-record.ts';
import { dayOne } from '../core/policy.ts';
import { downIn, Simulation } from './simulation.ts';

const hour = 3_600_000;
const byHand = `europe=50@${dayOne / 1_000 + 200 * 3_600}`;

/** A flipper that probes once an hour, so that days take no time. */
function openSlow(): Simulation {
  const { policy } = new Simulation({ world: downIn({}) });
  return new Simulation({ world: downIn({}), policy: { ...policy, health: { ...policy.health, intervalMs: hour } } });
}

describe('an override that stays in the store', () => {
  it('is reported once, 72 h after it was noted', async () => {
    const simulation = openSlow();
    simulation.start();
    await simulation.clock.run(hour);
    simulation.store.put(healthKey, byHand);
    await simulation.clock.run(71 * hour);
    expect(simulation.of('edit')).toHaveLength(1);
    expect(simulation.of('long-override')).toEqual([]);
    await simulation.clock.run(3 * hour);
    const [first, ...more] = simulation.of('long-override');
    expect(more).toEqual([]);
    expect(first).toMatchObject({ record: byHand, override: { weights: { europe: 50 } } });
    expect(first?.ageMs).toBeGreaterThan(72 * hour);
    await simulation.clock.run(24 * hour);
    expect(simulation.of('long-override')).toHaveLength(1);
  });

  it('is not reported again by a flipper that starts a day later', async () => {
    const simulation = openSlow();
    const { stop, ended } = simulation.start();
    await simulation.clock.run(hour);
    simulation.store.put(healthKey, byHand);
    await simulation.clock.run(80 * hour);
    stop();
    await simulation.clock.run(1_000);
    await ended;
    await simulation.clock.run(24 * hour);
    simulation.start();
    await simulation.clock.run(5 * hour);
    expect(simulation.of('long-override')).toHaveLength(1);
  });
});

it('goes on from the audit when an older state was put back before it started', async () => {
  const simulation = new Simulation({ world: downIn({ singapore: [[60, 1e9]] }) });
  const { stop, ended } = simulation.start();
  await simulation.clock.run(30_000);
  const backup = simulation.store.values.get(stateKey) ?? '{"sequence":0,"origins":{}}';
  await simulation.clock.run(300_000);
  stop();
  await simulation.clock.run(1_000);
  await ended;
  const { sequence } = parseStateRecord(simulation.store.values.get(stateKey));
  expect(sequence).toBeGreaterThan(0);
  simulation.store.put(stateKey, backup);
  simulation.start();
  await simulation.clock.run(60_000);
  expect(parseStateRecord(simulation.store.values.get(stateKey)).sequence).toBe(sequence + 1);
  expect(simulation.store.values.get(auditKey(sequence + 1))).toContain(`"sequence":${sequence + 1}`);
  expect(simulation.of('store-damaged').at(-1)).toMatchObject({ keys: [stateKey] });
  expect(simulation.weight('singapore')).toBe(0);
});
