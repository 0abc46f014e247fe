import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { composedCases, expectComposed, runComposedSource } from '../../test/edge/compose/composed-cases.ts';
import { serveTeam } from '../../test/edge/compose/virtual-team.ts';
import { randomCase } from '../../test/edge/router/arbitraries.ts';
import { routerCases } from '../../test/edge/router/cases/router-cases.ts';
import { configs } from '../../test/edge/router/configs.ts';
import { routeByModel } from '../../test/edge/router/model.ts';
import { modelText, runTexts } from '../../test/edge/router/run-texts.ts';
import { openSourceRouter } from '../../test/edge/router/source-router.ts';

// The cases and laws of test/edge on the router's source alone, for npm run bench -- mutation.

it.each(routerCases.map((each) => [each.when, each.config, each] as const))('when %s (%s)', async (_when, config, { input }) => {
  const source = await openSourceRouter();
  const model = routeByModel(configs[config], { ...input, source: { code: '', sha256: '' } });
  expect((await source.runAll(config, [input]))[0]).toEqual(model);
});

afterAll(() => serveTeam({}));

it.each(composedCases.map((each) => [each.config, each.when, each] as const))(
  'with code of the team %s: %s',
  async (_config, _when, each) => {
    expectComposed(each, await runComposedSource(each), 'source');
  },
);

it('does what the model does, whatever the event, the record and the store', async () => {
  const source = await openSourceRouter();
  await serveTeam({});
  const cases = fc.sample(randomCase, 300);
  expect(await runTexts(source, cases)).toEqual(cases.map(modelText));
});
