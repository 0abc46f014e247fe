import {
  type CachePolicyConfig,
  CreateCachePolicyCommand,
  CreateDistributionCommand,
  CreateOriginRequestPolicyCommand,
  DeleteCachePolicyCommand,
  DeleteOriginRequestPolicyCommand,
  GetCachePolicyCommand,
  type OriginRequestPolicyConfig,
} from '@aws-sdk/client-cloudfront';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { distributionConfig, type LocalAccount, openLocalAccount, refusalOf } from './open-local-account.ts';

let account: LocalAccount;
beforeAll(async () => {
  account = await openLocalAccount();
});
afterAll(() => account.close());

const list = (...Items: string[]) => ({ Quantity: Items.length, Items });
const eleven = list(...Array.from({ length: 11 }, (_, index) => `x-${index}`));

const cache = (change: Partial<CachePolicyConfig> = {}, key: object = {}): CachePolicyConfig => ({
  Name: `c${Math.random()}`,
  MinTTL: 0,
  DefaultTTL: 60,
  MaxTTL: 60,
  ParametersInCacheKeyAndForwardedToOrigin: {
    EnableAcceptEncodingGzip: false,
    HeadersConfig: { HeaderBehavior: 'none' },
    CookiesConfig: { CookieBehavior: 'none' },
    QueryStringsConfig: { QueryStringBehavior: 'all' },
    ...key,
  },
  ...change,
});
const request = (change: Partial<OriginRequestPolicyConfig> = {}): OriginRequestPolicyConfig => ({
  Name: `r${Math.random()}`,
  HeadersConfig: { HeaderBehavior: 'whitelist', Headers: list('CloudFront-Viewer-Country') },
  CookiesConfig: { CookieBehavior: 'none' },
  QueryStringsConfig: { QueryStringBehavior: 'all' },
  ...change,
});

const createCache = (config: CachePolicyConfig) => account.cloudfront.send(new CreateCachePolicyCommand({ CachePolicyConfig: config }));
const createRequest = (config: OriginRequestPolicyConfig) =>
  account.cloudfront.send(new CreateOriginRequestPolicyCommand({ OriginRequestPolicyConfig: config }));

it('a policy of the account’s own can be used by a distribution, is shown to the edge, and is not deleted while it is used', async () => {
  const { CachePolicy, ETag } = await createCache(cache());
  const { OriginRequestPolicy, ETag: requestTag } = await createRequest(request());
  const [cacheId, requestId] = [CachePolicy?.Id ?? '', OriginRequestPolicy?.Id ?? ''];
  expect((await account.cloudfront.send(new GetCachePolicyCommand({ Id: cacheId }))).CachePolicy).toEqual(CachePolicy);
  const config = distributionConfig();
  Object.assign(config.DefaultCacheBehavior ?? {}, { CachePolicyId: cacheId, OriginRequestPolicyId: requestId });
  await account.cloudfront.send(new CreateDistributionCommand({ DistributionConfig: config }));
  expect(account.cloud.published.policies?.().cache.get(cacheId)).toMatchObject({ MaxTTL: 60 });
  const removals = [
    account.cloudfront.send(new DeleteCachePolicyCommand({ Id: cacheId, IfMatch: ETag })),
    account.cloudfront.send(new DeleteOriginRequestPolicyCommand({ Id: requestId, IfMatch: requestTag })),
  ];
  expect(await Promise.all(removals.map((removal) => refusalOf(removal)))).toMatchObject([
    { code: 'CachePolicyInUse', status: 409 },
    { code: 'OriginRequestPolicyInUse', status: 409 },
  ]);
});

it('a policy that no distribution uses can be deleted, once', async () => {
  const { CachePolicy, ETag: IfMatch } = await createCache(cache());
  const remove = () => account.cloudfront.send(new DeleteCachePolicyCommand({ Id: CachePolicy?.Id, IfMatch }));
  await remove();
  expect(await refusalOf(remove())).toMatchObject({ code: 'NoSuchCachePolicy', status: 404 });
});

describe('a cache policy is refused', () => {
  it.each<{ what: string; config: CachePolicyConfig; code: string }>([
    { what: 'TTLs that fall', config: cache({ MinTTL: 61 }), code: 'InvalidArgument' },
    { what: 'headers without caching', config: cache({ DefaultTTL: 0, MaxTTL: 0 }), code: 'InvalidArgument' },
    { what: 'a list without names', config: cache({}, { HeadersConfig: { HeaderBehavior: 'whitelist' } }), code: 'InvalidArgument' },
    {
      what: 'names without a list',
      config: cache({}, { CookiesConfig: { CookieBehavior: 'all', Cookies: list('a') } }),
      code: 'InvalidArgument',
    },
    {
      what: '11 headers',
      config: cache({}, { HeadersConfig: { HeaderBehavior: 'whitelist', Headers: eleven } }),
      code: 'TooManyHeadersInCachePolicy',
    },
    { what: 'no name', config: cache({ Name: '' }), code: 'InvalidArgument' },
  ])('for $what', async ({ config, code }) => {
    expect(await refusalOf(createCache(config))).toMatchObject({ code, status: 400 });
  });

  it('for a name that is there already', async () => {
    const config = cache();
    await createCache(config);
    expect(await refusalOf(createCache(config))).toMatchObject({ code: 'CachePolicyAlreadyExists', status: 409 });
  });
});

it('an origin request policy is refused for 11 headers, or an unknown behavior', async () => {
  const many = request({ HeadersConfig: { HeaderBehavior: 'whitelist', Headers: eleven } });
  expect(await refusalOf(createRequest(many))).toMatchObject({ code: 'TooManyHeadersInOriginRequestPolicy' });
  expect(await refusalOf(createRequest(request({ HeadersConfig: { HeaderBehavior: 'some' as 'none' } })))).toMatchObject({
    code: 'InvalidArgument',
  });
});
