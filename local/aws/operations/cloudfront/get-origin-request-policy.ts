import {
  GetOriginRequestPolicy$,
  type GetOriginRequestPolicyRequest,
  type GetOriginRequestPolicyResult,
  type OriginRequestPolicyHeadersConfig,
} from '@aws-sdk/client-cloudfront';
import { managedOriginRequestPolicies, type OriginRequestPolicy } from '../../../../src/config/managed-policies.ts';
import { operation } from '../../operation.ts';
import { selectCookies, selectQueryStrings } from '../../rules/policy-config.ts';
import { ServiceError } from '../../service-error.ts';

export const getOriginRequestPolicy = operation<GetOriginRequestPolicyRequest, GetOriginRequestPolicyResult>(
  GetOriginRequestPolicy$,
  ({ Id }, account) => {
    const own = account.originRequestPolicies.get(Id);
    if (own !== undefined)
      return { OriginRequestPolicy: { Id, LastModifiedTime: own.modifiedAt, OriginRequestPolicyConfig: own.config }, ETag: own.etag };
    const policy = managedOriginRequestPolicies[Id];
    if (policy === undefined) throw new ServiceError('NoSuchOriginRequestPolicy', 'The specified origin request policy does not exist.');
    const OriginRequestPolicyConfig = {
      Name: `Managed-${policy.name}`,
      HeadersConfig: formatHeaders(policy),
      CookiesConfig: selectCookies(policy.cookies),
      QueryStringsConfig: selectQueryStrings(policy.queryStrings),
    };
    return { OriginRequestPolicy: { Id, LastModifiedTime: new Date(0), OriginRequestPolicyConfig }, ETag: Id };
  },
);

function formatHeaders({ headers, exceptHeaders = [], cloudFrontHeaders }: OriginRequestPolicy): OriginRequestPolicyHeadersConfig {
  const named = (names: readonly string[]) => ({ Quantity: names.length, Items: [...names] });
  if (headers === 'none') return { HeaderBehavior: 'none' };
  if (headers !== 'all') return { HeaderBehavior: 'whitelist', Headers: named(headers) };
  if (exceptHeaders.length > 0) return { HeaderBehavior: 'allExcept', Headers: named(exceptHeaders) };
  if (cloudFrontHeaders.length === 0) return { HeaderBehavior: 'allViewer' };
  return { HeaderBehavior: 'allViewerAndWhitelistCloudFront', Headers: named(cloudFrontHeaders) };
}
