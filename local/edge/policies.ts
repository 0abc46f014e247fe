import type { CacheBehavior, CachePolicyConfig, DefaultCacheBehavior, OriginRequestPolicyConfig } from '@aws-sdk/client-cloudfront';
import type { CachePolicy, OriginRequestPolicy, Selection } from '../../src/config/managed-policies.ts';

const day = 86_400;

/** An account's own policies by id, as the API has them. */
export interface CustomPolicies {
  cache: ReadonlyMap<string, CachePolicyConfig>;
  originRequest: ReadonlyMap<string, OriginRequestPolicyConfig>;
}

export const noPolicies: CustomPolicies = { cache: new Map(), originRequest: new Map() };

/**
 * Finds the policies in output of the AWS CLI: get-cache-policy, list-cache-policies, the same commands for origin
 * request policies, or a list of such answers.
 */
export function findPolicies(value: unknown): CustomPolicies {
  const cache = new Map<string, CachePolicyConfig>();
  const originRequest = new Map<string, OriginRequestPolicyConfig>();
  const visit = (inner: unknown): void => {
    if (inner === null || typeof inner !== 'object') return;
    const { Id, CachePolicyConfig: ofCache, OriginRequestPolicyConfig: ofRequest } = inner as Record<string, unknown>;
    if (typeof Id === 'string' && ofCache !== undefined) cache.set(Id, ofCache as CachePolicyConfig);
    if (typeof Id === 'string' && ofRequest !== undefined) originRequest.set(Id, ofRequest as OriginRequestPolicyConfig);
    for (const part of Object.values(inner)) visit(part);
  };
  visit(value);
  return { cache, originRequest };
}

/**
 * Headers that CloudFront removes from a request to a custom origin unless they are forwarded by name (AWS:
 * RequestAndResponseBehaviorCustomOrigin.html, "HTTP request headers and CloudFront behavior"). All other headers are
 * forwarded.
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

/**
 * Legacy cache settings as the two policies that do the same. What is forwarded is part of the key, except for query
 * strings that are not named.
 */
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
