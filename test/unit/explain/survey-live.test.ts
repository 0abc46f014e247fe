import { expect, it } from 'vitest';
import type { FunctionRuntime } from '../../../src/edge/execution.ts';
import { surveyLive } from '../../../src/explain/explain.ts';
import { fakeAsked } from './fake-runtime.ts';

const source = { code: '', sha256: '' };
const now = 1_764_000_000_000;

/** A function that goes to b when a is out, and its runtime with a count of the runs under way and of failing reads. */
function rig() {
  const { runtime } = fakeAsked(({ record }) => (record === 'a=0' ? ['b'] : record === 'b=0' ? ['a'] : ['a', 'b']));
  const seen = { underWay: 0, most: 0, failing: 0, runs: 0 };
  const run: FunctionRuntime['run'] = async (input) => {
    seen.runs += 1;
    seen.underWay += 1;
    seen.most = Math.max(seen.most, seen.underWay);
    if (input.store?.failReads === true) seen.failing += 1;
    await new Promise((resolve) => setImmediate(resolve));
    seen.underWay -= 1;
    return runtime.run(input);
  };
  return { seen, runtime: { run, close: async () => undefined } };
}

it('asks about all viewers, a few runs at a time, so viewers wait for a few runs at most', async () => {
  const { seen, runtime } = rig();
  const audiences = await surveyLive(runtime, { source, record: 'a=0', failReads: false, now }, 2);
  expect(audiences).toMatchObject([{ order: ['a', 'b'], get: 'b', post: 'b' }]);
  expect(audiences[0]?.countries).toHaveLength(250);
  expect(seen.runs).toBeGreaterThan(1_000);
  expect(seen.most).toBeLessThanOrEqual(64);
});

it('fails only the reads of questions about the present: it still finds the order', async () => {
  const { seen, runtime } = rig();
  const audiences = await surveyLive(runtime, { source, record: 'a=0', failReads: true, now }, 2);
  expect(audiences).toMatchObject([{ order: ['a', 'b'], get: 'a, then b' }]);
  expect(seen.failing).toBe(500);
});
