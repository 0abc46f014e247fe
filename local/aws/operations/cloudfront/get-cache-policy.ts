import { type CachePolicyConfig, GetCachePolicy$, type GetCachePolicyRequest, type GetCachePolicyResult } from '@aws-sdk/client-cloudfront';
import { type CachePolicy, managedCachePolicies } from '../../../edge/managed-policies.ts';
import { operation } from '../../operation.ts';
import { selectCookies, selectQueryStrings } from '../../rules/policy-config.ts';
import { ServiceError } from '../../service-error.ts';

export const getCachePolicy = operation<GetCachePolicyRequest, GetCachePolicyResult>(GetCachePolicy$, ({ Id }) => {
  const policy = managedCachePolicies[Id];
  if (policy === undefined) throw new ServiceError('NoSuchCachePolicy', 'The specified cache policy does not exist.');
  return { CachePolicy: { Id, LastModifiedTime: new Date(0), CachePolicyConfig: formatConfig(policy) }, ETag: Id };
});

function formatConfig(policy: CachePolicy): CachePolicyConfig {
  const { name, minTtlSeconds, defaultTtlSeconds, maxTtlSeconds, headers, cookies, queryStrings, acceptEncoding } = policy;
  return {
    Name: `Managed-${name}`,
    MinTTL: minTtlSeconds,
    DefaultTTL: defaultTtlSeconds,
    MaxTTL: maxTtlSeconds,
    ParametersInCacheKeyAndForwardedToOrigin: {
      EnableAcceptEncodingGzip: acceptEncoding,
      EnableAcceptEncodingBrotli: acceptEncoding,
      HeadersConfig:
        headers.length === 0
          ? { HeaderBehavior: 'none' }
          : { HeaderBehavior: 'whitelist', Headers: { Quantity: headers.length, Items: [...headers] } },
      CookiesConfig: selectCookies(cookies),
      QueryStringsConfig: selectQueryStrings(queryStrings),
    },
  };
}
