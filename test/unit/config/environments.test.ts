import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type EdgeConfigInput, parseEdgeConfig } from '../../../src/config/edge-config.ts';
import { checkGivenTargets, parseEveryProject, parseProject } from '../../../src/config/environments.ts';
import { EdgeError } from '../../../src/errors.ts';
import sample from '../../fixtures/sample/edge.config.ts';

const two = {
  ...sample,
  retryHeader: 'x-retry-attempt',
  environments: {
    staging: {
      functionName: 'router-staging',
      keyValueStoreName: 'health-staging',
      origins: { europe: { originId: 'staging-europe' } },
      defaultOrder: ['europe', 'singapore'],
      retryHeader: undefined,
      health: { intervalMs: 30_000 },
    },
    prod: {},
  },
};
const withStaging = (staging: object) => ({ ...two, environments: { staging, prod: {} } });
const inEnvironment = (written: unknown, name: string) => parseProject(written, { EDGE_ENV: name }).config;

function errorOf(run: () => unknown): EdgeError {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(EdgeError);
    return error as EdgeError;
  }
  throw new Error('nothing was thrown');
}

const problemsOf = (run: () => unknown) =>
  errorOf(run)
    .message.split('\n')
    .slice(1)
    .map((line) => line.trim());

describe('an environment', () => {
  it('is the shared part with its own fields over it', () => {
    const { functionName, defaultOrder, retryHeader, health, origins, routes } = inEnvironment(two, 'staging');
    expect({ functionName, defaultOrder, retryHeader }).toEqual({
      functionName: 'router-staging',
      defaultOrder: ['europe', 'singapore'],
      retryHeader: undefined,
    });
    expect(health).toMatchObject({ intervalMs: 30_000, timeoutMs: 3_000 });
    expect(origins).toMatchObject({ europe: { originId: 'staging-europe', region: 'eu-central-1' }, singapore: { originId: 'singapore' } });
    expect(Object.keys(origins)).toEqual(Object.keys(sample.origins));
    expect(routes).toEqual(sample.routes);
  });

  it('without fields of its own is the shared part', () => {
    expect(parseProject(two, { EDGE_ENV: 'prod' })).toEqual({
      environment: 'prod',
      env: { EDGE_ENV: 'prod', EDGE_FUNCTION_NAME: 'origin-router' },
      config: parseEdgeConfig({ ...sample, retryHeader: 'x-retry-attempt' }),
    });
  });

  it('adds an origin behind those that all have, and takes a field away', () => {
    const config = inEnvironment(
      withStaging({ functionName: 'b', keyValueStoreName: 'b', origins: { tokyo: { region: 'ap-northeast-1' } } }),
      'staging',
    );
    expect(Object.keys(config.origins)).toEqual([...Object.keys(sample.origins), 'tokyo']);
    expect(inEnvironment(two, 'staging').retryHeader).toBeUndefined();
  });

  it('leaves what the file exports as it is', () => {
    const before = structuredClone(two);
    inEnvironment(two, 'staging');
    expect(two).toEqual(before);
  });

  it('may hold everything, when environments share nothing', () => {
    const written = { environments: { one: { ...sample, functionName: 'a', keyValueStoreName: 'a' }, two: sample } };
    expect(inEnvironment(written, 'one').functionName).toBe('a');
    expect(parseEveryProject(written).map(({ environment }) => environment)).toEqual(['one', 'two']);
  });

  it('merges as objects do, whatever they hold', () => {
    const fields = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'constructor'), fc.constantFrom('x', 'y'));
    fc.assert(
      fc.property(fields, fields, (shared, own) => {
        const written = { ...sample, origins: sample.origins, keys: shared, environments: { prod: { keys: own } } };
        const { keys } = inEnvironment(written, 'prod');
        expect(Object.entries(keys).sort()).toEqual(Object.entries({ ...shared, ...own }).sort());
      }),
    );
  });
});

describe('the choice of an environment', () => {
  it.each([
    { when: 'none is chosen', written: two, env: {}, says: ['staging, prod'], hint: '--env staging' },
    { when: 'EDGE_ENV is empty', written: two, env: { EDGE_ENV: '' }, says: ['staging, prod'], hint: '--env staging' },
    { when: 'the name is misspelt', written: two, env: { EDGE_ENV: 'prd' }, says: ['"prd"', 'staging, prod'], hint: 'did you mean prod?' },
    { when: 'the name is one that objects have', written: two, env: { EDGE_ENV: 'toString' }, says: ['"toString"'], hint: '--env' },
    { when: 'there are none', written: sample, env: { EDGE_ENV: 'prod' }, says: ['"prod"'], hint: '--env' },
  ])('is refused with the names in one line when $when', ({ written, env, says, hint }) => {
    const error = errorOf(() => parseProject(written, env));
    expect(error).toMatchObject({ code: 'USAGE', exitCode: 2, hint: expect.stringContaining(hint) });
    for (const text of says) expect(error.message).toContain(text);
    expect(error.message).not.toContain('\n');
  });

  it('is none where there are none', () => {
    expect(parseProject(sample, {})).toEqual({
      environment: undefined,
      config: parseEdgeConfig(sample),
      env: { EDGE_FUNCTION_NAME: 'origin-router' },
    });
  });
});

describe('variables', () => {
  const written = {
    ...sample,
    variables: { VIEWER_DOMAIN: 'www.example.com' },
    environments: {
      staging: { functionName: 'b', keyPrefix: 'staging', variables: { VIEWER_DOMAIN: 'staging.example.com', EDGE_DISTRIBUTION_ID: 'E1' } },
      prod: {},
    },
  };

  it('are those of the chosen environment, beside what the process has', () => {
    expect(parseProject(written, { EDGE_ENV: 'staging', OTHER: '1' }).env).toEqual({
      EDGE_ENV: 'staging',
      OTHER: '1',
      EDGE_FUNCTION_NAME: 'b',
      VIEWER_DOMAIN: 'staging.example.com',
      EDGE_DISTRIBUTION_ID: 'E1',
    });
    expect(parseProject(written, { EDGE_ENV: 'prod', VIEWER_DOMAIN: '' }).env['VIEWER_DOMAIN']).toBe('www.example.com');
  });

  it('are refused when the process has the value of another environment', () => {
    const error = errorOf(() => parseProject(written, { EDGE_ENV: 'staging', VIEWER_DOMAIN: 'www.example.com' }));
    expect(error).toMatchObject({ code: 'USAGE', hint: expect.stringContaining('VIEWER_DOMAIN') });
    expect(parseProject(written, { EDGE_ENV: 'prod', VIEWER_DOMAIN: 'www.example.com' }).environment).toBe('prod');
  });
});

describe('a target that only the process names', () => {
  const arn = (digit: number) => `arn:aws:cloudfront::111122223333:key-value-store/${digit}0000000-0000-4000-8000-000000000000`;
  const distributions = [{ id: 'E1', behaviors: ['default'] }];
  const check = (own: object, env: Record<string, string>) =>
    checkGivenTargets(parseProject(withStaging({ functionName: 'b', keyValueStoreName: 'b', ...own }), { EDGE_ENV: 'staging' }), env);

  it.each([
    { when: 'is a store', own: {}, env: { EDGE_KVS_ARN: arn(1) }, names: 'EDGE_KVS_ARN' },
    { when: 'is a distribution', own: {}, env: { EDGE_DISTRIBUTION_ID: 'E1' }, names: 'EDGE_DISTRIBUTION_ID' },
    { when: 'is not among distributions', own: { distributions }, env: { EDGE_DISTRIBUTION_ID: 'E2' }, names: 'EDGE_DISTRIBUTION_ID' },
  ])('is refused in an environment when it $when', ({ own, env, names }) => {
    const error = errorOf(() => check(own, env));
    expect(error).toMatchObject({ code: 'USAGE', message: expect.stringContaining(names), hint: expect.stringContaining(names) });
  });

  it.each([
    { when: 'variables have it', own: { variables: { EDGE_KVS_ARN: arn(1) } }, env: { EDGE_KVS_ARN: arn(1) } },
    { when: 'distributions have it', own: { distributions }, env: { EDGE_DISTRIBUTION_ID: 'E1' } },
    { when: 'it is empty', own: {}, env: { EDGE_KVS_ARN: '', EDGE_DISTRIBUTION_ID: '' } },
  ])('is taken when $when', ({ own, env }) => {
    expect(() => check(own, env)).not.toThrow();
  });

  it('is taken where there are no environments', () => {
    expect(() => checkGivenTargets(parseProject(sample, {}), { EDGE_KVS_ARN: arn(1), EDGE_DISTRIBUTION_ID: 'E1' })).not.toThrow();
  });

  it('is not the same store for two environments, whatever the names', () => {
    const staging = (digit: number) => ({ functionName: 'b', keyValueStoreName: 'b', variables: { EDGE_KVS_ARN: arn(digit) } });
    const written = (digit: number) => ({
      ...sample,
      variables: { EDGE_KVS_ARN: arn(1) },
      environments: { staging: staging(digit), prod: {} },
    });
    expect(problemsOf(() => parseEveryProject(written(1)))).toEqual([expect.stringContaining(arn(1))]);
    expect(parseEveryProject(written(2))).toHaveLength(2);
  });
});

describe('environments with problems', () => {
  it.each([
    { when: 'are a list', environments: [], paths: ['environments'] },
    { when: 'are none', environments: {}, paths: ['environments'] },
    { when: 'have bad names and bad values', environments: { Prod: {}, dev: 5 }, paths: ['environments.Prod', 'environments.dev'] },
    { when: 'are nested', environments: { dev: { environments: {} } }, paths: ['environments.dev.environments'] },
  ])('are refused with every path when they $when', ({ environments, paths }) => {
    const problems = problemsOf(() => parseProject({ ...sample, environments }, { EDGE_ENV: 'dev' }));
    expect(problems.map((line) => line.split(':')[0])).toEqual(paths);
  });

  it('have their name in the path, and what is wrong in the shared part is listed once', () => {
    const written = {
      ...two,
      functionName: 'a b',
      environments: { staging: { origins: { europe: { region: 'on the moon ' } } }, prod: { orgins: {}, keyValueStoreName: 'x y' } },
    };
    const problems = problemsOf(() => parseEveryProject(written));
    expect(problems.map((line) => line.split(':')[0])).toEqual([
      'functionName',
      'environments.staging.origins.europe.region',
      'environments.prod.keyValueStoreName',
      'environments.prod',
      'environments.prod',
    ]);
  });

  it('do not stop a command in another environment', () => {
    const written = { ...two, environments: { staging: { functionName: 'a b', keyValueStoreName: 'b' }, prod: {} } };
    expect(inEnvironment(written, 'prod').functionName).toBe('origin-router');
    expect(errorOf(() => inEnvironment(written, 'staging')).code).toBe('CONFIG_INVALID');
    expect(errorOf(() => parseEveryProject(written)).code).toBe('CONFIG_INVALID');
  });

  it.each([
    { when: 'have the same function', staging: { keyValueStoreName: 'b' }, says: /"staging" has the function "origin-router"/ },
    { when: 'have the same keys in one store', staging: { functionName: 'b' }, says: /"staging" has the same keys in store "edge-health"/ },
  ])('are refused in both when they $when', ({ staging, says }) => {
    const written = withStaging(staging);
    for (const name of ['staging', 'prod']) expect(problemsOf(() => inEnvironment(written, name))).toEqual([expect.stringMatching(says)]);
    expect(problemsOf(() => parseEveryProject(written))).toEqual([expect.stringMatching(says)]);
  });

  it.each([
    {
      when: 'name one behavior',
      one: [{ id: 'E1', behaviors: ['/api/*', 'default'] }],
      other: [{ id: 'E1', behaviors: ['api/*'] }],
      says: ['/api/*'],
    },
    { when: 'name other behaviors', one: [{ id: 'E1', behaviors: ['default'] }], other: [{ id: 'E1', behaviors: ['/api/*'] }], says: [] },
    {
      when: 'name other distributions',
      one: [{ id: 'E1', behaviors: ['default'] }],
      other: [{ id: 'E2', behaviors: ['default'] }],
      says: [],
    },
  ])('of one account are refused only when they $when twice', ({ one, other, says }) => {
    const staging = { functionName: 'b', keyPrefix: 'staging', distributions: one };
    const prod = { distributions: other };
    const written = (more: object) => ({
      ...sample,
      environments: { staging: { ...staging, ...more }, prod: { ...prod, accountId: '444455556666' } },
    });
    expect(parseEveryProject(written({ accountId: '111122223333' }))).toHaveLength(2);
    const problems = says.length === 0 ? parseEveryProject(written({})).slice(2) : problemsOf(() => parseEveryProject(written({})));
    expect(problems).toEqual(says.map((name) => expect.stringContaining(`"${name.slice(1)}" of distribution E1`)));
  });

  it('are refused when both describe the whole of one distribution', () => {
    const written = {
      ...sample,
      variables: { EDGE_DISTRIBUTION_ID: 'E1' },
      environments: { staging: { functionName: 'b', keyPrefix: 'b' }, prod: {} },
    };
    expect(problemsOf(() => parseEveryProject(written))).toEqual([expect.stringContaining('distribution E1')]);
  });

  it.each([
    { when: 'their accounts differ', staging: { accountId: '111122223333' }, prod: { accountId: '444455556666' } },
    { when: 'function and key prefix differ', staging: { functionName: 'b', keyPrefix: 'staging' }, prod: {} },
    { when: 'function and store differ', staging: { functionName: 'b', keyValueStoreName: 'b' }, prod: {} },
  ])('may share an account or a store when $when', ({ staging, prod }) => {
    const written = { ...sample, environments: { staging, prod } };
    expect(parseEveryProject(written)).toHaveLength(2);
  });

  it.each([
    { when: 'is another environment’s own', keys: { 'staging/health': 'x' }, says: ['environments.prod.keys.staging/health'] },
    { when: 'has two values', keys: { flag: '2' }, says: ['environments.prod.keys.flag'] },
    { when: 'has one value', keys: { flag: '1' }, says: [] },
  ])('of one store: a declared key that $when', ({ keys, says }) => {
    const staging = { functionName: 'b', keyPrefix: 'staging', keys: { flag: '1' } };
    const written = { ...sample, environments: { staging, prod: { keys } } };
    const problems = says.length === 0 ? [] : problemsOf(() => parseEveryProject(written));
    expect(problems.map((line) => line.split(':')[0])).toEqual(says);
    if (says.length === 0) expect(parseEveryProject(written)).toHaveLength(2);
  });

  it('never end in a bug, whatever the file exports', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), fc.option(fc.string()), (base, environments, name) => {
        const written = typeof base === 'object' && base !== null ? { ...base, environments } : base;
        for (const run of [() => parseProject(written, { EDGE_ENV: name ?? undefined }), () => parseEveryProject(written)])
          try {
            run();
          } catch (error) {
            expect(error).toBeInstanceOf(EdgeError);
          }
      }),
    );
  });
});

it('types accept a shared part that is incomplete, and refuse an unknown field', () => {
  const shared: EdgeConfigInput['origins'] = { a: { region: 'eu-central-1' } };
  expect(inEnvironment({ origins: shared, environments: { prod: { defaultOrder: ['a'] } } }, 'prod').defaultOrder).toEqual(['a']);
});
