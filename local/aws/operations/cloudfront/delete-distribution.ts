import { DeleteDistribution$, type DeleteDistributionRequest } from '@aws-sdk/client-cloudfront';
import { checkIfMatch } from '../../etag.ts';
import { operation } from '../../operation.ts';
import { policyOfStaging } from '../../rules/continuous-deployment.ts';
import { findDistribution } from '../../rules/distribution.ts';
import { ServiceError } from '../../service-error.ts';

/** Only a distribution that is disabled, and whose disabling is deployed, can go. */
export const deleteDistribution = operation<DeleteDistributionRequest, object>(DeleteDistribution$, (input, account) => {
  const record = findDistribution(input.Id, account);
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
