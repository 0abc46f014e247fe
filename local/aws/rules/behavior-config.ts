import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import {
  managedCachePolicies,
  managedOriginRequestPolicies,
  managedResponseHeadersPolicies,
} from '../../../src/config/managed-policies.ts';
import type { Account } from '../account.ts';
import type { Decoded } from '../operation.ts';
import { ServiceError } from '../service-error.ts';
import { type Behavior, behaviorsOf } from './distribution-references.ts';
import { checkEdgeFunctions } from './edge-functions.ts';
import { checkForwardedValues } from './forwarded-values.ts';

type Config = Decoded<DistributionConfig>;

// DG cloudfront-limits.html
const maxBehaviors = 75;
const maxPatternLength = 255;
const maxTrustedSigners = 5;
const maxKeyGroups = 4;

const allowedSets = ['GET,HEAD', 'GET,HEAD,OPTIONS', 'DELETE,GET,HEAD,OPTIONS,PATCH,POST,PUT'];

/** Refuses cache behaviors that Create- and UpdateDistribution would refuse. */
export function checkBehaviors(config: Config, account: Account): void {
  const behaviors = behaviorsOf(config);
  if (behaviors.length > maxBehaviors)
    throw new ServiceError('TooManyCacheBehaviors', `at most ${maxBehaviors} cache behaviors are allowed`);
  // DG DownloadDistValuesCacheBehavior.html, "Path pattern": these characters, and * and ? as wildcards.
  for (const { PathPattern } of config.CacheBehaviors?.Items ?? [])
    if (!/^[\w.*$/~"'@:+&?-]+$/.test(PathPattern) || PathPattern.length > maxPatternLength)
      throw invalid(`the path pattern ${JSON.stringify(PathPattern)} is empty, too long or has a character that CloudFront does not allow`);
  const origins = new Set(config.Origins.Items.map((origin) => origin.Id));
  const groups = new Set((config.OriginGroups?.Items ?? []).map((group) => group.Id));
  for (const { at, behavior } of behaviors) {
    const { TargetOriginId: target } = behavior;
    if (!origins.has(target) && !groups.has(target))
      throw new ServiceError('NoSuchOrigin', `${at} targets ${target}, which is neither an origin nor an origin group`);
    checkMethods(behavior, at, groups.has(target));
    checkPolicies(behavior, at, account);
    checkForwardedValues(behavior, at, config);
    checkTrust(behavior, at);
    checkGrpc(behavior, at, config);
    if ((behavior.FieldLevelEncryptionId ?? '') !== '')
      throw new ServiceError(
        'NoSuchFieldLevelEncryptionConfig',
        `${at}: there is no field-level encryption ${behavior.FieldLevelEncryptionId}`,
      );
    const realtime = behavior.RealtimeLogConfigArn ?? '';
    if (realtime !== '' && !/^arn:aws:cloudfront::\d{12}:realtime-log-config\/[\w-]+$/.test(realtime))
      throw invalid(`${at}: ${realtime} is not the ARN of a real-time log configuration`);
    checkEdgeFunctions(behavior, at, account);
  }
}

function checkMethods(behavior: Behavior, at: string, targetsGroup: boolean): void {
  const allowed = behavior.AllowedMethods;
  if (allowed === undefined) return;
  if (!allowedSets.includes([...allowed.Items].sort().join(',')))
    throw invalid(`the AllowedMethods of ${at} are not one of CloudFront's three sets`);
  const cached = allowed.CachedMethods;
  if (cached !== undefined && !allowedSets.slice(0, 2).includes([...cached.Items].sort().join(',')))
    throw invalid(`the CachedMethods of ${at} are not one of CloudFront's two sets`);
  const uncacheable = cached?.Items.find((method) => !allowed.Items.includes(method));
  if (uncacheable !== undefined) throw invalid(`${at} caches ${uncacheable}, which it does not allow`);
  if (targetsGroup && allowed.Items.includes('POST'))
    throw invalid(
      'The parameter AllowedMethods cannot include POST, PUT, PATCH, or DELETE for a cached behavior associated with an origin group',
    );
}

function checkPolicies(behavior: Behavior, at: string, account: Account): void {
  const { CachePolicyId, OriginRequestPolicyId, ResponseHeadersPolicyId, ForwardedValues } = behavior;
  if ((CachePolicyId === undefined) === (ForwardedValues === undefined))
    throw invalid(`${at} needs either CachePolicyId or ForwardedValues`);
  if (OriginRequestPolicyId !== undefined && CachePolicyId === undefined)
    throw invalid(`${at} has an origin request policy, which needs a cache policy`);
  if (CachePolicyId !== undefined && !Object.hasOwn(managedCachePolicies, CachePolicyId) && !account.cachePolicies.has(CachePolicyId))
    throw new ServiceError('NoSuchCachePolicy', `${at}: there is no cache policy ${CachePolicyId}`);
  if (
    OriginRequestPolicyId !== undefined &&
    !Object.hasOwn(managedOriginRequestPolicies, OriginRequestPolicyId) &&
    !account.originRequestPolicies.has(OriginRequestPolicyId)
  )
    throw new ServiceError('NoSuchOriginRequestPolicy', `${at}: there is no origin request policy ${OriginRequestPolicyId}`);
  if (ResponseHeadersPolicyId !== undefined && !managedResponseHeadersPolicies.has(ResponseHeadersPolicyId))
    throw new ServiceError('NoSuchResponseHeadersPolicy', `${at}: there is no response headers policy ${ResponseHeadersPolicyId}`);
}

/** Signers and key groups are enabled exactly where some are named. Which key groups an account has is not known here. */
function checkTrust({ TrustedSigners: signers, TrustedKeyGroups: groups }: Behavior, at: string): void {
  for (const [name, list] of [
    ['TrustedSigners', signers],
    ['TrustedKeyGroups', groups],
  ] as const)
    if (list !== undefined && list.Enabled !== list.Quantity > 0)
      throw invalid(`the ${name} of ${at} are ${list.Enabled ? 'enabled, but name none' : 'named, but not enabled'}`);
  if ((signers?.Quantity ?? 0) > maxTrustedSigners)
    throw new ServiceError('TooManyTrustedSigners', `${at} has more than ${maxTrustedSigners} trusted signers`);
  const signer = signers?.Items?.find((account) => account !== 'self' && !/^\d{12}$/.test(account));
  if (signer !== undefined) throw new ServiceError('TrustedSignerDoesNotExist', `the trusted signer ${signer} of ${at} is not an account`);
  if ((groups?.Quantity ?? 0) > maxKeyGroups)
    throw new ServiceError('TooManyKeyGroupsAssociatedToDistribution', `${at} has more than ${maxKeyGroups} trusted key groups`);
  const group = groups?.Items?.find((id) => !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id));
  if (group !== undefined) throw new ServiceError('TrustedKeyGroupDoesNotExist', `the key group ${group} of ${at} does not exist`);
}

/** DG distribution-using-grpc.html: HTTP/2 to the viewer, POST, and an origin that speaks it. */
function checkGrpc(behavior: Behavior, at: string, config: Config): void {
  if (behavior.GrpcConfig?.Enabled !== true) return;
  if (behavior.AllowedMethods?.Items.includes('POST') !== true) throw invalid(`${at} has gRPC enabled, but does not allow POST`);
  if (!['http2', 'http2and3'].includes(config.HttpVersion ?? 'http2')) throw invalid(`${at} has gRPC enabled, which needs HTTP/2`);
  const origin = config.Origins.Items.find(({ Id }) => Id === behavior.TargetOriginId);
  if (origin?.S3OriginConfig !== undefined) throw invalid(`${at} has gRPC enabled, which an S3 origin does not support`);
}

function invalid(message: string): ServiceError {
  return new ServiceError('InvalidArgument', message);
}
