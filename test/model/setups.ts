import { times } from './story.ts';
import type { Setup } from './world.ts';

const calm = (flippers: number) => [...Array.from({ length: flippers }, (_, index) => `start ${index + 1}`), ...times(6, 'tick')];

const pair: readonly (readonly string[])[] = [
  ['singapore', 'europe'],
  ['europe', 'singapore'],
];
const trio: readonly (readonly string[])[] = [
  ['singapore', 'europe', 'tokyo'],
  ['europe', 'singapore'],
  ['tokyo', 'singapore', 'europe'],
];
const one = { orders: pair, signals: 1, flippers: 1 };

/** Where explorations begin. A start breaks no law itself. */
export const setups = {
  calm: { name: 'calm', ...one, start: calm(1) },
  cold: { name: 'cold', ...one, start: [] },
  out: { name: 'out', ...one, start: [...calm(1), 'down singapore', ...times(4, 'tick')] },
  home: { name: 'home', ...one, start: [...calm(1), 'down singapore', ...times(3, 'tick'), 'up singapore', ...times(5, 'tick')] },
  drained: { name: 'drained', ...one, start: [...calm(1), 'override europe=50', ...times(1, 'tick')] },
  two: { name: 'two', ...one, flippers: 2, start: calm(2) },
  'two out': { name: 'two out', ...one, flippers: 2, start: [...calm(2), 'down singapore', ...times(4, 'tick')] },
  signals: { name: 'signals', ...one, signals: 3, start: calm(1) },
  named: { name: 'named', ...one, namesFlips: true, start: calm(1) },
  'two named': { name: 'two named', ...one, namesFlips: true, flippers: 2, start: [...calm(2), 'down singapore', ...times(4, 'tick')] },
  gray: { name: 'gray', ...one, rate: true, start: calm(1) },
  three: { name: 'three', orders: trio, signals: 1, flippers: 1, start: calm(1) },
  'three out': { name: 'three out', orders: trio, signals: 1, flippers: 1, start: [...calm(1), 'down singapore', ...times(4, 'tick')] },
  chain: { name: 'chain', orders: [['singapore', 'europe', 'tokyo']], signals: 1, flippers: 1, start: calm(1) },
} satisfies Record<string, Setup>;
