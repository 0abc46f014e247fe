import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import { completeDistribution } from '../../../src/config/complete-distribution.ts';
import type { Decoded } from '../operation.ts';
import type { Behavior } from './distribution-references.ts';

type Config = Decoded<DistributionConfig>;
type Origin = Config['Origins']['Items'][number];

const none = { Quantity: 0 };
const noLogging = { Enabled: false, IncludeCookies: false, Bucket: '', Prefix: '' };

/**
 * The config as GetDistributionConfig hands it back: what the caller left out has the documented default, written out. Fields that this file does not name
 * come back as they were sent.
 */
export function fillDistributionConfig(given: Config): Config {
  const complete = completeDistribution(given) as Config;
  const logging = given.Logging;
  return {
    ...complete,
    OriginGroups: fillItems(given.OriginGroups ?? none, (group: object) => ({ SelectionCriteria: 'default', ...group })),
    Origins: fillItems(complete.Origins, fillOrigin),
    DefaultCacheBehavior: fillBehavior(complete.DefaultCacheBehavior),
    CacheBehaviors: fillItems(complete.CacheBehaviors ?? none, fillBehavior),
    // Without logging, AWS forgets where it went.
    Logging: logging?.Enabled === true ? { ...noLogging, ...logging } : noLogging,
    ViewerCertificate: fillCertificate(given.ViewerCertificate),
    IsIPV6Enabled: given.IsIPV6Enabled ?? false,
    Staging: given.Staging ?? false,
  } as Config;
}

/** A list; Items are missing from an empty one, as in what the service sends. */
function fillItems<L extends { Quantity: number; Items?: unknown[] }>(list: L, fill: (item: never) => object): L {
  const { Items: items, ...rest } = list;
  return (items === undefined || items.length === 0 ? rest : { ...rest, Items: items.map((item) => fill(item as never)) }) as L;
}

function fillOrigin(origin: Origin): Origin {
  const { CustomOriginConfig: custom, S3OriginConfig: bucket, VpcOriginConfig: vpc } = origin;
  return {
    ConnectionAttempts: 3,
    ConnectionTimeout: 10,
    OriginShield: { Enabled: false },
    OriginAccessControlId: '',
    ...origin,
    ...(custom !== undefined && { CustomOriginConfig: { IpAddressType: 'ipv4', ...custom } }),
    ...(bucket !== undefined && { S3OriginConfig: { OriginReadTimeout: 30, ...bucket } }),
    ...(vpc !== undefined && { VpcOriginConfig: { OriginReadTimeout: 30, OriginKeepaliveTimeout: 5, ...vpc } }),
  };
}

function fillBehavior(behavior: Behavior): Behavior {
  const { ForwardedValues: values, AllowedMethods: methods, LambdaFunctionAssociations: lambdas } = behavior;
  return {
    TrustedSigners: { Enabled: false, Quantity: 0 },
    TrustedKeyGroups: { Enabled: false, Quantity: 0 },
    FunctionAssociations: none,
    GrpcConfig: { Enabled: false },
    ...behavior,
    ...(methods !== undefined && { AllowedMethods: { CachedMethods: { Quantity: 2, Items: ['HEAD', 'GET'] }, ...methods } }),
    ...(lambdas !== undefined && {
      LambdaFunctionAssociations: fillItems(lambdas, (lambda: object) => ({ IncludeBody: false, ...lambda })),
    }),
    ...(values !== undefined && { ForwardedValues: { Headers: none, QueryStringCacheKeys: none, ...values } }),
  } as Behavior;
}

/** A certificate of one's own comes back with the older fields `Certificate` and `CertificateSource`; CloudFront's default has TLSv1 whatever was sent. */
function fillCertificate(given: Config['ViewerCertificate']): Config['ViewerCertificate'] {
  const id = given?.ACMCertificateArn ?? given?.IAMCertificateId;
  if (given === undefined || id === undefined)
    return {
      CloudFrontDefaultCertificate: true,
      SSLSupportMethod: 'vip',
      MinimumProtocolVersion: 'TLSv1',
      CertificateSource: 'cloudfront',
    };
  return {
    CloudFrontDefaultCertificate: false,
    MinimumProtocolVersion: 'TLSv1',
    ...given,
    Certificate: id,
    CertificateSource: given.ACMCertificateArn === undefined ? 'iam' : 'acm',
  };
}
