import { GetDistributionConfig$, type GetDistributionConfigRequest, type GetDistributionConfigResult } from '@aws-sdk/client-cloudfront';
import { operation } from '../../operation.ts';
import { findDistribution } from '../../rules/distribution.ts';

export const getDistributionConfig = operation<GetDistributionConfigRequest, GetDistributionConfigResult>(
  GetDistributionConfig$,
  (input, account) => {
    const record = findDistribution(input.Id, account);
    return { DistributionConfig: record.config, ETag: record.etag };
  },
);
