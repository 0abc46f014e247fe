import type { CacheBehavior, DefaultCacheBehavior, DistributionConfig, Origin } from '@aws-sdk/client-cloudfront';
import {
  type CachePolicy,
  compileCachePolicy,
  compileOriginRequestPolicy,
  managedCachePolicies,
  managedOriginRequestPolicies,
  type OriginRequestPolicy,
} from '../../src/config/managed-policies.ts';
import { type CustomPolicies, compileForwardedValues, noPolicies } from './policies.ts';

/** An origin as the edge connects to it. */
export interface PlannedOrigin {
  id: string;
  domainName: string;
  /** Put before the request's path; empty or starting with a slash. */
  path: string;
  /** Names in lower case. */
  customHeaders: ReadonlyMap<string, string>;
  connectionAttempts: number;
  connectionTimeoutMs: number;
  readTimeoutMs: number;
  keepAliveTimeoutMs: number;
  protocolPolicy: 'http-only' | 'https-only' | 'match-viewer';
  httpPort: number;
  httpsPort: number;
  /** CloudFront signs requests to it, for which Host must be the origin's own. */
  hasAccessControl: boolean;
}

/** Where a behavior sends a request when its function chooses nothing. */
export interface BehaviorTarget {
  primary: PlannedOrigin;
  /** With an origin group only. */
  secondary: PlannedOrigin | undefined;
  failoverCodes: readonly number[];
}

export interface PlannedBehavior {
  pattern: string;
  matches: PathMatcher;
  target: BehaviorTarget;
  allowedMethods: ReadonlySet<string>;
  cachedMethods: ReadonlySet<string>;
  viewerProtocolPolicy: 'allow-all' | 'https-only' | 'redirect-to-https';
  viewerRequestFunction: string | undefined;
  viewerResponseFunction: string | undefined;
  cachePolicy: CachePolicy;
  originRequestPolicy: OriginRequestPolicy | undefined;
  /** The headers that CloudFront makes for this behavior's function and origin: those its two policies name. */
  cloudFrontHeaders: readonly string[];
}

/** A distribution, ready to serve. */
export interface EdgePlan {
  enabled: boolean;
  /** In CloudFront's order; the default behavior is last and matches everything. */
  behaviors: readonly PlannedBehavior[];
  origins: ReadonlyMap<string, PlannedOrigin>;
  defaultRootObject: string;
  /** ErrorCachingMinTTL by status, where CustomErrorResponses set one. */
  errorTtlSeconds: ReadonlyMap<number, number>;
  geoRestriction: { allowListed: boolean; countries: ReadonlySet<string> } | undefined;
}

const cachingDisabled = '4135ea2d-6df8-44a3-9df3-4b5a84be39ad';
const allViewerAndCloudFront = '33f36d7e-f396-46d9-90e0-52428a34d9dc';

/**
 * Parts of a distribution that this edge cannot emulate. It refuses a distribution that has one, unless `without`
 * names it.
 */
export const unservedParts = ['lambda-at-edge', 'signatures', 'custom-policies'] as const;
export type UnservedPart = (typeof unservedParts)[number];

interface PlanOptions {
  /** The account's own policies. */
  policies?: CustomPolicies | undefined;
  without?: ReadonlySet<UnservedPart> | undefined;
}

/**
 * Compiles a distribution's config. Problems name what CloudFront would refuse and what this edge cannot emulate; with
 * any of them it must not serve.
 */
export function compileEdgePlan(config: DistributionConfig, options: PlanOptions = {}): { plan: EdgePlan; problems: string[] } {
  const problems: string[] = [];
  const origins = new Map((config.Origins?.Items ?? []).map((origin) => [origin.Id ?? '', planOrigin(origin)]));
  const targets = new Map<string, BehaviorTarget>();
  for (const [id, origin] of origins) targets.set(id, { primary: origin, secondary: undefined, failoverCodes: [] });
  for (const group of config.OriginGroups?.Items ?? []) {
    const [primary, secondary] = (group.Members?.Items ?? []).map((member) => origins.get(member.OriginId ?? ''));
    if (primary === undefined || secondary === undefined || group.Members?.Items?.length !== 2)
      problems.push(`origin group "${group.Id}" must have two members, both origins of this distribution`);
    else targets.set(group.Id ?? '', { primary, secondary, failoverCodes: group.FailoverCriteria?.StatusCodes?.Items ?? [] });
  }
  const behaviors = [
    ...(config.CacheBehaviors?.Items ?? []).map((behavior) =>
      planBehavior(behavior, behavior.PathPattern ?? '', targets, options, problems),
    ),
    planBehavior(config.DefaultCacheBehavior ?? { TargetOriginId: '', ViewerProtocolPolicy: 'allow-all' }, '*', targets, options, problems),
  ].filter((behavior) => behavior !== undefined);
  const restriction = config.Restrictions?.GeoRestriction;
  return {
    problems,
    plan: {
      enabled: config.Enabled ?? false,
      behaviors,
      origins,
      errorTtlSeconds: new Map(
        (config.CustomErrorResponses?.Items ?? []).flatMap((item) =>
          item.ErrorCode === undefined || item.ErrorCachingMinTTL === undefined ? [] : [[item.ErrorCode, item.ErrorCachingMinTTL] as const],
        ),
      ),
      defaultRootObject: config.DefaultRootObject ?? '',
      geoRestriction:
        restriction === undefined || restriction.RestrictionType === 'none'
          ? undefined
          : { allowListed: restriction.RestrictionType === 'whitelist', countries: new Set(restriction.Items ?? []) },
    },
  };
}

/** The behavior of a path as the viewer sent it; the default behavior when no pattern matches. */
export function matchBehavior(plan: EdgePlan, path: string): PlannedBehavior | undefined {
  const normalized = normalizePath(path);
  return plan.behaviors.find((behavior) => behavior.matches(normalized));
}

/** Defaults are those of the CloudFront API reference: 3 attempts, 10 s to connect, 30 s to answer, 5 s idle. */
function planOrigin(origin: Origin): PlannedOrigin {
  const custom = origin.CustomOriginConfig;
  return {
    id: origin.Id ?? '',
    domainName: origin.DomainName ?? '',
    path: origin.OriginPath ?? '',
    customHeaders: new Map(
      (origin.CustomHeaders?.Items ?? []).map((header) => [(header.HeaderName ?? '').toLowerCase(), header.HeaderValue ?? '']),
    ),
    connectionAttempts: origin.ConnectionAttempts ?? 3,
    connectionTimeoutMs: (origin.ConnectionTimeout ?? 10) * 1_000,
    readTimeoutMs: (custom?.OriginReadTimeout ?? 30) * 1_000,
    keepAliveTimeoutMs: (custom?.OriginKeepaliveTimeout ?? 5) * 1_000,
    protocolPolicy: custom?.OriginProtocolPolicy ?? 'match-viewer',
    httpPort: custom?.HTTPPort ?? 80,
    httpsPort: custom?.HTTPSPort ?? 443,
    hasAccessControl: (origin.OriginAccessControlId ?? '') !== '',
  };
}

function planBehavior(
  behavior: CacheBehavior | DefaultCacheBehavior,
  pattern: string,
  targets: ReadonlyMap<string, BehaviorTarget>,
  options: PlanOptions,
  problems: string[],
): PlannedBehavior | undefined {
  const where = pattern === '*' ? 'the default behavior' : `behavior "${pattern}"`;
  const target = targets.get(behavior.TargetOriginId ?? '');
  const { cachePolicy, originRequestPolicy } = planPolicies(behavior, where, options, problems);
  const allowedMethods = new Set<string>(behavior.AllowedMethods?.Items ?? ['GET', 'HEAD']);
  if (target === undefined)
    problems.push(`${where} targets "${behavior.TargetOriginId}", which is not an origin or origin group of this distribution`);
  if (target?.secondary !== undefined && ['POST', 'PUT', 'PATCH', 'DELETE'].some((method) => allowedMethods.has(method)))
    problems.push(`${where} targets an origin group and allows POST, PUT, PATCH or DELETE: CloudFront refuses that`);
  const lambdas = behavior.LambdaFunctionAssociations?.Items ?? [];
  if (lambdas.length > 0 && !options.without?.has('lambda-at-edge'))
    problems.push(
      `${where} runs Lambda@Edge (${lambdas.map(({ EventType }) => EventType).join(', ')}), which is not emulated; --without lambda-at-edge serves the rest`,
    );
  if ((behavior.TrustedKeyGroups?.Enabled === true || behavior.TrustedSigners?.Enabled === true) && !options.without?.has('signatures'))
    problems.push(`${where} requires signed URLs or cookies, which are not checked here; --without signatures serves it to all viewers`);
  if (target === undefined || cachePolicy === undefined) return undefined;
  const functions = behavior.FunctionAssociations?.Items ?? [];
  const wanted = [...cachePolicy.headers, ...(originRequestPolicy?.cloudFrontHeaders ?? [])];
  return {
    pattern,
    matches: pattern === '*' ? () => true : compilePathPattern(pattern),
    target,
    allowedMethods,
    cachedMethods: new Set<string>(behavior.AllowedMethods?.CachedMethods?.Items ?? ['GET', 'HEAD']),
    viewerProtocolPolicy: behavior.ViewerProtocolPolicy ?? 'allow-all',
    viewerRequestFunction: functions.find((item) => item.EventType === 'viewer-request')?.FunctionARN,
    viewerResponseFunction: functions.find((item) => item.EventType === 'viewer-response')?.FunctionARN,
    cachePolicy,
    originRequestPolicy,
    cloudFrontHeaders: [...new Set(wanted)].filter((name) => name.startsWith('cloudfront-')),
  };
}

interface Policies {
  cachePolicy: CachePolicy | undefined;
  originRequestPolicy: OriginRequestPolicy | undefined;
}

/** A behavior's two policies: managed, the account's own, or compiled from its legacy settings. */
function planPolicies(
  behavior: CacheBehavior | DefaultCacheBehavior,
  where: string,
  { policies = noPolicies, without }: PlanOptions,
  problems: string[],
): Policies {
  const { CachePolicyId: cacheId, OriginRequestPolicyId: requestId } = behavior;
  if (cacheId === undefined && behavior.ForwardedValues !== undefined) {
    const { cache, originRequest } = compileForwardedValues(behavior);
    return { cachePolicy: cache, originRequestPolicy: originRequest };
  }
  const [ownCache, ownRequest] = [policies.cache.get(cacheId ?? ''), policies.originRequest.get(requestId ?? '')];
  let cachePolicy = ownCache === undefined ? managedCachePolicies[cacheId ?? ''] : compileCachePolicy(ownCache);
  let originRequestPolicy =
    ownRequest === undefined ? managedOriginRequestPolicies[requestId ?? ''] : compileOriginRequestPolicy(ownRequest);
  const isServedWithout = without?.has('custom-policies') === true;
  const explain = (kind: string, id: string, instead: string) =>
    `${where} has the ${kind} policy ${id}, which is not a managed one and not known here; pass a file that has it with --policies, or --without custom-policies, which ${instead}`;
  if (cacheId === undefined) problems.push(`${where} has neither CachePolicyId nor ForwardedValues`);
  else if (cachePolicy === undefined && isServedWithout) cachePolicy = managedCachePolicies[cachingDisabled];
  else if (cachePolicy === undefined) problems.push(explain('cache', cacheId, 'caches nothing'));
  if (requestId !== undefined && originRequestPolicy === undefined) {
    if (isServedWithout) originRequestPolicy = managedOriginRequestPolicies[allViewerAndCloudFront];
    else problems.push(explain('origin request', requestId, "sends all of the viewer's headers, cookies and query strings"));
  }
  return { cachePolicy, originRequestPolicy };
}

/** Whether a path matches a behavior's pattern. */
type PathMatcher = (normalizedPath: string) => boolean;

/**
 * Compiles a behavior's path pattern: `*` is any number of characters, `?` exactly one, letters are case-sensitive, the
 * leading slash may be left out (AWS: DownloadDistValuesCacheBehavior.html).
 */
export function compilePathPattern(pattern: string): PathMatcher {
  const full = pattern.startsWith('/') || pattern.startsWith('*') ? pattern : `/${pattern}`;
  const firstWildcard = full.search(/[*?]/);
  if (firstWildcard === -1) return (path) => path === full;
  if (firstWildcard === full.length - 1 && full.endsWith('*')) {
    const prefix = full.slice(0, -1);
    return (path) => path.startsWith(prefix);
  }
  return (path) => matchWildcards(full, path);
}

/**
 * The path as CloudFront compares it with patterns: percent-encoded unreserved characters decoded, dot segments removed
 * (RFC 3986, section 6.2.2). The origin still gets the path as the viewer sent it.
 */
export function normalizePath(path: string): string {
  const decoded = path.includes('%') ? path.replace(/%([0-9a-fA-F]{2})/g, decodeUnreserved) : path;
  if (!decoded.includes('/.')) return decoded;
  const segments: string[] = [];
  const parts = decoded.split('/').slice(1);
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1;
    if (part === '..') segments.pop();
    if (part === '.' || part === '..') {
      if (isLast) segments.push('');
    } else segments.push(part);
  }
  return `/${segments.join('/')}`;
}

function decodeUnreserved(encoded: string, hex: string): string {
  const character = String.fromCharCode(Number.parseInt(hex, 16));
  return /[A-Za-z0-9\-._~]/.test(character) ? character : encoded.toUpperCase();
}

/**
 * Walks both strings once and goes back only to the last `*`. A regular expression could be slow for a long path.
 */
function matchWildcards(pattern: string, path: string): boolean {
  let at = 0;
  let from = 0;
  let star = -1;
  let resume = 0;
  while (from < path.length) {
    if (at < pattern.length && (pattern[at] === '?' || (pattern[at] !== '*' && pattern[at] === path[from]))) {
      at++;
      from++;
    } else if (pattern[at] === '*') {
      star = at++;
      resume = from;
    } else if (star !== -1) {
      at = star + 1;
      from = ++resume;
    } else return false;
  }
  while (pattern[at] === '*') at++;
  return at === pattern.length;
}
