import type { CachePolicyConfig, OriginRequestPolicyConfig } from '@aws-sdk/client-cloudfront';
import type { CachePolicy, OriginRequestPolicy, Selection } from './managed-policies.ts';

/** An account's own policies by id, as the API has them. */
export interface CustomPolicies {
  cache: ReadonlyMap<string, CachePolicyConfig>;
  originRequest: ReadonlyMap<string, OriginRequestPolicyConfig>;
}

export const noPolicies: CustomPolicies = { cache: new Map(), originRequest: new Map() };

const day = 86_400;

/** Finds the policies in what the AWS CLI prints: of get-cache-policy, list-cache-policies, their namesakes for origin requests, or a list of such answers. */
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

export function compileCachePolicy(config: CachePolicyConfig): CachePolicy {
  const key = config.ParametersInCacheKeyAndForwardedToOrigin;
  const min = config.MinTTL ?? 0;
  const defaultTtl = config.DefaultTTL ?? Math.max(day, min);
  return {
    name: config.Name ?? '',
    minTtlSeconds: min,
    defaultTtlSeconds: defaultTtl,
    maxTtlSeconds: config.MaxTTL ?? Math.max(365 * day, defaultTtl),
    headers: lower(key?.HeadersConfig?.Headers?.Items),
    cookies: select(key?.CookiesConfig?.CookieBehavior, key?.CookiesConfig?.Cookies?.Items),
    queryStrings: select(key?.QueryStringsConfig?.QueryStringBehavior, key?.QueryStringsConfig?.QueryStrings?.Items),
    encodings: [
      ...(key?.EnableAcceptEncodingBrotli === true ? (['br'] as const) : []),
      ...(key?.EnableAcceptEncodingGzip === true ? (['gzip'] as const) : []),
    ],
  };
}

export function compileOriginRequestPolicy(config: OriginRequestPolicyConfig): OriginRequestPolicy {
  const { HeaderBehavior, Headers } = config.HeadersConfig ?? {};
  const named = lower(Headers?.Items);
  return {
    name: config.Name ?? '',
    headers: HeaderBehavior === 'whitelist' ? named : HeaderBehavior === 'none' || HeaderBehavior === undefined ? 'none' : 'all',
    ...(HeaderBehavior === 'allExcept' && { exceptHeaders: named }),
    cloudFrontHeaders: HeaderBehavior === 'allExcept' ? [] : named.filter((name) => name.startsWith('cloudfront-')),
    cookies: select(config.CookiesConfig?.CookieBehavior, config.CookiesConfig?.Cookies?.Items),
    queryStrings: select(config.QueryStringsConfig?.QueryStringBehavior, config.QueryStringsConfig?.QueryStrings?.Items),
  };
}

function select(behavior: string | undefined, names: readonly string[] = []): Selection {
  if (behavior === 'all') return 'all';
  if (behavior === 'whitelist') return names;
  return behavior === 'allExcept' ? { except: names } : 'none';
}

function lower(names: readonly string[] = []): string[] {
  return names.map((name) => name.toLowerCase());
}
