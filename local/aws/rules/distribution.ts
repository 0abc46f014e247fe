import type { Distribution } from '@aws-sdk/client-cloudfront';
import type { Account, DistributionRecord } from '../account.ts';
import { createEtag, createId } from '../etag.ts';
import { ServiceError } from '../service-error.ts';

/** The distribution, or NoSuchDistribution. */
export function findDistribution(id: string, account: Account): DistributionRecord {
  const record = account.distributions.get(id);
  if (record === undefined) throw new ServiceError('NoSuchDistribution', `there is no distribution ${id}`);
  return record;
}

/** Starts a deployment: the edge keeps the config it has until this one is through; a newer deployment replaces one that is under way. */
export function deploy(record: DistributionRecord, account: Account): void {
  record.cancelDeployment();
  record.status = 'InProgress';
  record.modifiedAt = account.date();
  record.cancelDeployment = account.after(account.options.deployMs, () => {
    record.status = 'Deployed';
    record.deployed = record.config;
    account.changed({ kind: 'distribution', id: record.id });
  });
}

/** Adds a distribution and starts its first deployment; what Create and Copy answer with. `primaryId` makes it a staging one. */
export function addDistribution(
  account: Account,
  config: DistributionRecord['config'],
  primaryId?: string,
): { Distribution: Distribution; Location: string; ETag: string } {
  const { accountId, random } = account.options;
  const id = createEtag('E', random);
  const record: DistributionRecord = {
    id,
    arn: `arn:aws:cloudfront::${accountId}:distribution/${id}`,
    domainName: `d${createId('abcdefghijklmnopqrstuvwxyz0123456789', 13, random)}.cloudfront.net`,
    status: 'InProgress',
    config,
    deployed: undefined,
    primaryId,
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
}

export function describeDistribution(record: DistributionRecord): Distribution {
  return {
    Id: record.id,
    ARN: record.arn,
    Status: record.status,
    LastModifiedTime: record.modifiedAt,
    InProgressInvalidationBatches: 0,
    DomainName: record.domainName,
    ActiveTrustedSigners: { Enabled: false, Quantity: 0 },
    ActiveTrustedKeyGroups: { Enabled: false, Quantity: 0 },
    DistributionConfig: record.config,
  };
}
