import type { CacheBehavior, DefaultCacheBehavior, DistributionConfig, Origin } from '@aws-sdk/client-cloudfront';
import { type CustomPolicies, compileCachePolicy, compileOriginRequestPolicy, noPolicies } from './custom-policies.ts';
import { compileForwardedValues } from './forwarded-values.ts';
import { type CachePolicy, managedCachePolicies, managedOriginRequestPolicies, type OriginRequestPolicy } from './managed-policies.ts';
import { compilePathPattern, normalizePath, type PathMatcher } from './path-pattern.ts';

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

export interface Behavior {
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
  behaviors: readonly Behavior[];
  origins: ReadonlyMap<string, PlannedOrigin>;
  defaultRootObject: string;
  /** ErrorCachingMinTTL by status, where CustomErrorResponses set one. */
  errorTtlSeconds: ReadonlyMap<number, number>;
  geoRestriction: { allowListed: boolean; countries: ReadonlySet<string> } | undefined;
}

const cachingDisabled = '4135ea2d-6df8-44a3-9df3-4b5a84be39ad';
const allViewerAndCloudFront = '33f36d7e-f396-46d9-90e0-52428a34d9dc';

/** Parts of a distribution that this edge cannot show; it serves without those that are named, and refuses to serve at all with the others. */
export const unservedParts = ['lambda-at-edge', 'signatures', 'custom-policies'] as const;
export type UnservedPart = (typeof unservedParts)[number];

export interface PlanOptions {
  /** The account's own policies. */
  policies?: CustomPolicies | undefined;
  without?: ReadonlySet<UnservedPart> | undefined;
}

/** Compiles a distribution's config. Problems name what CloudFront would refuse and what this edge cannot show as CloudFront does; with any of them it must not serve. */
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
export function matchBehavior(plan: EdgePlan, path: string): Behavior | undefined {
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
): Behavior | undefined {
  const where = pattern === '*' ? 'the default behavior' : `behavior "${pattern}"`;
  const target = targets.get(behavior.TargetOriginId ?? '');
  const { cachePolicy, originRequestPolicy } = planPolicies(behavior, where, options, problems);
  const allowedMethods = new Set<string>(behavior.AllowedMethods?.Items ?? ['GET', 'HEAD']);
  if (target === undefined) problems.push(`${where} targets "${behavior.TargetOriginId}", which is no origin or origin group here`);
  if (target?.secondary !== undefined && ['POST', 'PUT', 'PATCH', 'DELETE'].some((method) => allowedMethods.has(method)))
    problems.push(`${where} targets an origin group and allows POST, PUT, PATCH or DELETE, which CloudFront refuses`);
  const lambdas = behavior.LambdaFunctionAssociations?.Items ?? [];
  if (lambdas.length > 0 && !options.without?.has('lambda-at-edge'))
    problems.push(
      `${where} runs Lambda@Edge (${lambdas.map(({ EventType }) => EventType).join(', ')}), which is not emulated: --without lambda-at-edge serves the rest`,
    );
  if ((behavior.TrustedKeyGroups?.Enabled === true || behavior.TrustedSigners?.Enabled === true) && !options.without?.has('signatures'))
    problems.push(`${where} demands signed URLs or cookies, which are not checked here: --without signatures serves it to all viewers`);
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

/** A behavior's two policies: managed, the account's own, or what its legacy settings amount to. */
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
    `${where} has the ${kind} policy ${id}, which is neither managed nor known here: --policies names a file with it, --without custom-policies ${instead}`;
  if (cacheId === undefined) problems.push(`${where} has neither CachePolicyId nor ForwardedValues`);
  else if (cachePolicy === undefined && isServedWithout) cachePolicy = managedCachePolicies[cachingDisabled];
  else if (cachePolicy === undefined) problems.push(explain('cache', cacheId, 'caches nothing'));
  if (requestId !== undefined && originRequestPolicy === undefined) {
    if (isServedWithout) originRequestPolicy = managedOriginRequestPolicies[allViewerAndCloudFront];
    else problems.push(explain('origin request', requestId, 'sends everything of the viewer'));
  }
  return { cachePolicy, originRequestPolicy };
}
