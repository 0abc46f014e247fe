import type { CachePolicyConfig, ForwardedValues, OriginRequestPolicyConfig } from '@aws-sdk/client-cloudfront';
import { afterEach, describe, expect, it } from 'vitest';
import { findPolicies } from '../../../local/edge/policies.ts';
import { cachingDisabled, openTestEdge, type TestEdge, testDistribution } from './open-test-edge.ts';

let rig: TestEdge;
afterEach(() => rig.close());

const list = (...Items: string[]) => ({ Quantity: Items.length, Items });
const seven = {
  Quantity: 7,
  Items: ['GET' as const, 'HEAD' as const, 'OPTIONS' as const, 'PUT' as const, 'PATCH' as const, 'POST' as const, 'DELETE' as const],
};

const openLegacy = async (values: Partial<ForwardedValues>, more: object = {}) => {
  rig = await openTestEdge({
    distribution: testDistribution(
      {},
      {
        CachePolicyId: undefined,
        OriginRequestPolicyId: undefined,
        AllowedMethods: seven,
        ForwardedValues: { QueryString: false, Cookies: { Forward: 'none' }, ...values },
        MinTTL: 0,
        DefaultTTL: 60,
        MaxTTL: 60,
        ...more,
      },
    ),
  });
};

const echo = async (path: string, headers: Record<string, string> = {}, method = 'GET') => {
  const reply = await rig.request(path, { headers, method, ...(method === 'POST' && { body: 'x' }) });
  const { path: sent, headers: seen } = JSON.parse(reply.body) as { path: string; headers: Record<string, string> };
  return { path: sent, headers: seen, cache: reply.headers['x-cache'] };
};

const viewer = {
  host: 'www.example.com',
  accept: 'text/html',
  'accept-language': 'de',
  authorization: 'Bearer x',
  cookie: 'session=1; theme=dark; wordpress_logged_in_a=2',
  origin: 'https://www.example.com',
  referer: 'https://www.example.com/',
  'user-agent': 'curl/8',
  'x-own': 'kept',
};

describe('a behavior with legacy cache settings', () => {
  it('sends on neither query string nor cookies nor the headers that CloudFront removes, and its own headers', async () => {
    await openLegacy({});
    const { path, headers } = await echo('/a?b=1', viewer);
    expect(path).toBe('/a');
    expect(headers).toMatchObject({
      host: 'singapore.example.test',
      'user-agent': 'Amazon CloudFront',
      'x-own': 'kept',
      origin: viewer.origin,
    });
    for (const name of ['accept', 'accept-language', 'authorization', 'cookie', 'referer']) expect(headers).not.toHaveProperty(name);
  });

  it('sends Authorization with methods that are not cached', async () => {
    await openLegacy({});
    expect((await echo('/a', viewer, 'POST')).headers).toMatchObject({ authorization: 'Bearer x' });
  });

  it('sends on the headers that it names, and has them in the key', async () => {
    await openLegacy({ Headers: list('Host', 'Accept-Language', 'CloudFront-Viewer-Country') });
    const headers = { ...viewer, 'x-local-viewer-country': 'DE' };
    expect((await echo('/a', headers)).headers).toMatchObject({
      host: viewer.host,
      'accept-language': 'de',
      'cloudfront-viewer-country': 'DE',
    });
    expect((await echo('/a', headers)).cache).toBe('Hit from cloudfront');
    expect((await echo('/a', { ...headers, 'accept-language': 'fr' })).cache).toBe('Miss from cloudfront');
    expect((await echo('/a', { ...headers, 'x-own': 'other' })).cache).toBe('Hit from cloudfront');
  });

  it('sends all headers on under *, and then caches nothing', async () => {
    await openLegacy({ Headers: list('*') });
    expect((await echo('/a', viewer)).headers).toMatchObject({ host: viewer.host, accept: viewer.accept, referer: viewer.referer });
    expect((await echo('/a', viewer)).cache).toBe('Miss from cloudfront');
  });

  it.each([
    { what: 'all', cookies: { Forward: 'all' as const }, sent: viewer.cookie },
    {
      what: 'named',
      cookies: { Forward: 'whitelist' as const, WhitelistedNames: list('session', 'wordpress_*') },
      sent: 'session=1; wordpress_logged_in_a=2',
    },
  ])('sends on $what cookies, and has them in the key', async ({ cookies, sent }) => {
    await openLegacy({ Cookies: cookies });
    expect((await echo('/a', viewer)).headers['cookie']).toBe(sent);
    expect((await echo('/a', viewer)).cache).toBe('Hit from cloudfront');
    expect((await echo('/a', { ...viewer, cookie: 'session=2' })).cache).toBe('Miss from cloudfront');
  });

  it('sends on the whole query string, and has of it in the key what it names', async () => {
    await openLegacy({ QueryString: true, QueryStringCacheKeys: list('page') });
    expect((await echo('/a?page=1&utm=2')).path).toBe('/a?page=1&utm=2');
    expect((await echo('/a?page=1&utm=3')).cache).toBe('Hit from cloudfront');
    expect((await echo('/a?page=2&utm=2')).cache).toBe('Miss from cloudfront');
  });

  it('keeps responses for its own TTLs', async () => {
    await openLegacy({}, { MinTTL: 0, DefaultTTL: 0, MaxTTL: 0 });
    await echo('/a');
    expect((await echo('/a')).cache).toBe('Miss from cloudfront');
  });
});

const cacheId = '11111111-1111-4111-8111-111111111111';
const requestId = '22222222-2222-4222-8222-222222222222';

const cachePolicy: CachePolicyConfig = {
  Name: 'own',
  MinTTL: 0,
  DefaultTTL: 60,
  MaxTTL: 60,
  ParametersInCacheKeyAndForwardedToOrigin: {
    EnableAcceptEncodingGzip: true,
    HeadersConfig: { HeaderBehavior: 'whitelist', Headers: list('X-Tenant') },
    CookiesConfig: { CookieBehavior: 'allExcept', Cookies: list('theme') },
    QueryStringsConfig: { QueryStringBehavior: 'none' },
  },
};
const requestPolicy: OriginRequestPolicyConfig = {
  Name: 'own',
  HeadersConfig: { HeaderBehavior: 'allExcept', Headers: list('Referer', 'Host') },
  CookiesConfig: { CookieBehavior: 'none' },
  QueryStringsConfig: { QueryStringBehavior: 'allExcept', QueryStrings: list('utm') },
};
const behavior = { CachePolicyId: cacheId, OriginRequestPolicyId: requestId };

describe('a behavior with the account’s own policies', () => {
  it('does as they say', async () => {
    const saved = [
      { ETag: 'E1', CachePolicy: { Id: cacheId, CachePolicyConfig: cachePolicy } },
      {
        OriginRequestPolicyList: {
          Items: [{ Type: 'custom', OriginRequestPolicy: { Id: requestId, OriginRequestPolicyConfig: requestPolicy } }],
        },
      },
    ];
    rig = await openTestEdge({ distribution: testDistribution({}, behavior), policies: findPolicies(saved) });
    const { path, headers } = await echo('/a?b=1&utm=2', { ...viewer, 'x-tenant': 'one' });
    expect(path).toBe('/a?b=1');
    expect(headers).toMatchObject({ host: 'singapore.example.test', accept: viewer.accept, 'x-tenant': 'one' });
    expect(headers['cookie']).toBe('session=1; wordpress_logged_in_a=2');
    expect(headers).not.toHaveProperty('referer');
    expect((await echo('/a?b=3', { ...viewer, 'x-tenant': 'one' })).cache).toBe('Hit from cloudfront');
    expect((await echo('/a', { ...viewer, 'x-tenant': 'two' })).cache).toBe('Miss from cloudfront');
  });

  it('is served uncached, with everything of the viewer, where they are left out', async () => {
    rig = await openTestEdge({ distribution: testDistribution({}, behavior), without: new Set(['custom-policies']) });
    expect((await echo('/a?b=1', viewer)).headers).toMatchObject({ host: viewer.host, cookie: viewer.cookie });
    expect((await echo('/a?b=1', viewer)).cache).toBe('Miss from cloudfront');
  });
});

it('a behavior is served without the parts that the edge cannot show, when they are named', async () => {
  const distribution = testDistribution(
    {},
    {
      CachePolicyId: cachingDisabled,
      LambdaFunctionAssociations: { Quantity: 1, Items: [{ LambdaFunctionARN: 'arn:x:1', EventType: 'origin-request' }] },
      TrustedKeyGroups: { Enabled: true, ...list('k') },
    },
  );
  rig = await openTestEdge({ distribution, without: new Set(['lambda-at-edge', 'signatures']) });
  expect((await rig.request('/')).status).toBe(200);
});
