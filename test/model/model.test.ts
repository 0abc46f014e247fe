import { expect, it } from 'vitest';
import { core } from './core.ts';
import { explore } from './explore.ts';
import { plans } from './plans.ts';
import { formatStory } from './story.ts';

it.each(plans)('no history breaks a promise: $name', async ({ setup, bounds }) => {
  const { found, states } = await explore(core, setup, bounds);
  expect(found === undefined ? '' : (await formatStory(core, found)).join('\n')).toBe('');
  // An exploration that goes nowhere finds nothing.
  expect(states).toBeGreaterThan(30);
});
