import {
  type CloudFrontClient,
  type ContinuousDeploymentPolicy,
  type ContinuousDeploymentPolicyConfig,
  CopyDistributionCommand,
  CreateContinuousDeploymentPolicyCommand,
  CreateDistributionCommand,
  DeleteContinuousDeploymentPolicyCommand,
  DeleteDistributionCommand,
  type Distribution,
  DistributionAlreadyExists,
  type DistributionConfig,
  type DistributionSummary,
  GetContinuousDeploymentPolicyCommand,
  GetDistributionCommand,
  ListContinuousDeploymentPoliciesCommand,
  ListDistributionsCommand,
  NoSuchContinuousDeploymentPolicy,
  NoSuchDistribution,
  UpdateContinuousDeploymentPolicyCommand,
  UpdateDistributionCommand,
  UpdateDistributionWithStagingConfigCommand,
} from '@aws-sdk/client-cloudfront';
import { EdgeError } from '../errors.ts';
import { typed } from '../text/typed.ts';
import { wrapAwsError } from './aws-error.ts';
import { type PollOptions, poll } from './retry.ts';

/** A distribution as CloudFront holds it. */
export interface LiveDistribution {
  id: string;
  arn: string;
  /** `d….cloudfront.net`. */
  domainName: string;
  /** Every edge has this config. */
  isDeployed: boolean;
  /** Version of config and distribution: an update needs it. */
  etag: string;
  config: DistributionConfig;
}

/** Deployment takes minutes; AWS documents no duration. The SDK's own waiter asks only once a minute. */
const maxPauseMs = 10_000;

/** The distribution with its config; undefined when this account has none of that id. */
export async function readDistributionById(client: CloudFrontClient, id: string): Promise<LiveDistribution | undefined> {
  try {
    const { Distribution, ETag } = await client.send(new GetDistributionCommand({ Id: id }));
    return toLiveDistribution(Distribution, ETag);
  } catch (error) {
    if (error instanceof NoSuchDistribution) return undefined;
    throw wrapAwsError(error, `read distribution ${id}`);
  }
}

/** Every distribution of the account in short. */
export async function listDistributions(client: CloudFrontClient): Promise<DistributionSummary[]> {
  const found: DistributionSummary[] = [];
  let marker: string | undefined;
  try {
    do {
      const { DistributionList } = await client.send(new ListDistributionsCommand(marker === undefined ? {} : { Marker: marker }));
      found.push(...(DistributionList?.Items ?? []));
      marker = DistributionList?.IsTruncated ? DistributionList.NextMarker : undefined;
    } while (marker !== undefined);
  } catch (error) {
    throw wrapAwsError(error, 'list the distributions');
  }
  return found;
}

/** Creates it, not yet deployed; undefined when the CallerReference has created one before. */
export async function createDistribution(client: CloudFrontClient, config: DistributionConfig): Promise<LiveDistribution | undefined> {
  try {
    const { Distribution, ETag } = await client.send(new CreateDistributionCommand({ DistributionConfig: config }));
    return toLiveDistribution(Distribution, ETag);
  } catch (error) {
    if (error instanceof DistributionAlreadyExists) return undefined;
    throw wrapWriteError(error, 'create the distribution');
  }
}

/** Replaces the whole config, not yet deployed. CONFLICT when `etag` is no longer its version. */
export async function updateDistribution(
  client: CloudFrontClient,
  id: string,
  config: DistributionConfig,
  etag: string,
): Promise<LiveDistribution> {
  try {
    const { Distribution, ETag } = await client.send(new UpdateDistributionCommand({ Id: id, DistributionConfig: config, IfMatch: etag }));
    return toLiveDistribution(Distribution, ETag);
  } catch (error) {
    throw wrapWriteError(error, `update distribution ${id}`);
  }
}

/** Refusals whose message does not say what to do. */
const hints: Readonly<Record<string, string>> = {
  InvalidFunctionAssociation: `a function must be published (${typed('function:publish')}), and have no Lambda@Edge function beside it on the viewer events of a behavior`,
  NoSuchCachePolicy: 'check the policy ids in distribution.json',
  NoSuchOriginRequestPolicy: 'check the policy ids in distribution.json',
  NoSuchResponseHeadersPolicy: 'check the policy ids in distribution.json',
  InvalidViewerCertificate: 'ACM_CERTIFICATE_ARN must name an issued certificate in us-east-1 that covers every alias',
  CNAMEAlreadyExists: 'aws cloudfront list-conflicting-aliases shows which distribution has the alias; that one must release it first',
  NoSuchOrigin: 'change or drop what still targets the origin',
};

function wrapWriteError(error: unknown, doing: string): unknown {
  const wrapped = wrapAwsError(error, doing);
  const hint = error instanceof Error ? hints[error.name] : undefined;
  return hint === undefined || !(wrapped instanceof EdgeError)
    ? wrapped
    : new EdgeError(wrapped.code, wrapped.message, { hint, cause: error });
}

/** Waits until every edge has the config. NOT_READY when that takes longer than `timeoutMs`. */
export async function waitForDeployed(client: CloudFrontClient, id: string, options: PollOptions): Promise<LiveDistribution> {
  return poll(
    async () => {
      const live = await readDistributionById(client, id);
      if (live === undefined)
        throw new EdgeError('NOT_FOUND', `distribution ${id} is gone`, { hint: 'another operator or tool deleted it' });
      return live.isDeployed ? { done: live } : { waiting: `distribution ${id} is being deployed` };
    },
    maxPauseMs,
    options,
  );
}

function toLiveDistribution(distribution: Distribution | undefined, etag: string | undefined): LiveDistribution {
  const { Id, ARN, DomainName, Status, DistributionConfig: config } = distribution ?? {};
  if (Id === undefined || config === undefined || etag === undefined)
    throw new EdgeError('AWS', 'CloudFront sent a distribution without its id, config or version', { hint: 'run it again' });
  return { id: Id, arn: ARN ?? '', domainName: DomainName ?? '', isDeployed: Status === 'Deployed', etag, config };
}

/** The policy that sends a part of the viewers to a staging distribution. */
export interface LivePolicy {
  id: string;
  etag: string;
  config: ContinuousDeploymentPolicyConfig;
}

/**
 * Creates a staging distribution from the primary; undefined when this reference has created one before. CONFLICT when
 * the primary's ETag is stale.
 */
export async function copyDistribution(
  client: CloudFrontClient,
  primary: LiveDistribution,
  callerReference: string,
): Promise<LiveDistribution | undefined> {
  try {
    const { Distribution, ETag } = await client.send(
      new CopyDistributionCommand({
        PrimaryDistributionId: primary.id,
        IfMatch: primary.etag,
        Staging: true,
        Enabled: true,
        CallerReference: callerReference,
      }),
    );
    return toLiveDistribution(Distribution, ETag);
  } catch (error) {
    if (error instanceof DistributionAlreadyExists) return undefined;
    throw wrapAwsError(error, `copy distribution ${primary.id}`);
  }
}

/** The policy; undefined when there is none of that id. */
export async function readPolicy(client: CloudFrontClient, id: string): Promise<LivePolicy | undefined> {
  try {
    const { ContinuousDeploymentPolicy, ETag } = await client.send(new GetContinuousDeploymentPolicyCommand({ Id: id }));
    return readLivePolicy(ContinuousDeploymentPolicy, ETag);
  } catch (error) {
    if (error instanceof NoSuchContinuousDeploymentPolicy) return undefined;
    throw wrapAwsError(error, `read continuous deployment policy ${id}`);
  }
}

/** The ids of the account's policies with the staging distributions they name; an account has at most 20. */
export async function listPolicies(client: CloudFrontClient): Promise<{ id: string; stagingDomains: readonly string[] }[]> {
  try {
    const { ContinuousDeploymentPolicyList } = await client.send(new ListContinuousDeploymentPoliciesCommand({}));
    return (ContinuousDeploymentPolicyList?.Items ?? []).flatMap(({ ContinuousDeploymentPolicy: policy }) =>
      policy?.Id === undefined
        ? []
        : [{ id: policy.Id, stagingDomains: policy.ContinuousDeploymentPolicyConfig?.StagingDistributionDnsNames?.Items ?? [] }],
    );
  } catch (error) {
    throw wrapAwsError(error, 'list the continuous deployment policies');
  }
}

/** Creates a policy; it has no effect until a distribution has it. */
export async function createPolicy(client: CloudFrontClient, config: ContinuousDeploymentPolicyConfig): Promise<LivePolicy> {
  try {
    const command = new CreateContinuousDeploymentPolicyCommand({ ContinuousDeploymentPolicyConfig: config });
    const { ContinuousDeploymentPolicy, ETag } = await client.send(command);
    return readLivePolicy(ContinuousDeploymentPolicy, ETag);
  } catch (error) {
    throw wrapAwsError(error, 'create the continuous deployment policy');
  }
}

/**
 * Replaces the policy's config, which takes effect at once where a distribution has it. CONFLICT when it is no longer
 * at its ETag.
 */
export async function updatePolicy(
  client: CloudFrontClient,
  { id, etag }: LivePolicy,
  config: ContinuousDeploymentPolicyConfig,
): Promise<LivePolicy> {
  try {
    const command = new UpdateContinuousDeploymentPolicyCommand({ Id: id, IfMatch: etag, ContinuousDeploymentPolicyConfig: config });
    const { ContinuousDeploymentPolicy, ETag } = await client.send(command);
    return readLivePolicy(ContinuousDeploymentPolicy, ETag);
  } catch (error) {
    throw wrapAwsError(error, `update continuous deployment policy ${id}`);
  }
}

/** Deletes a policy that no distribution has. CONFLICT when it is no longer at its ETag. */
export async function deletePolicy(client: CloudFrontClient, { id, etag }: LivePolicy): Promise<void> {
  try {
    await client.send(new DeleteContinuousDeploymentPolicyCommand({ Id: id, IfMatch: etag }));
  } catch (error) {
    if (error instanceof NoSuchContinuousDeploymentPolicy) return;
    throw wrapAwsError(error, `delete continuous deployment policy ${id}`);
  }
}

/** Deletes a distribution that is disabled and deployed. CONFLICT when it is no longer at its ETag. */
export async function deleteDistribution(client: CloudFrontClient, { id, etag }: LiveDistribution): Promise<void> {
  try {
    await client.send(new DeleteDistributionCommand({ Id: id, IfMatch: etag }));
  } catch (error) {
    if (error instanceof NoSuchDistribution) return;
    throw wrapAwsError(error, `delete distribution ${id}`);
  }
}

/**
 * Copies the staging config to the primary, except aliases and policy, and disables the policy. CONFLICT when one is no
 * longer at its ETag.
 */
export async function promoteStaging(
  client: CloudFrontClient,
  primary: LiveDistribution,
  staging: LiveDistribution,
): Promise<LiveDistribution> {
  try {
    const command = new UpdateDistributionWithStagingConfigCommand({
      Id: primary.id,
      StagingDistributionId: staging.id,
      IfMatch: `${primary.etag}, ${staging.etag}`,
    });
    const { Distribution, ETag } = await client.send(command);
    return toLiveDistribution(Distribution, ETag);
  } catch (error) {
    throw wrapAwsError(error, `promote ${staging.id} to distribution ${primary.id}`);
  }
}

function readLivePolicy(policy: ContinuousDeploymentPolicy | undefined, etag: string | undefined): LivePolicy {
  const { Id, ContinuousDeploymentPolicyConfig: config } = policy ?? {};
  if (Id === undefined || config === undefined || etag === undefined)
    throw new EdgeError('AWS', 'CloudFront sent a policy without its id, config or version', { hint: 'run it again' });
  return { id: Id, etag, config };
}
