import { afterAll, beforeAll, expect, it } from 'vitest';
import { samplePaths } from '../../../src/config/services.ts';
import { checkRouting, listSituations, surveyFunction } from '../../../src/edge/ask/survey.ts';
import { buildFunction } from '../../../src/edge/build.ts';
import { judgeRun } from '../../../src/edge/judge/judge.ts';
import { openNjsRuntime } from '../../../src/edge/njs/njs.ts';
import { proveFunction } from '../../../src/edge/prove-function.ts';
import { explainCountries, explainViewer } from '../../../src/explain/explain.ts';
import { describeWith } from '../../programs.ts';
import { njs } from '../njs/sample.ts';
import { configs } from './configs.ts';

describeWith(['njs'], 'a function with services', () => {
  const config = configs.services;
  // Not in the suite itself, whose body runs also where njs is missing.
  let runtime: ReturnType<typeof openNjsRuntime>;
  beforeAll(() => {
    runtime = openNjsRuntime({ njs, judge: judgeRun });
  });
  afterAll(() => runtime.close());
  const ask = async () => ({ runtime, source: await buildFunction(config), now: 1_764_000_000_000, origins: config.origins });

  it('passes the gate and routes each service, and what passes through, as edge.config.ts says', async () => {
    await proveFunction({ config, njs });
    const paths = samplePaths(config);
    expect(paths.map(({ service }) => service)).toEqual(['login', 'api', 'files', 'reports', 'login-too', undefined]);
    const answers = await surveyFunction(await ask(), listSituations(Object.keys(config.origins), paths));
    expect(checkRouting(answers, config)).toEqual([]);
    const [api, ...others] = (config.services ?? []).slice(1);
    const other = { ...config, services: api === undefined ? [] : [{ ...api, order: ['europe'] }, ...others] };
    expect(checkRouting(answers, other).join('\n')).toMatch(
      /^\d+ countries.*\/api\/sample of api, every origin healthy, GET: edge\.config\.ts says europe/m,
    );
  }, 240_000);

  it('explains the service of a path, and no origin for a path that passes through', async () => {
    const asked = await ask();
    const explain = (uri: string) =>
      explainViewer(asked, { viewer: { country: 'DE', method: 'GET', ip: '203.0.113.7', uri }, record: 'ok', config });
    expect(await explain('/api/x')).toMatchObject({ rule: 'service api, routes[1]', decision: { route: 'europe, then singapore' } });
    expect(await explain('/login')).toMatchObject({ rule: 'service login, order', decision: { route: 'europe' } });
    expect(await explain('/')).toMatchObject({
      rule: 'no service has this path',
      origins: [],
      decision: { route: 'the behavior’s own origin' },
    });
    const [all, ...more] = await explainCountries(asked, 'singapore=50', 3, { path: '/' });
    expect([all?.get, all?.order, more]).toEqual(['the behavior’s own origin', [], []]);
  });
});
