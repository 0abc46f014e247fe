import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import {
  CopyDistributionCommand,
  CreateContinuousDeploymentPolicyCommand,
  type DistributionConfig,
  GetDistributionCommand,
  GetFunctionCommand,
  UpdateDistributionCommand,
} from '@aws-sdk/client-cloudfront';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Edge } from '../../../local/edge/edge.ts';
import { isSameBehavior } from '../../../src/config/path-pattern.ts';
import { buildFlipPolicy } from '../../../src/config/services.ts';
import { listAudiences } from '../../../src/core/viewer-shares.ts';
import { applyPlan, openDistributions, openRemovals, readPlan } from '../../../src/distribution/distribution.ts';
import { findLiveDistribution } from '../../../src/distribution/find-distribution.ts';
import { type FileChoice, type InitPlan, planInit } from '../../../src/distribution/init/init.ts';
import type { Choice } from '../../../src/distribution/init/propose.ts';
import { ownChanges, readOwnFacts } from '../../../src/distribution/own-changes.ts';
import { moveViewers } from '../../../src/failover/failover.ts';
import { parseIntent } from '../../../src/failover/failover-intent.ts';
import { runFlipper } from '../../../src/flipper/flipper.ts';
import { openSignals } from '../../../src/flipper/open-signals.ts';
import { publishRouter } from '../../../src/publish/publish.ts';
import { createStore } from '../../../src/store/create-store.ts';
import {
  apiGateway,
  cdkIds,
  consoleIds,
  continuousDeployment,
  environment,
  fortyBehaviors,
  functionArn,
  legacyValues,
  s3AndApi,
  threeServices,
  vpcOrigins,
  withAuth,
  withLambda,
} from '../../fixtures/adoption/shapes.ts';
import { type AdoptionWorld, loadConfig, openAdoptionWorld, regionOf, root, save } from './world.ts';

// Each distribution as a team has it, through init, publish, association, an outage and failback, and out again. While
// a distribution is adopted it differs from its start by what init announced; afterwards by nothing.

let world: AdoptionWorld;
beforeAll(async () => {
  world = await openAdoptionWorld();
});
afterAll(() => world.close());

const [singapore, europe, elsewhere] = ['ap-southeast-1', 'eu-central-1', 'us-east-1'];

interface Adoption {
  config: DistributionConfig;
  /** Behaviors that get the function, `default` among them. */
  adopted: string[];
  /** A path of Singapore that is adopted, and one that is not. */
  path: string;
  other?: string;
  choice?: Choice;
  file?: Partial<FileChoice>;
  /** Before the first command. */
  prepare?: (id: string) => Promise<unknown>;
  /** After init. */
  afterInit?: (plan: InitPlan, folder: string) => Promise<unknown>;
  /** While the distribution is adopted, all healthy. */
  check?: (edge: Edge) => Promise<unknown>;
  /** Viewers move by an operator's command, where no probe reaches the origins. */
  byHand?: true;
  headers?: Record<string, string>;
}

const teamAuth = `function handler(event) {
  var request = event.request;
  if (!request.headers.authorization) return { statusCode: 401, statusDescription: 'Unauthorized' };
  return request;
}
`;
const signedIn = { authorization: 'Bearer x' };

let count = 0;

/** What init writes for a live distribution. */
async function init(id: string, choice: Choice, file: Partial<FileChoice>): Promise<{ plan: InitPlan; path: string; folder: string }> {
  const live = await findLiveDistribution(world.client, undefined, id);
  if (live === undefined) throw new Error(`no distribution ${id}`);
  const name = `project-${count++}`;
  const folder = join(world.folder, name);
  const functionName = file.functionName ?? `router-${name}`;
  const plan = await planInit(
    { source: 'live', ...live },
    { ...choice, functionName },
    {
      functionName,
      keyValueStoreName: `store-${name}`,
      healthPath: '/health',
      manage: [],
      importFrom: relative(folder, join(root, 'src/config/edge-config.ts')),
      ...file,
    },
    async (shown, config) =>
      readOwnFacts(world.client, shown, ownChanges(config, config.distributions?.[0] ?? { behaviors: [], replaces: {} })),
  );
  const path = join(folder, 'edge.config.ts');
  await save(path, plan.text);
  return { plan, path, folder };
}

async function publish(config: Awaited<ReturnType<typeof loadConfig>>) {
  const { arn, store } = await createStore(world.aws, { name: config.keyValueStoreName, keyPrefix: config.keyPrefix });
  await publishRouter({
    cloudFront: world.client,
    keyValueStoreArn: arn,
    openStore: async () => store,
    config,
    njs: undefined,
    fixtures: [],
  });
  return store;
}

/** The config with the function on these behaviors, made without the code under test. */
function withFunction(config: DistributionConfig, names: readonly string[], arn: string): DistributionConfig {
  const put = <B extends { FunctionAssociations?: unknown }>(behavior: B, name: string): B =>
    names.some((each) => isSameBehavior(each, name))
      ? { ...behavior, FunctionAssociations: { Quantity: 1, Items: [{ EventType: 'viewer-request', FunctionARN: arn }] } }
      : behavior;
  return {
    ...config,
    DefaultCacheBehavior: config.DefaultCacheBehavior && put(config.DefaultCacheBehavior, 'default'),
    CacheBehaviors: config.CacheBehaviors && {
      ...config.CacheBehaviors,
      ...(config.CacheBehaviors.Items && { Items: config.CacheBehaviors.Items.map((each) => put(each, each.PathPattern ?? '')) }),
    },
  };
}

async function adopt({ config: shape, adopted, path, other, choice = {}, file = {}, headers = {}, ...adoption }: Adoption): Promise<void> {
  const id = await world.create(shape);
  await adoption.prepare?.(id);
  const before = await world.read(id);

  const { plan, path: written, folder } = await init(id, choice, file);
  expect(plan.config.distributions?.[0]?.behaviors).toEqual(adopted);
  expect(await world.read(id)).toEqual(before);
  await adoption.afterInit?.(plan, folder);

  const config = await loadConfig(written);
  const store = await publish(config);
  const opening = { env: world.env, isLocal: false, id: undefined, config };
  const [target] = await openDistributions(opening);
  if (target === undefined) throw new Error('no distribution to change');
  const shown = await readPlan(target);
  expect(shown.changes).toEqual(plan.adoption.changes);
  await applyPlan(target, shown);
  expect(await world.read(id)).toEqual(withFunction(before, adopted, functionArn(config.functionName)));

  const edge = await world.openEdge(id);
  const stop = new AbortController();
  let flipper: Promise<unknown> = Promise.resolve();
  try {
    const where = (way = path, method = 'POST') => regionOf(edge, way, method, headers);
    const eventually = (region: string) => expect.poll(() => where(), { timeout: 10_000, interval: 50 }).toBe(region);
    const stays = async () => other === undefined || expect(await where(other, 'GET')).toBe(elsewhere);
    expect(await where()).toBe(singapore);
    await stays();
    await adoption.check?.(edge);

    const origins = Object.keys(config.origins);
    const command = (...words: string[]) => {
      const given = {
        for: words[0] === 'to' ? 60_000 : undefined,
        reason: 'drill',
        weight: undefined,
        'break-glass': undefined,
        watch: false,
        yes: true,
      };
      const tools = {
        store,
        edge: undefined,
        origins,
        audiences: listAudiences(config),
        proveOrigin: async () => ({ kind: 'good' as const }),
      };
      const rest = { by: 'operator', verify: false, verifyTimeoutMs: 1, sleep: async () => undefined, now: Date.now, signal: stop.signal };
      const steps = { show: () => undefined, confirm: async () => true, note: () => undefined, progress: () => undefined };
      return moveViewers(parseIntent(words, given, origins, Date.now()) as never, { ...tools, ...rest } as never, steps);
    };
    if (!adoption.byHand) {
      const local = Object.fromEntries(plan.proposal.origins.map(({ alias, domainName }) => [alias, world.locate(domainName)]));
      flipper = runFlipper({
        mode: 'watch',
        shadow: false,
        by: 'test',
        policy: buildFlipPolicy(config),
        signals: openSignals(config, await world.read(id), local),
        store,
        log: () => undefined,
        signal: stop.signal,
      });
    }
    await world.singapore.setFault({ kind: 'refuse' });
    // Safe methods need no flip: the function gave them a second origin.
    expect(await where(path, 'GET')).toBe(europe);
    if (adoption.byHand) await command('to', origins[1] ?? '');
    await eventually(europe);
    await stays();
    await world.singapore.setFault({ kind: 'none' });
    if (adoption.byHand) await command('auto');
    await eventually(singapore);
    await expect.poll(async () => (await store.read(['health'])).values.get('health'), { timeout: 10_000 }).toBe('ok');
  } finally {
    await world.singapore.setFault({ kind: 'none' });
    stop.abort();
    await flipper;
    await edge.close();
  }

  const [removal] = await openRemovals(opening, async () => []);
  if (removal === undefined) throw new Error('no distribution to leave');
  await applyPlan(removal, await readPlan(removal));
  expect(await world.read(id)).toEqual(before);
}

describe('a distribution is adopted, survives an outage and is left as it was', () => {
  it('with files by default and an API in two regions', () =>
    adopt({ config: s3AndApi(), adopted: ['/api/*'], path: '/api/orders', other: '/index.html' }));

  it('with ids that CDK drew', () =>
    adopt({ config: cdkIds(), adopted: ['/api/*', 'default'], path: '/api/orders', other: '/static/app.js' }));

  it('with ids that the console took from domain names', () =>
    adopt({ config: consoleIds(), adopted: ['default'], path: '/orders', other: '/images/logo.png' }));

  it('with a function of the team, which goes on in front of the router', async () => {
    await world.createFunction('team-auth', teamAuth);
    await adopt({
      config: withAuth(),
      adopted: ['/api/*'],
      path: '/api/orders',
      other: '/index.html',
      headers: signedIn,
      afterInit: async ({ before, config }, folder) => {
        expect(before).toEqual({ functionName: 'team-auth', file: './edge/team-auth.js' });
        expect(config.distributions?.[0]?.replaces).toEqual({ '/api/*': functionArn('team-auth') });
        const { FunctionCode = new Uint8Array() } = await world.client.send(new GetFunctionCommand({ Name: 'team-auth', Stage: 'LIVE' }));
        await save(join(folder, before?.file ?? ''), FunctionCode);
      },
      check: async (edge) => expect(await regionOf(edge, '/api/orders')).toBe(401),
    });
  });

  it('with Lambda@Edge on a viewer event: the behavior is left out until that code has moved', async () => {
    await adopt({
      config: withLambda(),
      adopted: ['/v2/*'],
      path: '/v2/orders',
      other: '/index.html',
      afterInit: async ({ blocked }) => expect(blocked.map(({ name }) => name)).toEqual(['/api/*']),
      prepare: async (id) => {
        await expect(init(id, { paths: ['/api/*'] }, {})).rejects.toMatchObject({
          code: 'CONFLICT',
          hint: expect.stringContaining('origin-request'),
        });
      },
    });
    await adopt({ config: { ...withLambda([]), CallerReference: 'moved' }, adopted: ['/api/*', '/v2/*'], path: '/api/orders' });
  });

  it('with three services, each with regions of its own', () =>
    adopt({
      config: threeServices(),
      adopted: ['/orders/*', '/accounts/*', '/login', '/media/*'],
      path: '/accounts/1',
      other: '/index.html',
      // The region that has its viewers today keeps them.
      check: async (edge) => expect(await regionOf(edge, '/media/1')).toBe(europe),
    }));

  it('in API Gateway, which answers to its own name', () =>
    adopt({ config: apiGateway(), adopted: ['/api/*'], path: '/api/orders', other: '/index.html' }));

  it('with private origins, moved by hand', () =>
    adopt({ config: vpcOrigins(), adopted: ['/api/*'], path: '/api/orders', other: '/index.html', byHand: true }));

  it('with forty behaviors, 27 of them routed', () =>
    adopt({
      config: fortyBehaviors(),
      adopted: [
        ...Array.from({ length: 39 }, (_, n) => n)
          .filter((n) => n % 3 !== 0)
          .map((n) => `/part-${n}/*`),
        'default',
      ],
      path: '/part-31/orders',
      other: '/part-0/logo.png',
      check: async (edge) => expect(await regionOf(edge, '/part-22/orders')).toBe(europe),
    }));

  it('with cache settings from before policies', () =>
    adopt({ config: legacyValues(), adopted: ['/api/*'], path: '/api/orders', other: '/old/logo.png' }));

  it('with a continuous deployment policy, which stays', () =>
    adopt({
      config: continuousDeployment(),
      adopted: ['/api/*'],
      path: '/api/orders',
      other: '/index.html',
      prepare: attachPolicy,
      afterInit: async ({ adoption }) =>
        expect(adoption.hazards).toMatchObject([{ kind: 'note', message: expect.stringContaining('staging distribution') }]),
    }));
});

it('two environments are adopted on one store, each by its own function and with keys of its own', async () => {
  for (const name of ['staging', 'prod'] as const) {
    await adopt({
      config: environment(name),
      adopted: ['/api/*'],
      path: '/api/orders',
      other: '/index.html',
      file: { functionName: `router-${name}`, keyValueStoreName: 'one-store', keyPrefix: name },
    });
    const { store } = await createStore(world.aws, { name: 'one-store' });
    const { values } = await store.list(10);
    // Neither environment's flips are in the other one's audit.
    const audits = [...values.keys()].map((key) => key.split('/audit/')[0]).filter((key) => key === 'staging' || key === 'prod');
    expect(new Set(audits)).toEqual(new Set(name === 'staging' ? ['staging'] : ['staging', 'prod']));
  }
});

it('every file that init wrote has the types of the configuration', { timeout: 120_000 }, async () => {
  expect(count).toBeGreaterThan(12);
  const types = join(root, 'node_modules/@types');
  await writeFile(join(world.folder, 'package.json'), '{"type": "module"}');
  await writeFile(
    join(world.folder, 'tsconfig.json'),
    JSON.stringify({
      extends: join(root, 'tsconfig.json'),
      compilerOptions: { noEmit: true, typeRoots: [types] },
      include: ['*/edge.config.ts'],
      exclude: [],
    }),
  );
  const { stdout, status } = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', world.folder], { encoding: 'utf8' });
  expect({ stdout, status }).toEqual({ stdout: '', status: 0 });
});

/** As a team that rolls out in stages has it. */
async function attachPolicy(id: string): Promise<void> {
  const { ETag } = await world.client.send(new GetDistributionCommand({ Id: id }));
  const copied = await world.client.send(
    new CopyDistributionCommand({ PrimaryDistributionId: id, IfMatch: ETag, Staging: true, CallerReference: `${id}-staging` }),
  );
  const { ContinuousDeploymentPolicy } = await world.client.send(
    new CreateContinuousDeploymentPolicyCommand({
      ContinuousDeploymentPolicyConfig: {
        Enabled: true,
        StagingDistributionDnsNames: { Quantity: 1, Items: [copied.Distribution?.DomainName ?? ''] },
        TrafficConfig: { Type: 'SingleHeader', SingleHeaderConfig: { Header: 'aws-cf-cd-canary', Value: '1' } },
      },
    }),
  );
  const { Distribution, ETag: etag } = await world.client.send(new GetDistributionCommand({ Id: id }));
  const DistributionConfig = {
    ...Distribution?.DistributionConfig,
    ContinuousDeploymentPolicyId: ContinuousDeploymentPolicy?.Id,
  } as DistributionConfig;
  await world.client.send(new UpdateDistributionCommand({ Id: id, IfMatch: etag, DistributionConfig }));
}
