import type {
  CacheBehavior,
  CacheBehaviors,
  CustomErrorResponse,
  CustomErrorResponses,
  DefaultCacheBehavior,
  DistributionConfig,
  Origin,
} from '@aws-sdk/client-cloudfront';

const none = { Quantity: 0 };

const distributionDefaults = {
  Aliases: none,
  DefaultRootObject: '',
  CacheBehaviors: none,
  CustomErrorResponses: none,
  Logging: { Enabled: false, IncludeCookies: false, Bucket: '', Prefix: '' },
  PriceClass: 'PriceClass_All',
  ViewerCertificate: { CloudFrontDefaultCertificate: true },
  Restrictions: { GeoRestriction: { RestrictionType: 'none', Quantity: 0 } },
  WebACLId: '',
  HttpVersion: 'http2',
  // AWS keeps the policy when the field is missing: only empty text detaches it.
  ContinuousDeploymentPolicyId: '',
} as const;

const behaviorDefaults = {
  AllowedMethods: { Quantity: 2, Items: ['HEAD', 'GET'], CachedMethods: { Quantity: 2, Items: ['HEAD', 'GET'] } },
  SmoothStreaming: false,
  Compress: false,
  LambdaFunctionAssociations: none,
  FieldLevelEncryptionId: '',
} as const;

/**
 * The fields in which a staging distribution may differ from its primary. The console and public reports agree that
 * price class, certificate, HTTP version, IPv6 and web ACL are outside; where exactly the API draws the line was never
 * tried on AWS.
 */
export const stagedFields: readonly (keyof DistributionConfig)[] = [
  'Comment',
  'CacheBehaviors',
  'CustomErrorResponses',
  'DefaultCacheBehavior',
  'DefaultRootObject',
  'Logging',
  'OriginGroups',
  'Origins',
  'Restrictions',
];

/**
 * The config with every field that UpdateDistribution requires, at the value AWS uses where CreateDistribution gets
 * none (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/distribution-overview-required-fields.html).
 * What is there stays as it is.
 */
export function completeDistribution(given: DistributionConfig): DistributionConfig {
  return {
    ...distributionDefaults,
    ...given,
    Origins: withItems(given.Origins, completeOrigin),
    DefaultCacheBehavior: given.DefaultCacheBehavior && completeBehavior(given.DefaultCacheBehavior),
    CacheBehaviors: withItems<CacheBehaviors, CacheBehavior>(given.CacheBehaviors ?? none, completeBehavior),
    CustomErrorResponses: withItems<CustomErrorResponses, CustomErrorResponse>(given.CustomErrorResponses ?? none, completeErrorResponse),
  } as DistributionConfig;
}

function withItems<L extends { Items?: I[] | undefined } | undefined, I>(list: L, complete: (item: I) => I): L {
  return list?.Items === undefined ? list : { ...list, Items: list.Items.map(complete) };
}

function completeBehavior<B extends CacheBehavior | DefaultCacheBehavior>(behavior: B): B {
  if (behavior.ForwardedValues === undefined) return { ...behaviorDefaults, ...behavior };
  const MinTTL = behavior.MinTTL ?? 0;
  const DefaultTTL = behavior.DefaultTTL ?? Math.max(86_400, MinTTL);
  return { ...behaviorDefaults, MinTTL, DefaultTTL, MaxTTL: Math.max(31_536_000, DefaultTTL), ...behavior };
}

function completeOrigin(origin: Origin): Origin {
  return {
    OriginPath: '',
    CustomHeaders: none,
    ...origin,
    ...(origin.CustomOriginConfig !== undefined && {
      CustomOriginConfig: {
        OriginSslProtocols: { Quantity: 3, Items: ['TLSv1', 'TLSv1.1', 'TLSv1.2'] },
        OriginReadTimeout: 30,
        OriginKeepaliveTimeout: 5,
        ...origin.CustomOriginConfig,
      },
    }),
  };
}

/**
 * CreateDistribution takes an error response without a page; UpdateDistribution wants the empty texts that mean none.
 */
function completeErrorResponse(response: CustomErrorResponse): CustomErrorResponse {
  return { ResponsePagePath: '', ResponseCode: '', ErrorCachingMinTTL: 10, ...response };
}
