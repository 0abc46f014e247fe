import { expect, it } from 'vitest';
import { core } from './core.ts';
import { setups } from './setups.ts';
import { replayStory, times } from './story.ts';

// Histories that once broke a promise, as the checker printed them.

it('rescues viewers that no override holds', async () => {
  expect(await replayStory(core, setups.calm, ['down singapore', 'tick', 'override europe=50', ...times(4, 'tick')])).toEqual([]);
  expect(await replayStory(core, setups.calm, ['down singapore', 'tick', 'tick overtaken 1', ...times(4, 'tick')])).toEqual([]);
});

it('keeps an override although its clock is an hour ahead', async () => {
  expect(await replayStory(core, setups.drained, ['down singapore', 'tick', 'clock 1 ahead', 'tick', 'tick'])).toEqual([]);
});

it('restores an override that another tool deleted, or reports it', async () => {
  expect(await replayStory(core, setups.drained, ['wipe health', ...times(8, 'tick')])).toEqual([]);
});

it('raises no weight on what it knew before it was frozen', async () => {
  expect(await replayStory(core, setups.out, ['up singapore', 'tick', 'tick', 'freeze 1', ...times(8, 'tick')])).toEqual([]);
});

it('reports a flip whose answer was lost', async () => {
  expect(await replayStory(core, setups.calm, ['down singapore', 'tick', 'tick lost-answer 1', ...times(3, 'tick')])).toEqual([]);
});

it('continues the audit after the state was deleted or damaged', async () => {
  expect(await replayStory(core, setups.out, ['wipe state', 'tick', 'up singapore', ...times(3, 'tick')])).toEqual([]);
  expect(await replayStory(core, setups.out, ['damage state', 'tick', 'up singapore', ...times(3, 'tick')])).toEqual([]);
});

it('continues the audit when an older state is put back while it restarts', async () => {
  expect(await replayStory(core, setups.out, ['crash 1', 'backup state', 'start 1', ...times(8, 'tick')])).toEqual([]);
  expect(await replayStory(core, setups.home, ['crash 1', 'backup state', 'start 1', ...times(8, 'tick')])).toEqual([]);
});

it('keeps its own count when another writer has begun again', async () => {
  expect(await replayStory(core, setups.out, ['wipe all', 'override europe=50', 'tick', ...times(8, 'tick')])).toEqual([]);
});

it('writes nothing on a read that is older than its own last write', async () => {
  const step = ['down singapore', 'tick', 'tick', 'up singapore', ...times(3, 'tick')];
  expect(await replayStory(core, setups.calm, [...step, 'down singapore', 'tick stale-value 1', 'tick'])).toEqual([]);
  expect(await replayStory(core, setups.calm, [...step, 'down singapore', 'tick stale 1', 'tick'])).toEqual([]);
});
