import {
  CopyDistribution$,
  type CopyDistributionRequest,
  type CopyDistributionResult,
  CreateDistribution$,
  type CreateDistributionRequest,
  type CreateDistributionResult,
  CreateDistributionWithTags$,
  type CreateDistributionWithTagsRequest,
  type CreateDistributionWithTagsResult,
  DeleteDistribution$,
  type DeleteDistributionRequest,
  type Distribution,
  type DistributionConfig,
  type DistributionSummary,
  GetDistribution$,
  GetDistributionConfig$,
  type GetDistributionConfigRequest,
  type GetDistributionConfigResult,
  type GetDistributionRequest,
  type GetDistributionResult,
  ListDistributions$,
  type ListDistributionsRequest,
  type ListDistributionsResult,
  type Tags,
  UpdateDistribution$,
  type UpdateDistributionRequest,
  type UpdateDistributionResult,
  UpdateDistributionWithStagingConfig$,
  type UpdateDistributionWithStagingConfigRequest,
  type UpdateDistributionWithStagingConfigResult,
} from '@aws-sdk/client-cloudfront';
import { type Account, type DistributionRecord, stagingOf } from '../account.ts';
import { checkIfMatch, createEtag, createId, renewEtag } from '../etag.ts';
import { type Operation, operation, page } from '../operation.ts';
import { checkNoHttp3, findPolicy, maxStagingDistributions, policyOfStaging } from '../rules/continuous-deployment.ts';
import { checkDistributionConfig } from '../rules/distribution-config.ts';
import { checkRequiredForUpdates, fillDistributionConfig } from '../rules/fill-distribution-config.ts';
import { ServiceError } from '../service-error.ts';
import type { Decoded } from '../wire/shape.ts';
import { parseTags } from './tags.ts';

/** Distributions per account (DG cloudfront-limits.html; adjustable there). */
const maxDistributions = 200;

const createDistribution = operation<CreateDistributionRequest, CreateDistributionResult>(CreateDistribution$, (input, account) =>
  create(input.DistributionConfig, undefined, account),
);

const createDistributionWithTags = operation<CreateDistributionWithTagsRequest, CreateDistributionWithTagsResult>(
  CreateDistributionWithTags$,
  ({ DistributionConfigWithTags: { DistributionConfig: config, Tags: given } }, account) => create(config, given, account),
);

function create(config: Decoded<DistributionConfig>, given: Decoded<Tags> | undefined, account: Account): CreateDistributionResult {
  const same = [...account.distributions.values()].find((record) => record.config.CallerReference === config.CallerReference);
  if (same !== undefined)
    throw new ServiceError(
      'DistributionAlreadyExists',
      `the CallerReference ${config.CallerReference} belongs to the distribution ${same.id}`,
    );
  const tags = parseTags(given);
  checkDistributionConfig(config, account);
  if (account.distributions.size >= maxDistributions)
    throw new ServiceError('TooManyDistributions', `an account has at most ${maxDistributions} distributions`);
  const created = addDistribution(account, fillDistributionConfig(config));
  account.tags.set(created.Distribution.ARN ?? '', tags);
  return created;
}

/** Creates a staging distribution with the primary's config, without its aliases. */
const copyDistribution = operation<CopyDistributionRequest, CopyDistributionResult>(CopyDistribution$, (input, account) => {
  const primary = distributionOf(input.PrimaryDistributionId, account);
  checkIfMatch(input.IfMatch, primary);
  if (input.Staging !== true)
    throw new ServiceError('InvalidArgument', 'Staging must be true: only a staging distribution can be created by copying');
  if (primary.config.Staging === true) throw new ServiceError('InvalidArgument', 'a staging distribution cannot be copied');
  const all = [...account.distributions.values()];
  if (all.some((record) => record.config.CallerReference === input.CallerReference))
    throw new ServiceError('DistributionAlreadyExists', `the CallerReference ${input.CallerReference} belongs to another distribution`);
  checkNoHttp3(primary.config);
  if (all.filter((record) => record.config.Staging === true).length >= maxStagingDistributions)
    throw new ServiceError('TooManyDistributions', `an account has at most ${maxStagingDistributions} staging distributions`);
  const config = {
    ...primary.config,
    CallerReference: input.CallerReference,
    Aliases: { Quantity: 0 },
    ContinuousDeploymentPolicyId: '',
    Staging: true,
    Enabled: input.Enabled ?? true,
  } as DistributionRecord['config'];
  return addDistribution(account, config, primary.id);
});

const getDistribution = operation<GetDistributionRequest, GetDistributionResult>(GetDistribution$, (input, account) => {
  const record = distributionOf(input.Id, account);
  return { Distribution: describeDistribution(record), ETag: record.etag };
});

const getDistributionConfig = operation<GetDistributionConfigRequest, GetDistributionConfigResult>(
  GetDistributionConfig$,
  (input, account) => {
    const record = distributionOf(input.Id, account);
    return { DistributionConfig: record.config, ETag: record.etag };
  },
);

const listDistributions = operation<ListDistributionsRequest, ListDistributionsResult>(ListDistributions$, (input, account) => {
  const { items, limit, nextMarker } = page([...account.distributions.values()], (record) => record.id, input);
  return {
    DistributionList: {
      Marker: input.Marker ?? '',
      NextMarker: nextMarker,
      MaxItems: limit,
      IsTruncated: nextMarker !== undefined,
      Quantity: items.length,
      Items: items.length === 0 ? undefined : items.map(summarizeDistribution),
    },
  };
});

function summarizeDistribution(record: DistributionRecord): DistributionSummary {
  const { config } = record;
  return {
    Id: record.id,
    ARN: record.arn,
    ETag: record.etag,
    Status: record.status,
    LastModifiedTime: record.modifiedAt,
    DomainName: record.domainName,
    Aliases: config.Aliases,
    Origins: config.Origins,
    OriginGroups: config.OriginGroups,
    DefaultCacheBehavior: config.DefaultCacheBehavior,
    CacheBehaviors: config.CacheBehaviors,
    CustomErrorResponses: config.CustomErrorResponses,
    Comment: config.Comment,
    PriceClass: config.PriceClass,
    Enabled: config.Enabled,
    ViewerCertificate: config.ViewerCertificate,
    Restrictions: config.Restrictions,
    WebACLId: config.WebACLId,
    HttpVersion: config.HttpVersion,
    IsIPV6Enabled: config.IsIPV6Enabled,
    Staging: config.Staging,
  };
}

/**
 * Replaces the whole config without merging. Only the continuous deployment policy stays unless its id is the empty
 * text.
 */
const updateDistribution = operation<UpdateDistributionRequest, UpdateDistributionResult>(UpdateDistribution$, (input, account) => {
  const record = distributionOf(input.Id, account);
  checkIfMatch(input.IfMatch, record);
  const { ContinuousDeploymentPolicyId = record.config.ContinuousDeploymentPolicyId } = input.DistributionConfig;
  const config = { ...input.DistributionConfig, ContinuousDeploymentPolicyId } as typeof record.config;
  if (config.CallerReference !== record.config.CallerReference)
    throw new ServiceError('IllegalUpdate', `the CallerReference cannot change from ${record.config.CallerReference}`);
  checkRequiredForUpdates(config);
  checkDistributionConfig(config, account, record);
  renewEtag(record, account.etag('E'));
  record.config = fillDistributionConfig(config);
  deploy(record, account);
  return { Distribution: describeDistribution(record), ETag: record.etag };
});

/** Promotes: the staging distribution's config becomes the primary's, and the policy between them is disabled. */
const updateDistributionWithStagingConfig = operation<
  UpdateDistributionWithStagingConfigRequest,
  UpdateDistributionWithStagingConfigResult
>(UpdateDistributionWithStagingConfig$, (input, account) => {
  const primary = distributionOf(input.Id, account);
  const policyId = primary.config.ContinuousDeploymentPolicyId ?? '';
  if (policyId === '') throw new ServiceError('InvalidArgument', `the distribution ${primary.id} has no continuous deployment policy`);
  const policy = findPolicy(policyId, account);
  const staging = stagingOf(policy.config, account);
  if (staging === undefined || (input.StagingDistributionId !== undefined && input.StagingDistributionId !== staging.id))
    throw new ServiceError(
      'NoSuchDistribution',
      `the distribution ${primary.id} has no staging distribution ${input.StagingDistributionId ?? ''}`,
    );
  const [primaryEtag, stagingEtag, ...more] = (input.IfMatch ?? '').split(/,\s*/);
  if (more.length > 0)
    throw new ServiceError('InvalidIfMatchVersion', 'If-Match must be the ETags of the primary and the staging distribution');
  checkIfMatch(primaryEtag, primary);
  checkIfMatch(stagingEtag, staging);
  renewEtag(primary, account.etag('E'));
  const { CallerReference, Aliases, ContinuousDeploymentPolicyId, Staging } = primary.config;
  primary.config = { ...staging.config, CallerReference, Aliases, ContinuousDeploymentPolicyId, Staging } as typeof primary.config;
  renewEtag(policy, account.etag('E'));
  policy.config = { ...policy.config, Enabled: false };
  policy.modifiedAt = account.date();
  deploy(primary, account);
  return { Distribution: describeDistribution(primary), ETag: primary.etag };
});

/** Only a distribution that is disabled, with that change deployed, can be deleted. */
const deleteDistribution = operation<DeleteDistributionRequest, object>(DeleteDistribution$, (input, account) => {
  const record = distributionOf(input.Id, account);
  checkIfMatch(input.IfMatch, record);
  if (record.config.Enabled || record.status !== 'Deployed')
    throw new ServiceError('DistributionNotDisabled', `the distribution ${record.id} is not disabled and deployed`);
  if (policyOfStaging(record, account) !== undefined)
    throw new ServiceError('ResourceInUse', `a continuous deployment policy names the staging distribution ${record.id}`);
  record.cancelDeployment();
  account.distributions.delete(record.id);
  account.tags.delete(record.arn);
  account.changed({ kind: 'distribution', id: record.id });
  return {};
});

/** The distribution, or NoSuchDistribution. */
function distributionOf(id: string, account: Account): DistributionRecord {
  const record = account.distributions.get(id);
  if (record === undefined) throw new ServiceError('NoSuchDistribution', `there is no distribution ${id}`);
  return record;
}

/** Starts a deployment. The edge keeps its config until the end; a newer deployment replaces a running one. */
function deploy(record: DistributionRecord, account: Account): void {
  record.cancelDeployment();
  record.status = 'InProgress';
  record.modifiedAt = account.date();
  record.cancelDeployment = account.after(account.options.deployMs, () => {
    record.status = 'Deployed';
    record.deployed = record.config;
    account.changed({ kind: 'distribution', id: record.id });
  });
}

/**
 * Adds a distribution, starts its first deployment and returns the answer of Create and Copy. `primaryId` makes it a
 * staging one.
 */
function addDistribution(
  account: Account,
  config: DistributionRecord['config'],
  primaryId?: string,
): { Distribution: Distribution; Location: string; ETag: string } {
  const { accountId, random } = account.options;
  const id = createEtag('E', random);
  const record: DistributionRecord = {
    id,
    arn: `arn:aws:cloudfront::${accountId}:distribution/${id}`,
    domainName: `d${createId('abcdefghijklmnopqrstuvwxyz0123456789', 13, random)}.cloudfront.net`,
    status: 'InProgress',
    config,
    deployed: undefined,
    primaryId,
    etag: account.etag('E'),
    pastEtags: [],
    modifiedAt: account.date(),
    cancelDeployment: () => {},
  };
  account.distributions.set(id, record);
  deploy(record, account);
  return {
    Distribution: describeDistribution(record),
    Location: `https://cloudfront.amazonaws.com/2020-05-31/distribution/${id}`,
    ETag: record.etag,
  };
}

function describeDistribution(record: DistributionRecord): Distribution {
  return {
    Id: record.id,
    ARN: record.arn,
    Status: record.status,
    LastModifiedTime: record.modifiedAt,
    InProgressInvalidationBatches: 0,
    DomainName: record.domainName,
    ActiveTrustedSigners: { Enabled: false, Quantity: 0 },
    ActiveTrustedKeyGroups: { Enabled: false, Quantity: 0 },
    DistributionConfig: record.config,
  };
}

export const distributionOperations: readonly Operation[] = [
  createDistribution,
  createDistributionWithTags,
  copyDistribution,
  getDistribution,
  getDistributionConfig,
  listDistributions,
  updateDistribution,
  updateDistributionWithStagingConfig,
  deleteDistribution,
];
