import { CopyDistribution$, type CopyDistributionRequest, type CopyDistributionResult } from '@aws-sdk/client-cloudfront';
import type { DistributionRecord } from '../../account.ts';
import { checkIfMatch } from '../../etag.ts';
import { operation } from '../../operation.ts';
import { checkNoHttp3, maxStagingDistributions } from '../../rules/continuous-deployment.ts';
import { addDistribution, findDistribution } from '../../rules/distribution.ts';
import { ServiceError } from '../../service-error.ts';

/** Makes a staging distribution with the primary's config, but without its aliases. */
export const copyDistribution = operation<CopyDistributionRequest, CopyDistributionResult>(CopyDistribution$, (input, account) => {
  const primary = findDistribution(input.PrimaryDistributionId, account);
  checkIfMatch(input.IfMatch, primary);
  if (input.Staging !== true)
    throw new ServiceError('InvalidArgument', 'Staging must be true: only staging distributions are made by copying');
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
