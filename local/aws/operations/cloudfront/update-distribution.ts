import { UpdateDistribution$, type UpdateDistributionRequest, type UpdateDistributionResult } from '@aws-sdk/client-cloudfront';
import { checkIfMatch, renewEtag } from '../../etag.ts';
import { operation } from '../../operation.ts';
import { deploy, describeDistribution, findDistribution } from '../../rules/distribution.ts';
import { checkDistributionConfig } from '../../rules/distribution-config.ts';
import { fillDistributionConfig } from '../../rules/fill-distribution-config.ts';
import { ServiceError } from '../../service-error.ts';

/** Replaces the whole config: what is left out is at its default again, nothing is merged. */
export const updateDistribution = operation<UpdateDistributionRequest, UpdateDistributionResult>(UpdateDistribution$, (input, account) => {
  const record = findDistribution(input.Id, account);
  checkIfMatch(input.IfMatch, record);
  const config = input.DistributionConfig;
  if (config.CallerReference !== record.config.CallerReference)
    throw new ServiceError('IllegalUpdate', `the CallerReference cannot change from ${record.config.CallerReference}`);
  checkDistributionConfig(config, account, record);
  renewEtag(record, account.etag('E'));
  record.config = fillDistributionConfig(config);
  deploy(record, account);
  return { Distribution: describeDistribution(record), ETag: record.etag };
});
