import type { CachePolicyConfig, DefaultCacheBehavior, DistributionConfig, OriginRequestPolicyConfig } from '@aws-sdk/client-cloudfront';
import type { EdgeConfig } from '../../config/edge-config.ts';
import {
  type CachePolicy,
  compileCachePolicy,
  compileOriginRequestPolicy,
  managedCachePolicies,
  managedOriginRequestPolicies,
  type OriginRequestPolicy,
  wrongPolicyIds,
} from '../../config/managed-policies.ts';
import { readTerraformDistribution } from '../../distribution/init/terraform-state.ts';
import { functionArn } from '../../distribution/own-changes.ts';
import { isRouted, listBehaviors } from '../distribution-view.ts';
import {
  type Attributes,
  list,
  listReferences,
  type PlannedChange,
  type TerraformPlan,
  unknownValue,
  withoutIndexes,
} from './read-plan.ts';

/** A distribution of the plan that runs the edge function, as the checks read it. */
export interface PlannedDistribution {
  /** Its name in findings, such as `the plan`. */
  where: string;
  change: PlannedChange;
  id: string | undefined;
  /** The configuration for this distribution alone. */
  config: EdgeConfig;
  before: DistributionConfig | undefined;
  after: DistributionConfig | undefined;
  /** What cannot be checked before the apply, by check. */
  unknown: readonly UnknownPart[];
}

interface UnknownPart {
  check: string;
  what: string;
}

export interface PlannedDistributions {
  ours: readonly PlannedDistribution[];
  /** Ids of edge.config.ts that the plan does not have. */
  missing: readonly string[];
}

const type = 'aws_cloudfront_distribution';

/**
 * The distributions that edge.config.ts names; where it names none, those with an origin of the router or the edge
 * function.
 */
export function listPlannedDistributions(plan: TerraformPlan, config: EdgeConfig): PlannedDistributions {
  const all = plan.changes.filter((change) => change.type === type);
  const { distributions } = config;
  if (distributions === undefined) {
    const ours = all.map((change) => convert(plan, change, config)).filter(isOurs);
    return { ours: named(ours), missing: [] };
  }
  const ours = distributions.flatMap((own) => {
    const change = all.find((each) => idOf(each) === own.id);
    return change === undefined ? [] : [convert(plan, change, { ...config, distributions: [own] })];
  });
  return { ours: named(ours), missing: distributions.map(({ id }) => id).filter((id) => !all.some((each) => idOf(each) === id)) };
}

/** With several, findings name each by its address. */
function named(all: readonly PlannedDistribution[]): PlannedDistribution[] {
  return all.map((each) => ({ ...each, where: all.length === 1 ? 'the plan' : each.change.address }));
}

function idOf({ before, after }: PlannedChange): unknown {
  return before?.['id'] ?? after?.['id'];
}

function isOurs({ before, after, config }: PlannedDistribution): boolean {
  return [before, after].some(
    (each) =>
      each !== undefined &&
      listBehaviors(each).some(
        ({ behavior }) =>
          isRouted(behavior, each, config) ||
          behavior.FunctionAssociations?.Items?.some(({ FunctionARN }) => FunctionARN?.endsWith(`:function/${config.functionName}`)),
      ),
  );
}

function convert(plan: TerraformPlan, change: PlannedChange, config: EdgeConfig): PlannedDistribution {
  const id = idOf(change);
  const { attributes, unknown } = fillKnown(plan, change, config);
  return {
    where: 'the plan',
    change,
    id: typeof id === 'string' && id !== unknownValue ? id : undefined,
    config,
    before: change.before && convertAttributes(change.before),
    after: attributes && convertAttributes(attributes),
    unknown,
  };
}

/** With two fields that CloudFront refuses to change in some states. */
function convertAttributes(attributes: Attributes): DistributionConfig {
  return {
    ...readTerraformDistribution(attributes),
    WebACLId: String(attributes['web_acl_id'] ?? ''),
    ViewerCertificate: JSON.parse(JSON.stringify(list(attributes['viewer_certificate'])[0] ?? {})),
  };
}

const behaviorBlocks = ['default_cache_behavior', 'ordered_cache_behavior'] as const;

/** What comes after the apply, with what is there before in place of whole blocks that only the apply knows. */
function fillKnown(
  plan: TerraformPlan,
  change: PlannedChange,
  config: EdgeConfig,
): { attributes: Attributes | undefined; unknown: UnknownPart[] } {
  const { before, after, address } = change;
  if (after === undefined) return { attributes: undefined, unknown: [] };
  const unknown: UnknownPart[] = [];
  const filled: Record<string, unknown> = { ...after };
  for (const [block, check] of [
    ['origin', 'origins'],
    ['origin_group', 'origin-groups'],
    ['default_cache_behavior', 'every-behavior'],
    ['ordered_cache_behavior', 'every-behavior'],
  ] as const) {
    if (filled[block] !== unknownValue) continue;
    unknown.push({ check, what: `the blocks ${block}` });
    filled[block] = before?.[block];
  }
  const origins = list(filled['origin']);
  filled['origin'] = origins.map((origin) => fillOrigin(origin, config, unknown));
  for (const block of behaviorBlocks)
    filled[block] = list(filled[block]).map((behavior, place) =>
      fillBehavior(behavior, { plan, address, block, place, config, unknown, arn: String(before?.['arn'] ?? '') }),
    );
  return { attributes: filled, unknown };
}

function fillOrigin(origin: Attributes, { origins }: EdgeConfig, unknown: UnknownPart[]): Attributes {
  if (origin['origin_id'] === unknownValue) {
    unknown.push({ check: 'origins', what: 'the id of an origin' });
    return origin;
  }
  const own = Object.values(origins).find(({ originId }) => originId === origin['origin_id']);
  if (own === undefined) return origin;
  const headers = list(origin['custom_header']).map((header) => {
    if (header['value'] !== unknownValue || String(header['name']).toLowerCase() !== 'x-region') return header;
    unknown.push({ check: 'origins', what: `the x-region header of origin ${own.originId}` });
    return { ...header, value: own.region };
  });
  if (
    /\(known after apply\)/.test(
      JSON.stringify(['connection_attempts', 'connection_timeout', 'custom_origin_config'].map((name) => origin[name])),
    )
  )
    unknown.push({ check: 'timeouts', what: `a timeout of origin ${own.originId}` });
  if (origin['domain_name'] !== unknownValue) return { ...origin, custom_header: headers };
  unknown.push({ check: 'origins', what: `the domain name of origin ${own.originId}` });
  return { ...origin, custom_header: headers, domain_name: own.domainName ?? '' };
}

interface BehaviorPlace {
  plan: TerraformPlan;
  address: string;
  block: (typeof behaviorBlocks)[number];
  place: number;
  config: EdgeConfig;
  unknown: UnknownPart[];
  /** Of the distribution; empty for one that does not exist yet. */
  arn: string;
}

/**
 * The edge function and the policies of a behavior may be created by the same apply: the configuration says which
 * resource each is.
 */
function fillBehavior(behavior: Attributes, at: BehaviorPlace): Attributes {
  const { plan, address, block, place, config, unknown } = at;
  const name = block === 'default_cache_behavior' ? 'the default behavior' : String(behavior['path_pattern'] ?? '');
  const refersTo = (argument: string) => listReferences(plan, address, [block, place, argument]);
  const ours = { event_type: 'viewer-request', function_arn: functionArn({ arn: at.arn }, config.functionName) };
  const filled: Record<string, unknown> = { ...behavior };
  const associations = behavior['function_association'];
  const open = associations === unknownValue || list(associations).some((each) => each['function_arn'] === unknownValue);
  if (open) {
    const referred = refersTo('function_association');
    const functions = plan.changes.filter((each) => each.type === 'aws_cloudfront_function' && referred.has(withoutIndexes(each.address)));
    const isOther = functions.length > 0 && !functions.some(({ after }) => after?.['name'] === config.functionName);
    if (functions.length === 0) unknown.push({ check: 'every-behavior', what: `the function of ${name}` });
    const known = list(associations).map((each) =>
      each['function_arn'] === unknownValue && !isOther ? { ...each, function_arn: ours.function_arn } : each,
    );
    filled['function_association'] = associations === unknownValue ? [ours] : known;
  }
  for (const argument of ['cache_policy_id', 'origin_request_policy_id']) {
    if (behavior[argument] !== unknownValue) continue;
    const [policy] = refersTo(argument);
    filled[argument] = policy === undefined ? unknownValue : `${unknownValue} ${policy}`;
  }
  return filled;
}

/**
 * The policies that a plan lets one read without an account: those of AWS, and the team's own that it creates, manages
 * or looks up.
 */
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
