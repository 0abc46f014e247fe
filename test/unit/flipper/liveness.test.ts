import fc from 'fast-check';
import { expect, it } from 'vitest';
import { healthKey } from '../../../kvs/keys.ts';
import type { StoreFault } from '../../../src/predict/simulation.ts';
import { defaults, policyFor, two } from '../core/policy.ts';
import { downIn, Simulation } from './simulation.ts';
import { openTrafficMonitor } from './traffic-monitor.ts';

// The promise itself, over whatever may happen together: viewers are not left on a dead origin while a proven one
// exists.

const second = 1_000;
const lengthSeconds = 2_400;

const three = policyFor([
  ['a', 'b', 'c'],
  ['b', 'a'],
  ['c', 'a', 'b'],
]);
const policies = [two, policyFor([['a', 'b', 'c']]), three];

/**
 * An interval, two fast looks, the minimum delay before an origin just put out is raised, the probe after it, a write,
 * and the monitor's steps.
 */
const allowedMs = (10 + 2 + 10 + 10 + 1) * second;

/**
 * What else happens, and how long it may keep the flipper from what it does: until its next look at the store, or until
 * that answers again.
 */
const troubles = {
  'by hand': { excuseMs: (60 + 10) * second },
  'clock forward': { excuseMs: 0 },
  'clock back': { excuseMs: 0 },
  // The last of the times between tries, and the store's own three tries.
  down: { excuseMs: (60 + 12) * second },
  throttled: { excuseMs: (60 + 12) * second },
  conflicting: { excuseMs: (60 + 12) * second },
  // It has to prove its origins first, and a probe may be under way.
  restart: { excuseMs: 10 * second },
} as const;
type Trouble = keyof typeof troubles;

const at = fc.integer({ min: 30, max: lengthSeconds });
const spans = fc.array(fc.tuple(at, fc.constantFrom(15, 60, 200, 600)), { maxLength: 4 });
const trouble = fc.record({
  at,
  what: fc.constantFrom(...(Object.keys(troubles) as Trouble[])),
  record: fc.tuple(fc.constantFrom('ok', '0=0', '1=0', '0=25', '0=100', '0=0;1=0', 'what?'), fc.nat({ max: 2 })),
});
const history = fc.record({
  policy: fc.constantFrom(...policies),
  down: fc.array(spans, { minLength: 3, maxLength: 3 }),
  happenings: fc.array(trouble, { maxLength: 6 }).map((list) => list.toSorted((one, other) => one.at - other.at)),
  flippers: fc.constantFrom(1, 1, 2),
});

it('no viewer is left on a dead origin for longer than the thresholds say, whatever happens', async () => {
  const seen = { flips: 0, deadMs: 0 };
  await fc.assert(
    fc.asyncProperty(history, async ({ policy, down, happenings, flippers }) => {
      const world = downIn(
        Object.fromEntries(
          policy.origins.map((id, index) => [id, (down[index] ?? []).map(([from, for_]) => [from, from + for_] as const)]),
        ),
      );
      const simulation = new Simulation({ world, policy: { ...policy, health: defaults.health } });
      const monitor = openTrafficMonitor({ simulation, world, stepMs: 500, provenAfterMs: 60 * second });
      const running = Array.from({ length: flippers }, () => simulation.start());
      let excusedUntil = 10 * second;
      const run = async (untilSeconds: number) => {
        const ms = untilSeconds * second - simulation.clock.monotonic();
        if (ms > 0) await monitor.run(ms, (elapsed) => elapsed < excusedUntil);
      };
      for (const happening of happenings) {
        await run(happening.at);
        excusedUntil = Math.max(excusedUntil, simulation.clock.monotonic() + troubles[happening.what].excuseMs);
        if (happening.what === 'by hand') {
          const name = (index: string) => policy.origins[(Number(index) + happening.record[1]) % policy.origins.length] ?? '';
          simulation.store.put(healthKey, happening.record[0].replace(/\d(?==)/g, name));
        } else if (happening.what === 'clock forward') simulation.clock.jump(3_600 * second);
        else if (happening.what === 'clock back') simulation.clock.jump(-3_600 * second);
        else if (happening.what === 'restart') {
          running.shift()?.stop();
          running.push(simulation.start());
        } else {
          simulation.store.fault = happening.what satisfies StoreFault;
          await run(happening.at + 60);
          simulation.store.fault = undefined;
        }
      }
      await run(lengthSeconds + 600);
      for (const { stop } of running) stop();
      seen.flips += simulation.of('flip').length;
      seen.deadMs += monitor.longestMs();
      expect(monitor.longestMs()).toBeLessThanOrEqual(allowedMs);
    }),
    { numRuns: 12 },
  );
  // Histories without outages would prove nothing.
  expect(seen.flips).toBeGreaterThan(30);
  expect(seen.deadMs).toBeGreaterThan(30 * second);
});
