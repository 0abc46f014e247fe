import {
  UpdateDistributionWithStagingConfig$,
  type UpdateDistributionWithStagingConfigRequest,
  type UpdateDistributionWithStagingConfigResult,
} from '@aws-sdk/client-cloudfront';
import { checkIfMatch, renewEtag } from '../../etag.ts';
import { operation } from '../../operation.ts';
import { findPolicy, stagingOf } from '../../rules/continuous-deployment.ts';
import { deploy, describeDistribution, findDistribution } from '../../rules/distribution.ts';
import { ServiceError } from '../../service-error.ts';

/** Promotes: the staging distribution's config becomes the primary's, and the policy between them is disabled. */
export const updateDistributionWithStagingConfig = operation<
  UpdateDistributionWithStagingConfigRequest,
  UpdateDistributionWithStagingConfigResult
>(UpdateDistributionWithStagingConfig$, (input, account) => {
  const primary = findDistribution(input.Id, account);
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
