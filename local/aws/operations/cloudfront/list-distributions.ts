import {
  type DistributionSummary,
  ListDistributions$,
  type ListDistributionsRequest,
  type ListDistributionsResult,
} from '@aws-sdk/client-cloudfront';
import type { DistributionRecord } from '../../account.ts';
import { operation } from '../../operation.ts';
import { page } from '../../rules/page.ts';

export const listDistributions = operation<ListDistributionsRequest, ListDistributionsResult>(ListDistributions$, (input, account) => {
  const { items, limit, nextMarker } = page([...account.distributions.values()], (record) => record.id, input);
  return {
    DistributionList: {
      Marker: input.Marker ?? '',
      NextMarker: nextMarker,
      MaxItems: limit,
      IsTruncated: nextMarker !== undefined,
      Quantity: items.length,
      Items: items.length === 0 ? undefined : items.map(summarizeDistribution),
    },
  };
});

function summarizeDistribution(record: DistributionRecord): DistributionSummary {
  const { config } = record;
  return {
    Id: record.id,
    ARN: record.arn,
    ETag: record.etag,
    Status: record.status,
    LastModifiedTime: record.modifiedAt,
    DomainName: record.domainName,
    Aliases: config.Aliases,
    Origins: config.Origins,
    OriginGroups: config.OriginGroups,
    DefaultCacheBehavior: config.DefaultCacheBehavior,
    CacheBehaviors: config.CacheBehaviors,
    CustomErrorResponses: config.CustomErrorResponses,
    Comment: config.Comment,
    PriceClass: config.PriceClass,
    Enabled: config.Enabled,
    ViewerCertificate: config.ViewerCertificate,
    Restrictions: config.Restrictions,
    WebACLId: config.WebACLId,
    HttpVersion: config.HttpVersion,
    IsIPV6Enabled: config.IsIPV6Enabled,
    Staging: config.Staging,
  };
}
