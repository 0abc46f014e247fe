import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import type { Account } from '../account.ts';
import type { Decoded } from '../operation.ts';
import { ServiceError } from '../service-error.ts';
import { type Behavior, behaviorsOf } from './distribution-references.ts';
import { checkFunctionAssociations } from './function-associations.ts';
import { managedCachePolicies, managedOriginRequestPolicies, managedResponseHeadersPolicies } from './managed-policies.ts';

type Config = Decoded<DistributionConfig>;

/** DG cloudfront-limits.html */
const maxBehaviors = 75;

const allowedSets = ['GET,HEAD', 'GET,HEAD,OPTIONS', 'DELETE,GET,HEAD,OPTIONS,PATCH,POST,PUT'];

/** Refuses cache behaviors that Create- and UpdateDistribution would refuse. */
export function checkBehaviors(config: Config, account: Account): void {
  const behaviors = behaviorsOf(config);
  if (behaviors.length > maxBehaviors)
    throw new ServiceError('TooManyCacheBehaviors', `at most ${maxBehaviors} cache behaviors are allowed`);
  const patterns = new Set<string>();
  for (const { PathPattern } of config.CacheBehaviors?.Items ?? []) {
    if (PathPattern === '' || PathPattern.length > 255 || patterns.has(PathPattern))
      throw new ServiceError('InvalidArgument', `the path pattern ${JSON.stringify(PathPattern)} is empty, too long or used twice`);
    patterns.add(PathPattern);
  }
  const origins = new Set(config.Origins.Items.map((origin) => origin.Id));
  const groups = new Set((config.OriginGroups?.Items ?? []).map((group) => group.Id));
  for (const { at, behavior } of behaviors) {
    if (!origins.has(behavior.TargetOriginId) && !groups.has(behavior.TargetOriginId))
      throw new ServiceError('NoSuchOrigin', `${at} targets ${behavior.TargetOriginId}, which is neither an origin nor an origin group`);
    if (!['allow-all', 'https-only', 'redirect-to-https'].includes(behavior.ViewerProtocolPolicy))
      throw new ServiceError('InvalidArgument', `the ViewerProtocolPolicy of ${at} is unknown: ${behavior.ViewerProtocolPolicy}`);
    checkMethods(behavior, at, groups.has(behavior.TargetOriginId));
    checkPolicies(behavior, at);
    checkFunctionAssociations(behavior, at, account);
  }
}

function checkMethods(behavior: Behavior, at: string, targetsGroup: boolean): void {
  const allowed = behavior.AllowedMethods;
  if (allowed === undefined) return;
  if (!allowedSets.includes([...allowed.Items].sort().join(',')))
    throw new ServiceError('InvalidArgument', `the AllowedMethods of ${at} are not one of CloudFront's three sets`);
  const cached = allowed.CachedMethods;
  if (cached !== undefined && !allowedSets.slice(0, 2).includes([...cached.Items].sort().join(',')))
    throw new ServiceError('InvalidArgument', `the CachedMethods of ${at} are not one of CloudFront's two sets`);
  if (targetsGroup && allowed.Items.includes('POST'))
    throw new ServiceError(
      'InvalidArgument',
      'The parameter AllowedMethods cannot include POST, PUT, PATCH, or DELETE for a cached behavior associated with an origin group',
    );
}

function checkPolicies(behavior: Behavior, at: string): void {
  const { CachePolicyId, OriginRequestPolicyId, ResponseHeadersPolicyId, ForwardedValues } = behavior;
  if ((CachePolicyId === undefined) === (ForwardedValues === undefined))
    throw new ServiceError('InvalidArgument', `${at} needs either CachePolicyId or ForwardedValues`);
  if (OriginRequestPolicyId !== undefined && CachePolicyId === undefined)
    throw new ServiceError('InvalidArgument', `${at} has an origin request policy, which needs a cache policy`);
  if (CachePolicyId !== undefined && !managedCachePolicies.has(CachePolicyId))
    throw new ServiceError('NoSuchCachePolicy', `${at}: there is no cache policy ${CachePolicyId}`);
  if (OriginRequestPolicyId !== undefined && !managedOriginRequestPolicies.has(OriginRequestPolicyId))
    throw new ServiceError('NoSuchOriginRequestPolicy', `${at}: there is no origin request policy ${OriginRequestPolicyId}`);
  if (ResponseHeadersPolicyId !== undefined && !managedResponseHeadersPolicies.has(ResponseHeadersPolicyId))
    throw new ServiceError('NoSuchResponseHeadersPolicy', `${at}: there is no response headers policy ${ResponseHeadersPolicyId}`);
  const ttls = [behavior.MinTTL, behavior.DefaultTTL, behavior.MaxTTL].filter((ttl) => ttl !== undefined);
  if (ttls.some((ttl, index) => ttl < (ttls[index - 1] ?? 0)))
    throw new ServiceError('InvalidTTLOrder', `the TTLs of ${at} must not fall from MinTTL to DefaultTTL to MaxTTL`);
}
