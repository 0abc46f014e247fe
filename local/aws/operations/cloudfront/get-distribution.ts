import { GetDistribution$, type GetDistributionRequest, type GetDistributionResult } from '@aws-sdk/client-cloudfront';
import { operation } from '../../operation.ts';
import { describeDistribution, findDistribution } from '../../rules/distribution.ts';

export const getDistribution = operation<GetDistributionRequest, GetDistributionResult>(GetDistribution$, (input, account) => {
  const record = findDistribution(input.Id, account);
  return { Distribution: describeDistribution(record), ETag: record.etag };
});
