import { createHash } from 'node:crypto';
import { CloudFrontClient, type DistributionConfig, UpdateFunctionCommand } from '@aws-sdk/client-cloudfront';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { publishKey } from '../../../kvs/keys.ts';
import { openReferenceOrigin } from '../../../local/origin/reference-origin.ts';
import { readCredentialFacts } from '../../../src/aws/credentials.ts';
import { describeFunction, publishFunction } from '../../../src/aws/function.ts';
import { createEmptyStore, waitForStore } from '../../../src/aws/open-flag-store.ts';
import { formatStateRecord } from '../../../src/core/state-record.ts';
import type { CheckOutcome } from '../../../src/doctor/check.ts';
import { allChecks } from '../../../src/doctor/doctor.ts';
import { formatPublishComment } from '../../../src/publish/stage.ts';
import { formatPublishRecord, linkOf } from '../../../src/publish/versions.ts';
import { certificate, goodAlarms, metricAlarm, openTestDoctor, openTlsOrigin, type TestDoctor } from './open-test-doctor.ts';

let doctor: TestDoctor;

beforeEach(async () => {
  doctor = await openTestDoctor();
  doctor.alarms = goodAlarms();
});
afterEach(() => doctor.close());

const hour = 3_600_000;
const realtimeLogs = 'arn:aws:cloudfront::111122223333:realtime-log-config/requests';
const code = (text: string) => Buffer.from(`function handler(event) { return event.request; } // ${text}`);
const apiBehavior = (config: DistributionConfig) => config.CacheBehaviors?.Items?.[0] ?? expect.fail('there is no /api/* behavior');
const origin = (config: DistributionConfig, id: string) =>
  config.Origins?.Items?.find(({ Id }) => Id === id) ?? expect.fail(`there is no origin ${id}`);

async function serveTls(id: 'singapore' | 'europe', name: string): Promise<{ names: string[] }> {
  const server = await openTlsOrigin(name);
  doctor.keep(server.close);
  doctor.moveOrigin(id, { port: server.port, protocol: 'https' });
  doctor.options = { ...doctor.options, network: { ca: certificate('ca') } };
  return server;
}

/** A signer that the data plane does not take. */
async function signPlainly(): Promise<void> {
  const client = await doctor.aws.keyValueStore();
  client.middlewareStack.add(
    (next) => (args) => {
      const { headers } = args.request as { headers: Record<string, string> };
      headers['authorization'] = (headers['authorization'] ?? '').replace('AWS4-ECDSA-P256-SHA256', 'AWS4-HMAC-SHA256');
      return next(args);
    },
    { step: 'finalizeRequest', priority: 'low' },
  );
}

function useToken(sessionToken: string): void {
  const client = new CloudFrontClient({
    region: 'us-east-1',
    credentials: { accessKeyId: 'ASIAEXAMPLE', secretAccessKey: 'x', sessionToken },
  });
  doctor.replace.credentials = () => readCredentialFacts(client);
}

async function publishWithoutStore(): Promise<void> {
  const client = await doctor.aws.cloudFront();
  const name = doctor.options.config.functionName;
  const { etag } = (await describeFunction(client, name, 'DEVELOPMENT')) ?? expect.fail('there is no function');
  const FunctionConfig = { Comment: '', Runtime: 'cloudfront-js-2.0' as const };
  const { ETag } = await client.send(new UpdateFunctionCommand({ Name: name, IfMatch: etag, FunctionConfig, FunctionCode: code('alone') }));
  await publishFunction(client, name, ETag ?? '');
}

it('finds everything in order where it is', async () => {
  await Promise.all([serveTls('singapore', 'viewer'), serveTls('europe', 'viewer')]);
  const certificates = await doctor.diagnose('certificates');
  expect(certificates).toMatchObject({
    outcome: 'ok',
    findings: [{ found: expect.stringMatching(/singapore.* www\.example\.test.*europe.* www\.example\.test/) }],
  });
  doctor.moveOrigin('singapore', { port: doctor.origins.singapore.port, protocol: 'http' });
  doctor.moveOrigin('europe', { port: doctor.origins.europe.port, protocol: 'http' });
  const diagnoses = await doctor.diagnoseAll();
  expect(diagnoses.filter(({ outcome }) => outcome !== 'ok')).toEqual([]);
  expect(diagnoses.map(({ check }) => check)).toEqual(allChecks.map(({ id }) => id));
});

it('asks an origin by a name that fits a wildcard alias', async () => {
  const { names } = await serveTls('singapore', 'viewer');
  await serveTls('europe', 'viewer');
  await doctor.changeLive((config) => Object.assign(config, { Aliases: { Quantity: 1, Items: ['*.example.test'] } }));
  doctor.options = { ...doctor.options, distributionId: doctor.distributionId };
  expect((await doctor.diagnose('certificates')).outcome).toBe('ok');
  expect(names).toEqual(['www.example.test']);
});

interface Case {
  check: string;
  when: string;
  spoil: () => unknown;
  outcome: Exclude<CheckOutcome, 'ok'>;
  found: RegExp;
  fix?: RegExp;
}

/** What goes wrong on the local account, check by check. */
const cases: readonly Case[] = [
  {
    check: 'credentials',
    when: 'requests to the store are signed with plain SigV4',
    spoil: () => signPlainly(),
    outcome: 'fail',
    found: /long-lived keys/,
  },
  {
    check: 'credentials',
    when: 'a session token of version 1 meets a store that refuses it',
    spoil: async () => {
      await signPlainly();
      useToken(`FwoGZXIvYXdz${'A'.repeat(40)}`);
    },
    outcome: 'fail',
    found: /session token.* version 1/,
    fix: /AWS_STS_REGIONAL_ENDPOINTS=regional/,
  },
  {
    check: 'credentials',
    when: 'the next token may come from the global endpoint',
    spoil: () => {
      useToken(`IQoJb3JpZ2luX2Vj${'A'.repeat(40)}`);
      doctor.options = { ...doctor.options, stsEndpoints: 'legacy' };
    },
    outcome: 'warn',
    found: /legacy/,
  },
  {
    check: 'live-code',
    when: 'LIVE is other code',
    spoil: () => doctor.publish(code('older')),
    outcome: 'fail',
    found: /^LIVE .*[0-9a-f]{12}.*[0-9a-f]{12}$/,
    fix: /function:explain -- --diff/,
  },
  {
    check: 'live-code',
    when: 'the function was never published',
    spoil: () => {
      doctor.options = { ...doctor.options, config: { ...doctor.options.config, functionName: 'another' } };
    },
    outcome: 'fail',
    found: /^another /,
  },
  {
    check: 'versions',
    when: 'another writer of the store changed the record of LIVE',
    spoil: async () => {
      const sha256 = createHash('sha256').update(code('ours')).digest('hex');
      const record = { version: 7, sha256, bytes: 1, at: 0, by: 'ci', pieces: 1 };
      const link = linkOf(formatPublishRecord(record));
      const comment = formatPublishComment({ ...record, revision: undefined, link, keyValueStoreName: undefined });
      await doctor.publish(code('ours'), doctor.storeArn, comment);
      await doctor.write({ [publishKey(7)]: formatPublishRecord({ ...record, by: 'eve' }) });
    },
    outcome: 'fail',
    found: /version 7,/,
    fix: /cloudtrail/,
  },
  {
    check: 'store-association',
    when: 'LIVE reads another store',
    spoil: async () => {
      const client = await doctor.aws.cloudFront();
      await createEmptyStore(client, 'other', '');
      const other = await waitForStore(client, 'other', { timeoutMs: 2_000 });
      await doctor.publish(code('with another store'), other.arn);
    },
    outcome: 'fail',
    found: /^LIVE origin-router .*arn:.* edge-health .*arn:/,
  },
  {
    check: 'store-association',
    when: 'LIVE is associated with no store',
    spoil: () => publishWithoutStore(),
    outcome: 'fail',
    found: /^LIVE origin-router .*key-value store$/,
  },
  {
    check: 'store-association',
    when: 'there is no such store',
    spoil: () => {
      doctor.options = { ...doctor.options, config: { ...doctor.options.config, keyValueStoreName: 'nowhere' } };
    },
    outcome: 'fail',
    found: /nowhere/,
    fix: /kvs:apply/,
  },
  {
    check: 'health-record',
    when: 'it does not parse',
    spoil: () => doctor.write({ health: 'singapore:0' }),
    outcome: 'fail',
    found: /"singapore:0"/,
  },
  {
    check: 'health-record',
    when: 'it names an origin that does not exist',
    spoil: () => doctor.write({ health: 'singapur=0' }),
    outcome: 'fail',
    found: /singapur.* singapore, europe/,
  },
  {
    check: 'health-record',
    when: 'an expired override is left in it',
    spoil: () => doctor.write({ health: 'singapore=0@1700000000' }),
    outcome: 'warn',
    found: /^1 expired override\b/,
  },
  {
    check: 'distribution',
    when: 'it is disabled',
    spoil: () => doctor.changeLive((config) => Object.assign(config, { Enabled: false })),
    outcome: 'fail',
    found: /disabled/,
  },
  {
    check: 'distribution',
    when: 'it is not what the file says',
    spoil: () => doctor.changeLive((config) => Object.assign(origin(config, 'europe'), { ConnectionTimeout: 7 })),
    outcome: 'warn',
    found: /Origins\[europe\].ConnectionTimeout$/,
    fix: /distribution:plan/,
  },
  {
    check: 'distribution',
    when: 'there is none',
    spoil: () => {
      doctor.file = { ...doctor.file, CallerReference: 'new', Aliases: { Quantity: 0 } };
    },
    outcome: 'fail',
    found: /does not exist/,
    fix: /distribution:apply/,
  },
  {
    check: 'origins',
    when: 'an origin has another region',
    spoil: () =>
      doctor.changeLive((config) => {
        const [header] = origin(config, 'europe').CustomHeaders?.Items ?? [];
        if (header !== undefined) header.HeaderValue = 'eu-west-1';
      }),
    outcome: 'fail',
    found: /origin europe .* eu-west-1, .* eu-central-1$/,
  },
  {
    check: 'origins',
    when: 'the router may choose one that the distribution does not have',
    spoil: () => {
      const { config } = doctor.options;
      const tokyo = { ...(config.origins['europe'] ?? expect.fail()), originId: 'tokyo', region: 'ap-northeast-1' };
      doctor.options = { ...doctor.options, config: { ...config, origins: { ...config.origins, tokyo } } };
    },
    outcome: 'fail',
    found: /^the live distribution .*\btokyo$/,
  },
  {
    check: 'every-behavior',
    when: 'one has lost the function',
    spoil: () => doctor.changeLive((config) => Object.assign(apiBehavior(config), { FunctionAssociations: { Quantity: 0 } })),
    outcome: 'fail',
    found: /^the live distribution: \/api\/\* .*viewer-request$/,
  },
  {
    check: 'every-behavior',
    when: 'another pattern in front takes its viewers',
    spoil: () =>
      doctor.changeLive((config) => {
        const items = config.CacheBehaviors?.Items ?? [];
        const [first] = items;
        if (first === undefined) throw new Error('there is a behavior');
        const [origin] = config.Origins?.Items ?? [];
        if (origin === undefined) throw new Error('there is an origin');
        const origins = [...(config.Origins?.Items ?? []), { ...origin, Id: 'bucket' }];
        config.Origins = { Quantity: origins.length, Items: origins };
        const wide = { ...first, PathPattern: '/ap*', TargetOriginId: 'bucket' };
        config.CacheBehaviors = { Quantity: items.length + 1, Items: [{ ...wide, FunctionAssociations: { Quantity: 0 } }, ...items] };
      }),
    outcome: 'fail',
    found: / \/api\/\*.* \/ap\* /,
  },
  {
    check: 'policies',
    when: 'distribution.json has the id of the tutorials, which CloudFront itself would refuse',
    spoil: () => {
      doctor.file = structuredClone(doctor.file);
      apiBehavior(doctor.file).OriginRequestPolicyId = '216adef6-5c04-47e4-8448-69f88d76e8d0';
    },
    outcome: 'fail',
    found: /^distribution.json: \/api\/\* names 216adef6-5c04-47e4-8448-69f88d76e8d0, .*216adef6-5c7f-47e4-b989-5492eafa07d3/,
    fix: /33f36d7e-f396-46d9-90e0-52428a34d9dc/,
  },
  {
    check: 'policies',
    when: 'distribution.json has ids that the account does not know',
    spoil: () => {
      doctor.file = structuredClone(doctor.file);
      Object.assign(apiBehavior(doctor.file), {
        CachePolicyId: '11111111-2222-4333-8444-555555555555',
        OriginRequestPolicyId: '11111111-2222-4333-8444-555555555556',
      });
    },
    outcome: 'fail',
    found: /^distribution.json: \/api\/\* .*cache policy 11111111-2222-4333-8444-555555555555/,
    fix: /list-cache-policies/,
  },
  {
    check: 'country',
    when: 'the origin request policy is AllViewer',
    spoil: () =>
      doctor.changeLive((config) => Object.assign(apiBehavior(config), { OriginRequestPolicyId: '216adef6-5c7f-47e4-b989-5492eafa07d3' })),
    outcome: 'fail',
    found: /^the live distribution: \/api\/\* .*CloudFront-Viewer-Country.* CachingDisabled and AllViewer$/,
    fix: /33f36d7e-f396-46d9-90e0-52428a34d9dc/,
  },
  {
    check: 'country',
    when: 'there is no origin request policy',
    spoil: () => doctor.changeLive((config) => void delete config.DefaultCacheBehavior?.OriginRequestPolicyId),
    outcome: 'fail',
    found: /the default behavior .*CachingDisabled and no origin request policy/,
  },
  {
    check: 'cached-content',
    when: 'a behavior caches with one key for both regions',
    spoil: () =>
      doctor.changeLive((config) => Object.assign(apiBehavior(config), { CachePolicyId: '658327ea-f89d-4fab-a63d-7e88639e58f6' })),
    outcome: 'fail',
    found: /\/api\/\* caches for 1d /,
  },
  {
    check: 'cached-content',
    when: 'origins may allow caching',
    spoil: () =>
      doctor.changeLive((config) => Object.assign(apiBehavior(config), { CachePolicyId: '83da9c7e-98b4-4e11-a168-04f0df8e2c65' })),
    outcome: 'warn',
    found: /Cache-Control/,
  },
  {
    check: 'host-header',
    when: 'an origin gets another Host than edge.config.ts says',
    spoil: async () => {
      const { config } = doctor.options;
      const { singapore } = config.origins;
      if (singapore === undefined) return;
      doctor.options = {
        ...doctor.options,
        config: { ...config, origins: { ...config.origins, singapore: { ...singapore, host: 'origin' } } },
      };
    },
    outcome: 'fail',
    found: /^the live distribution: .*Host.* singapore .*'origin'$/,
    fix: /AllViewerExceptHostHeader/,
  },
  {
    check: 'origin-groups',
    when: 'distribution.json sends POST to a group, which CloudFront itself would refuse',
    spoil: () => {
      doctor.file = structuredClone(doctor.file);
      const members = { Quantity: 2, Items: [{ OriginId: 'singapore' }, { OriginId: 'europe' }] };
      const FailoverCriteria = { StatusCodes: { Quantity: 1, Items: [503] } };
      doctor.file.OriginGroups = { Quantity: 1, Items: [{ Id: 'both', FailoverCriteria, Members: members }] };
      apiBehavior(doctor.file).TargetOriginId = 'both';
    },
    outcome: 'fail',
    found: /^distribution.json: \/api\/\* .*origin group both$/,
  },
  {
    check: 'timeouts',
    when: 'the origins have what CloudFront gives by default',
    spoil: () =>
      doctor.changeLive((config) => {
        for (const each of config.Origins?.Items ?? []) {
          each.ConnectionAttempts = 3;
          each.ConnectionTimeout = 10;
          if (each.CustomOriginConfig !== undefined) each.CustomOriginConfig.OriginReadTimeout = 30;
        }
      }),
    outcome: 'fail',
    found: / 240 s \(singapore 120 s, then europe 120 s\)$/,
  },
  {
    check: 'origin-group-codes',
    when: 'an origin group of theirs has only the codes of the application',
    spoil: () =>
      doctor.changeLive((config) => {
        const Members = { Quantity: 2, Items: [{ OriginId: 'singapore' }, { OriginId: 'europe' }] };
        const FailoverCriteria = { StatusCodes: { Quantity: 2, Items: [500, 504] } };
        config.OriginGroups = { Quantity: 1, Items: [{ Id: 'pair', Members, FailoverCriteria }] };
      }),
    outcome: 'fail',
    found: /^the live distribution: .*\bpair\b.* 503$/,
  },
  {
    check: 'options',
    when: 'CachedMethods lack OPTIONS',
    spoil: () =>
      doctor.changeLive((config) =>
        Object.assign(apiBehavior(config).AllowedMethods ?? {}, { CachedMethods: { Quantity: 2, Items: ['GET', 'HEAD'] } }),
      ),
    outcome: 'warn',
    found: /^the live distribution: \/api\/\* .*OPTIONS/,
  },
  {
    check: 'web-socket',
    when: 'a policy sends one of the two headers',
    spoil: () => {
      const sends = { name: 'half', cloudFrontHeaders: ['cloudfront-viewer-country'], headers: ['sec-websocket-key'] };
      doctor.replace.originRequestPolicy = async () => ({ ...sends, cookies: 'none', queryStrings: 'none' });
    },
    outcome: 'fail',
    found: /sec-websocket-version/,
  },
  {
    check: 'flipper-place',
    when: 'the flipper is beside an origin',
    spoil: () => {
      doctor.alarms = { ...goodAlarms(), 'us-west-2': [], 'ap-southeast-1': goodAlarms()['us-west-2'] ?? [] };
    },
    outcome: 'fail',
    found: /ap-southeast-1.*singapore/,
  },
  {
    check: 'flipper-place',
    when: 'the flipper is in us-east-1',
    spoil: () => {
      doctor.alarms = { ...goodAlarms(), 'us-west-2': [], 'us-east-1': goodAlarms()['us-west-2'] ?? [] };
    },
    outcome: 'warn',
    found: /us-east-1/,
  },
  {
    check: 'certificates',
    when: 'an origin shows the certificate of another name',
    spoil: () => serveTls('europe', 'stranger'),
    outcome: 'fail',
    found: /^europe \(alb-europe.example.test:443\).* www.example.test: tls: .*DNS:stranger.test/,
  },
  {
    check: 'certificates',
    when: 'an origin shows one that has expired',
    spoil: () => serveTls('singapore', 'expired'),
    outcome: 'fail',
    found: /^singapore .* expired/,
  },
  {
    check: 'certificates',
    when: 'an origin does not listen',
    spoil: async () => {
      await doctor.origins.europe.close();
      doctor.moveOrigin('europe', { port: doctor.origins.europe.port, protocol: 'https' });
    },
    outcome: 'warn',
    found: /^europe .*: connect:/,
  },
  {
    check: 'origin-lock',
    when: 'an origin answers every request',
    spoil: async () => {
      const open = await openReferenceOrigin({ region: 'eu-central-1' });
      doctor.keep(open.close);
      doctor.moveOrigin('europe', { port: open.port, protocol: 'http' });
    },
    outcome: 'fail',
    found: /^europe .* 200 .*x-origin-verify$/,
    fix: /403/,
  },
  {
    check: 'origin-lock',
    when: 'an origin has another secret than the distribution',
    spoil: async () => {
      const open = await openReferenceOrigin({ region: 'eu-central-1', verifySecret: 'rotated' });
      doctor.keep(open.close);
      doctor.moveOrigin('europe', { port: open.port, protocol: 'http' });
    },
    outcome: 'fail',
    found: /^europe .* 403 .*x-origin-verify/,
  },
  {
    check: 'signals',
    when: 'no signal has an opinion about an origin',
    spoil: () => {
      const { config } = doctor.options;
      const blind = {
        originId: 'singapore',
        region: 'ap-southeast-1',
        signals: [{ type: 'alarm' as const, alarmName: 'gone', required: false }],
      };
      doctor.options = { ...doctor.options, config: { ...config, origins: { ...config.origins, singapore: blind } } };
    },
    outcome: 'fail',
    found: /singapore: alarm: /,
  },
  {
    check: 'signals',
    when: 'an origin is unhealthy',
    spoil: () => doctor.origins.singapore.setFault({ kind: '5xx' }),
    outcome: 'fail',
    found: /^singapore, http fails: status: status 503/,
  },
  {
    check: 'alarms',
    when: 'no alarm watches the function',
    spoil: () => {
      doctor.alarms = {};
    },
    outcome: 'fail',
    found: /us-east-1.*FunctionExecutionErrors.*origin-router$/,
    fix: /Region=Global/,
  },
  {
    check: 'alarms',
    when: 'an alarm lacks the dimension without which it sees nothing',
    spoil: () => {
      const blind = metricAlarm('FunctionThrottles', { Dimensions: [{ Name: 'FunctionName', Value: 'origin-router' }] });
      doctor.alarms = { 'us-east-1': [...(goodAlarms()['us-east-1'] ?? []).slice(0, 2), blind] };
    },
    outcome: 'fail',
    found: /^alarm FunctionThrottles .*Region=Global/,
  },
  {
    check: 'flipper',
    when: 'the alarm on missing runs is in ALARM',
    spoil: () => {
      const silent = metricAlarm('edge-flipper-silent', { Namespace: 'EdgeFailover', StateValue: 'ALARM', TreatMissingData: 'breaching' });
      doctor.alarms = { 'us-east-1': [silent] };
    },
    outcome: 'fail',
    found: /^alarm edge-flipper-silent: .*never moved traffic$/,
  },
  {
    check: 'flipper',
    when: 'a healthy origin was not failed back',
    spoil: () =>
      doctor.write({
        health: 'singapore=0',
        state: formatStateRecord({
          sequence: 1,
          automaticAt: Date.now() - 3 * hour,
          origins: {
            singapore: {
              verdict: 'unhealthy',
              since: Date.now() - 3 * hour,
              movedAt: Date.now() - 3 * hour,
              heldUntil: Date.now() - 2 * hour,
            },
          },
        }),
      }),
    outcome: 'fail',
    found: /^singapore is healthy.* 0 for 1h 58m /,
  },
  {
    check: 'flipper',
    when: 'nothing shows whether it runs',
    spoil: () => {
      doctor.alarms = {};
    },
    outcome: 'warn',
    found: /^no alarm /,
  },
];

describe.each(cases)('$check', ({ check, when, spoil, outcome, found, fix }) => {
  it(`${outcome}s when ${when}`, async () => {
    await spoil();
    const diagnosis = await doctor.diagnose(check);
    expect(diagnosis.outcome).toBe(outcome);
    const finding = diagnosis.findings.find((each) => each.outcome === outcome);
    expect(finding?.found).toMatch(found);
    expect(finding?.fix).toMatch(fix ?? /./);
  });
});

it('has a case that fails each check, except one that only warns and one that only informs', () => {
  const failing = cases.filter(({ outcome }) => outcome === 'fail').map(({ check }) => check);
  expect([...new Set(failing), 'options', 'pricing-plan'].sort()).toEqual(allChecks.map(({ id }) => id).sort());
});

it('says what keeps the distribution out of a flat-rate plan', async () => {
  const found = async () => (await doctor.diagnose('pricing-plan')).findings.map(({ found }) => found).join();
  expect(await found()).toMatch(/could join a flat-rate plan$/);
  await doctor.changeLive((config) => Object.assign(apiBehavior(config), { RealtimeLogConfigArn: realtimeLogs }));
  expect(await found()).toMatch(/real-time logs of \/api\/\*$/);
});
