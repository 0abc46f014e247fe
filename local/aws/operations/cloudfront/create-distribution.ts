import { CreateDistribution$, type CreateDistributionRequest, type CreateDistributionResult } from '@aws-sdk/client-cloudfront';
import { operation } from '../../operation.ts';
import { addDistribution } from '../../rules/distribution.ts';
import { checkDistributionConfig } from '../../rules/distribution-config.ts';
import { fillDistributionConfig } from '../../rules/fill-distribution-config.ts';
import { ServiceError } from '../../service-error.ts';

/** Distributions per account (DG cloudfront-limits.html; adjustable there). */
const maxDistributions = 200;

export const createDistribution = operation<CreateDistributionRequest, CreateDistributionResult>(CreateDistribution$, (input, account) => {
  const config = input.DistributionConfig;
  const same = [...account.distributions.values()].find((record) => record.config.CallerReference === config.CallerReference);
  if (same !== undefined)
    throw new ServiceError(
      'DistributionAlreadyExists',
      `the CallerReference ${config.CallerReference} belongs to the distribution ${same.id}`,
    );
  checkDistributionConfig(config, account);
  if (account.distributions.size >= maxDistributions)
    throw new ServiceError('TooManyDistributions', `an account has at most ${maxDistributions} distributions`);
  return addDistribution(account, fillDistributionConfig(config));
});
