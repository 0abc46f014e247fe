import type { CacheBehavior, DefaultCacheBehavior, DistributionConfig, Origin } from '@aws-sdk/client-cloudfront';
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

/** Compiles a distribution's config. Problems name what CloudFront would refuse and what this edge cannot show as CloudFront does; with any of them it must not serve. */
export function compileEdgePlan(config: DistributionConfig): { plan: EdgePlan; problems: string[] } {
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
    ...(config.CacheBehaviors?.Items ?? []).map((behavior) => planBehavior(behavior, behavior.PathPattern ?? '', targets, problems)),
    planBehavior(config.DefaultCacheBehavior ?? { TargetOriginId: '', ViewerProtocolPolicy: 'allow-all' }, '*', targets, problems),
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
  };
}

function planBehavior(
  behavior: CacheBehavior | DefaultCacheBehavior,
  pattern: string,
  targets: ReadonlyMap<string, BehaviorTarget>,
  problems: string[],
): Behavior | undefined {
  const where = pattern === '*' ? 'the default behavior' : `behavior "${pattern}"`;
  const target = targets.get(behavior.TargetOriginId ?? '');
  const cachePolicy = managedCachePolicies[behavior.CachePolicyId ?? ''];
  const originRequestPolicy = managedOriginRequestPolicies[behavior.OriginRequestPolicyId ?? ''];
  const allowedMethods = new Set<string>(behavior.AllowedMethods?.Items ?? ['GET', 'HEAD']);
  if (target === undefined) problems.push(`${where} targets "${behavior.TargetOriginId}", which is no origin or origin group here`);
  if (behavior.ForwardedValues !== undefined || behavior.CachePolicyId === undefined)
    problems.push(`${where} has no CachePolicyId; the older ForwardedValues are not known to the local edge`);
  else if (cachePolicy === undefined)
    problems.push(`${where} has cache policy ${behavior.CachePolicyId}, which is not one of CloudFront's managed policies`);
  if (behavior.OriginRequestPolicyId !== undefined && originRequestPolicy === undefined)
    problems.push(
      `${where} has origin request policy ${behavior.OriginRequestPolicyId}, which is not one of CloudFront's managed policies (CloudFront answers NoSuchOriginRequestPolicy unless the account made it)`,
    );
  if (target?.secondary !== undefined && ['POST', 'PUT', 'PATCH', 'DELETE'].some((method) => allowedMethods.has(method)))
    problems.push(`${where} targets an origin group and allows POST, PUT, PATCH or DELETE, which CloudFront refuses`);
  if ((behavior.LambdaFunctionAssociations?.Items?.length ?? 0) > 0) problems.push(`${where} runs Lambda@Edge, which is not emulated`);
  if (behavior.TrustedKeyGroups?.Enabled === true || behavior.TrustedSigners?.Enabled === true)
    problems.push(`${where} demands signed URLs or cookies, which the local edge cannot check`);
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
