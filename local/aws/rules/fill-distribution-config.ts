import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import type { Decoded } from '../operation.ts';

type Config = Decoded<DistributionConfig>;

const none = { Quantity: 0 };

const distributionDefaults = {
  Aliases: none,
  DefaultRootObject: '',
  OriginGroups: none,
  CacheBehaviors: none,
  CustomErrorResponses: none,
  Logging: { Enabled: false, IncludeCookies: false, Bucket: '', Prefix: '' },
  PriceClass: 'PriceClass_All',
  ViewerCertificate: {
    CloudFrontDefaultCertificate: true,
    SSLSupportMethod: 'vip',
    MinimumProtocolVersion: 'TLSv1',
    CertificateSource: 'cloudfront',
  },
  Restrictions: { GeoRestriction: { RestrictionType: 'none', Quantity: 0 } },
  WebACLId: '',
  HttpVersion: 'http2',
  IsIPV6Enabled: false,
  ContinuousDeploymentPolicyId: '',
  Staging: false,
} as const;

const originDefaults = {
  OriginPath: '',
  CustomHeaders: none,
  ConnectionAttempts: 3,
  ConnectionTimeout: 10,
  OriginShield: { Enabled: false },
  OriginAccessControlId: '',
};

const behaviorDefaults = {
  TrustedSigners: { Enabled: false, Quantity: 0 },
  TrustedKeyGroups: { Enabled: false, Quantity: 0 },
  AllowedMethods: { Quantity: 2, Items: ['HEAD', 'GET'], CachedMethods: { Quantity: 2, Items: ['HEAD', 'GET'] } },
  SmoothStreaming: false,
  Compress: false,
  LambdaFunctionAssociations: none,
  FunctionAssociations: none,
  FieldLevelEncryptionId: '',
};

/**
 * The config as the service hands it back: what the caller left out has the documented default, written out. A certificate of
 * one's own comes back with the older fields `Certificate` and `CertificateSource` beside it.
 */
export function fillDistributionConfig(given: Config): Config {
  const filled = {
    ...distributionDefaults,
    ...given,
    Origins: { ...given.Origins, Items: given.Origins.Items.map(fillOrigin) },
    DefaultCacheBehavior: { ...behaviorDefaults, ...given.DefaultCacheBehavior },
  };
  const behaviors = given.CacheBehaviors?.Items?.map((behavior) => ({ ...behaviorDefaults, ...behavior }));
  const certificate = given.ViewerCertificate;
  return {
    ...filled,
    ...(given.CacheBehaviors !== undefined && behaviors !== undefined && { CacheBehaviors: { ...given.CacheBehaviors, Items: behaviors } }),
    ...(certificate?.ACMCertificateArn !== undefined && {
      ViewerCertificate: {
        CloudFrontDefaultCertificate: false,
        ...certificate,
        Certificate: certificate.ACMCertificateArn,
        CertificateSource: 'acm' as const,
      },
    }),
  } as Config;
}

function fillOrigin(origin: Config['Origins']['Items'][number]): Config['Origins']['Items'][number] {
  const custom = origin.CustomOriginConfig;
  return {
    ...originDefaults,
    ...origin,
    ...(custom !== undefined && {
      CustomOriginConfig: {
        OriginSslProtocols: { Quantity: 3, Items: ['TLSv1', 'TLSv1.1', 'TLSv1.2'] },
        OriginReadTimeout: 30,
        OriginKeepaliveTimeout: 5,
        ...custom,
      },
    }),
  };
}
