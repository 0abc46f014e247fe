import type { CacheBehavior, DefaultCacheBehavior } from '@aws-sdk/client-cloudfront';
import type { CachePolicy, OriginRequestPolicy, Selection } from './managed-policies.ts';

const day = 86_400;

/**
 * What CloudFront takes out of a request for a custom origin unless the header is forwarded by name (AWS: RequestAndResponseBehaviorCustomOrigin.html, "HTTP
 * request headers and CloudFront behavior"). Headers that the page does not name are sent on.
 */
const removed = [
  'accept',
  'accept-charset',
  'accept-encoding',
  'accept-language',
  'host',
  'referer',
  'user-agent',
  'x-http-method-override',
];

/** Cache settings of before the policies, as the two policies that do the same: everything that is forwarded is part of the key, but for query strings that are not named. */
export function compileForwardedValues(behavior: CacheBehavior | DefaultCacheBehavior): {
  cache: CachePolicy;
  originRequest: OriginRequestPolicy;
} {
  const { ForwardedValues: values, MinTTL: min = 0, Compress = false } = behavior;
  const named = (values?.Headers?.Items ?? []).map((name) => name.toLowerCase());
  // All headers forwarded means that nothing is cached.
  const isUncached = named.includes('*');
  const { Forward = 'none', WhitelistedNames } = values?.Cookies ?? {};
  const cookies: Selection = Forward === 'whitelist' ? (WhitelistedNames?.Items ?? []) : Forward;
  const queryStrings: Selection = values?.QueryString === true ? 'all' : 'none';
  const keys = values?.QueryStringCacheKeys?.Items ?? [];
  const defaultTtl = behavior.DefaultTTL ?? Math.max(day, min);
  return {
    cache: {
      name: 'legacy cache settings',
      minTtlSeconds: isUncached ? 0 : min,
      defaultTtlSeconds: isUncached ? 0 : defaultTtl,
      maxTtlSeconds: isUncached ? 0 : (behavior.MaxTTL ?? Math.max(365 * day, defaultTtl)),
      headers: isUncached ? [] : named,
      cookies,
      queryStrings: keys.length > 0 && queryStrings === 'all' ? keys : queryStrings,
      encodings: Compress ? ['gzip'] : [],
    },
    originRequest: {
      name: 'legacy cache settings',
      headers: 'all',
      exceptHeaders: isUncached ? [] : removed.filter((name) => !named.includes(name)),
      // Other methods keep it.
      exceptHeadersOfGet: isUncached || named.includes('authorization') ? [] : ['authorization'],
      cloudFrontHeaders: [],
      cookies,
      queryStrings,
    },
  };
}
