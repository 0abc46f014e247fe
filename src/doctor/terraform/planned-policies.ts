import type { CachePolicyConfig, DefaultCacheBehavior, DistributionConfig, OriginRequestPolicyConfig } from '@aws-sdk/client-cloudfront';
import {
  type CachePolicy,
  compileCachePolicy,
  compileOriginRequestPolicy,
  managedCachePolicies,
  managedOriginRequestPolicies,
  type OriginRequestPolicy,
  wrongPolicyIds,
} from '../../config/managed-policies.ts';
import { listBehaviors } from '../distribution-view.ts';
import { type Attributes, list, type TerraformPlan, unknownValue } from './read-plan.ts';
import { withoutIndexes } from './references.ts';

/** The policies that a plan lets one read without an account: those of AWS, and the team's own that it creates, manages or looks up. */
export interface PlannedPolicies {
  cache(id: string): CachePolicy | undefined;
  originRequest(id: string): OriginRequestPolicy | undefined;
}

export function openPlannedPolicies(plan: TerraformPlan): PlannedPolicies {
  const find = (type: string, id: string): Attributes | undefined => {
    const address = id.startsWith(`${unknownValue} `) ? id.slice(unknownValue.length + 1) : undefined;
    const change = plan.changes.find(
      (each) => each.type === type && (address === undefined ? each.after?.['id'] === id : withoutIndexes(each.address) === address),
    );
    return change?.after ?? plan.known.find((each) => each.type === type && each.values['id'] === id)?.values;
  };
  return {
    cache: (id) => managedCachePolicies[id] ?? mapKnown(find('aws_cloudfront_cache_policy', id), readCache),
    originRequest: (id) => managedOriginRequestPolicies[id] ?? mapKnown(find('aws_cloudfront_origin_request_policy', id), readRequest),
  };
}

/** Without the behaviors one of whose policies cannot be read here, and the names of those. */
export function withReadable(
  config: DistributionConfig,
  policies: PlannedPolicies,
): { config: DistributionConfig; unread: Map<string, string> } {
  const unread = new Map<string, string>();
  for (const { name, behavior } of listBehaviors(config)) {
    const id = findUnread(behavior, policies);
    if (id !== undefined) unread.set(name, id);
  }
  const { DefaultCacheBehavior: usual, CacheBehaviors } = config;
  const others = (CacheBehaviors?.Items ?? []).filter(({ PathPattern = '' }) => !unread.has(PathPattern));
  return {
    unread,
    config: {
      ...config,
      DefaultCacheBehavior: unread.has('the default behavior') ? undefined : usual,
      CacheBehaviors: { Quantity: others.length, Items: others },
    },
  };
}

function findUnread(
  { CachePolicyId: cache, OriginRequestPolicyId: request }: DefaultCacheBehavior,
  policies: PlannedPolicies,
): string | undefined {
  if (cache !== undefined && policies.cache(cache) === undefined) return cache;
  if (request === undefined || Object.hasOwn(wrongPolicyIds, request)) return undefined;
  return policies.originRequest(request) === undefined ? request : undefined;
}

/** A policy of which the apply decides a part is not read. */
function mapKnown<T>(attributes: Attributes | undefined, read: (attributes: Attributes) => T): T | undefined {
  if (attributes === undefined) return undefined;
  // What AWS gives a new policy says nothing about its meaning.
  const own = { ...attributes, id: '', etag: '', arn: '' };
  return JSON.stringify(own).includes(unknownValue) ? undefined : read(attributes);
}

function readCache(policy: Attributes): CachePolicy {
  const [key = {}] = list(policy['parameters_in_cache_key_and_forwarded_to_origin']);
  return compileCachePolicy({
    Name: String(policy['name']),
    MinTTL: numberOf(policy['min_ttl']),
    DefaultTTL: numberOf(policy['default_ttl']),
    MaxTTL: numberOf(policy['max_ttl']),
    ParametersInCacheKeyAndForwardedToOrigin: {
      EnableAcceptEncodingBrotli: key['enable_accept_encoding_brotli'] === true,
      EnableAcceptEncodingGzip: key['enable_accept_encoding_gzip'] === true,
      ...readSelections(key),
    },
  } as CachePolicyConfig);
}

function readRequest(policy: Attributes): OriginRequestPolicy {
  return compileOriginRequestPolicy({ Name: String(policy['name']), ...readSelections(policy) } as OriginRequestPolicyConfig);
}

function readSelections(from: Attributes): object {
  const select = (config: string, behavior: string, names: string, [Behavior, Names]: [string, string]) => {
    const [given = {}] = list(from[config]);
    const items = list(given[names])[0]?.['items'];
    return { [Behavior]: given[behavior], [Names]: { Items: Array.isArray(items) ? items : [] } };
  };
  return {
    HeadersConfig: select('headers_config', 'header_behavior', 'headers', ['HeaderBehavior', 'Headers']),
    CookiesConfig: select('cookies_config', 'cookie_behavior', 'cookies', ['CookieBehavior', 'Cookies']),
    QueryStringsConfig: select('query_strings_config', 'query_string_behavior', 'query_strings', ['QueryStringBehavior', 'QueryStrings']),
  };
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
