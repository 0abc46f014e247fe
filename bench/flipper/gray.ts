import { percentile } from '../../src/text/percentile.ts';
import { seededRandom } from '../../src/text/seeded-random.ts';
import { dayOne, defaults, policyFor } from '../../test/unit/core/policy.ts';
import { type GrayFailure, grayIn } from '../../test/unit/flipper/gray-worlds.ts';
import { Simulation, type World } from '../../test/unit/flipper/simulation.ts';
import { type BenchRow, benchRow } from '../bench-row.ts';

const runs = 100;
const second = 1_000;
const patienceSeconds = 600;

/**
 * From the beginning of a failure that is not an outage to the flip away, in virtual time: seeded runs that begin
 * anywhere between two probes.
 */
export async function benchGray(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const failure of ['alternating', 'two of three', 'half at random', '50 % packet loss'] as const) {
    const times: number[] = [];
    for (let seed = 1; seed <= runs; seed++) times.push(await detect(failure, seed));
    times.sort((a, b) => a - b);
    rows.push(benchRow(`failure to flip, ${failure}: p50 of ${runs}`, percentile(times, 0.5) ?? Number.NaN, 's'));
    rows.push(benchRow(`failure to flip, ${failure}: p95 of ${runs}`, percentile(times, 0.95) ?? Number.NaN, 's', 60));
  }
  return rows;
}

async function detect(failure: GrayFailure, seed: number): Promise<number> {
  const from = 120 + seededRandom(seed)() * 10;
  const simulation = new Simulation({ world: grayIn('singapore', failure, [[from, 1e9]], seed) });
  const { stop, ended } = simulation.start();
  while (simulation.record() === 'ok' && simulation.clock.monotonic() < (from + patienceSeconds) * second)
    await simulation.clock.run(second);
  stop();
  // What is on its way to the store needs time to end.
  await simulation.clock.run(60 * second);
  await ended;
  const flip = simulation.of('flip')[0];
  return flip === undefined ? Number.POSITIVE_INFINITY : (flip.at - dayOne) / second - from;
}

/**
 * All origins hang, the first to recover does so anywhere between two probes: how long until every order's viewers are
 * there, the slowest run.
 */
export async function benchTotalOutage(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const origins of [
    ['singapore', 'europe'],
    ['singapore', 'europe', 'tokyo'],
  ]) {
    let slowest = 0;
    for (let seed = 1; seed <= runs / 4; seed++) slowest = Math.max(slowest, await recover(origins, seed));
    rows.push(benchRow(`no origin healthy, first good moment to viewers let in, ${origins.length} origins`, slowest, 's', 15));
  }
  return rows;
}

async function recover(origins: readonly string[], seed: number): Promise<number> {
  const random = seededRandom(seed);
  const first = origins[seed % origins.length] ?? '';
  const downAt = origins.map(() => 60 + random() * 20);
  const upAt = 120 + random() * 600;
  const world: World = (id, elapsed) => {
    const isDown = elapsed >= (downAt[origins.indexOf(id)] ?? 0) * second && !(id === first && elapsed >= upAt * second);
    return isDown ? { opinion: 'bad', afterMs: 3_000 } : { opinion: 'good' };
  };
  const orders = origins.map((id) => [id, ...origins.filter((other) => other !== id)]);
  const simulation = new Simulation({ world, policy: { ...policyFor(orders), health: defaults.health } });
  const { stop, ended } = simulation.start();
  const isIn = () => orders.every((order) => (order.find((id) => simulation.weight(id) === 100) ?? order[0]) === first);
  await simulation.clock.run(upAt * second);
  while (!isIn() && simulation.clock.monotonic() < (upAt + patienceSeconds) * second) await simulation.clock.run(250);
  const tookSeconds = simulation.clock.monotonic() / second - upAt;
  stop();
  await simulation.clock.run(60 * second);
  await ended;
  return tookSeconds;
}
