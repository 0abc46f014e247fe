import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openFunctionRuntime } from '../../../local/runtime/function-runtime.ts';
import { type AnyRuntime, runAll } from '../../../src/edge/ask/ask.ts';
import { buildFunction } from '../../../src/edge/build.ts';
import type { Execution } from '../../../src/edge/execution.ts';
import { judgeRun } from '../../../src/edge/judge/judge.ts';
import { openNjsRuntime } from '../../../src/edge/njs/njs.ts';
import { njs } from '../njs/sample.ts';
import { type ComposedCase, composedCases, composedInput, expectComposed, runComposedSource } from './composed-cases.ts';
import { composedConfigs } from './configs.ts';
import { serveTeam } from './virtual-team.ts';

// The module is the same for all files of edge tests.
afterAll(() => serveTeam({}));

const results = new Map<ComposedCase, { runtime: string; execution: Execution | undefined }[]>();
const runtimes: { name: string; runtime: AnyRuntime }[] = [];

beforeAll(async () => {
  runtimes.push({ name: 'workerd', runtime: await openFunctionRuntime() });
  if (njs !== undefined || process.env['CI'] === 'true') runtimes.push({ name: 'njs', runtime: openNjsRuntime({ njs, judge: judgeRun }) });
  const inputs = await Promise.all(
    composedCases.map(async (each) => ({ ...composedInput(each), source: await buildFunction(composedConfigs[each.config]) })),
  );
  for (const { name, runtime } of runtimes) {
    const executions = await runAll(runtime, inputs);
    for (const [index, each] of composedCases.entries())
      results.set(each, [...(results.get(each) ?? []), { runtime: name, execution: executions[index] }]);
  }
});

afterAll(() => Promise.all(runtimes.map(({ runtime }) => runtime.close())));

describe('the router with code of the team’s own, as source, as built bytes in workerd and in njs', () => {
  it.each(composedCases.map((each) => [each.config, each.when, each] as const))('%s: %s', async (_config, _when, each) => {
    const runs = [{ runtime: 'source', execution: await runComposedSource(each) }, ...(results.get(each) ?? [])];
    expect(runs.length).toBe(1 + runtimes.length);
    for (const { runtime, execution } of runs) {
      if (execution === undefined) throw new Error(`${runtime} did not run`);
      expectComposed(each, execution, runtime);
    }
  });
});
