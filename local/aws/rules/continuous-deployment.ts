import type { ContinuousDeploymentPolicy, ContinuousDeploymentPolicyConfig, DistributionConfig } from '@aws-sdk/client-cloudfront';
import { stagedFields } from '../../../src/config/complete-distribution.ts';
import { type Account, type DistributionRecord, type PolicyRecord, stagingOf } from '../account.ts';
import { ServiceError } from '../service-error.ts';
import type { Decoded } from '../wire/shape.ts';
import { fillDistributionConfig } from './fill-distribution-config.ts';

type Config = Decoded<DistributionConfig>;
type PolicyConfig = Decoded<ContinuousDeploymentPolicyConfig>;

// DG continuous-deployment-quotas-considerations.html
export const maxStagingDistributions = 20;
export const maxPolicies = 20;
const maxWeight = 0.15;
const [minIdleSeconds, maxIdleSeconds] = [300, 3_600];

/** Fields that always belong to each distribution. */
const ownFields: readonly (keyof DistributionConfig)[] = [
  'CallerReference',
  'Enabled',
  'Staging',
  'Aliases',
  'ContinuousDeploymentPolicyId',
];

/** The policy, or NoSuchContinuousDeploymentPolicy. */
export function findPolicy(id: string, account: Account): PolicyRecord {
  const record = account.policies.get(id);
  if (record === undefined) throw new ServiceError('NoSuchContinuousDeploymentPolicy', `there is no continuous deployment policy ${id}`);
  return record;
}

export function describePolicy(record: PolicyRecord): ContinuousDeploymentPolicy {
  return { Id: record.id, LastModifiedTime: record.modifiedAt, ContinuousDeploymentPolicyConfig: record.config };
}

/** The distribution with this policy. */
export function primaryOfPolicy(id: string, account: Account): DistributionRecord | undefined {
  return [...account.distributions.values()].find((record) => record.config.ContinuousDeploymentPolicyId === id);
}

/** A policy that names this staging distribution. */
export function policyOfStaging(staging: DistributionRecord, account: Account): PolicyRecord | undefined {
  return [...account.policies.values()].find((record) => record.config.StagingDistributionDnsNames.Items?.includes(staging.domainName));
}

/** Refuses what Create- and UpdateContinuousDeploymentPolicy refuse. `current` is the policy being updated. */
export function checkPolicyConfig(config: PolicyConfig, account: Account, current?: PolicyRecord): void {
  const names = config.StagingDistributionDnsNames;
  if (names.Quantity !== (names.Items?.length ?? 0))
    throw new ServiceError('InconsistentQuantities', 'StagingDistributionDnsNames.Quantity is not the number of its Items');
  if (names.Quantity !== 1) throw new ServiceError('InvalidArgument', 'a policy names exactly one staging distribution');
  const staging = stagingOf(config, account);
  if (staging === undefined) throw new ServiceError('InvalidArgument', `${names.Items?.[0]} is not a staging distribution`);
  const other = policyOfStaging(staging, account);
  if (other !== undefined && other !== current)
    throw new ServiceError('StagingDistributionInUse', `the policy ${other.id} names the staging distribution ${staging.id} already`);
  checkTraffic(config.TrafficConfig);
}

function checkTraffic(traffic: PolicyConfig['TrafficConfig']): void {
  if (traffic === undefined) return;
  const { Type, SingleWeightConfig: byWeight, SingleHeaderConfig: byHeader } = traffic;
  const invalid = (message: string) => new ServiceError('InvalidArgument', message);
  if (Type !== 'SingleWeight' && Type !== 'SingleHeader') throw invalid('the traffic type must be SingleWeight or SingleHeader');
  if ((Type === 'SingleWeight') !== (byWeight !== undefined) || (Type === 'SingleHeader') !== (byHeader !== undefined))
    throw invalid(`${Type} needs its own config and no other`);
  if (byWeight !== undefined) {
    if (!(byWeight.Weight >= 0 && byWeight.Weight <= maxWeight)) throw invalid(`the weight must be from 0 to ${maxWeight}`);
    const { IdleTTL = minIdleSeconds, MaximumTTL = maxIdleSeconds } = byWeight.SessionStickinessConfig ?? {};
    if (IdleTTL < minIdleSeconds || MaximumTTL > maxIdleSeconds || IdleTTL > MaximumTTL)
      throw invalid(`session stickiness must be from ${minIdleSeconds} to ${maxIdleSeconds} seconds, idle not above the maximum`);
  }
  if (byHeader !== undefined && !/^aws-cf-cd-/i.test(byHeader.Header)) throw invalid('the header must begin with aws-cf-cd-');
}

/** Refuses what Update- and CreateDistribution refuse for a distribution in a staged rollout. */
export function checkStaging(config: Config, account: Account, current?: DistributionRecord): void {
  const isStaging = config.Staging ?? false;
  if (isStaging && (config.Aliases?.Items?.length ?? 0) > 0)
    throw new ServiceError(current === undefined ? 'InvalidArgument' : 'IllegalUpdate', 'a staging distribution cannot have aliases');
  if (current === undefined) checkNewStaging(config, account);
  else checkStagingUpdate(config, account, current);
}

function checkStagingUpdate(config: Config, account: Account, current: DistributionRecord): void {
  const isStaging = config.Staging ?? false;
  const policyId = config.ContinuousDeploymentPolicyId ?? '';
  if (isStaging !== (current.config.Staging ?? false))
    throw new ServiceError('IllegalUpdate', 'whether a distribution is a staging distribution cannot change');
  if (policyId !== '') {
    const policy = findPolicy(policyId, account);
    if (isStaging) throw new ServiceError('InvalidArgument', 'a staging distribution cannot have a continuous deployment policy');
    const primary = primaryOfPolicy(policyId, account);
    if (primary !== undefined && primary !== current)
      throw new ServiceError('ContinuousDeploymentPolicyInUse', `the policy ${policyId} belongs to the distribution ${primary.id}`);
    const staging = stagingOf(policy.config, account);
    // One created by CreateDistribution is not a copy and fits every primary.
    if (staging === undefined || (staging.primaryId !== undefined && staging.primaryId !== current.id))
      throw new ServiceError('InvalidArgument', `the policy ${policyId} is for a copy of another distribution`);
    checkNoHttp3(config);
  }
  // DG continuous-deployment-quotas-considerations.html, aws/aws-cli#10446. UNCONFIRMED: the update that detaches the
  // policy cannot do it either.
  if ((current.config.ContinuousDeploymentPolicyId ?? '') !== '') checkUnchanged(config, current, ['ViewerCertificate', 'WebACLId']);
  // Before a policy names it, one created by CreateDistribution has no primary to match.
  if (isStaging && (current.primaryId !== undefined || policyOfStaging(current, account) !== undefined)) {
    const outside = (Object.keys(fillDistributionConfig(config)) as (keyof Config)[]).filter(
      (name) => ![...stagedFields, ...ownFields].includes(name),
    );
    checkUnchanged(config, current, outside);
  }
}

/** CreateDistribution also creates staging distributions; a policy names them later. */
function checkNewStaging(config: Config, account: Account): void {
  if ((config.ContinuousDeploymentPolicyId ?? '') !== '')
    throw new ServiceError('InvalidArgument', 'Continuous deployment policy is not supported during distribution creation.');
  if (config.Staging !== true) return;
  checkNoHttp3(config);
  if ([...account.distributions.values()].filter((record) => record.config.Staging === true).length >= maxStagingDistributions)
    throw new ServiceError('TooManyDistributions', `an account has at most ${maxStagingDistributions} staging distributions`);
}

function checkUnchanged(config: Config, current: DistributionRecord, fields: readonly (keyof Config)[]): void {
  const [before, after] = [fillDistributionConfig(current.config), fillDistributionConfig(config)];
  if (fields.some((name) => inOrder(before[name]) !== inOrder(after[name])))
    throw new ServiceError('IllegalUpdate', 'One or more fields updated are not supported for continuous deployment.');
}

/** A text that does not depend on the order of fields. */
function inOrder(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? '';
  if (Array.isArray(value)) return `[${value.map(inOrder).join()}]`;
  return `{${Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, field]) => `${name}:${inOrder(field)}`)
    .join()}}`;
}

/** DG continuous-deployment-quotas-considerations.html: not together with HTTP/3. */
export function checkNoHttp3(config: Config): void {
  if (config.HttpVersion === 'http3' || config.HttpVersion === 'http2and3')
    throw new ServiceError('InvalidArgument', 'continuous deployment is not possible with HTTP/3');
}
