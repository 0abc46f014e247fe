import { ListDistributionsCommand } from '@aws-sdk/client-cloudfront';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { healthKey } from '../../../kvs/keys.ts';
import { type ControlPlane, openControlPlane } from '../../../local/aws/control-plane.ts';
import { openFunctionRuntime } from '../../../local/runtime/function-runtime.ts';
import { readDistributionTraffic } from '../../../scripts/console/read-cloudwatch.ts';
import { runFailover } from '../../../scripts/failover/run-failover.ts';
import { metricsRegion } from '../../../src/aws/alarms.ts';
import { type Aws, openAws } from '../../../src/aws/clients.ts';
import { copyDistribution } from '../../../src/aws/distribution.ts';
import { readFunctionCode } from '../../../src/aws/function.ts';
import { openKeyValueStore } from '../../../src/aws/key-value-store.ts';
import { findKeyValueStoreArn } from '../../../src/aws/open-flag-store.ts';
import { openTopic } from '../../../src/aws/sns-topic.ts';
import { openIo } from '../../../src/cli/io.ts';
import { readDistribution } from '../../../src/config/distribution-file.ts';
import { type EdgeConfig, parseEdgeConfig } from '../../../src/config/edge-config.ts';
import { buildFlipPolicy } from '../../../src/config/services.ts';
import { listAudiences } from '../../../src/core/viewer-shares.ts';
import { applyPlan, type DistributionTarget, readPlan } from '../../../src/distribution/distribution.ts';
import { endRollout, planEnd } from '../../../src/distribution/end-rollout.ts';
import { findLiveDistribution } from '../../../src/distribution/find-distribution.ts';
import { planPromotion, planStaging, promotePlan, stagePlan, stagingReference } from '../../../src/distribution/staging.ts';
import { allChecks, runDoctor } from '../../../src/doctor/doctor.ts';
import { openDoctorReaders } from '../../../src/doctor/readers.ts';
import { fillText } from '../../../src/emit/deploy-text.ts';
import { planDeployment } from '../../../src/emit/deployment.ts';
import { buildRolePolicies } from '../../../src/emit/role-policies.ts';
import { parseIntent } from '../../../src/failover/failover-intent.ts';
import { runFlipper } from '../../../src/flipper/flipper.ts';
import { openNotifier } from '../../../src/flipper/notify/notifier.ts';
import { openChannels } from '../../../src/flipper/notify/open-channels.ts';
import { openSignals } from '../../../src/flipper/open-signals.ts';
import { publishRouter } from '../../../src/publish/publish.ts';
import { type RollbackTools, rollbackRouter } from '../../../src/publish/rollback.ts';
import { readStage } from '../../../src/publish/stage.ts';
import { readHistory } from '../../../src/publish/versions.ts';
import { awaitStoreArn } from '../../../src/store/create-store.ts';
import { applyStorePlan, awaitStorePlan, readStorePlan } from '../../../src/store/store.ts';
import edgeConfig from '../../fixtures/sample/edge.config.ts';
import { fakeHost } from '../../unit/cli/fake-host.ts';
import { actionsOf, fillPolicy, isAllowed, type Role } from '../../unit/iam/read-policy.ts';
import { type AwsStub, openAwsStub } from '../aws/open-aws-stub.ts';
import { neededPermissions } from './needed-permissions.ts';
import { type RecordedCall, recordCalls } from './record-calls.ts';

// Each role does everything it is for, on an account of this machine. What leaves its SDK clients is compared with its
// policy, both ways.

const accountId = '111122223333';
const topic = `arn:aws:sns:eu-central-1:${accountId}:edge-failover`;
const sample = parseEdgeConfig(edgeConfig);
const env = {
  AWS_ACCOUNT_ID: accountId,
  VIEWER_DOMAIN: 'www.example.com',
  ACM_CERTIFICATE_ARN: `arn:aws:acm:us-east-1:${accountId}:certificate/1`,
  ORIGIN_VERIFY_SECRET: 'secret',
  SINGAPORE_DOMAIN: 'localhost',
  EUROPE_DOMAIN: 'localhost',
};

let control: ControlPlane;
let stub: AwsStub;
const recorded: Partial<Record<Role, RecordedCall[]>> = {};
let storeArn = '';
let closeRuntime: () => Promise<void>;

/** Clients of one role: CloudFront is the local account, all else answers that it cannot. */
function openRole(role: Role): Aws {
  const local = openAws({ env: {}, local: { controlPlane: control.url } });
  const { route53, cloudWatch, sns } = stub.aws;
  const { aws, calls } = recordCalls({ ...local, route53, cloudWatch, sns });
  recorded[role] = calls;
  return aws;
}

function openTestIo() {
  return { ...openIo(fakeHost([], { terminal: false }), true, new AbortController().signal), now: Date.now };
}

const routed = (country: string): EdgeConfig => ({
  ...sample,
  routes: [...sample.routes, { countries: [country], order: ['europe', 'singapore'] }],
});
const healthCheckId = '0123abcd-0123-0123-0123-0123456789ab';
const fast = { intervalMs: 50, fastIntervalMs: 10, connectTimeoutMs: 200, timeoutMs: 200 };
const europeOf = (...signals: object[]) => ({
  origins: { singapore: { region: 'ap-southeast-1' }, europe: { region: 'eu-central-1', signals } },
});
// Two of three: the health check has no opinion here, and what remains must be a majority.
const everySignal = [
  { type: 'route53', healthCheckId },
  { type: 'alarm', alarmName: 'europe' },
  { type: 'alarm', alarmName: 'europe-2' },
];
const sns = { notifications: [{ type: 'sns', topicArnFrom: 'TOPIC' }] };

/** What each role works with. */
const configs: Readonly<Record<Role, EdgeConfig>> = {
  publisher: sample,
  operator: parseEdgeConfig({ ...edgeConfig, ...sns }),
  flipper: parseEdgeConfig({ ...edgeConfig, ...europeOf(...everySignal), ...sns, health: fast }),
  reader: parseEdgeConfig({ ...edgeConfig, ...europeOf({ type: 'route53', healthCheckId }) }),
};
const waiting = { timeoutMs: 5_000 };

/** Of the publisher's rollout, which deletes it in the end. */
let stagingId = '';

async function publish(aws: Aws): Promise<void> {
  const cloudFront = await aws.cloudFront();
  const store = { aws, config: sample, arn: undefined, waitMs: 5_000 };
  for (let run = 0; run < 2; run++) await applyStorePlan(store, await awaitStorePlan(store));
  const tools = (config: EdgeConfig): RollbackTools => ({
    cloudFront,
    config,
    keyValueStoreArn: () => awaitStoreArn(aws, config.keyValueStoreName, undefined),
    openStore: async (arn) => openKeyValueStore(await aws.keyValueStore(), arn),
    njs: undefined,
    by: 'ci',
  });
  await publishRouter(tools(sample));
  await publishRouter(tools(routed('PT')));
  await rollbackRouter(tools(routed('PT')));

  const target: DistributionTarget = {
    client: cloudFront,
    file: await readDistribution('test/fixtures/sample/distribution.json', env),
    id: undefined,
    drop: [],
  };
  await applyPlan(target, await readPlan(target), waiting);
  const commented = { ...target, file: { ...target.file, Comment: 'another comment' } };
  await applyPlan(commented, await readPlan(commented), waiting);
  // As an interrupted rollout leaves it: a copy, and no policy yet.
  const primary = (await findLiveDistribution(cloudFront, target.file, undefined)) ?? expect.fail('there is no distribution');
  await copyDistribution(cloudFront, primary, stagingReference(primary));
  const staged = { ...target, file: { ...target.file, Comment: 'to be rolled out' } };
  for (const weight of [0.05, 0.1]) await stagePlan(cloudFront, await planStaging(staged, { weight }), waiting);
  await promotePlan(cloudFront, await planPromotion(staged), waiting);
  const end = await planEnd(staged);
  stagingId = end.staging?.id ?? '';
  await endRollout(cloudFront, end, waiting);
}

async function operate(aws: Aws): Promise<void> {
  const io = openTestIo();
  const arn = await findKeyValueStoreArn(aws, sample.keyValueStoreName, undefined);
  const origins = Object.keys(sample.origins);
  const tools = {
    store: openKeyValueStore(await aws.keyValueStore(), arn),
    edge: undefined,
    origins,
    audiences: listAudiences(sample),
    by: 'ann',
    target: 'the store',
    yes: true,
    verify: false,
    verifyTimeoutMs: 0,
    watchMs: 0,
    sleep: async () => undefined,
    proveOrigin: async () => ({ kind: 'good' as const }),
  };
  const none = { for: undefined, reason: undefined, weight: undefined, 'break-glass': undefined, watch: false, yes: true };
  const run = (positionals: string[], given: object = {}) =>
    runFailover(parseIntent(positionals, { ...none, ...given }, origins, Date.now()), tools, io);
  await run(['to', 'europe'], { for: 60_000, reason: 'x' });
  await run(['drain', 'singapore'], { for: 60_000, reason: 'x', weight: 50 });
  await run(['auto'], { reason: 'x' });
  await run(['status'], { yes: false });
  // With an edge to compare, status reads what is LIVE.
  await readFunctionCode(await aws.cloudFront(), sample.functionName, 'LIVE');
  await run(['history'], { yes: false });
  // Each override is reported.
  await openTopic(topic, () => aws.sns('us-east-1')).publish({ subject: 'x', body: 'x', attributes: {} });
}

async function flip(aws: Aws, config: EdgeConfig): Promise<void> {
  const arn = await findKeyValueStoreArn(aws, config.keyValueStoreName, config.variables['EDGE_KVS_ARN']);
  const distribution = await readDistribution('test/fixtures/sample/distribution.json', env);
  const { channels } = openChannels(config.notifications, { TOPIC: topic }, aws);
  const notifier = openNotifier({ channels, by: 'flipper', log: () => undefined });
  const nowhere = { domainName: 'localhost', host: '127.0.0.1', port: 1, protocol: 'http' as const };
  await runFlipper({
    mode: 'once',
    shadow: false,
    by: 'flipper',
    policy: buildFlipPolicy(config),
    signals: openSignals(config, distribution, { singapore: nowhere, europe: nowhere }, aws),
    store: openKeyValueStore(await aws.keyValueStore(), arn, { keyPrefix: config.keyPrefix }),
    log: notifier.take,
    signal: new AbortController().signal,
  });
  if (channels.length > 0)
    await expect.poll(() => recorded.flipper?.some(({ service }) => service === 'sns'), { timeout: 20_000 }).toBe(true);
}

async function read(aws: Aws): Promise<void> {
  const io = openTestIo();
  const config = configs.reader;
  const client = await aws.cloudFront();
  const file = await readDistribution('test/fixtures/sample/distribution.json', env);
  const own = structuredClone(file);
  Object.assign(own.DefaultCacheBehavior ?? {}, { CachePolicyId: 'of-this-account', OriginRequestPolicyId: 'of-this-account' });
  const readers = openDoctorReaders({
    config,
    aws,
    file: async () => own,
    distributionId: undefined,
    localOrigins: undefined,
    stsEndpoints: undefined,
    now: Date.now,
    signal: io.signal,
  });
  await runDoctor(allChecks, readers);
  await readPlan({ client, file });
  await readStorePlan({ aws, config, arn: undefined });
  // function:explain and function:history
  await readStage(client, config.functionName, 'LIVE');
  await readHistory(openKeyValueStore(await aws.keyValueStore(), storeArn));
  // verify
  const arn = await findKeyValueStoreArn(aws, config.keyValueStoreName, undefined);
  await openKeyValueStore(await aws.keyValueStore(), arn).read([healthKey]);
  // console; the account answers 403 to all that is not CloudFront's.
  await readDistributionTraffic(await aws.cloudWatch(metricsRegion), 'E1', { from: 0, to: 60_000 }).catch(() => undefined);
}

async function findDistributionIds(): Promise<{ primary: string; staging: string }> {
  const client = await openAws({ env: {}, local: { controlPlane: control.url } }).cloudFront();
  const { DistributionList } = await client.send(new ListDistributionsCommand({}));
  const idOf = (isStaging: boolean) => DistributionList?.Items?.find(({ Staging }) => Staging === isStaging)?.Id;
  return { primary: idOf(false) ?? '', staging: idOf(true) ?? stagingId };
}

const work: Readonly<Record<Role, (aws: Aws) => Promise<void>>> = {
  publisher: publish,
  operator: operate,
  flipper: (aws) => flip(aws, configs.flipper),
  reader: read,
};

beforeAll(async () => {
  const runtime = await openFunctionRuntime();
  closeRuntime = runtime.close;
  control = await openControlPlane({ accountId, provisionMs: 5, deployMs: 5, runtime });
  stub = await openAwsStub();
  stub.answer(({ headers }) => {
    const json = (value: object) => ({ headers: { 'content-type': 'application/x-amz-json-1.0' }, body: JSON.stringify(value) });
    // Europe is healthy: without a proven origin to go to the flipper writes nothing.
    if (`${headers['x-amz-target']}`.includes('DescribeAlarms'))
      return json({ MetricAlarms: ['europe', 'europe-2'].map((AlarmName) => ({ AlarmName, StateValue: 'OK' })), CompositeAlarms: [] });
    return { status: 403, body: '' };
  });
}, 60_000);

afterAll(async () => {
  await stub.close();
  await control.close();
  await closeRuntime();
});

describe.each(Object.keys(work) as Role[])('the %s', (role) => {
  const permissions = () =>
    (recorded[role] ?? []).flatMap((call) =>
      neededPermissions(call, accountId, (name) => (name === sample.keyValueStoreName ? storeArn : name)),
    );

  it('does what it is for, and the account sees these very calls', async () => {
    control.calls.length = 0;
    await work[role](openRole(role));
    storeArn ||= await findKeyValueStoreArn(
      openAws({ env: {}, local: { controlPlane: control.url } }),
      sample.keyValueStoreName,
      undefined,
    );
    const seen = new Set(
      control.calls.filter(({ operation }) => operation !== 'Unknown').map(({ service, operation }) => `${service}:${operation}`),
    );
    const sent = new Set((recorded[role] ?? []).map(({ service, operation }) => `${service}:${operation}`));
    expect([...seen].filter((call) => !sent.has(call))).toEqual([]);
    expect(seen.size).toBeGreaterThan(3);
  }, 30_000);

  it('is allowed every call, on the resource that it is about', async () => {
    const { primary, staging } = await findDistributionIds();
    const policy = fillPolicy(buildRolePolicies(configs[role])[role], {
      AWS_ACCOUNT_ID: accountId,
      EDGE_DISTRIBUTION_ID: primary,
      EDGE_STAGING_DISTRIBUTION_ID: staging,
      EDGE_KVS_ID: storeArn.split('/').at(-1) ?? '',
      EDGE_TOPIC_NAME: 'edge-failover',
    });
    const refused = permissions().filter(({ action, resource }) => !isAllowed(policy, action, resource));
    expect(refused).toEqual([]);
  });

  it('is allowed nothing that it does not do', () => {
    const used = new Set(permissions().map(({ action }) => action));
    expect(actionsOf(buildRolePolicies(configs[role])[role]).filter((action) => !used.has(action))).toEqual([]);
  });
});

describe.each([
  { of: 'the sample', config: { ...edgeConfig, health: fast } },
  { of: 'an alarm', config: { ...edgeConfig, ...europeOf(...everySignal.slice(1)), health: fast } },
  { of: 'a health check', config: { ...edgeConfig, ...europeOf({ type: 'http' }, ...everySignal.slice(0, 1)), health: fast } },
  { of: 'every signal', config: { ...edgeConfig, ...europeOf(...everySignal), health: fast } },
])('the Lambda of $of', ({ of, config: written }) => {
  it('is allowed each call of its run, and has no permission without a call', async () => {
    const config = parseEdgeConfig({ ...written, keyPrefix: of.replaceAll(' ', '-'), variables: { EDGE_KVS_ARN: storeArn, TOPIC: topic } });
    const { flipper } = planDeployment({ config, environment: undefined, distribution: undefined, parts: ['flipper'] });
    const fill = (reference: object) => ('ref' in reference && reference.ref === 'partition' ? 'aws' : JSON.stringify(reference));
    // Logs are Lambda's own; the others are read before the flipper runs.
    const own = flipper?.statements.filter(({ sid }) => !['Log', 'Secret', 'SecretKey'].includes(sid)) ?? [];
    const policy = {
      Version: '2012-10-17',
      Statement: own.map(({ sid, actions, resources }) => ({
        Sid: sid,
        Effect: 'Allow',
        Action: [...actions],
        Resource: resources.map((resource) => fillText(resource, fill)),
      })),
    };
    const aws = openRole('flipper');
    await flip(aws, config);
    const calls = (recorded.flipper ?? []).flatMap((call) => neededPermissions(call, accountId, (name) => name));
    // In an empty store it tries to list the keys. Refused, it reads each by its name: recall-audit.ts.
    const needed = calls.filter(({ action }) => !action.endsWith(':ListKeys'));
    expect(needed.filter(({ action, resource }) => !isAllowed(policy, action, resource))).toEqual([]);
    const used = new Set(needed.map(({ action }) => action));
    // Without a healthy origin to go to it writes nothing; the flipper above does.
    expect(actionsOf(policy).filter((action) => !used.has(action) && !action.endsWith(':UpdateKeys'))).toEqual([]);
  }, 30_000);
});
