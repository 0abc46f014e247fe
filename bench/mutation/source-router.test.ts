import fc from 'fast-check';
import { expect, it } from 'vitest';
import { randomCase } from '../../test/edge/router/arbitraries.ts';
import { routerCases } from '../../test/edge/router/cases/router-cases.ts';
import { configs } from '../../test/edge/router/configs.ts';
import { routeByModel } from '../../test/edge/router/model.ts';
import { modelText, runTexts } from '../../test/edge/router/run-texts.ts';
import { openSourceRouter } from '../../test/edge/router/source-router.ts';

// The router's cases and laws on its source alone, for npm run bench -- mutation. test/edge/router has the same on the
// built function.

it.each(routerCases.map((each) => [each.when, each.config, each] as const))('when %s (%s)', async (_when, config, { input }) => {
  const source = await openSourceRouter();
  const model = routeByModel(configs[config], { ...input, source: { code: '', sha256: '' } });
  expect((await source.runAll(config, [input]))[0]).toEqual(model);
});

it('does what the model does, whatever the event, the record and the store', async () => {
  const source = await openSourceRouter();
  const cases = fc.sample(randomCase, 300);
  expect(await runTexts(source, cases)).toEqual(cases.map(modelText));
});
