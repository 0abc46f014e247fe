import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import {
  managedCachePolicies,
  managedOriginRequestPolicies,
  managedResponseHeadersPolicies,
} from '../../../src/config/managed-policies.ts';
import type { Account } from '../account.ts';
import { ServiceError } from '../service-error.ts';
import type { Decoded } from '../wire/shape.ts';
import { type BehaviorConfig, behaviorsOf } from './distribution-references.ts';

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

function checkMethods(behavior: BehaviorConfig, at: string, targetsGroup: boolean): void {
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

function checkPolicies(behavior: BehaviorConfig, at: string, account: Account): void {
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

/**
 * Signers and key groups must be enabled if and only if some are named. The account's key groups are not known here.
 */
function checkTrust({ TrustedSigners: signers, TrustedKeyGroups: groups }: BehaviorConfig, at: string): void {
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
function checkGrpc(behavior: BehaviorConfig, at: string, config: Config): void {
  if (behavior.GrpcConfig?.Enabled !== true) return;
  if (behavior.AllowedMethods?.Items.includes('POST') !== true) throw invalid(`${at} has gRPC enabled, but does not allow POST`);
  if (!['http2', 'http2and3'].includes(config.HttpVersion ?? 'http2')) throw invalid(`${at} has gRPC enabled, which needs HTTP/2`);
  const origin = config.Origins.Items.find(({ Id }) => Id === behavior.TargetOriginId);
  if (origin?.S3OriginConfig !== undefined) throw invalid(`${at} has gRPC enabled, which an S3 origin does not support`);
}

function invalid(message: string): ServiceError {
  return new ServiceError('InvalidArgument', message);
}

// DG cloudfront-limits.html, "Quotas on cookies, headers and query strings (legacy cache settings)".
const maxCookies = 10;
const maxHeaders = 10;
const maxQueryStrings = 10;

/** The viewer's headers that CloudFront can send to an S3 origin (API reference, ForwardedValues). */
const s3Headers = ['access-control-request-headers', 'access-control-request-method', 'origin'];

/** Refuses the legacy cache settings, and TTLs, that Create- and UpdateDistribution would refuse. */
function checkForwardedValues(behavior: BehaviorConfig, at: string, config: Decoded<DistributionConfig>): void {
  const ttls = [behavior.MinTTL, behavior.DefaultTTL, behavior.MaxTTL].filter((ttl) => ttl !== undefined);
  if (ttls.some((ttl) => ttl < 0 || !Number.isInteger(ttl)))
    throw new ServiceError('InvalidArgument', `the TTLs of ${at} must be whole seconds`);
  if (ttls.some((ttl, index) => ttl < (ttls[index - 1] ?? 0)))
    throw new ServiceError('InvalidTTLOrder', `the TTLs of ${at} must not fall from MinTTL to DefaultTTL to MaxTTL`);
  const values = behavior.ForwardedValues;
  if (values === undefined) return;
  const { Forward, WhitelistedNames: names } = values.Cookies;
  if ((Forward === 'whitelist') !== (names?.Items?.length ?? 0) > 0)
    throw new ServiceError('InvalidForwardCookies', `${at} forwards ${Forward} cookies, and names ${names?.Items?.length ?? 'none'}`);
  if ((names?.Items?.length ?? 0) > maxCookies)
    throw new ServiceError('TooManyCookieNamesInWhiteList', `${at} names more than ${maxCookies} cookies`);
  const keys = values.QueryStringCacheKeys?.Items ?? [];
  if (keys.length > 0 && !values.QueryString)
    throw new ServiceError('InvalidQueryStringParameters', `${at} names query strings for the cache key, but forwards none`);
  if (keys.length > maxQueryStrings)
    throw new ServiceError('TooManyQueryStringParameters', `${at} names more than ${maxQueryStrings} query strings`);
  checkHeaders(behavior, values.Headers?.Items ?? [], at, config);
}

function checkHeaders(behavior: BehaviorConfig, headers: readonly string[], at: string, config: Decoded<DistributionConfig>): void {
  if (headers.length > maxHeaders)
    throw new ServiceError('TooManyHeadersInForwardedValues', `${at} forwards more than ${maxHeaders} headers`);
  const isAll = headers.includes('*');
  if (isAll && headers.length > 1) throw new ServiceError('InvalidArgument', `${at} forwards all headers, and names some beside`);
  // API reference, MinTTL: it must be 0 where all headers are forwarded.
  if (isAll && (behavior.MinTTL ?? 0) > 0)
    throw new ServiceError('InvalidArgument', `${at} forwards all headers, and so needs a MinTTL of 0`);
  const origin = config.Origins.Items.find(({ Id }) => Id === behavior.TargetOriginId);
  const refused =
    origin?.S3OriginConfig && headers.find((name) => !isAll && !s3Headers.includes(name.toLowerCase()) && !/^cloudfront-/i.test(name));
  if (refused !== undefined || (isAll && origin?.S3OriginConfig !== undefined))
    throw new ServiceError('InvalidHeadersForS3Origin', `${at} forwards ${refused ?? 'all headers'} to an S3 origin`);
}

const viewerEvents = ['viewer-request', 'viewer-response'];
const lambdaEvents = [...viewerEvents, 'origin-request', 'origin-response'];
const maxFunctions = 2;
const maxLambdas = 4;

/** A numbered version in us-east-1; no alias, and not $LATEST (API reference, LambdaFunctionAssociation). */
const lambdaVersion = /^arn:aws:lambda:us-east-1:\d{12}:function:[\w-]{1,64}:\d+$/;

/**
 * Checks the functions of a behavior: LIVE ones and numbered Lambda versions only, one per event type, and not both
 * kinds on viewer events.
 */
function checkEdgeFunctions(behavior: BehaviorConfig, at: string, account: Account): void {
  const associations = behavior.FunctionAssociations?.Items ?? [];
  const lambdas = behavior.LambdaFunctionAssociations?.Items ?? [];
  if (associations.length > maxFunctions)
    throw new ServiceError('TooManyFunctionAssociations', `${at} has more than two function associations`);
  if (lambdas.length > maxLambdas)
    throw new ServiceError('TooManyLambdaFunctionAssociations', `${at} has more than four Lambda@Edge associations`);
  const events = new Set<string>();
  for (const { EventType: event, FunctionARN } of associations) {
    const invalid = (message: string) => new ServiceError('InvalidFunctionAssociation', `${at}${message}`);
    if (!viewerEvents.includes(event)) throw invalid(`: a function cannot run on ${event}`);
    if (events.has(event)) throw invalid(` has two functions on ${event}`);
    events.add(event);
    if (lambdas.some((lambda) => lambda.EventType.startsWith('viewer-')))
      throw invalid(' mixes CloudFront Functions and Lambda@Edge on viewer events');
    if (account.published.liveFunction(FunctionARN) === undefined)
      throw invalid(` names ${FunctionARN}, which is not a function that is LIVE`);
  }
  events.clear();
  for (const { EventType: event, LambdaFunctionARN: arn, IncludeBody } of lambdas) {
    const invalid = (message: string) => new ServiceError('InvalidLambdaFunctionAssociation', `${at}${message}`);
    if (!lambdaEvents.includes(event)) throw invalid(`: Lambda@Edge cannot run on ${event}`);
    if (!lambdaVersion.test(arn)) throw invalid(` names ${arn}, which is not a numbered version of a function in us-east-1`);
    if (events.has(event)) throw invalid(` has two Lambda@Edge functions on ${event}`);
    if (IncludeBody === true && event.endsWith('-response')) throw invalid(` asks for the body on ${event}, which has none`);
    events.add(event);
  }
}
