import type { CloudFrontClient } from '@aws-sdk/client-cloudfront';
import { type LivePolicy, listPolicies, readPolicy } from '../aws/continuous-deployment.ts';
import { type LiveDistribution, listDistributions, readDistributionById } from '../aws/distribution.ts';

/** What of a staged rollout is there; a rollout that was interrupted has a part of it. */
export interface Rollout {
  staging: LiveDistribution | undefined;
  /** The policy that the primary has, else the one that names the staging distribution and is not attached yet; it may be disabled. */
  policy: LivePolicy | undefined;
}

/** The reference that this package copies a primary under, so that an interrupted rollout finds its copy again. */
export function stagingReference(primary: LiveDistribution): string {
  return `staging-of-${primary.id}`;
}

/** The primary's policy and the staging distribution that it names, else the copy that this package made of the primary. */
export async function findRollout(client: CloudFrontClient, primary: LiveDistribution): Promise<Rollout> {
  const policyId = primary.config.ContinuousDeploymentPolicyId;
  const [policy, summaries] = await Promise.all([policyId ? readPolicy(client, policyId) : undefined, listDistributions(client)]);
  const staged = summaries.filter(({ Staging }) => Staging === true);
  const names = policy?.config.StagingDistributionDnsNames?.Items ?? [];
  const named = staged.find(({ DomainName }) => DomainName !== undefined && names.includes(DomainName));
  if (named?.Id !== undefined) return { staging: await readDistributionById(client, named.Id), policy };
  if (policy !== undefined) return { staging: undefined, policy };
  // An account has at most 20 of them.
  const read = await Promise.all(staged.map(({ Id }) => (Id === undefined ? undefined : readDistributionById(client, Id))));
  const staging = read.find((candidate) => candidate?.config.CallerReference === stagingReference(primary));
  return { staging, policy: staging && (await findLoosePolicy(client, staging)) };
}

async function findLoosePolicy(client: CloudFrontClient, staging: LiveDistribution): Promise<LivePolicy | undefined> {
  const found = (await listPolicies(client)).find(({ stagingDomains }) => stagingDomains.includes(staging.domainName));
  return found && readPolicy(client, found.id);
}
