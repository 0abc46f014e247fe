import { seededRandom } from '../../../src/text/seeded-random.ts';
import type { World } from './simulation.ts';

/** How an origin fails without being down, from a time on. Each is asked once per probe. */
export const grayFailures = {
  alternating: (_random: () => number, probe: number) => ({ opinion: probe % 2 === 0 ? ('bad' as const) : ('good' as const) }),
  'two of three': (_random: () => number, probe: number) => ({ opinion: probe % 3 === 0 ? ('good' as const) : ('bad' as const) }),
  'half at random': (random: () => number) => ({ opinion: random() < 0.5 ? ('bad' as const) : ('good' as const) }),
  // Of two SYN packets, a second apart, at least one must get through and be answered; what is lost after that costs
  // time and no more.
  '50 % packet loss': (random: () => number) => {
    const tries = [0, 1_000].map((at) => ({ at, isThrough: random() < 0.5 && random() < 0.5 }));
    const through = tries.find(({ isThrough }) => isThrough);
    return through === undefined ? { opinion: 'bad' as const, afterMs: 2_000 } : { opinion: 'good' as const, afterMs: through.at + 200 };
  },
};
export type GrayFailure = keyof typeof grayFailures;

/** One origin fails in this way in these spans of elapsed seconds, all else is healthy. */
export function grayIn(origin: string, failure: GrayFailure, spans: readonly (readonly [number, number])[], seed: number): World {
  const random = seededRandom(seed);
  let probe = 0;
  return (id, elapsed) => {
    const isGray = id === origin && spans.some(([from, to]) => elapsed >= from * 1_000 && elapsed < to * 1_000);
    return isGray ? grayFailures[failure](random, ++probe) : { opinion: 'good' };
  };
}

/** Every origin fails this share of its probes at random, whatever else `world` says. */
export function noisy(share: number, seed: number, world: World = () => ({ opinion: 'good' })): World {
  const random = seededRandom(seed);
  return (id, elapsed) => (random() < share ? { opinion: 'bad' } : world(id, elapsed));
}
