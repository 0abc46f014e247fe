import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import type { Decoded } from '../operation.ts';
import { ServiceError } from '../service-error.ts';
import { behaviorsOf } from './distribution-references.ts';

// The column for updates of DG distribution-overview-required-fields.html. The page has no table for origins: OriginReadTimeout and the custom headers are
// from public reports (aws-controllers-k8s/community#2335), the other fields of origins are of the same kind and UNCONFIRMED.
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
