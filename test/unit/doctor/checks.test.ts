import type { DefaultCacheBehavior, DistributionConfig } from '@aws-sdk/client-cloudfront';
import { describe, expect, it } from 'vitest';
import type { Alarm } from '../../../src/aws/alarms.ts';
import { readTokenVersion } from '../../../src/aws/credentials.ts';
import { parseEdgeConfig } from '../../../src/config/edge-config.ts';
import {
  cachingDisabledId,
  countryPolicyId,
  managedCachePolicies,
  managedOriginRequestPolicies,
} from '../../../src/config/managed-policies.ts';
import { coversPattern } from '../../../src/config/path-pattern.ts';
import { formatStateRecord, freshState } from '../../../src/core/state-record.ts';
import type { CheckFinding } from '../../../src/doctor/check.ts';
import { judgeEveryBehavior, judgeTimeouts } from '../../../src/doctor/checks/distribution.ts';
import {
  judgeCredentials,
  judgeHealthRecord,
  judgeLiveCode,
  judgeStoreAssociation,
  judgeVersions,
} from '../../../src/doctor/checks/edge.ts';
import { judgeCachedContent, judgeCountry } from '../../../src/doctor/checks/policies.ts';
import { certificatesCheck, judgeCertificates } from '../../../src/doctor/checks/reachability.ts';
import { judgeAlarms, judgeFlipper, judgeOutage, judgeSignals } from '../../../src/doctor/checks/watch.ts';
import { isRouted, type RoutedBehavior } from '../../../src/doctor/distribution-view.ts';
import type { DoctorReaders, SignalResult } from '../../../src/doctor/readers.ts';
import { EdgeError } from '../../../src/errors.ts';
import { judgeOriginLock } from '../../../src/probe/origin-lock.ts';
import { formatPublishRecord, linkOf, type PublishRecord, parsePublishRecord, type StoredRecord } from '../../../src/publish/versions.ts';
import edgeConfig from '../../fixtures/sample/edge.config.ts';

const config = parseEdgeConfig(edgeConfig);
const now = Date.parse('2026-11-23T12:00:00Z');
const hour = 3_600_000;
const outcomes = (findings: readonly CheckFinding[]) => findings.map(({ outcome }) => outcome);

describe('live-code', () => {
  const live = { sha256: 'a'.repeat(64), runtime: 'cloudfront-js-2.0' };
  const facts = { name: 'router', built: { sha256: 'a'.repeat(64), bytes: 1 }, live };

  it.each([
    { when: 'it is the same code', live, expected: ['ok'] },
    { when: 'the runtime is 1.0, which has no store', live: { ...live, runtime: 'cloudfront-js-1.0' }, expected: ['fail'] },
    { when: 'code and runtime are others', live: { sha256: 'b'.repeat(64), runtime: 'cloudfront-js-1.0' }, expected: ['fail', 'fail'] },
  ])('says $expected when $when', ({ live, expected }) => {
    expect(outcomes(judgeLiveCode({ ...facts, live }))).toEqual(expected);
  });
});

describe('versions', () => {
  const sha256 = 'a'.repeat(64);
  const text = (version: number, after?: string, more: Partial<PublishRecord> = {}) =>
    formatPublishRecord({ version, sha256, bytes: 1, at: 0, by: 'ci', before: version - 1, after, pieces: 1, ...more });
  const stored = (value: string): StoredRecord => ({ ...(parsePublishRecord(value) ?? expect.fail()), link: linkOf(value) });
  const [one, two, three] = [text(1), text(2, linkOf(text(1))), text(3, linkOf(text(2, linkOf(text(1)))))];
  const published = {
    version: 3,
    revision: undefined,
    sha256: 'a'.repeat(12),
    at: 0,
    link: linkOf(three),
    keyValueStoreName: 's',
    by: 'ci',
  };
  const judge = (records: readonly string[], spoil: object = {}) =>
    judgeVersions({ live: { sha256, published: { ...published, ...spoil } }, known: records.map(stored) });

  it.each([
    { when: 'the chain is whole', records: [three, two, one], expected: 'ok' },
    { when: 'older versions were overwritten', records: [three, two], expected: 'ok' },
    { when: 'a newer release is under way', records: [text(4, linkOf(three)), three, two, one], expected: 'ok' },
    { when: 'the record of LIVE was changed', records: [text(3, linkOf(two), { by: 'eve' }), two, one], expected: 'fail' },
    { when: 'the record of LIVE is missing', records: [two, one], expected: 'fail' },
    { when: 'an earlier record was changed', records: [three, text(2, linkOf(one), { sha256: 'e'.repeat(64) }), one], expected: 'fail' },
    { when: 'an earlier record is missing and an older one is there', records: [three, one], expected: 'fail' },
    { when: 'LIVE attests nothing', records: [three, two, one], spoil: { link: undefined }, expected: 'warn' },
    { when: 'a version is beside the chain', records: [text(5, linkOf(two)), three, two, one], spoil: { version: 6 }, expected: 'warn' },
  ])('$expected when $when', ({ records, spoil, expected }) => {
    expect(outcomes(judge(records, spoil))).toEqual([expected]);
  });
});

it('store-association fails while the store is being made', () => {
  const store = { arn: 'arn', status: 'PROVISIONING', isReady: false };
  const [finding] = judgeStoreAssociation({ functionName: 'f', storeName: 's', store, live: { keyValueStoreArn: 'arn' } });
  expect(finding).toMatchObject({ outcome: 'fail', found: 'key-value store s is provisioning, not ready' });
});

describe('health-record', () => {
  const judge = (values: Record<string, string>) =>
    judgeHealthRecord({ values: new Map(Object.entries(values)), origins: ['singapore', 'europe'], now });
  const later = Math.floor((now + 2 * hour) / 1_000);

  it('is ok at ok', () => {
    expect(judge({ health: 'ok' })).toEqual([{ outcome: 'ok', found: 'all origins serve their viewers' }]);
  });

  it('fails on a record longer than the configured origins can need, and on an override of more than 72 hours', () => {
    expect(judge({ health: 'singapore=0;'.repeat(7) })).toMatchObject([
      { outcome: 'fail', found: expect.stringContaining('84 characters') },
    ]);
    const inFourDays = Math.floor((now + 96 * hour) / 1_000);
    expect(judge({ health: `singapore=0@${inFourDays}` })[0]).toMatchObject({
      outcome: 'fail',
      found: expect.stringContaining('72 hours'),
    });
  });

  it('warns when the key is missing, which the edge survives', () => {
    expect(judge({})).toMatchObject([{ outcome: 'warn', fix: 'npm run kvs:apply' }]);
  });

  it('reports an override in force, and an edit by another tool', () => {
    expect(judge({ health: `singapore=0@${later}` })).toMatchObject([{ outcome: 'warn', found: expect.stringContaining('edited') }]);
  });

  it('fails with every origin at 0, which the edge ignores', () => {
    expect(outcomes(judge({ health: `singapore=0@${later};europe=0` }))).toContain('fail');
  });

  it('lists every problem at once', () => {
    const findings = judge({ health: 'tokyo=0;singapore=0@1700000000;europe=5@1700000001' });
    expect(findings.map(({ found }) => found)).toEqual([
      expect.stringContaining('tokyo'),
      expect.stringMatching(/^2 expired overrides/),
      expect.stringContaining('edited'),
    ]);
  });
});

describe('a behavior', () => {
  const distribution: DistributionConfig = {
    CallerReference: '',
    Comment: '',
    Enabled: true,
    Origins: { Quantity: 0, Items: [] },
    OriginGroups: {
      Quantity: 1,
      Items: [{ Id: 'both', FailoverCriteria: undefined, Members: { Quantity: 1, Items: [{ OriginId: 'europe' }] } }],
    },
    DefaultCacheBehavior: undefined,
  };
  const behavior = (TargetOriginId: string, functionName?: string): DefaultCacheBehavior => ({
    TargetOriginId,
    ViewerProtocolPolicy: 'allow-all',
    ...(functionName === undefined
      ? {}
      : {
          FunctionAssociations: {
            Quantity: 1,
            Items: [{ EventType: 'viewer-request', FunctionARN: `arn:aws:cloudfront::111122223333:function/${functionName}` }],
          },
        }),
  });

  it.each([
    { target: 'singapore', expected: true },
    { target: 'both', expected: true },
    { target: 'bucket', expected: false },
  ])('that goes to $target is routed: $expected', ({ target, expected }) => {
    expect(isRouted(behavior(target), distribution, config)).toBe(expected);
  });

  it('names an origin by its alias to read its certificate, since the local cloud knows the alias', async () => {
    const config = parseEdgeConfig({
      ...edgeConfig,
      origins: { ...edgeConfig.origins, singapore: { ...edgeConfig.origins.singapore, originId: 'WebStackOrigin1A2B' } },
    });
    const asked: string[] = [];
    const readers = {
      config,
      isLocal: true,
      now: () => now,
      file: async () => ({
        ...distribution,
        Origins: { Quantity: 1, Items: [{ Id: 'WebStackOrigin1A2B', DomainName: 'sg.example.com' }] },
      }),
      liveDistribution: async () => undefined,
      certificate: async ({ id }: { id: string }) => {
        asked.push(id);
        return { kind: 'plain' };
      },
    } as unknown as DoctorReaders;
    await certificatesCheck.examine(readers);
    expect(asked).toEqual(['singapore']);
  });

  it('is routed by the id that its origin has in the distribution, not by the alias', () => {
    const origins = parseEdgeConfig({
      ...edgeConfig,
      origins: { ...edgeConfig.origins, singapore: { ...edgeConfig.origins.singapore, originId: 'WebStackOrigin1A2B' } },
    });
    expect(isRouted(behavior('WebStackOrigin1A2B'), distribution, origins)).toBe(true);
    expect(isRouted(behavior('singapore'), distribution, origins)).toBe(false);
  });

  it.each([
    { when: 'a bucket has no function', behavior: behavior('bucket'), isRouted: false, expected: 'ok' },
    {
      when: 'a bucket has the router, which would send it elsewhere',
      behavior: behavior('bucket', 'router'),
      isRouted: false,
      expected: 'warn',
    },
    { when: 'an origin has the router', behavior: behavior('europe', 'router'), isRouted: true, expected: 'ok' },
    { when: 'an origin has another function', behavior: behavior('europe', 'old-router'), isRouted: true, expected: 'fail' },
    {
      when: 'an origin has a function whose name ends the same',
      behavior: behavior('europe', 'my-router'),
      isRouted: true,
      expected: 'fail',
    },
  ])('is $expected when $when', ({ behavior, isRouted, expected }) => {
    const facts = { where: 'distribution.json' as const, config: distribution, functionName: 'router' };
    expect(outcomes(judgeEveryBehavior({ ...facts, behaviors: [{ name: '/x', behavior, isRouted }] }))).toEqual([expected]);
  });

  it.each([
    {
      when: 'a bucket takes everything in front of it',
      names: ['the default behavior', '*', '/api/*'],
      shadow: 'bucket',
      expected: ['fail', 'fail'],
    },
    {
      when: 'a bucket takes its paths in front of it',
      names: ['the default behavior', '/a*', '/api/*'],
      shadow: 'bucket',
      expected: ['fail'],
    },
    {
      when: 'a bucket takes some of its paths',
      names: ['the default behavior', '/api/static/*', '/api/*'],
      shadow: 'bucket',
      expected: ['ok'],
    },
    { when: 'the bucket is behind it', names: ['the default behavior', '/api/*', '/api/x'], shadow: undefined, expected: ['ok'] },
    {
      when: 'one that is routed as well takes its paths',
      names: ['the default behavior', '/a*', '/api/*'],
      shadow: 'europe',
      expected: ['warn'],
    },
  ])('is shadowed when $when: $expected', ({ names, shadow, expected }) => {
    const behaviors = names.map((name, index) => {
      const target = index === 1 && shadow !== undefined ? shadow : name === '/api/x' ? 'bucket' : 'singapore';
      return { name, behavior: behavior(target, target === 'bucket' ? undefined : 'router'), isRouted: target !== 'bucket' };
    });
    const facts = { where: 'distribution.json' as const, config: distribution, functionName: 'router' };
    expect(outcomes(judgeEveryBehavior({ ...facts, behaviors }))).toEqual(expected);
  });

  it.each([
    ['*', '/api/*', true],
    ['/*', 'api/*', true],
    ['/api/*', '/api/*', true],
    ['/api*', '/api/*', true],
    ['/a?i/*', '/api/*', true],
    ['/a?i/*', '/a?i/x', true],
    ['/api/?', '/api/*', false],
    ['/api/*', '/api*', false],
    ['/API/*', '/api/*', false],
    ['*.php', '/api/*', false],
    ['*.php', '/x/*.php', true],
    ['/a*b*c', '/a*c', false],
    ['/a*c', '/a*b*c', true],
  ])('%s covers %s: %s', (wide, narrow, expected) => {
    expect(coversPattern(wide, narrow)).toBe(expected);
  });
});

describe('policies of a behavior', () => {
  const disabled = managedCachePolicies[cachingDisabledId] ?? expect.fail();
  const none = managedOriginRequestPolicies['216adef6-5c7f-47e4-b989-5492eafa07d3'] ?? expect.fail();
  const base: RoutedBehavior = {
    name: '/api/*',
    behavior: { TargetOriginId: 'singapore', ViewerProtocolPolicy: 'https-only' },
    cachePolicy: disabled,
    originRequestPolicy: none,
  };
  const legacy = (Headers: string[], ttl: object = {}): Partial<RoutedBehavior> => ({
    cachePolicy: undefined,
    originRequestPolicy: undefined,
    behavior: {
      ...base.behavior,
      ...ttl,
      ForwardedValues: { QueryString: true, Cookies: { Forward: 'none' }, Headers: { Quantity: Headers.length, Items: Headers } },
    },
  });

  it.each<{ when: string; spoil: Partial<RoutedBehavior>; hasRoutes?: boolean; hasSubdivisions?: boolean; expected: string }>([
    {
      when: 'the origin request policy sends it',
      spoil: { originRequestPolicy: managedOriginRequestPolicies[countryPolicyId] },
      expected: 'ok',
    },
    {
      when: 'the origin request policy sends it with the subdivision that is needed',
      spoil: { originRequestPolicy: managedOriginRequestPolicies[countryPolicyId] },
      hasSubdivisions: true,
      expected: 'ok',
    },
    {
      when: 'a subdivision has its own order, and the cache key has the country alone',
      spoil: { cachePolicy: { ...disabled, headers: ['cloudfront-viewer-country'] } },
      hasSubdivisions: true,
      expected: 'fail',
    },
    { when: 'the cache key has it', spoil: { cachePolicy: { ...disabled, headers: ['cloudfront-viewer-country'] } }, expected: 'ok' },
    { when: 'the old way of forwarding names it', spoil: legacy(['CloudFront-Viewer-Country']), expected: 'ok' },
    { when: 'the old way forwards what viewers send', spoil: legacy(['*']), expected: 'fail' },
    { when: 'no policy sends it', spoil: {}, expected: 'fail' },
    { when: 'no policy sends it, and no country has its own order', spoil: {}, hasRoutes: false, expected: 'warn' },
  ])('country: $expected when $when', ({ spoil, hasRoutes = true, hasSubdivisions = false, expected }) => {
    const behaviors = [{ ...base, ...spoil }];
    expect(outcomes(judgeCountry({ where: 'distribution.json', behaviors, hasRoutes, hasSubdivisions }))).toEqual([expected]);
  });

  const caching = { ...disabled, name: 'own', defaultTtlSeconds: 60, maxTtlSeconds: 60 };
  it.each<{ when: string; spoil: Partial<RoutedBehavior>; expected: string }>([
    { when: 'caching is off', spoil: {}, expected: 'ok' },
    { when: 'the key has the way', spoil: { cachePolicy: { ...caching, headers: ['x-origin-route'] } }, expected: 'ok' },
    // Two viewers of one country may go two ways: a flip, or a partial weight.
    {
      when: 'the key has the country only',
      spoil: { cachePolicy: { ...caching, headers: ['cloudfront-viewer-country'] } },
      expected: 'fail',
    },
    { when: 'the origin may allow it', spoil: { cachePolicy: { ...caching, defaultTtlSeconds: 0 } }, expected: 'warn' },
    { when: 'the old way caches for a day by default', spoil: legacy(['Accept']), expected: 'fail' },
    { when: 'the old way has every header in the key', spoil: legacy(['*']), expected: 'ok' },
    { when: 'the old way has no time to live', spoil: legacy([], { DefaultTTL: 0, MaxTTL: 0 }), expected: 'ok' },
  ])('cached-content: $expected when $when', ({ spoil, expected }) => {
    expect(outcomes(judgeCachedContent({ where: 'distribution.json', behaviors: [{ ...base, ...spoil }] }))).toEqual([expected]);
  });
});

describe('timeouts', () => {
  const origin = (Id: string, ConnectionAttempts: number, ConnectionTimeout: number, OriginReadTimeout: number) => ({
    Id,
    DomainName: `${Id}.example.com`,
    ConnectionAttempts,
    ConnectionTimeout,
    CustomOriginConfig: { HTTPPort: 80, HTTPSPort: 443, OriginProtocolPolicy: 'https-only' as const, OriginReadTimeout },
  });
  const judge = (first: ReturnType<typeof origin>, perRequestFailover = true) =>
    judgeTimeouts({
      where: 'distribution.json',
      origins: [first, origin('europe', 1, 2, 10)],
      config: { ...config, perRequestFailover },
    })[0];

  it.each([
    { first: origin('singapore', 1, 2, 10), expected: 'ok', total: 24 },
    { first: origin('singapore', 1, 8, 10), expected: 'ok', total: 30 },
    { first: origin('singapore', 1, 9, 10), expected: 'warn', total: 31 },
    { first: origin('singapore', 2, 4, 20), expected: 'warn', total: 60 },
    { first: origin('singapore', 3, 10, 30), expected: 'fail', total: 132 },
  ])('is $expected at $total s', ({ first, expected, total }) => {
    expect(judge(first)).toMatchObject({ outcome: expected, found: expect.stringContaining(`may take ${total} s`) });
  });

  it('counts one origin only without a group per request', () => {
    expect(judge(origin('singapore', 1, 2, 10), false)?.found).toContain('may take 12 s');
  });

  it('uses CloudFront’s defaults for absent fields', () => {
    const origins = [{ Id: 'singapore', DomainName: 'a' }];
    expect(judgeTimeouts({ where: 'distribution.json', origins, config })).toMatchObject([
      { found: expect.stringContaining('singapore 120 s') },
    ]);
  });
});

describe('certificates', () => {
  const origin = { id: 'europe', protocol: 'https' as const, domainName: 'alb.example.test', port: 443 };
  const judge = (reading: Parameters<typeof judgeCertificates>[0]['readings'][number]['reading'], more: object = {}) =>
    judgeCertificates({ now, isLocal: false, readings: [{ origin: { ...origin, ...more }, sni: 'www.example.test', reading }] })[0];

  it('warns three weeks before the end, and not before', () => {
    const days = (count: number) => ({ kind: 'good' as const, validTo: now + count * 24 * hour });
    expect(judge(days(20))).toMatchObject({ outcome: 'warn', found: expect.stringContaining('20d') });
    expect(judge(days(22))?.outcome).toBe('ok');
  });

  it('warns of an origin that CloudFront reaches over http', () => {
    expect(judge({ kind: 'plain' }, { protocol: 'http' })).toMatchObject({
      outcome: 'warn',
      found: expect.stringContaining('http'),
    });
  });

  it('fails for what CloudFront would refuse, and warns of what only this machine may not reach', () => {
    expect(judge({ kind: 'bad', problem: 'x' })?.outcome).toBe('fail');
    expect(judge({ kind: 'unreached', problem: 'x' })?.outcome).toBe('warn');
  });
});

describe('origin-lock', () => {
  const failed = (kind: 'connect' | 'dns') => ({ failure: { class: kind, detail: 'no' } });
  it.each([
    { when: 'it answers 403 without the header', with: { status: 200 }, without: { status: 403 }, expected: 'ok' },
    { when: 'it answers 404 to the known and 403 to strangers', with: { status: 404 }, without: { status: 403 }, expected: 'ok' },
    { when: 'it closes the connection on strangers', with: { status: 200 }, without: failed('connect'), expected: 'ok' },
    { when: 'it redirects strangers', with: { status: 302 }, without: { status: 302 }, expected: 'fail' },
    { when: 'it refuses every request', with: { status: 401 }, without: { status: 401 }, expected: 'fail' },
    { when: 'it has no such page at all', with: { status: 404 }, without: { status: 404 }, expected: 'warn' },
    { when: 'no request gets through from here', with: failed('connect'), without: failed('connect'), expected: 'warn' },
  ])('is $expected when $when', ({ with: known, without, expected }) => {
    expect(judgeOriginLock({ origin: 'europe', secrets: ['x-origin-verify'], with: known, without }).outcome).toBe(expected);
  });

  it('fails when there is no header that only CloudFront knows', () => {
    const open = { status: 200 };
    expect(judgeOriginLock({ origin: 'europe', secrets: [], with: open, without: open })).toMatchObject({
      outcome: 'fail',
      found: expect.stringContaining('europe answers 200'),
    });
  });
});

describe('signals', () => {
  const look = (opinion: SignalResult['opinion'], more: object = {}): SignalResult => ({ name: 'http', opinion, latencyMs: 5, ...more });
  it.each([
    { when: 'all are good', looks: [look('good')], expected: ['ok'] },
    { when: 'one of two is silent', looks: [look('good'), look('none', { name: 'alarm' })], expected: ['ok', 'warn'] },
    { when: 'all are silent', looks: [look('none'), look('none', { name: 'alarm' })], expected: ['fail'] },
    { when: 'there is none', looks: [], expected: ['fail'] },
    { when: 'one is bad', looks: [look('bad')], expected: ['fail'] },
    { when: 'one of two is bad', looks: [look('good'), look('bad')], expected: ['ok', 'fail'] },
  ])('says $expected when $when', ({ looks, expected }) => {
    expect(outcomes(judgeSignals('europe', looks))).toEqual(expected);
  });

  it.each([
    { when: 'every origin fails', origins: { singapore: [look('bad')], europe: [look('good'), look('bad')] }, expected: ['fail'] },
    { when: 'one origin is left', origins: { singapore: [look('bad')], europe: [look('good')] }, expected: [] },
    { when: 'there is none', origins: {}, expected: [] },
  ])('is a total outage when $when: $expected', ({ origins, expected }) => {
    expect(outcomes(judgeOutage(origins))).toEqual(expected);
  });
});

describe('credentials', () => {
  const credentials = { kind: 'temporary' as const, tokenVersion: 2 as const, expiresAt: undefined };
  const base = { credentials, refusal: undefined, stsEndpoints: undefined, now };
  const refused = new EdgeError('CREDENTIALS', 'cannot read the key-value store: The security token is invalid', { hint: 'sign in' });
  const unreachable = new EdgeError('ENDPOINT_UNREACHABLE', 'cannot read the key-value store: ECONNREFUSED');

  it.each([
    { when: 'the store takes them', spoil: {}, expected: ['ok'] },
    // A token does not prove anything against a store that takes it.
    {
      when: 'the store takes them, whatever they look like',
      spoil: { credentials: { ...credentials, tokenVersion: 1 as const } },
      expected: ['ok'],
    },
    { when: 'the store refuses them', spoil: { refusal: refused }, expected: ['fail'] },
    { when: 'the store cannot be asked', spoil: { refusal: unreachable }, expected: ['warn'] },
    { when: 'they end in a minute', spoil: { credentials: { ...credentials, expiresAt: now + 60_000 } }, expected: ['ok', 'warn'] },
    {
      when: 'long-lived keys need no token',
      spoil: { stsEndpoints: 'legacy', credentials: { ...credentials, kind: 'long-lived' as const } },
      expected: ['ok'],
    },
    { when: 'the next token may be of version 1', spoil: { stsEndpoints: 'legacy' }, expected: ['ok', 'warn'] },
  ])('says $expected when $when', ({ spoil, expected }) => {
    expect(outcomes(judgeCredentials({ ...base, ...spoil }))).toEqual(expected);
  });

  it.each([
    { token: `FwoGZXIvYXdzEA4aD${'A'.repeat(300)}`, version: 1 },
    { token: `FQoGZXIvYXdzEJr//${'A'.repeat(300)}`, version: 1 },
    { token: `IQoJb3JpZ2luX2VjEG0aCWV1${'A'.repeat(300)}`, version: 2 },
    { token: 'something else', version: undefined },
    { token: undefined, version: undefined },
  ])('takes the token $token for version $version', ({ token, version }) => {
    expect(readTokenVersion(token)).toBe(version);
  });
});

describe('alarms', () => {
  const names = ['FunctionExecutionErrors', 'FunctionValidationErrors', 'FunctionThrottles'];
  const alarm = (name: string, more: Partial<Alarm> = {}): Alarm => ({
    name: `${name} of the router`,
    state: 'OK',
    metrics: [{ namespace: 'AWS/CloudFront', name, dimensions: { FunctionName: 'router', Region: 'Global' } }],
    hasActions: true,
    isMissingBreaching: false,
    ...more,
  });
  const judge = (spoil: Partial<Alarm>, complete = true) =>
    judgeAlarms({
      functionName: 'router',
      found: { alarms: [...names.slice(1).map((name) => alarm(name)), alarm('FunctionExecutionErrors', spoil)], complete },
    })[0];

  it.each<{ when: string; spoil: Partial<Alarm>; complete?: boolean; expected: string }>([
    { when: 'it watches', spoil: {}, expected: 'ok' },
    { when: 'it is going off', spoil: { state: 'ALARM' }, expected: 'fail' },
    { when: 'it notifies no one', spoil: { hasActions: false }, expected: 'warn' },
    { when: 'there is none', spoil: { metrics: [] }, expected: 'fail' },
    { when: 'there is none among those that were listed', spoil: { metrics: [] }, complete: false, expected: 'warn' },
    {
      when: 'it is of another function',
      spoil: {
        metrics: [{ namespace: 'AWS/CloudFront', name: 'FunctionExecutionErrors', dimensions: { FunctionName: 'x', Region: 'Global' } }],
      },
      expected: 'fail',
    },
    {
      when: 'one of several metrics of an expression is the one',
      spoil: {
        metrics: names.map((name) => ({ namespace: 'AWS/CloudFront', name, dimensions: { FunctionName: 'router', Region: 'Global' } })),
      },
      expected: 'ok',
    },
  ])('says $expected when $when', ({ spoil, complete, expected }) => {
    expect(judge(spoil, complete)?.outcome).toBe(expected);
  });
});

describe('flipper', () => {
  const good: SignalResult = { name: 'http', opinion: 'good', latencyMs: 5 };
  const silence: Alarm = {
    name: 'silence',
    state: 'OK',
    metrics: [{ namespace: 'EdgeFailover', name: 'SuccessfulRuns', dimensions: { Flipper: 'x' } }],
    hasActions: true,
    isMissingBreaching: true,
  };
  const held = (heldUntil: number) =>
    formatStateRecord({
      ...freshState,
      sequence: 1,
      automaticAt: now - 5 * hour,
      origins: { singapore: { verdict: 'unhealthy', since: now - 5 * hour, movedAt: now - 5 * hour, heldUntil } },
    });
  const base = {
    values: new Map([['health', 'ok']]),
    signals: { singapore: [good], europe: [good] },
    alarms: [silence] as readonly Alarm[] | EdgeError | undefined,
    failover: config.failover,
    now,
  };
  const out = (heldUntil: number, record = 'singapore=0') =>
    new Map([
      ['health', record],
      ['state', held(heldUntil)],
    ]);

  it.each<{ when: string; spoil: Partial<typeof base>; expected: string }>([
    { when: 'the alarm on its silence is OK', spoil: {}, expected: 'ok' },
    { when: 'that alarm goes off', spoil: { alarms: [{ ...silence, state: 'ALARM' }] }, expected: 'fail' },
    { when: 'that alarm has no data yet', spoil: { alarms: [{ ...silence, state: 'INSUFFICIENT_DATA' }] }, expected: 'warn' },
    {
      when: 'an alarm that forgives silence is all there is',
      spoil: { alarms: [{ ...silence, isMissingBreaching: false }] },
      expected: 'warn',
    },
    { when: 'alarms may not be read', spoil: { alarms: new EdgeError('ACCESS_DENIED', 'no') }, expected: 'warn' },
    { when: 'there is no CloudWatch', spoil: { alarms: undefined }, expected: 'warn' },
    { when: 'a healthy origin waits for its failback', spoil: { values: out(now - hour) }, expected: 'fail' },
    { when: 'the hold-down still runs', spoil: { values: out(now + hour) }, expected: 'ok' },
    { when: 'the hold-down has only just ended', spoil: { values: out(now - 60_000) }, expected: 'ok' },
    {
      when: 'the origin is still ill',
      spoil: { values: out(now - hour), signals: { singapore: [{ ...good, opinion: 'bad' }] as SignalResult[], europe: [good] } },
      expected: 'ok',
    },
    {
      when: 'an operator holds it',
      spoil: { values: out(now - hour, `singapore=0@${Math.floor(now / 1_000) + 600};singapore=0`) },
      expected: 'ok',
    },
  ])('is $expected when $when', ({ spoil, expected }) => {
    expect(outcomes(judgeFlipper({ ...base, ...spoil }))).toEqual([expected]);
  });
});
