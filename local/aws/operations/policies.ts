import {
  type CachePolicyConfig,
  type CachePolicyCookiesConfig,
  type CachePolicyQueryStringsConfig,
  CreateCachePolicy$,
  type CreateCachePolicyRequest,
  type CreateCachePolicyResult,
  CreateOriginRequestPolicy$,
  type CreateOriginRequestPolicyRequest,
  type CreateOriginRequestPolicyResult,
  DeleteCachePolicy$,
  type DeleteCachePolicyRequest,
  DeleteOriginRequestPolicy$,
  type DeleteOriginRequestPolicyRequest,
  GetCachePolicy$,
  type GetCachePolicyRequest,
  type GetCachePolicyResult,
  GetOriginRequestPolicy$,
  type GetOriginRequestPolicyRequest,
  type GetOriginRequestPolicyResult,
  type OriginRequestPolicyConfig,
  type OriginRequestPolicyHeadersConfig,
} from '@aws-sdk/client-cloudfront';
import {
  type CachePolicy,
  managedCachePolicies,
  managedOriginRequestPolicies,
  type OriginRequestPolicy,
  type Selection,
} from '../../../src/config/managed-policies.ts';
import type { Account } from '../account.ts';
import { checkIfMatch, createId } from '../etag.ts';
import { type Operation, operation } from '../operation.ts';
import { behaviorsOf } from '../rules/distribution-references.ts';
import { ServiceError, type ServiceErrorCode } from '../service-error.ts';
import type { Decoded } from '../wire/shape.ts';

// An account's own policies: made, read and deleted. They cannot be updated or listed here.

const createCachePolicy = operation<CreateCachePolicyRequest, CreateCachePolicyResult>(
  CreateCachePolicy$,
  ({ CachePolicyConfig: config }, account) => {
    checkCachePolicy(config);
    if ([...account.cachePolicies.values()].some(({ config: other }) => other.Name === config.Name))
      throw new ServiceError('CachePolicyAlreadyExists', `there is a cache policy called ${config.Name} already`);
    const record = { id: createPolicyId(account), config, etag: account.etag('E'), pastEtags: [], modifiedAt: account.date() };
    account.cachePolicies.set(record.id, record);
    return {
      CachePolicy: { Id: record.id, LastModifiedTime: record.modifiedAt, CachePolicyConfig: config },
      Location: `https://cloudfront.amazonaws.com/2020-05-31/cache-policy/${record.id}`,
      ETag: record.etag,
    };
  },
);

const createOriginRequestPolicy = operation<CreateOriginRequestPolicyRequest, CreateOriginRequestPolicyResult>(
  CreateOriginRequestPolicy$,
  ({ OriginRequestPolicyConfig: config }, account) => {
    checkOriginRequestPolicy(config);
    if ([...account.originRequestPolicies.values()].some(({ config: other }) => other.Name === config.Name))
      throw new ServiceError('OriginRequestPolicyAlreadyExists', `there is an origin request policy called ${config.Name} already`);
    const record = { id: createPolicyId(account), config, etag: account.etag('E'), pastEtags: [], modifiedAt: account.date() };
    account.originRequestPolicies.set(record.id, record);
    return {
      OriginRequestPolicy: { Id: record.id, LastModifiedTime: record.modifiedAt, OriginRequestPolicyConfig: config },
      Location: `https://cloudfront.amazonaws.com/2020-05-31/origin-request-policy/${record.id}`,
      ETag: record.etag,
    };
  },
);

const deleteCachePolicy = operation<DeleteCachePolicyRequest, object>(DeleteCachePolicy$, ({ Id, IfMatch }, account) => {
  const record = account.cachePolicies.get(Id);
  if (record === undefined) throw new ServiceError('NoSuchCachePolicy', 'The specified cache policy does not exist.');
  checkIfMatch(IfMatch, record);
  if (isPolicyUsed(Id, account)) throw new ServiceError('CachePolicyInUse', `a distribution uses the cache policy ${Id}`);
  account.cachePolicies.delete(Id);
  return {};
});

const deleteOriginRequestPolicy = operation<DeleteOriginRequestPolicyRequest, object>(
  DeleteOriginRequestPolicy$,
  ({ Id, IfMatch }, account) => {
    const record = account.originRequestPolicies.get(Id);
    if (record === undefined) throw new ServiceError('NoSuchOriginRequestPolicy', 'The specified origin request policy does not exist.');
    checkIfMatch(IfMatch, record);
    if (isPolicyUsed(Id, account))
      throw new ServiceError('OriginRequestPolicyInUse', `a distribution uses the origin request policy ${Id}`);
    account.originRequestPolicies.delete(Id);
    return {};
  },
);

const getCachePolicy = operation<GetCachePolicyRequest, GetCachePolicyResult>(GetCachePolicy$, ({ Id }, account) => {
  const own = account.cachePolicies.get(Id);
  if (own !== undefined) return { CachePolicy: { Id, LastModifiedTime: own.modifiedAt, CachePolicyConfig: own.config }, ETag: own.etag };
  const policy = managedCachePolicies[Id];
  if (policy === undefined) throw new ServiceError('NoSuchCachePolicy', 'The specified cache policy does not exist.');
  return { CachePolicy: { Id, LastModifiedTime: new Date(0), CachePolicyConfig: formatConfig(policy) }, ETag: Id };
});

function formatConfig(policy: CachePolicy): CachePolicyConfig {
  const { name, minTtlSeconds, defaultTtlSeconds, maxTtlSeconds, headers, cookies, queryStrings, encodings } = policy;
  return {
    Name: `Managed-${name}`,
    MinTTL: minTtlSeconds,
    DefaultTTL: defaultTtlSeconds,
    MaxTTL: maxTtlSeconds,
    ParametersInCacheKeyAndForwardedToOrigin: {
      EnableAcceptEncodingGzip: encodings.includes('gzip'),
      EnableAcceptEncodingBrotli: encodings.includes('br'),
      HeadersConfig:
        headers.length === 0
          ? { HeaderBehavior: 'none' }
          : { HeaderBehavior: 'whitelist', Headers: { Quantity: headers.length, Items: [...headers] } },
      CookiesConfig: selectCookies(cookies),
      QueryStringsConfig: selectQueryStrings(queryStrings),
    },
  };
}

const getOriginRequestPolicy = operation<GetOriginRequestPolicyRequest, GetOriginRequestPolicyResult>(
  GetOriginRequestPolicy$,
  ({ Id }, account) => {
    const own = account.originRequestPolicies.get(Id);
    if (own !== undefined)
      return { OriginRequestPolicy: { Id, LastModifiedTime: own.modifiedAt, OriginRequestPolicyConfig: own.config }, ETag: own.etag };
    const policy = managedOriginRequestPolicies[Id];
    if (policy === undefined) throw new ServiceError('NoSuchOriginRequestPolicy', 'The specified origin request policy does not exist.');
    const OriginRequestPolicyConfig = {
      Name: `Managed-${policy.name}`,
      HeadersConfig: formatHeaders(policy),
      CookiesConfig: selectCookies(policy.cookies),
      QueryStringsConfig: selectQueryStrings(policy.queryStrings),
    };
    return { OriginRequestPolicy: { Id, LastModifiedTime: new Date(0), OriginRequestPolicyConfig }, ETag: Id };
  },
);

function formatHeaders({ headers, exceptHeaders = [], cloudFrontHeaders }: OriginRequestPolicy): OriginRequestPolicyHeadersConfig {
  const named = (names: readonly string[]) => ({ Quantity: names.length, Items: [...names] });
  if (headers === 'none') return { HeaderBehavior: 'none' };
  if (headers !== 'all') return { HeaderBehavior: 'whitelist', Headers: named(headers) };
  if (exceptHeaders.length > 0) return { HeaderBehavior: 'allExcept', Headers: named(exceptHeaders) };
  if (cloudFrontHeaders.length === 0) return { HeaderBehavior: 'allViewer' };
  return { HeaderBehavior: 'allViewerAndWhitelistCloudFront', Headers: named(cloudFrontHeaders) };
}

// DG cloudfront-limits.html
const maxListed = 10;
const maxNameLength = 128;

/** An id of a new policy. */
function createPolicyId({ options }: Account): string {
  return [8, 4, 4, 4, 12].map((length) => createId('0123456789abcdef', length, options.random)).join('-');
}

/** Whether a distribution has the policy on one of its behaviors. */
function isPolicyUsed(id: string, account: Account): boolean {
  return [...account.distributions.values()].some(({ config }) =>
    behaviorsOf(config).some(({ behavior }) => [behavior.CachePolicyId, behavior.OriginRequestPolicyId].includes(id)),
  );
}

/** Refuses a cache policy that CreateCachePolicy would refuse. */
function checkCachePolicy(config: Decoded<CachePolicyConfig>): void {
  checkPolicyName(config.Name);
  const { MinTTL: min, DefaultTTL: usual = Math.max(86_400, min), MaxTTL: max = Math.max(31_536_000, usual) } = config;
  if (min < 0 || min > usual || usual > max) throw invalid('the TTLs must not fall from MinTTL to DefaultTTL to MaxTTL');
  const key = config.ParametersInCacheKeyAndForwardedToOrigin;
  if (key === undefined) return;
  const parts: Part[] = [
    {
      name: 'HeaderBehavior',
      behavior: key.HeadersConfig.HeaderBehavior,
      items: key.HeadersConfig.Headers?.Items,
      tooMany: 'TooManyHeadersInCachePolicy',
    },
    {
      name: 'CookieBehavior',
      behavior: key.CookiesConfig.CookieBehavior,
      items: key.CookiesConfig.Cookies?.Items,
      tooMany: 'TooManyCookiesInCachePolicy',
    },
    {
      name: 'QueryStringBehavior',
      behavior: key.QueryStringsConfig.QueryStringBehavior,
      items: key.QueryStringsConfig.QueryStrings?.Items,
      tooMany: 'TooManyQueryStringsInCachePolicy',
    },
  ];
  for (const part of parts) {
    checkPart(part, part.name === 'HeaderBehavior' ? ['none', 'whitelist'] : ['none', 'whitelist', 'allExcept', 'all']);
    // In AWS's words, as public repositories quote them (aws-cdk#16977).
    if (max === 0 && part.behavior !== 'none') throw invalid(`The parameter ${part.name} is invalid for policy with caching disabled`);
  }
  if (max === 0 && (key.EnableAcceptEncodingGzip || key.EnableAcceptEncodingBrotli === true))
    throw invalid('The parameter EnableAcceptEncodingGzip is invalid for policy with caching disabled');
}

/** Refuses an origin request policy that CreateOriginRequestPolicy would refuse. */
function checkOriginRequestPolicy(config: Decoded<OriginRequestPolicyConfig>): void {
  checkPolicyName(config.Name);
  const { HeadersConfig: headers, CookiesConfig: cookies, QueryStringsConfig: queries } = config;
  checkPart(
    {
      name: 'HeaderBehavior',
      behavior: headers.HeaderBehavior,
      items: headers.Headers?.Items,
      tooMany: 'TooManyHeadersInOriginRequestPolicy',
    },
    ['none', 'whitelist', 'allViewer', 'allViewerAndWhitelistCloudFront', 'allExcept'],
  );
  const all = ['none', 'whitelist', 'all', 'allExcept'];
  checkPart(
    {
      name: 'CookieBehavior',
      behavior: cookies.CookieBehavior,
      items: cookies.Cookies?.Items,
      tooMany: 'TooManyCookiesInOriginRequestPolicy',
    },
    all,
  );
  checkPart(
    {
      name: 'QueryStringBehavior',
      behavior: queries.QueryStringBehavior,
      items: queries.QueryStrings?.Items,
      tooMany: 'TooManyQueryStringsInOriginRequestPolicy',
    },
    all,
  );
}

interface Part {
  name: string;
  behavior: string;
  items: readonly string[] | undefined;
  tooMany: ServiceErrorCode;
}

/** Names where the behavior takes some, and only there. */
function checkPart({ name, behavior, items = [], tooMany }: Part, behaviors: readonly string[]): void {
  if (!behaviors.includes(behavior)) throw invalid(`${name} must be one of ${behaviors.join(', ')}`);
  if (['none', 'all', 'allViewer'].includes(behavior) !== (items.length === 0))
    throw invalid(`${name} ${behavior} does not go with ${items.length} names`);
  if (items.length > maxListed) throw new ServiceError(tooMany, `${name} has more than ${maxListed} names`);
}

function checkPolicyName(name: string): void {
  if (name === '' || name.length > maxNameLength) throw invalid(`a policy's name has 1 to ${maxNameLength} characters`);
}

function invalid(message: string): ServiceError {
  return new ServiceError('InvalidArgument', message);
}

/** Which cookies a managed policy takes, in the API's words; the same for both kinds of policy. */
function selectCookies(selection: Selection): CachePolicyCookiesConfig & { CookieBehavior: 'none' | 'all' | 'whitelist' | 'allExcept' } {
  if (typeof selection === 'string') return { CookieBehavior: selection };
  if ('except' in selection)
    return { CookieBehavior: 'allExcept', Cookies: { Quantity: selection.except.length, Items: [...selection.except] } };
  return { CookieBehavior: 'whitelist', Cookies: { Quantity: selection.length, Items: [...selection] } };
}

/** Which query strings a managed policy takes, in the API's words. */
function selectQueryStrings(
  selection: Selection,
): CachePolicyQueryStringsConfig & { QueryStringBehavior: 'none' | 'all' | 'whitelist' | 'allExcept' } {
  if (typeof selection === 'string') return { QueryStringBehavior: selection };
  if ('except' in selection)
    return { QueryStringBehavior: 'allExcept', QueryStrings: { Quantity: selection.except.length, Items: [...selection.except] } };
  return { QueryStringBehavior: 'whitelist', QueryStrings: { Quantity: selection.length, Items: [...selection] } };
}

export const policyOperations: readonly Operation[] = [
  createCachePolicy,
  createOriginRequestPolicy,
  deleteCachePolicy,
  deleteOriginRequestPolicy,
  getCachePolicy,
  getOriginRequestPolicy,
];
