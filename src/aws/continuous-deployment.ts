import {
  type CloudFrontClient,
  type ContinuousDeploymentPolicy,
  type ContinuousDeploymentPolicyConfig,
  CopyDistributionCommand,
  CreateContinuousDeploymentPolicyCommand,
  DistributionAlreadyExists,
  GetContinuousDeploymentPolicyCommand,
  ListContinuousDeploymentPoliciesCommand,
  NoSuchContinuousDeploymentPolicy,
  UpdateContinuousDeploymentPolicyCommand,
  UpdateDistributionWithStagingConfigCommand,
} from '@aws-sdk/client-cloudfront';
import { EdgeError } from '../errors.ts';
import { wrapAwsError } from './aws-error.ts';
import { type LiveDistribution, readLive } from './distribution.ts';

/** What sends a part of a primary's viewers to its staging distribution. */
export interface LivePolicy {
  id: string;
  etag: string;
  config: ContinuousDeploymentPolicyConfig;
}

/** Makes a staging distribution out of the primary's config; undefined when this reference has made one before. CONFLICT when the primary is no longer at its ETag. */
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
    return readLive(Distribution, ETag);
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

/** Replaces the policy's config, which takes effect at once where a distribution has it. CONFLICT when it is no longer at its ETag. */
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

/** Gives the primary the staging distribution's config, all but aliases and policy, and disables the policy. CONFLICT when either is no longer at its ETag. */
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
    return readLive(Distribution, ETag);
  } catch (error) {
    throw wrapAwsError(error, `promote ${staging.id} to distribution ${primary.id}`);
  }
}

function readLivePolicy(policy: ContinuousDeploymentPolicy | undefined, etag: string | undefined): LivePolicy {
  const { Id, ContinuousDeploymentPolicyConfig: config } = policy ?? {};
  if (Id === undefined || config === undefined || etag === undefined)
    throw new EdgeError('AWS', 'CloudFront answered about a policy without its id, config or version', { hint: 'run it again' });
  return { id: Id, etag, config };
}
