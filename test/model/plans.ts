import type { Bounds } from './explore.ts';
import { setups } from './setups.ts';
import { type Family, families } from './step.ts';
import type { Setup } from './world.ts';

/** One exploration: where it begins, how far it goes, what goes wrong in it. */
export interface Plan {
  name: string;
  setup: Setup;
  bounds: Bounds;
}

function plan(setup: Setup, ticks: number, adversities: number, kinds: readonly Family[] = families): Plan {
  const name = `${setup.name}, ${adversities} of ${kinds.length === families.length ? 'everything' : kinds.join(', ')}`;
  return { name, setup, bounds: { ticks, adversities, families: new Set(kinds) } };
}

/**
 * What the test suite explores, the quickest first: each setup and each kind of adversity, to a depth that takes a
 * minute together.
 */
export const plans: readonly Plan[] = [
  plan(setups.drained, 5, 1, ['outage']),
  plan(setups.cold, 6, 1, ['outage', 'signals']),
  plan(setups.home, 4, 2, ['outage']),
  plan(setups.named, 3, 1),
  plan(setups['two named'], 2, 1),
  plan(setups.signals, 5, 1, ['outage', 'signals']),
  plan(setups.home, 2, 2, ['operator', 'wipe']),
  plan(setups.cold, 8, 1),
  plan(setups.calm, 5, 2, ['outage', 'clock']),
  plan(setups.gray, 10, 1, ['outage', 'gray', 'process']),
  plan(setups.home, 8, 1),
  plan(setups.drained, 8, 1),
  plan(setups.calm, 8, 1),
  plan(setups.calm, 8, 2, ['outage']),
  plan(setups.out, 5, 2, ['outage', 'clock']),
  plan(setups.out, 6, 1),
  plan(setups['three out'], 4, 1),
  plan(setups.chain, 4, 2, ['outage', 'signals']),
  plan(setups.signals, 5, 2, ['outage', 'signals']),
  plan(setups.two, 3, 2, ['store', 'partition', 'process']),
  plan(setups.three, 3, 2, ['outage', 'operator']),
  plan(setups.drained, 4, 2, ['outage', 'clock', 'damage']),
];

/** What the bench explores besides, and by which it hunts the mutants: the same, deeper, about two minutes. */
export const benchPlans: readonly Plan[] = [
  plan(setups.out, 8, 2, ['outage']),
  plan(setups.chain, 5, 2, ['outage', 'signals']),
  plan(setups.out, 8, 1),
  plan(setups.signals, 7, 2, ['outage', 'signals']),
  plan(setups['three out'], 6, 1),
  plan(setups.calm, 7, 2, ['outage', 'operator', 'clock']),
  plan(setups.out, 8, 2, ['outage', 'process', 'wipe']),
  plan(setups.drained, 6, 2, ['outage', 'clock', 'damage']),
  plan(setups.two, 5, 2, ['store', 'partition', 'process']),
  plan(setups.three, 5, 2, ['outage', 'operator']),
];

/** What the bench explores last: minutes each. */
export const deepPlans: readonly Plan[] = [
  plan(setups.calm, 8, 2),
  plan(setups.out, 8, 2),
  plan(setups.home, 8, 2),
  plan(setups.drained, 8, 2),
  plan(setups.two, 7, 2),
  plan(setups.three, 6, 2),
  plan(setups['three out'], 6, 2),
  plan(setups.calm, 8, 3, ['outage', 'store', 'process']),
  plan(setups.signals, 7, 3, ['outage', 'signals']),
];
