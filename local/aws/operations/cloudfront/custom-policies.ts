import {
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
} from '@aws-sdk/client-cloudfront';
import { checkIfMatch } from '../../etag.ts';
import { operation } from '../../operation.ts';
import { checkCachePolicy, checkOriginRequestPolicy, createPolicyId, isPolicyUsed } from '../../rules/custom-policies.ts';
import { ServiceError } from '../../service-error.ts';

// An account's own policies: made, read and deleted. They cannot be updated or listed here.

export const createCachePolicy = operation<CreateCachePolicyRequest, CreateCachePolicyResult>(
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

export const createOriginRequestPolicy = operation<CreateOriginRequestPolicyRequest, CreateOriginRequestPolicyResult>(
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

export const deleteCachePolicy = operation<DeleteCachePolicyRequest, object>(DeleteCachePolicy$, ({ Id, IfMatch }, account) => {
  const record = account.cachePolicies.get(Id);
  if (record === undefined) throw new ServiceError('NoSuchCachePolicy', 'The specified cache policy does not exist.');
  checkIfMatch(IfMatch, record);
  if (isPolicyUsed(Id, account)) throw new ServiceError('CachePolicyInUse', `a distribution uses the cache policy ${Id}`);
  account.cachePolicies.delete(Id);
  return {};
});

export const deleteOriginRequestPolicy = operation<DeleteOriginRequestPolicyRequest, object>(
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
