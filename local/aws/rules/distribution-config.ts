import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import { isIsoCountry } from '../../../src/config/iso-countries.ts';
import type { Account, DistributionRecord } from '../account.ts';
import type { Decoded } from '../operation.ts';
import { ServiceError, type ServiceErrorCode } from '../service-error.ts';
import { checkBehaviors } from './behavior-config.ts';
import { checkLists } from './config-lists.ts';
import { checkStaging } from './continuous-deployment.ts';
import { distributionsOfFunction, functionArnsOf } from './distribution-references.ts';
import { checkComment } from './function-config.ts';
import { checkOrigins } from './origin-config.ts';
import { checkCertificate } from './viewer-certificate.ts';

type Config = Decoded<DistributionConfig>;

// DG cloudfront-limits.html
const maxDistributionsPerFunction = 100;
const maxAliases = 100;

/** DG custom-error-pages-response-codes.html: what can have a response of its own, and the code that response can have. */
const errorCodes = [400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504];
const responseCodes = ['200', ...errorCodes.map(String)];

const maxPageLength = 4_000;
const maxRootObjectLength = 255;
const maxLogPrefixLength = 256;

/** Refuses a DistributionConfig that Create- and UpdateDistribution would refuse; `current` is the distribution being updated. */
export function checkDistributionConfig(config: Config, account: Account, current?: DistributionRecord): void {
  checkLists(config);
  if (config.CallerReference === '') refuse('InvalidArgument', 'CallerReference must not be empty');
  checkComment(config.Comment);
  const root = config.DefaultRootObject ?? '';
  if (root.startsWith('/') || root.length > maxRootObjectLength || !/^[\x21-\x7e]*$/.test(root))
    refuse('InvalidDefaultRootObject', `DefaultRootObject must not begin with /, and be URL-encoded: ${JSON.stringify(root.slice(0, 80))}`);
  checkErrorResponses(config);
  checkCountries(config);
  checkLogging(config);
  checkWebAcl(config.WebACLId ?? '');
  checkOrigins(config);
  checkBehaviors(config, account);
  checkCertificate(config, current !== undefined);
  checkAliases(config, account, current);
  if (config.TenantConfig !== undefined && config.ConnectionMode !== 'tenant-only')
    refuse('InvalidArgument', 'TenantConfig needs the ConnectionMode tenant-only');
  checkStaging(config, account, current);
  for (const arn of functionArnsOf(config))
    if (distributionsOfFunction(arn, account).filter((user) => user !== current).length >= maxDistributionsPerFunction)
      refuse('TooManyDistributionsWithSingleFunctionARN', `${arn} is used by ${maxDistributionsPerFunction} distributions already`);
}

function checkErrorResponses(config: Config): void {
  for (const { ErrorCode, ResponsePagePath: page = '', ResponseCode: code = '', ErrorCachingMinTTL: ttl = 0 } of config.CustomErrorResponses
    ?.Items ?? []) {
    if (!errorCodes.includes(ErrorCode)) refuse('InvalidErrorCode', `${ErrorCode} cannot have a custom error response`);
    if ((page === '') !== (code === ''))
      refuse('InvalidArgument', `the error response for ${ErrorCode} must have both ResponsePagePath and ResponseCode, or none of them`);
    if (page !== '' && (!page.startsWith('/') || page.length > maxPageLength || !/^[\x21-\x7e]*$/.test(page)))
      refuse('InvalidArgument', `the ResponsePagePath for ${ErrorCode} must begin with / and be URL-encoded`);
    if (code !== '' && !responseCodes.includes(code)) refuse('InvalidResponseCode', `${code} cannot be the ResponseCode for ${ErrorCode}`);
    if (ttl < 0 || !Number.isInteger(ttl)) refuse('InvalidArgument', `the ErrorCachingMinTTL for ${ErrorCode} must be whole seconds`);
  }
}

/** The empty list beside `whitelist` or `blacklist` is UNCONFIRMED, the rest is the API reference's. */
function checkCountries(config: Config): void {
  const { RestrictionType: type = 'none', Items: countries = [] } = config.Restrictions?.GeoRestriction ?? {};
  if ((type === 'none') !== (countries.length === 0))
    refuse('InvalidGeoRestrictionParameter', `the RestrictionType ${type} does not go with ${countries.length} countries`);
  const unknown = countries.find((code) => !isIsoCountry(code));
  if (unknown !== undefined)
    refuse('InvalidLocationCode', `${JSON.stringify(unknown)} is not an ISO 3166-1 alpha-2 country code in upper case`);
}

function checkLogging(config: Config): void {
  const { Enabled = false, Bucket = '', Prefix = '' } = config.Logging ?? {};
  if (!Enabled) return;
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\.s3([.-][a-z0-9-]+)?\.amazonaws\.com$/.test(Bucket))
    refuse('InvalidArgument', `The parameter Logging Bucket does not refer to a valid S3 bucket: ${JSON.stringify(Bucket)}`);
  if (Prefix.startsWith('/') || Prefix.length > maxLogPrefixLength)
    refuse('InvalidArgument', `the Prefix of the logs must not begin with / and has at most ${maxLogPrefixLength} characters`);
}

/** A web ACL of WAF for CloudFront, or of WAF Classic, which has an id alone. */
function checkWebAcl(id: string): void {
  if (id === '' || /^arn:aws:wafv2:us-east-1:\d{12}:global\/webacl\/[\w-]+\/[\w-]+$/.test(id)) return;
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) return;
  refuse('InvalidWebACLId', `${JSON.stringify(id)} is not a web ACL for CloudFront: WAF needs the ARN of a global one in us-east-1`);
}

function checkAliases(config: Config, account: Account, current: DistributionRecord | undefined): void {
  const aliases = (config.Aliases?.Items ?? []).map((alias) => alias.toLowerCase());
  if (aliases.length > maxAliases) refuse('TooManyDistributionCNAMEs', `at most ${maxAliases} aliases are allowed`);
  // A wildcard stands for the whole first label.
  const wrong = aliases.find(
    (alias) => alias.length > 253 || !/^(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])$/.test(alias),
  );
  if (wrong !== undefined) refuse('InvalidArgument', `the alias ${JSON.stringify(wrong)} is not a domain name`);
  const own = aliases.find((alias) => alias.endsWith('.cloudfront.net'));
  if (own !== undefined) refuse('InvalidArgument', `the alias ${own} is a name of CloudFront's own domain`);
  for (const other of account.distributions.values()) {
    if (other === current) continue;
    const taken = other.config.Aliases?.Items?.find((alias) => aliases.includes(alias.toLowerCase()));
    if (taken !== undefined) refuse('CNAMEAlreadyExists', `the alias ${taken} belongs to another distribution`);
  }
}

function refuse(code: ServiceErrorCode, message: string): never {
  throw new ServiceError(code, message);
}
