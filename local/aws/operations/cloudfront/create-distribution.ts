import {
  CreateDistribution$,
  type CreateDistributionRequest,
  type CreateDistributionResult,
  CreateDistributionWithTags$,
  type CreateDistributionWithTagsRequest,
  type CreateDistributionWithTagsResult,
  type DistributionConfig,
  type Tags,
} from '@aws-sdk/client-cloudfront';
import type { Account } from '../../account.ts';
import { type Decoded, operation } from '../../operation.ts';
import { addDistribution } from '../../rules/distribution.ts';
import { checkDistributionConfig } from '../../rules/distribution-config.ts';
import { fillDistributionConfig } from '../../rules/fill-distribution-config.ts';
import { parseTags } from '../../rules/tags.ts';
import { ServiceError } from '../../service-error.ts';

/** Distributions per account (DG cloudfront-limits.html; adjustable there). */
const maxDistributions = 200;

export const createDistribution = operation<CreateDistributionRequest, CreateDistributionResult>(CreateDistribution$, (input, account) =>
  create(input.DistributionConfig, undefined, account),
);

export const createDistributionWithTags = operation<CreateDistributionWithTagsRequest, CreateDistributionWithTagsResult>(
  CreateDistributionWithTags$,
  ({ DistributionConfigWithTags: { DistributionConfig: config, Tags: given } }, account) => create(config, given, account),
);

function create(config: Decoded<DistributionConfig>, given: Decoded<Tags> | undefined, account: Account): CreateDistributionResult {
  const same = [...account.distributions.values()].find((record) => record.config.CallerReference === config.CallerReference);
  if (same !== undefined)
    throw new ServiceError(
      'DistributionAlreadyExists',
      `the CallerReference ${config.CallerReference} belongs to the distribution ${same.id}`,
    );
  const tags = parseTags(given);
  checkDistributionConfig(config, account);
  if (account.distributions.size >= maxDistributions)
    throw new ServiceError('TooManyDistributions', `an account has at most ${maxDistributions} distributions`);
  const created = addDistribution(account, fillDistributionConfig(config));
  account.tags.set(created.Distribution.ARN ?? '', tags);
  return created;
}
