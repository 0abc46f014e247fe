import type { Distribution } from '@aws-sdk/client-cloudfront';
import type { Account, DistributionRecord } from '../account.ts';
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
