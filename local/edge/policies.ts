import type { CacheBehavior, CachePolicyConfig, DefaultCacheBehavior, OriginRequestPolicyConfig } from '@aws-sdk/client-cloudfront';

// CloudFront's managed policies by id (AWS: using-managed-cache-policies.html,
// using-managed-origin-request-policies.html). Names are in lower case. An id that is not listed is an account's own
// policy.

/** Which of a viewer's headers. */
type HeaderSelection = 'none' | 'all' | readonly string[];

/** Which cookies or query strings. A name may have the wildcards * and ?, as in legacy lists of cookies. */
export type Selection = HeaderSelection | { except: readonly string[] };

export interface CachePolicy {
  name: string;
  minTtlSeconds: number;
  defaultTtlSeconds: number;
  maxTtlSeconds: number;
  /** Part of the key and sent to the origin. */
  headers: readonly string[];
  cookies: Selection;
  queryStrings: Selection;
  /** Accept-Encoding is reduced to these in the key and for the origin; none: it is not in the key. */
  encodings: readonly ('br' | 'gzip')[];
}

export interface OriginRequestPolicy {
  name: string;
  /** The viewer's headers that are sent on. */
  headers: HeaderSelection;
  /** Left out of `all`. */
  exceptHeaders?: readonly string[];
  /** Also left out of `all` for GET and HEAD. */
  exceptHeadersOfGet?: readonly string[];
  /** Headers that CloudFront adds, for the origin and for functions. */
  cloudFrontHeaders: readonly string[];
  cookies: Selection;
  queryStrings: Selection;
}

const day = 86_400;
const methodOverrides = ['x-http-method-override', 'x-http-method', 'x-method-override'];

export const managedCachePolicies: Readonly<Record<string, CachePolicy>> = {
  '4135ea2d-6df8-44a3-9df3-4b5a84be39ad': cachePolicy('CachingDisabled', [0, 0, 0]),
  '658327ea-f89d-4fab-a63d-7e88639e58f6': cachePolicy('CachingOptimized', [1, day, 365 * day], { encodings: ['br', 'gzip'] }),
  'b2884449-e4de-46a7-ac36-70bc7f1ddd6d': cachePolicy('CachingOptimizedForUncompressedObjects', [1, day, 365 * day]),
  '83da9c7e-98b4-4e11-a168-04f0df8e2c65': cachePolicy('UseOriginCacheControlHeaders', [0, 0, 365 * day], {
    headers: ['host', 'origin', ...methodOverrides],
    cookies: 'all',
    encodings: ['br', 'gzip'],
  }),
  '4cc15a8a-d715-48a4-82b8-cc0b614638fe': cachePolicy('UseOriginCacheControlHeaders-QueryStrings', [0, 0, 365 * day], {
    headers: ['host', 'origin', ...methodOverrides],
    cookies: 'all',
    queryStrings: 'all',
    encodings: ['br', 'gzip'],
  }),
  '08627262-05a9-4f76-9ded-b50ca2e3a84f': cachePolicy('Elemental-MediaPackage', [0, day, 365 * day], {
    headers: ['origin'],
    queryStrings: ['aws.manifestfilter', 'start', 'end', 'm'],
    encodings: ['br', 'gzip'],
  }),
  '2e54312d-136d-493c-8eb9-b001f22f67d2': cachePolicy('Amplify', [2, 2, 600], {
    headers: ['authorization', 'cloudfront-viewer-country', 'host'],
    cookies: 'all',
    queryStrings: 'all',
    encodings: ['br', 'gzip'],
  }),
};

/** CloudFront's headers of June 2022 that a local viewer has: no city, no coordinates, no ASN. */
const cloudFrontHeaders2022 = [
  'cloudfront-viewer-country',
  'cloudfront-forwarded-proto',
  'cloudfront-viewer-http-version',
  'cloudfront-viewer-address',
  'cloudfront-is-android-viewer',
  'cloudfront-is-desktop-viewer',
  'cloudfront-is-ios-viewer',
  'cloudfront-is-mobile-viewer',
  'cloudfront-is-smarttv-viewer',
  'cloudfront-is-tablet-viewer',
];

const corsHeaders = ['origin', 'access-control-request-headers', 'access-control-request-method'];

export const managedOriginRequestPolicies: Readonly<Record<string, OriginRequestPolicy>> = {
  '216adef6-5c7f-47e4-b989-5492eafa07d3': { ...everything('AllViewer') },
  '33f36d7e-f396-46d9-90e0-52428a34d9dc': {
    ...everything('AllViewerAndCloudFrontHeaders-2022-06'),
    cloudFrontHeaders: cloudFrontHeaders2022,
  },
  'b689b0a8-53d0-40ab-baf2-68738e2966ac': { ...everything('AllViewerExceptHostHeader'), exceptHeaders: ['host'] },
  '59781a5b-3903-41f3-afcb-af62929ccde1': onlyHeaders('CORS-CustomOrigin', ['origin']),
  '88a5eaf4-2fd4-4709-b370-b4c650ea3fcf': onlyHeaders('CORS-S3Origin', corsHeaders),
  'bf0718e1-ba1e-49d1-88b1-f726733018ae': onlyHeaders('HostHeaderOnly', ['host']),
  'acba4595-bd28-49b8-b9fe-13317c0390fa': onlyHeaders('UserAgentRefererHeaders', ['user-agent', 'referer']),
  '775133bc-15f2-49f9-abea-afb2e0bf67d2': {
    ...onlyHeaders('Elemental-MediaTailor-PersonalizedManifests', [...corsHeaders, 'user-agent', 'x-forwarded-for']),
    queryStrings: 'all',
  },
};

function cachePolicy(
  name: string,
  [minTtlSeconds, defaultTtlSeconds, maxTtlSeconds]: [number, number, number],
  key: Partial<CachePolicy> = {},
): CachePolicy {
  return {
    name,
    minTtlSeconds,
    defaultTtlSeconds,
    maxTtlSeconds,
    headers: [],
    cookies: 'none',
    queryStrings: 'none',
    encodings: [],
    ...key,
  };
}

function everything(name: string): OriginRequestPolicy {
  return { name, headers: 'all', cloudFrontHeaders: [], cookies: 'all', queryStrings: 'all' };
}

function onlyHeaders(name: string, headers: readonly string[]): OriginRequestPolicy {
  return { name, headers, cloudFrontHeaders: [], cookies: 'none', queryStrings: 'none' };
}

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
