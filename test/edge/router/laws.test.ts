import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { routingOf } from '../../../src/config/services.ts';
import type { RunInput } from '../../../src/edge/execution.ts';
import { judgeRun } from '../../../src/edge/judge/judge.ts';
import { caseOf, randomCase } from './arbitraries.ts';
import { openBuiltRouters, type RouterInput, type RouterRuntime } from './built-routers.ts';
import { configs } from './configs.ts';
import { routeByModel } from './model.ts';
import { registerRandomConfigs } from './random-configs.ts';
import { modelText, runTexts } from './run-texts.ts';
import { openSourceRouter } from './source-router.ts';

let runtimes: RouterRuntime[] = [];
beforeAll(async () => {
  runtimes = [await openSourceRouter(), ...(await openBuiltRouters())];
});
afterAll(async () => {
  await Promise.all(runtimes.map((runtime) => runtime.close()));
});

/** A tester's value is taken from each request. */
const withoutTester = (request: unknown) =>
  JSON.parse(JSON.stringify(request, (name, value) => (['x-tester', 'tester'].includes(name) ? undefined : value)));

const whole = (input: RouterInput): RunInput => ({ ...input, source: { code: '', sha256: '' } });

// npm run bench -- fuzz goes through 100,000 of these.
describe('whatever the event, the record and the store', () => {
  it('the source does what the model does', async () => {
    await fc.assert(
      fc.asyncProperty(randomCase, async (each) => {
        const [source] = runtimes;
        expect(source && (await runTexts(source, [each]))[0]).toBe(modelText(each));
      }),
      { numRuns: 250 },
    );
  });

  it('all runtimes do what the model does, byte by byte', async () => {
    const cases = fc.sample(randomCase, 1_000);
    const wanted = cases.map(modelText);
    for (const runtime of runtimes) {
      const texts = await runTexts(runtime, cases);
      const place = texts.findIndex((text, index) => text !== wanted[index]);
      expect(texts[place], `${runtime.name}: ${JSON.stringify(cases[place])}`).toBe(wanted[place]);
    }
  });

  it('all runtimes do what the model does with any configuration', async () => {
    const names = registerRandomConfigs(40, 20_261_130);
    expect(names.filter((name) => configs[name].services !== undefined).length).toBeGreaterThan(5);
    const cases = fc.sample(caseOf(names), 1_000);
    const wanted = cases.map(modelText);
    for (const runtime of runtimes) {
      const texts = await runTexts(runtime, cases);
      const place = texts.findIndex((text, index) => text !== wanted[index]);
      expect(texts[place], `${runtime.name}: ${JSON.stringify([cases[place], configs[cases[place]?.config ?? 'sample']])}`).toBe(
        wanted[place],
      );
    }
  }, 240_000);

  it('exactly one helper is called, and neither the viewer nor the record can choose the words of the route', () => {
    fc.assert(
      fc.property(randomCase, ({ config, input }) => {
        const { calls, output } = routeByModel(configs[config], whole(input));
        const headers: Record<string, { value: string }> | undefined = (output as { headers?: Record<string, { value: string }> }).headers;
        fc.pre(headers !== undefined);
        const passes = routingOf(configs[config], input.event.request.uri) === undefined;
        if (passes) expect({ calls, output: withoutTester(output) }).toEqual({ calls: [], output: withoutTester(input.event.request) });
        fc.pre(!passes);
        expect(calls).toHaveLength(1);
        const [, first, country, health] =
          /^([a-z]+);country=(\*|[A-Z]{2}(?:-[A-Z\d]{1,3})?);(health=ok|health=weighted|tester)$/.exec(
            headers['x-origin-route']?.value ?? '',
          ) ?? [];
        const { routes, origins, services = [] } = configs[config];
        expect(Object.keys(origins)).toContain(first);
        expect(['*', ...[...routes, ...services.flatMap((each) => each.routes)].flatMap(({ countries }) => countries)]).toContain(country);
        expect(['health=ok', 'health=weighted', 'tester']).toContain(health);
      }),
    );
  });

  it('CloudFront would accept what the router did, wherever it handed over what it hands over', () => {
    fc.assert(
      fc.property(randomCase, ({ config, input }) => {
        const { request } = input.event;
        const untouched = { ...routeByModel(configs[config], whole(input)), output: request, calls: [] };
        // What a viewer cannot send is not a fault of the router.
        fc.pre(judgeRun(whole(input), structuredClone(untouched)).error === undefined);
        const run = routeByModel(configs[config], whole(input));
        expect(judgeRun(whole(input), structuredClone(run)).error).toBeUndefined();
      }),
    );
  });
});
