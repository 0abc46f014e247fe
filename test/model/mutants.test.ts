import { expect, it } from 'vitest';
import { core } from './core.ts';
import { huntMutant } from './hunt.ts';
import { cheapMutants, mutants, openMutant } from './mutants.ts';
import { plans } from './plans.ts';
import { replayStory } from './story.ts';

it('every mutant still has its place in the source', async () => {
  expect(mutants.length).toBeGreaterThanOrEqual(20);
  for (const mutant of mutants) await openMutant(mutant);
});

it.each(cheapMutants)('a flipper that $fault is found out', async (mutant) => {
  const { found } = await huntMutant(mutant, plans);
  expect(found).toBeDefined();
  if (found === undefined) return;
  // Its story has the same end when it runs again, and is not a story of the unchanged core.
  expect(await replayStory(await openMutant(mutant), found.setup, found.steps)).toEqual(found.breaches);
  expect(await replayStory(core, found.setup, found.steps)).toEqual([]);
});
