import { type CachePolicyConfig, GetCachePolicy$, type GetCachePolicyRequest, type GetCachePolicyResult } from '@aws-sdk/client-cloudfront';
import { type CachePolicy, managedCachePolicies } from '../../../../src/config/managed-policies.ts';
import { operation } from '../../operation.ts';
import { selectCookies, selectQueryStrings } from '../../rules/policy-config.ts';
import { ServiceError } from '../../service-error.ts';

export const getCachePolicy = operation<GetCachePolicyRequest, GetCachePolicyResult>(GetCachePolicy$, ({ Id }, account) => {
  const own = account.cachePolicies.get(Id);
  if (own !== undefined) return { CachePolicy: { Id, LastModifiedTime: own.modifiedAt, CachePolicyConfig: own.config }, ETag: own.etag };
  const policy = managedCachePolicies[Id];
  if (policy === undefined) throw new ServiceError('NoSuchCachePolicy', 'The specified cache policy does not exist.');
  return { CachePolicy: { Id, LastModifiedTime: new Date(0), CachePolicyConfig: formatConfig(policy) }, ETag: Id };
});

function formatConfig(policy: CachePolicy): CachePolicyConfig {
  const { name, minTtlSeconds, defaultTtlSeconds, maxTtlSeconds, headers, cookies, queryStrings, encodings } = policy;
  return {
    Name: `Managed-${name}`,
    MinTTL: minTtlSeconds,
    DefaultTTL: defaultTtlSeconds,
    MaxTTL: maxTtlSeconds,
    ParametersInCacheKeyAndForwardedToOrigin: {
      EnableAcceptEncodingGzip: encodings.includes('gzip'),
      EnableAcceptEncodingBrotli: encodings.includes('br'),
      HeadersConfig:
        headers.length === 0
          ? { HeaderBehavior: 'none' }
          : { HeaderBehavior: 'whitelist', Headers: { Quantity: headers.length, Items: [...headers] } },
      CookiesConfig: selectCookies(cookies),
      QueryStringsConfig: selectQueryStrings(queryStrings),
    },
  };
}
