import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import { completeDistribution } from '../../../src/config/complete-distribution.ts';
import { ServiceError } from '../service-error.ts';
import type { Decoded } from '../wire/shape.ts';
import { type BehaviorConfig, behaviorsOf } from './distribution-references.ts';

type Config = Decoded<DistributionConfig>;
type Origin = Config['Origins']['Items'][number];

const none = { Quantity: 0 };
const noLogging = { Enabled: false, IncludeCookies: false, Bucket: '', Prefix: '' };

/**
 * The config as GetDistributionConfig hands it back: what the caller left out has the documented default, written out.
 * Fields that this file does not name come back as they were sent.
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

function fillBehavior(behavior: BehaviorConfig): BehaviorConfig {
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
  } as BehaviorConfig;
}

/**
 * A custom certificate comes back with the older fields `Certificate` and `CertificateSource`. CloudFront's default
 * certificate always has TLSv1.
 */
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

// The column for updates of DG distribution-overview-required-fields.html. The page has no table for origins:
// OriginReadTimeout and the custom headers are from public reports (aws-controllers-k8s/community#2335), the other
// fields of origins are of the same kind and UNCONFIRMED.
const ofDistribution = [
  'Aliases',
  'DefaultRootObject',
  'CacheBehaviors',
  'CustomErrorResponses',
  'Logging',
  'PriceClass',
  'ViewerCertificate',
  'Restrictions',
  'WebACLId',
  'HttpVersion',
];
const ofBehavior = ['AllowedMethods', 'SmoothStreaming', 'Compress', 'LambdaFunctionAssociations', 'FieldLevelEncryptionId'];
const ofLegacyBehavior = ['MinTTL', 'DefaultTTL', 'MaxTTL'];
const ofOrigin = ['OriginPath', 'CustomHeaders'];
const ofCustomOrigin = ['OriginSslProtocols', 'OriginReadTimeout', 'OriginKeepaliveTimeout'];
const ofErrorResponse = ['ResponsePagePath', 'ResponseCode', 'ErrorCachingMinTTL'];

/** IllegalUpdate, in AWS's words, for a config that CreateDistribution takes and UpdateDistribution does not. */
export function checkRequiredForUpdates(config: Decoded<DistributionConfig>): void {
  const missing = absent(config, ofDistribution);
  if (missing !== undefined) throw new ServiceError('IllegalUpdate', `${missing} is missing for the resource`);
  const parts: [object, readonly string[]][] = [
    ...behaviorsOf(config).map(({ behavior }): [object, string[]] => [
      behavior,
      behavior.ForwardedValues === undefined ? ofBehavior : [...ofBehavior, ...ofLegacyBehavior],
    ]),
    ...config.Origins.Items.flatMap((origin): [object, string[]][] => [
      [origin, ofOrigin],
      ...(origin.CustomOriginConfig === undefined ? [] : [[origin.CustomOriginConfig, ofCustomOrigin] as [object, string[]]]),
    ]),
  ];
  for (const [part, fields] of parts) {
    const field = absent(part, fields);
    if (field !== undefined) throw new ServiceError('IllegalUpdate', `${field} is required for updates.`);
  }
  for (const response of config.CustomErrorResponses?.Items ?? [])
    if (absent(response, ofErrorResponse) !== undefined)
      throw new ServiceError('IllegalUpdate', 'The specified list of custom error responses does not exist or is not valid.');
}

function absent(part: object, fields: readonly string[]): string | undefined {
  return fields.find((field) => (part as Record<string, unknown>)[field] === undefined);
}
