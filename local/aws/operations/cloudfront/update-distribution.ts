import { UpdateDistribution$, type UpdateDistributionRequest, type UpdateDistributionResult } from '@aws-sdk/client-cloudfront';
import { checkIfMatch, renewEtag } from '../../etag.ts';
import { operation } from '../../operation.ts';
import { deploy, describeDistribution, findDistribution } from '../../rules/distribution.ts';
import { checkDistributionConfig } from '../../rules/distribution-config.ts';
import { fillDistributionConfig } from '../../rules/fill-distribution-config.ts';
import { checkRequiredForUpdates } from '../../rules/required-for-updates.ts';
import { ServiceError } from '../../service-error.ts';

/** Replaces the whole config: nothing is merged, but for the continuous deployment policy, which stays attached unless its id is empty text. */
export const updateDistribution = operation<UpdateDistributionRequest, UpdateDistributionResult>(UpdateDistribution$, (input, account) => {
  const record = findDistribution(input.Id, account);
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
