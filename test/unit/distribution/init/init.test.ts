import { describe, expect, it } from 'vitest';
import { parseEdgeConfig } from '../../../../src/config/edge-config.ts';
import { describeInit, formatInit, formatNextSteps } from '../../../../src/distribution/init/format-init.ts';
import { type FileChoice, planInit, readKnownFacts } from '../../../../src/distribution/init/init.ts';
import type { Choice } from '../../../../src/distribution/init/propose.ts';
import type { FoundDistribution } from '../../../../src/distribution/init/read-source.ts';
import {
  accountId,
  apiGateway,
  cdkIds,
  consoleIds,
  continuousDeployment,
  fortyBehaviors,
  functionArn,
  legacyValues,
  runs,
  s3AndApi,
  threeServices,
  vpcOrigins,
  withLambda,
} from '../../../fixtures/adoption/shapes.ts';

const file: FileChoice = {
  functionName: 'origin-router',
  keyValueStoreName: 'edge-health',
  healthPath: '/healthz',
  manage: [],
  importFrom: './src/config/edge-config.ts',
};

const found = (config: FoundDistribution['config'], more: Partial<FoundDistribution> = {}): FoundDistribution => ({
  source: 'saved',
  id: 'E2QWRUHEXAMPLE',
  domainName: 'd1.cloudfront.net',
  arn: `arn:aws:cloudfront::${accountId}:distribution/E2QWRUHEXAMPLE`,
  config,
  ...more,
});

const plan = (config: FoundDistribution['config'], choice: Choice = {}, more: Partial<FileChoice> = {}) =>
  planInit(found(config), choice, { ...file, ...more }, readKnownFacts);

describe.each([
  { shape: 's3AndApi', config: s3AndApi() },
  { shape: 'cdkIds', config: cdkIds() },
  { shape: 'consoleIds', config: consoleIds() },
  { shape: 'withLambda', config: withLambda() },
  { shape: 'threeServices', config: threeServices() },
  { shape: 'apiGateway', config: apiGateway() },
  { shape: 'vpcOrigins', config: vpcOrigins() },
  { shape: 'fortyBehaviors', config: fortyBehaviors() },
  { shape: 'legacyValues', config: legacyValues() },
  { shape: 'continuousDeployment', config: continuousDeployment() },
])('$shape', ({ config }) => {
  it('becomes a configuration, and adoption adds one association for each of its behaviors', async () => {
    const { config: input, adoption, untouched } = await plan(config);
    const parsed = parseEdgeConfig(input);
    const [{ behaviors } = { behaviors: [] }] = parsed.distributions ?? [];
    expect(adoption.changes.map(({ path }) => path).sort()).toEqual(
      behaviors
        .map((name) => (name === 'default' ? 'DefaultCacheBehavior' : `CacheBehaviors[${name}]`))
        .map((path) => `${path}.FunctionAssociations[viewer-request]`)
        .sort(),
    );
    expect(adoption.hazards.filter(({ kind }) => kind !== 'note')).toEqual([]);
    const all = [...(config.CacheBehaviors?.Items ?? []).map(({ PathPattern }) => PathPattern), 'default'];
    expect([...behaviors, ...untouched.behaviors].sort()).toEqual(all.sort());
    const ids = (config.Origins?.Items ?? []).map(({ Id }) => Id);
    expect([...Object.values(parsed.origins).map(({ originId }) => originId), ...untouched.origins].sort()).toEqual(ids.sort());
  });
});

it('writes what the distribution has', async () => {
  expect((await plan(cdkIds(), {}, { keyPrefix: 'prod' })).config).toEqual({
    accountId,
    functionName: 'origin-router',
    keyValueStoreName: 'edge-health',
    keyPrefix: 'prod',
    distributions: [{ id: 'E2QWRUHEXAMPLE', behaviors: ['/api/*', 'default'] }],
    origins: {
      singapore: {
        originId: 'WebStackSiteDistributionOrigin1A1B2C3D4',
        region: 'ap-southeast-1',
        host: 'viewer',
        signals: [{ type: 'http', path: '/healthz' }],
      },
      frankfurt: {
        originId: 'WebStackSiteDistributionOrigin3C9D0E1F2',
        region: 'eu-central-1',
        host: 'viewer',
        signals: [{ type: 'http', path: '/healthz' }],
      },
    },
    defaultOrder: ['singapore', 'frankfurt'],
  });
});

it('several orders are services, that of the default behavior for all other paths', async () => {
  const { services } = (await plan(fortyBehaviors())).config;
  expect(services?.map(({ paths }) => paths.at(-1))).toEqual(['/part-19/*', '/part-29/*', '*']);
});

it('timeouts are announced apart, and with manage among the changes', async () => {
  const paths = (changes: readonly { path: string }[]) => changes.map(({ path }) => path);
  const timeouts = ['api-sg', 'api-eu'].flatMap((id) =>
    ['ConnectionAttempts', 'ConnectionTimeout', 'CustomOriginConfig.OriginReadTimeout'].map((field) => `Origins[${id}].${field}`),
  );
  const apart = await plan(s3AndApi());
  expect(paths(apart.further.find(({ part }) => part === 'timeouts')?.changes ?? []).sort()).toEqual(timeouts.toSorted());
  const managed = await plan(s3AndApi(), {}, { manage: ['timeouts'] });
  expect(paths(managed.adoption.changes)).toEqual(expect.arrayContaining(timeouts));
  expect(managed.further.map(({ part }) => part)).toEqual(['origin-request-policy']);
  expect(managed.config.manage).toEqual(['timeouts']);
});

it('the country’s policy is announced where it is missing, with what it would send', async () => {
  const country = async (config: FoundDistribution['config']) =>
    (await plan(config)).further.find(({ part }) => part === 'origin-request-policy');
  expect(await country(s3AndApi())).toMatchObject({ changes: [{ path: 'CacheBehaviors[/api/*].OriginRequestPolicyId' }], hazards: [] });
  expect(await country(apiGateway())).toMatchObject({ hazards: [{ kind: 'sends-more' }] });
  expect(await country(legacyValues())).toMatchObject({ changes: [], hazards: [{ kind: 'note' }] });
});

it('each origin has the Host that the behaviors send', async () => {
  const hosts = async (config: FoundDistribution['config']) => Object.values((await plan(config)).config.origins).map(({ host }) => host);
  expect(await hosts(s3AndApi())).toEqual(['viewer', 'viewer']);
  expect(await hosts(apiGateway())).toEqual(['origin', 'origin']);
  expect(await hosts(legacyValues())).toEqual(['viewer', 'viewer']);
  const mixed = cdkIds();
  Object.assign(mixed.DefaultCacheBehavior ?? {}, { OriginRequestPolicyId: undefined });
  expect(await hosts(mixed)).toEqual([undefined, undefined]);
  expect((await plan(mixed)).notes).toEqual([expect.stringContaining('`host` is left out')]);
});

it('a distribution that is adopted already needs no change', async () => {
  const config = s3AndApi();
  Object.assign(config.CacheBehaviors?.Items?.[0] ?? {}, runs('origin-router'));
  const again = await plan(config);
  expect(again.adoption.changes).toEqual([]);
  expect(again.before).toBeUndefined();
});

it.each([
  { when: 'it is a staging distribution', more: { Staging: true }, code: 'USAGE' },
  { when: 'it serves tenants', more: { ConnectionMode: 'tenant-only' as const }, code: 'USAGE' },
])('is refused when $when', async ({ more, code }) => {
  await expect(plan({ ...s3AndApi(), ...more })).rejects.toMatchObject({ code });
});

it('is refused with a name that CloudFront does not take', async () => {
  const refusal = { code: 'CONFIG_INVALID', message: expect.stringContaining('functionName') };
  await expect(plan(s3AndApi(), {}, { functionName: 'a b' })).rejects.toMatchObject(refusal);
});

it('is refused without an id', async () => {
  const reading = planInit(found(s3AndApi(), { id: undefined }), {}, file, readKnownFacts);
  await expect(reading).rejects.toMatchObject({ code: 'USAGE', hint: expect.stringContaining('--distribution') });
});

it('an account that is not known is named as such', async () => {
  const { adoption } = await planInit(found(s3AndApi(), { arn: undefined }), {}, file, readKnownFacts);
  expect(JSON.stringify(adoption.changes)).toContain('arn:aws:cloudfront::ACCOUNT:function/origin-router');
});

it('notes what a choice moves, and what no probe reaches', async () => {
  expect((await plan(threeServices(), { home: 'media-sg' })).notes[0]).toContain('/media/*');
  const vpc = await plan(vpcOrigins());
  expect(vpc.notes).toEqual([expect.stringContaining('private-sg, private-eu')]);
  expect(vpc.config.origins['private-sg']?.signals).toEqual([{ type: 'alarm', alarmName: 'private-sg-unhealthy' }]);
});

it('reads as a report, and as JSON', async () => {
  const shown = await planInit(found(s3AndApi(), { source: 'terraform' }), {}, file, readKnownFacts);
  expect([...formatInit(shown, false), ...formatNextSteps(shown, false)].join('\n')).toMatchInlineSnapshot(`
    "distribution E2QWRUHEXAMPLE (d1.cloudfront.net)

    origins that are routed
      api-sg  api-sg.example.com  custom host  no region in its name
      api-eu  api-eu.example.com  custom host  no region in its name

    behaviors that run the function
      /api/*  api-sg, then api-eu

    what adoption changes in the distribution
      + CacheBehaviors[/api/*].FunctionAssociations[viewer-request]
          FunctionARN  arn:aws:cloudfront::111122223333:function/origin-router

    worth changing, too, by your own tool, or by ours with manage: ['timeouts']
      ~ Origins[api-sg].CustomOriginConfig.OriginReadTimeout: 30 → 10
      ~ Origins[api-sg].ConnectionAttempts: 3 → 1
      ~ Origins[api-sg].ConnectionTimeout: 10 → 2
      ~ Origins[api-eu].CustomOriginConfig.OriginReadTimeout: 30 → 10
      ~ Origins[api-eu].ConnectionAttempts: 3 → 1
      ~ Origins[api-eu].ConnectionTimeout: 10 → 2

    worth changing, too, by your own tool, or by ours with manage: ['origin-request-policy']
      ~ CacheBehaviors[/api/*].OriginRequestPolicyId: 216adef6-5c7f-47e4-b989-5492eafa07d3 → 33f36d7e-f396-46d9-90e0-52428a34d9dc

    not touched
      behaviors  Default (*)
      origins    site
      all else   certificates, aliases, policies, logging, web ACL, error pages

    good to know
      - no AWS region is in the names of api-sg, api-eu: change \`region\` to what you call their places

    next
      1. npm run kvs:apply creates the store, and npm run function:publish proves the function and makes it LIVE: no behavior runs it yet
      2. npm run distribution:plan shows the change above, and npm run distribution:apply makes it

    in Terraform instead, in the block of each behavior above:
        function_association {
          event_type   = "viewer-request"
          function_arn = "arn:aws:cloudfront::111122223333:function/origin-router"
        }"
  `);
  expect(JSON.parse(JSON.stringify(describeInit(shown)))).toMatchObject({
    distribution: { id: 'E2QWRUHEXAMPLE', source: 'terraform' },
    behaviors: [{ name: '/api/*', service: 'api', order: ['api-sg', 'api-eu'] }],
    changes: [{ kind: 'add', after: { FunctionARN: functionArn('origin-router') } }],
    untouched: { origins: ['site'], behaviors: ['default'] },
  });
});
