import { CreateDistribution$, type CreateDistributionRequest, type CreateDistributionResult } from '@aws-sdk/client-cloudfront';
import type { DistributionRecord } from '../../account.ts';
import { createEtag, createId } from '../../etag.ts';
import { operation } from '../../operation.ts';
import { deploy, describeDistribution } from '../../rules/distribution.ts';
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
  const { accountId, random } = account.options;
  const id = createEtag('E', random);
  const record: DistributionRecord = {
    id,
    arn: `arn:aws:cloudfront::${accountId}:distribution/${id}`,
    domainName: `d${createId('abcdefghijklmnopqrstuvwxyz0123456789', 13, random)}.cloudfront.net`,
    status: 'InProgress',
    config: fillDistributionConfig(config),
    deployed: undefined,
    primaryId: undefined,
    etag: account.etag('E'),
    pastEtags: [],
    modifiedAt: account.date(),
    cancelDeployment: () => {},
  };
  account.distributions.set(id, record);
  deploy(record, account);
  return {
    Distribution: describeDistribution(record),
    Location: `https://cloudfront.amazonaws.com/2020-05-31/distribution/${id}`,
    ETag: record.etag,
  };
});
