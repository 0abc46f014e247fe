import { expect, it } from 'vitest';
import { core } from './core.ts';
import { setups } from './setups.ts';
import { families } from './step.ts';
import { formatStory } from './story.ts';
import { walk } from './walk.ts';

it.each([
  { setup: setups.two, seed: 1 },
  { setup: setups.three, seed: 2 },
  { setup: setups.signals, seed: 3 },
  { setup: setups.gray, seed: 4 },
])('a random history of thousands of steps breaks no promise: $setup.name, seed $seed', async ({ setup, seed }) => {
  const { found, steps } = await walk(core, setup, { seed, steps: 1_500, families: new Set(families) });
  expect(found === undefined ? '' : (await formatStory(core, found)).join('\n')).toBe('');
  expect(steps).toBe(1_500);
});
