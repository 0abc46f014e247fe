import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RawRun, RunInput } from '../../../src/edge/execution.ts';
import { judgeRun } from '../../../src/edge/judge/judge.ts';
import { openBuiltRouters, type RouterRuntime } from './built-routers.ts';
import type { RouterCase } from './cases/router-case.ts';
import { routerCases } from './cases/router-cases.ts';
import { type ConfigName, configs } from './configs.ts';
import { routeByModel } from './model.ts';
import { openSourceRouter } from './source-router.ts';

let runtimes: RouterRuntime[] = [];
const runs = new Map<RouterCase, { runtime: string; run: RawRun | undefined }[]>();

// All cases of one configuration at once: each single run in njs costs a process.
beforeAll(async () => {
  runtimes = [await openSourceRouter(), ...(await openBuiltRouters())];
  for (const runtime of runtimes) {
    for (const config of Object.keys(configs) as ConfigName[]) {
      const cases = routerCases.filter((each) => each.config === config);
      const results = await runtime.runAll(
        config,
        cases.map(({ input }) => input),
      );
      for (const [index, each] of cases.entries()) {
        runs.set(each, [...(runs.get(each) ?? []), { runtime: runtime.name, run: results[index] }]);
      }
    }
  }
});

afterAll(async () => {
  await Promise.all(runtimes.map((runtime) => runtime.close()));
});

const whole = (input: RouterCase['input']): RunInput => ({ ...input, source: { code: '', sha256: '' } });

function destination(run: RawRun | undefined): string | undefined {
  const [call] = run?.calls ?? [];
  if (call === undefined) return undefined;
  const [helper, [argument]] = call;
  if (helper === 'selectRequestOriginById') return String(argument);
  return (argument as { originIds: string[] }).originIds.join('+');
}

const headersOf = (run: RawRun | undefined) => (run?.output as { headers?: Record<string, { value: string }> } | undefined)?.headers;

describe('the router, as source, as built bytes in workerd and as built bytes in njs', () => {
  it.each(routerCases.map((each) => [each.when, each.config, each] as const))('when %s (%s)', (_when, config, each) => {
    const { input, to, says, sendable } = each;
    const model = routeByModel(configs[config], whole(input));
    expect({ to: destination(model), says: headersOf(model)?.['x-origin-route']?.value }, 'the model').toEqual({ to, says });
    for (const { runtime, run } of runs.get(each) ?? []) expect(run, runtime).toEqual(model);
    if (sendable) expect(judgeRun(whole(input), structuredClone(model)).error, 'by the rules of CloudFront').toBeUndefined();
  });

  it('has been tried on every runtime', () => {
    expect(runtimes.map(({ name }) => name)).toEqual(expect.arrayContaining(['source', 'workerd']));
    for (const each of routerCases) expect(runs.get(each)).toHaveLength(runtimes.length);
  });

  it('calls exactly one helper, never throws, and says nothing that a viewer or a record brought', () => {
    for (const each of routerCases) {
      for (const { runtime, run } of runs.get(each) ?? []) {
        const about = `${runtime}: ${each.when}`;
        expect(run?.failure, about).toBeUndefined();
        expect(run?.calls, about).toHaveLength(each.to === undefined ? 0 : 1);
        if (each.to === undefined) continue;
        expect(Object.keys(headersOf(run)?.['x-origin-route'] ?? {}), about).toEqual(['value']);
        expect(headersOf(run)?.['x-origin-route']?.value, about).toMatch(
          /^(singapore|europe|tokyo);country=(\*|[A-Z]{2}(?:-[A-Z\d]{1,3})?);(health=(ok|weighted)|tester)$/,
        );
      }
    }
  });
});
