import type { CachePolicyConfig, OriginRequestPolicyConfig } from '@aws-sdk/client-cloudfront';

// What CloudFront's policies mean, and the policies that AWS manages, by id. Header, cookie and query string names are
// in lower case.

/** Which of a viewer's headers: none, all, or those named. */
type HeaderSelection = 'none' | 'all' | readonly string[];

/**
 * The same for cookies and query strings, or all but those named. A name may contain the wildcards * and ?, as legacy
 * lists of cookies do.
 */
export type Selection = HeaderSelection | { except: readonly string[] };

export interface CachePolicy {
  name: string;
  minTtlSeconds: number;
  defaultTtlSeconds: number;
  maxTtlSeconds: number;
  /** Part of the key, and sent to the origin. */
  headers: readonly string[];
  cookies: Selection;
  queryStrings: Selection;
  /**
   * The encodings that Accept-Encoding is reduced to, in the key and for the origin; empty leaves it out of the key.
   */
  encodings: readonly ('br' | 'gzip')[];
}

export interface OriginRequestPolicy {
  name: string;
  /** The viewer's headers that go to the origin. */
  headers: HeaderSelection;
  /** Left out of `all`. */
  exceptHeaders?: readonly string[];
  /** Left out of `all` for GET and HEAD, beside those. */
  exceptHeadersOfGet?: readonly string[];
  /** Headers that CloudFront adds, for the origin and for functions. */
  cloudFrontHeaders: readonly string[];
  cookies: Selection;
  queryStrings: Selection;
}

const day = 86_400;
const methodOverrides = ['x-http-method-override', 'x-http-method', 'x-method-override'];

/** AllViewerAndCloudFrontHeaders-2022-06: the managed policy that sends the viewer's country. */
export const countryPolicyId = '33f36d7e-f396-46d9-90e0-52428a34d9dc';

export const cachingDisabledId = '4135ea2d-6df8-44a3-9df3-4b5a84be39ad';

/** Ids that tutorials copy from each other and that belong to no policy: the beginning is right, the rest is not. */
export const wrongPolicyIds: Readonly<Record<string, string>> = {
  '216adef6-5c04-47e4-8448-69f88d76e8d0':
    'it is often given for AllViewer, whose id is 216adef6-5c7f-47e4-b989-5492eafa07d3 and which does not send the country',
};

export const countryHeader = 'cloudfront-viewer-country';
/** The viewer's subdivision, such as CA. A policy that names the country alone does not send it. */
export const subdivisionHeader = 'cloudfront-viewer-country-region';

/** Whether the policy makes CloudFront add the header, CloudFront-Viewer-Country by default, for functions too. */
export function sendsCountry({ cloudFrontHeaders }: OriginRequestPolicy, header = countryHeader): boolean {
  return cloudFrontHeaders.includes(header);
}

/** Whether the viewer's Host goes to the origin, where it is also the SNI. */
export function forwardsHost({ headers, exceptHeaders = [] }: OriginRequestPolicy): boolean {
  return headers === 'all' ? !exceptHeaders.includes('host') : headers.includes('host');
}

/** The same for a behavior with these policies, and with these headers among its legacy settings, in lower case. */
export function sendsViewerHost(
  legacyHeaders: readonly string[],
  cachePolicy: CachePolicy | undefined,
  originRequestPolicy: OriginRequestPolicy | undefined,
): boolean {
  const named = [...legacyHeaders, ...(cachePolicy?.headers ?? [])];
  return named.includes('host') || legacyHeaders.includes('*') || (originRequestPolicy !== undefined && forwardsHost(originRequestPolicy));
}

/** DG using-managed-cache-policies.html */
export const managedCachePolicies: Readonly<Record<string, CachePolicy>> = {
  [cachingDisabledId]: cachePolicy('CachingDisabled', [0, 0, 0]),
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

/**
 * The headers that CloudFront adds since June 2022, as far as the local edge has them: no city, no coordinates, no ASN.
 */
const cloudFrontHeaders2022 = [
  'cloudfront-viewer-country',
  'cloudfront-viewer-country-region',
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

/** DG using-managed-origin-request-policies.html */
export const managedOriginRequestPolicies: Readonly<Record<string, OriginRequestPolicy>> = {
  '216adef6-5c7f-47e4-b989-5492eafa07d3': { ...everything('AllViewer') },
  [countryPolicyId]: {
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

/** DG using-managed-response-headers-policies.html */
export const managedResponseHeadersPolicies: ReadonlySet<string> = new Set([
  '60669652-455b-4ae9-85a4-c4c02393f86c', // SimpleCORS
  '5cc3b908-e619-4b99-88e5-2cf7f45965bd', // CORS-With-Preflight
  '67f7725c-6f97-4210-82d7-5512b31e9d03', // SecurityHeadersPolicy
  'e61eb60c-9c35-4d20-a928-2b84e02af89c', // CORS-and-SecurityHeadersPolicy
  'eaab4381-ed33-4a86-88ca-d9558dc6cd63', // CORS-with-preflight-and-SecurityHeadersPolicy
]);

/** The meaning of an account's own cache policy. */
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

/** The meaning of an account's own origin request policy. */
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
