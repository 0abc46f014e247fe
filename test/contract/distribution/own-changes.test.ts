import { type CacheBehavior, CreateDistributionCommand, type DistributionConfig } from '@aws-sdk/client-cloudfront';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  applyToAll,
  applyToSome,
  endStaging,
  promoteToAll,
  removalWords,
  showPlan,
  type WriteOptions,
} from '../../../scripts/distribution/write.ts';
import { completeDistribution } from '../../../src/config/complete-distribution.ts';
import { type EdgeConfigInput, parseEdgeConfig } from '../../../src/config/edge-config.ts';
import { openPart, type PartTarget } from '../../../src/distribution/distribution.ts';
import { planRemoval, readPublished } from '../../../src/distribution/own-changes.ts';
import { openTestDistribution, runCommand, type TestDistribution } from './open-test-distribution.ts';

const account = '111122223333';
const ours = `arn:aws:cloudfront::${account}:function/origin-router`;
const country = '33f36d7e-f396-46d9-90e0-52428a34d9dc';
const allViewer = '216adef6-5c7f-47e4-b989-5492eafa07d3';
const cachingDisabled = '4135ea2d-6df8-44a3-9df3-4b5a84be39ad';
const list = <T>(...Items: T[]) => ({ Quantity: Items.length, Items });
const balancer = (Id: string) => ({
  Id,
  DomainName: `${Id.toLowerCase()}.example.com`,
  CustomOriginConfig: { HTTPPort: 80, HTTPSPort: 443, OriginProtocolPolicy: 'https-only' as const, OriginReadTimeout: 60 },
});
const behavior = (PathPattern: string, more: object = {}) => ({
  PathPattern,
  TargetOriginId: 'WebStackDistOrigin1A2B3C4D',
  ViewerProtocolPolicy: 'https-only' as const,
  CachePolicyId: cachingDisabled,
  OriginRequestPolicyId: allViewer,
  ...more,
});

/** A bucket by default, and an API on two load balancers. */
const web = (...behaviors: object[]): DistributionConfig =>
  ({
    CallerReference: 'made elsewhere',
    Comment: 'web',
    Enabled: true,
    HttpVersion: 'http2and3',
    Origins: list<object>(
      { Id: 'bucket', DomainName: 'site.s3.eu-central-1.amazonaws.com', S3OriginConfig: { OriginAccessIdentity: '' } },
      balancer('WebStackDistOrigin1A2B3C4D'),
      balancer('WebStackDistOrigin2E5F6G7H'),
    ),
    DefaultCacheBehavior: { TargetOriginId: 'bucket', ViewerProtocolPolicy: 'redirect-to-https', CachePolicyId: cachingDisabled },
    CacheBehaviors: list(...(behaviors.length === 0 ? [behavior('/api/*')] : behaviors)),
  }) as unknown as DistributionConfig;

let test: TestDistribution;
beforeEach(async () => {
  test = await openTestDistribution();
});
afterEach(() => test.close());

const create = async (config: DistributionConfig) => {
  const { Distribution } = await test.client.send(new CreateDistributionCommand({ DistributionConfig: completeDistribution(config) }));
  test.cloud.calls.length = 0;
  return Distribution?.Id ?? '';
};

const configure = (id: string, more: Partial<EdgeConfigInput> = {}) =>
  parseEdgeConfig({
    origins: {
      one: { originId: 'WebStackDistOrigin1A2B3C4D', region: 'eu-west-1' },
      two: { originId: 'WebStackDistOrigin2E5F6G7H', region: 'eu-central-1' },
    },
    defaultOrder: ['one', 'two'],
    distributions: [{ id, behaviors: ['/api/*'] }],
    ...more,
  });

const open = (id: string, more: Partial<EdgeConfigInput> = {}): PartTarget => {
  const config = configure(id, more);
  const [distribution] = config.distributions ?? [];
  if (distribution === undefined) throw new Error('no distribution');
  return openPart(test.client, config, distribution);
};

const run = async (command: typeof applyToAll, id: string, more: Partial<EdgeConfigInput> = {}, options: Partial<WriteOptions> = {}) => {
  return runCommand(test, (_, given, io) => command(open(id, more), given, io), { options });
};
const plan = (id: string, more: Partial<EdgeConfigInput> = {}) => run((target, _, io) => showPlan(target, false, io), id, more);

describe('our own changes on a distribution of another tool', () => {
  it('are one association, and nothing else is written', async () => {
    const id = await create(web(behavior('/api/*'), behavior('/other/*')));
    const before = (await test.read(id)).config;
    const { result } = await plan(id);
    expect(result.changes).toEqual([
      {
        kind: 'add',
        path: 'CacheBehaviors[/api/*].FunctionAssociations[viewer-request]',
        before: null,
        after: { EventType: 'viewer-request', FunctionARN: ours },
      },
    ]);
    expect(result).toMatchObject({ kept: [], hazards: [] });
    expect(test.writes()).toEqual([]);

    expect((await run(applyToAll, id)).result).toMatchObject({ written: true, deployed: true });
    const after = (await test.read(id)).config;
    const [api, ...others] = (after.CacheBehaviors?.Items ?? []) as [CacheBehavior, ...CacheBehavior[]];
    expect(api.FunctionAssociations).toEqual(list({ EventType: 'viewer-request', FunctionARN: ours }));
    expect({ ...after, CacheBehaviors: list({ ...api, FunctionAssociations: { Quantity: 0 } }, ...others) }).toEqual(before);
    expect((await run(applyToAll, id)).result).toMatchObject({ written: false, changes: [] });
  });

  it('leave a function on viewer responses where it is', async () => {
    const response = { EventType: 'viewer-response', FunctionARN: ours };
    const id = await create(web(behavior('/api/*', { FunctionAssociations: list(response) })));
    expect((await run(applyToAll, id)).code).toBe(0);
    expect((await test.read(id)).config.CacheBehaviors?.Items?.[0]?.FunctionAssociations?.Items).toEqual([
      response,
      { EventType: 'viewer-request', FunctionARN: ours },
    ]);
  });

  it('take the default behavior and patterns without their slash', async () => {
    const id = await create(web(behavior('api/*')));
    const { result } = await plan(id, { distributions: [{ id, behaviors: ['default', '/api/*'] }] });
    expect(result.changes.map(({ path }: { path: string }) => path)).toEqual([
      'DefaultCacheBehavior.FunctionAssociations[viewer-request]',
      'CacheBehaviors[api/*].FunctionAssociations[viewer-request]',
    ]);
  });

  it.each([
    [
      'a behavior',
      { distributions: [{ id: '', behaviors: ['/v2/*', '/api/*'] }] },
      /has no behavior \/v2\/\*; its behaviors: default, \/api\/\*/,
    ],
    ['an origin', { origins: { one: { region: 'eu-west-1' }, two: { region: 'eu-central-1' } } }, /has no origin one/],
  ])('name %s that the distribution lacks', async (_, more, message) => {
    const id = await create(web());
    const given = 'distributions' in more ? { distributions: more.distributions.map((each) => ({ ...each, id })) } : more;
    expect((await plan(id, given)).code).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringMatching(message) });
  });

  it('lower the timeouts of the routed origins alone where manage says so', async () => {
    const id = await create(web());
    const { result } = await plan(id, { manage: ['timeouts'] });
    const origins = ['WebStackDistOrigin1A2B3C4D', 'WebStackDistOrigin2E5F6G7H'];
    expect(
      result.changes.flatMap(({ path, after }: { path: string; after: unknown }) => (path.startsWith('Origins') ? [[path, after]] : [])),
    ).toEqual(
      origins.flatMap((origin) => [
        [`Origins[${origin}].CustomOriginConfig.OriginReadTimeout`, 10],
        [`Origins[${origin}].ConnectionAttempts`, 1],
        [`Origins[${origin}].ConnectionTimeout`, 2],
      ]),
    );
    expect((await run(applyToAll, id, { manage: ['timeouts'] })).code).toBe(0);
    expect((await plan(id, { manage: ['timeouts'] })).result.changes).toEqual([]);
  });
});

describe('the hazards of our own changes', () => {
  const auth = `arn:aws:cloudfront::${account}:function/auth`;
  const functions = (FunctionARN: string) => ({ FunctionAssociations: list({ EventType: 'viewer-request', FunctionARN }) });
  const routes = { routes: [{ countries: ['DE'], order: ['two', 'one'] }] };
  const kinds = async (id: string, more: Partial<EdgeConfigInput> = {}) =>
    (await plan(id, more)).result.hazards.map(({ kind }: { kind: string }) => kind);

  it.each(['/api*', '/*', '*'])('a live %s in front of ours takes its viewers', async (pattern) => {
    const id = await create(web(behavior(pattern, { TargetOriginId: 'bucket' }), behavior('/api/*')));
    expect(await kinds(id)).toEqual(['never-reached']);
    expect((await run(applyToAll, id)).code).toMatchObject({ code: 'CONFLICT' });
    expect(test.writes()).toEqual([]);
    // With the function on the wider one, every viewer has it.
    expect(await kinds(id, { distributions: [{ id, behaviors: [pattern, '/api/*'] }] })).toEqual([]);
  });

  it('another function there stops it, unless the configuration says that ours replaces it', async () => {
    await test.publish('auth');
    const id = await create(web(behavior('/api/*', functions(auth))));
    expect(await kinds(id)).toEqual(['replaced-function']);
    expect((await run(applyToAll, id)).code).toMatchObject({ code: 'CONFLICT' });
    expect(await kinds(id, { distributions: [{ id, behaviors: ['/api/*'], replaces: { '/api/*': auth } }] })).toEqual(['note']);
    expect((await run(applyToAll, id, {}, { accept: ['replaced-function'] })).code).toBe(0);
  });

  it('Lambda@Edge on the viewer’s request is refused', async () => {
    const lambda = { LambdaFunctionARN: `arn:aws:lambda:us-east-1:${account}:function:auth:1`, EventType: 'viewer-request' };
    const id = await create(web(behavior('/api/*', { LambdaFunctionAssociations: list(lambda) })));
    expect(await kinds(id)).toEqual(['refused']);
  });

  it('a function that is not published is refused', async () => {
    const id = await create(web());
    expect(await kinds(id, { functionName: 'not-there' })).toEqual(['refused']);
  });

  it('a country that the function does not see is noted only where it decides', async () => {
    const id = await create(web());
    expect(await kinds(id)).toEqual([]);
    expect(await kinds(id, routes)).toEqual(['note']);
    // AllViewer and the managed policy with the country differ in the added headers alone.
    expect(await kinds(id, { ...routes, manage: ['origin-request-policy'] })).toEqual([]);
    expect((await run(applyToAll, id, { ...routes, manage: ['origin-request-policy'] })).code).toBe(0);
    expect((await test.read(id)).config.CacheBehaviors?.Items?.[0]?.OriginRequestPolicyId).toBe(country);
    expect(await kinds(id, routes)).toEqual([]);
  });

  it('a policy that sends more than today stops it', async () => {
    const id = await create(web(behavior('/api/*', { OriginRequestPolicyId: undefined })));
    expect(await kinds(id, { ...routes, manage: ['origin-request-policy'] })).toEqual(['sends-more']);
  });
});

describe('another writer', () => {
  it('between plan and write is kept', async () => {
    const id = await create(web());
    const target = open(id);
    const racing: PartTarget = { ...target, plan: once(target.plan, () => test.edit(id, () => ({ Comment: 'theirs' }))) };
    expect((await runCommand(test, (_, options, io) => applyToAll(racing, options, io))).code).toBe(0);
    const { config } = await test.read(id);
    expect(config.Comment).toBe('theirs');
    expect(config.CacheBehaviors?.Items?.[0]?.FunctionAssociations?.Quantity).toBe(1);
  });

  it('of the same behavior ends it before anything is written', async () => {
    const id = await create(web());
    await test.publish('auth');
    const auth = list({ EventType: 'viewer-request' as const, FunctionARN: `arn:aws:cloudfront::${account}:function/auth` });
    const target = open(id);
    const edit = ({ CacheBehaviors }: DistributionConfig) => ({
      CacheBehaviors: list(...(CacheBehaviors?.Items ?? []).map((each) => ({ ...each, FunctionAssociations: auth }))),
    });
    const racing: PartTarget = { ...target, plan: once(target.plan, () => test.edit(id, edit)) };
    expect((await runCommand(test, (_, options, io) => applyToAll(racing, options, io))).code).toMatchObject({ code: 'CONFLICT' });
    expect((await test.read(id)).config.CacheBehaviors?.Items?.[0]?.FunctionAssociations).toEqual(auth);
  });
});

describe('a staged rollout of our own changes', () => {
  // CloudFront has none with HTTP/3.
  const http2 = (): DistributionConfig => ({ ...web(), HttpVersion: 'http2' });
  const functions = async (id: string) =>
    (await test.read(id)).config.CacheBehaviors?.Items?.map(({ FunctionAssociations }) => FunctionAssociations?.Quantity);

  it('begins on any distribution, is promoted, and leaves nothing', async () => {
    const id = await create(http2());
    const stage: typeof applyToAll = (target, options, io) => applyToSome(target, { weight: 0.05 }, options, io);
    const { code, result } = await run(stage, id);
    expect(code).toBe(0);
    expect(await functions(id)).toEqual([0]);
    expect(await functions(result.staging.id)).toEqual([1]);
    // The primary does not have it yet, and writing it there would leave the staged viewers behind.
    expect((await plan(id)).result.hazards).toEqual([expect.objectContaining({ kind: 'note' })]);
    expect((await run(stage, id)).result).toMatchObject({ written: false, hazards: [] });
    expect((await run(promoteToAll, id)).code).toBe(0);
    expect(await functions(id)).toEqual([1]);
    expect((await run(endStaging, id)).code).toBe(0);
    expect((await test.read(id)).config.ContinuousDeploymentPolicyId).toBe('');
    expect((await plan(id)).result).toMatchObject({ changes: [], hazards: [] });
  });

  it('is refused with HTTP/3 before anything is written', async () => {
    const id = await create(web());
    expect((await run((target, options, io) => applyToSome(target, { weight: 0.05 }, options, io), id)).code).toMatchObject({
      code: 'USAGE',
    });
    expect(test.writes()).toEqual([]);
  });
});

describe('un-adopt', () => {
  const auth = `arn:aws:cloudfront::${account}:function/auth`;
  const associated = (FunctionARN: string, EventType = 'viewer-request') => ({ FunctionAssociations: list({ EventType, FunctionARN }) });
  const leave = async (
    id: string,
    more: Partial<EdgeConfigInput> = {},
    drained: () => Promise<string[]> = async () => [],
    accept: string[] = [],
    interrupt = false,
  ) => {
    const facts = async (arns: string[]) => ({
      published: await readPublished(test.client, arns),
      drained: await drained().catch(() => undefined),
    });
    const [{ replaces = {} } = {}] = configure(id, more).distributions ?? [];
    const target: PartTarget = {
      client: test.client,
      id,
      plan: async (live) => planRemoval(live, { functionName: 'origin-router', replaces }, await facts(Object.values(replaces))),
    };
    const stop = new AbortController();
    const stderr = (line: string) => line.startsWith('written') && stop.abort();
    return runCommand(test, (_, options, io) => applyToAll(target, options, interrupt ? { ...io, signal: stop.signal, stderr } : io), {
      options: { accept, words: removalWords('origin-router') },
    });
  };

  it('leads back to the distribution as it was, byte for byte', async () => {
    const response = { EventType: 'viewer-response', FunctionARN: auth };
    await test.publish('auth');
    const id = await create(web(behavior('/api/*'), behavior('/other/*', { FunctionAssociations: list(response) })));
    const before = (await test.read(id)).config;
    const distributions = [{ id, behaviors: ['/api/*', '/other/*', 'default'] }];
    expect((await run(applyToAll, id, { distributions })).code).toBe(0);
    const { code, result } = await leave(id, { distributions });
    expect(code).toBe(0);
    expect(result.changes.map(({ kind }: { kind: string }) => kind)).toEqual(['remove', 'remove', 'remove']);
    expect((await test.read(id)).config).toEqual(before);
    expect((await leave(id)).result).toMatchObject({ written: false, changes: [] });
  });

  it('puts back the function that edge.config.ts says was there, and keeps what others changed meanwhile', async () => {
    await test.publish('auth');
    const id = await create(web(behavior('/api/*', associated(auth))));
    const before = (await test.read(id)).config;
    const distributions = [{ id, behaviors: ['/api/*'], replaces: { '/api/*': auth } }];
    expect((await run(applyToAll, id, { distributions })).code).toBe(0);
    await test.edit(id, () => ({ Comment: 'meanwhile' }));
    expect((await leave(id, { distributions })).code).toBe(0);
    expect((await test.read(id)).config).toEqual({ ...before, Comment: 'meanwhile' });
  });

  it('interrupted, does not name the command that puts the function back', async () => {
    const id = await create(web());
    expect((await run(applyToAll, id)).code).toBe(0);
    const { code } = await leave(id, {}, undefined, [], true);
    expect(code).toMatchObject({ code: 'INTERRUPTED', hint: expect.stringContaining('npm run un-adopt') });
    expect(String((code as { hint?: string }).hint)).not.toContain('distribution:apply');
    expect((await leave(id)).result).toMatchObject({ written: false, deployed: true });
  });

  it('is refused where that function is gone', async () => {
    const id = await create(web());
    const distributions = [{ id, behaviors: ['/api/*'], replaces: { '/api/*': auth } }];
    expect((await run(applyToAll, id, { distributions })).code).toBe(0);
    test.cloud.calls.length = 0;
    expect((await leave(id, { distributions })).code).toMatchObject({ code: 'CONFLICT', message: expect.stringContaining(auth) });
    expect(test.writes()).toEqual([]);
  });

  it('stops where the behavior’s own origin is drained, until that is accepted; an unread record is a note', async () => {
    const id = await create(web());
    expect((await run(applyToAll, id)).code).toBe(0);
    const drained = async () => ['WebStackDistOrigin1A2B3C4D'];
    expect((await leave(id, {}, drained)).code).toMatchObject({ code: 'CONFLICT' });
    expect((await leave(id, {}, async () => ['another'])).code).toBe(0);
    expect((await run(applyToAll, id)).code).toBe(0);
    expect((await leave(id, {}, () => Promise.reject(new Error('unreachable')))).code).toBe(0);
    expect((await run(applyToAll, id)).code).toBe(0);
    expect((await leave(id, {}, drained, ['drained-origin'])).code).toBe(0);
  });

  it('stops where the first origin of the behavior’s group is drained', async () => {
    const Members = list({ OriginId: 'WebStackDistOrigin1A2B3C4D' }, { OriginId: 'WebStackDistOrigin2E5F6G7H' });
    const group = { Id: 'both', FailoverCriteria: { StatusCodes: list(503) }, Members };
    const id = await create({ ...web(behavior('/api/*', { TargetOriginId: 'both' })), OriginGroups: list(group) });
    expect((await run(applyToAll, id)).code).toBe(0);
    expect((await leave(id, {}, async () => ['WebStackDistOrigin1A2B3C4D'])).code).toMatchObject({ code: 'CONFLICT' });
    const { code, result } = await leave(id, {}, async () => ['WebStackDistOrigin2E5F6G7H']);
    expect(code).toBe(0);
    expect(result.hazards).toEqual([expect.objectContaining({ message: expect.stringContaining('the origin group both') })]);
  });

  it('stops where the origin is drained only after a conflict', async () => {
    const id = await create(web());
    expect((await run(applyToAll, id)).code).toBe(0);
    test.cloud.faults.rules = [{ kind: 'conflict', operation: 'UpdateDistribution', times: 1 }];
    const answers = [[], ['WebStackDistOrigin1A2B3C4D']];
    const { code } = await leave(id, {}, async () => answers.shift() ?? []);
    expect(code).toMatchObject({ code: 'CONFLICT', message: expect.stringContaining('nothing was written') });
    expect((await test.read(id)).config.CacheBehaviors?.Items?.[0]?.FunctionAssociations?.Quantity).toBe(1);
  });
});

/** The same function, with something done after its first call. */
function once(plan: PartTarget['plan'], then: () => Promise<void>): PartTarget['plan'] {
  let made = 0;
  return async (live) => {
    const planned = await plan(live);
    made++;
    if (made === 1) await then();
    return planned;
  };
}
