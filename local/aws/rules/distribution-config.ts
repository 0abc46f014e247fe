import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import type { Account, DistributionRecord } from '../account.ts';
import type { Decoded } from '../operation.ts';
import { ServiceError } from '../service-error.ts';
import { checkBehaviors } from './behavior-config.ts';
import { checkStaging } from './continuous-deployment.ts';
import { distributionsOfFunction, functionArnsOf } from './distribution-references.ts';
import { checkComment } from './function-config.ts';
import { checkOrigins } from './origin-config.ts';

type Config = Decoded<DistributionConfig>;

/** Distributions that may use one function (DG cloudfront-limits.html). */
const maxDistributionsPerFunction = 100;

const errorCodes = [400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504];
const minimumProtocols = [
  'SSLv3',
  'TLSv1',
  'TLSv1_2016',
  'TLSv1.1_2016',
  'TLSv1.2_2018',
  'TLSv1.2_2019',
  'TLSv1.2_2021',
  'TLSv1.2_2025',
  'TLSv1.3_2025',
];

/** Refuses a DistributionConfig that Create- and UpdateDistribution would refuse; `current` is the distribution being updated. */
export function checkDistributionConfig(config: Config, account: Account, current?: DistributionRecord): void {
  checkQuantities(config, '');
  if (config.CallerReference === '') throw new ServiceError('InvalidArgument', 'CallerReference must not be empty');
  checkComment(config.Comment);
  if (config.DefaultRootObject?.startsWith('/'))
    throw new ServiceError('InvalidDefaultRootObject', 'DefaultRootObject must not begin with /');
  oneOf(config.PriceClass, ['PriceClass_100', 'PriceClass_200', 'PriceClass_All', 'None'], 'PriceClass');
  oneOf(config.HttpVersion, ['http1.1', 'http2', 'http3', 'http2and3'], 'HttpVersion');
  for (const { ErrorCode } of config.CustomErrorResponses?.Items ?? [])
    if (!errorCodes.includes(ErrorCode)) throw new ServiceError('InvalidErrorCode', `${ErrorCode} cannot have a custom error response`);
  if (config.Restrictions !== undefined && !['none', 'whitelist', 'blacklist'].includes(config.Restrictions.GeoRestriction.RestrictionType))
    throw new ServiceError('InvalidGeoRestrictionParameter', 'RestrictionType must be none, whitelist or blacklist');
  checkOrigins(config);
  checkBehaviors(config, account);
  checkCertificate(config);
  checkAliases(config, account, current);
  checkStaging(config, account, current);
  for (const arn of functionArnsOf(config))
    if (distributionsOfFunction(arn, account).filter((user) => user !== current).length >= maxDistributionsPerFunction)
      throw new ServiceError(
        'TooManyDistributionsWithSingleFunctionARN',
        `${arn} is used by ${maxDistributionsPerFunction} distributions already`,
      );
}

/** InconsistentQuantities wherever Quantity is not the number of Items. */
function checkQuantities(value: unknown, path: string): void {
  if (Array.isArray(value)) {
    for (const item of value) checkQuantities(item, path);
  } else if (value !== null && typeof value === 'object') {
    const fields = value as Record<string, unknown>;
    if (typeof fields['Quantity'] === 'number') {
      const items = Array.isArray(fields['Items']) ? fields['Items'].length : 0;
      if (fields['Quantity'] !== items)
        throw new ServiceError('InconsistentQuantities', `${path}.Quantity is ${fields['Quantity']}, but there are ${items} items`);
    }
    for (const [name, field] of Object.entries(fields)) checkQuantities(field, path === '' ? name : `${path}.${name}`);
  }
}

function checkCertificate(config: Config): void {
  const certificate = config.ViewerCertificate;
  const own = certificate?.ACMCertificateArn ?? certificate?.IAMCertificateId;
  if ((config.Aliases?.Items?.length ?? 0) > 0 && own === undefined)
    throw new ServiceError('InvalidViewerCertificate', 'aliases need a certificate of their own');
  if (certificate === undefined) return;
  if (certificate.ACMCertificateArn !== undefined && !/^arn:aws:acm:us-east-1:\d{12}:certificate\/.+$/.test(certificate.ACMCertificateArn))
    throw new ServiceError('InvalidViewerCertificate', `${certificate.ACMCertificateArn} is not the ARN of a certificate in us-east-1`);
  if (own !== undefined && !['sni-only', 'vip', 'static-ip'].includes(certificate.SSLSupportMethod ?? ''))
    throw new ServiceError('InvalidViewerCertificate', 'a certificate of your own needs SSLSupportMethod');
  if (certificate.MinimumProtocolVersion !== undefined && !minimumProtocols.includes(certificate.MinimumProtocolVersion))
    throw new ServiceError('InvalidMinimumProtocolVersion', `unknown MinimumProtocolVersion ${certificate.MinimumProtocolVersion}`);
}

function checkAliases(config: Config, account: Account, current: DistributionRecord | undefined): void {
  const aliases = config.Aliases?.Items ?? [];
  for (const other of account.distributions.values()) {
    if (other === current) continue;
    const taken = aliases.find((alias) => other.config.Aliases?.Items?.includes(alias));
    if (taken !== undefined) throw new ServiceError('CNAMEAlreadyExists', `the alias ${taken} belongs to another distribution`);
  }
}

function oneOf(value: string | undefined, allowed: readonly string[], name: string): void {
  if (value !== undefined && !allowed.includes(value))
    throw new ServiceError('InvalidArgument', `${name} must be one of ${allowed.join(', ')}`);
}
