import {
  ConnectionMode,
  type DistributionConfig,
  GeoRestrictionType,
  HttpVersion,
  IpAddressType,
  ItemSelection,
  Method,
  MinimumProtocolVersion,
  OriginGroupSelectionCriteria,
  OriginProtocolPolicy,
  PriceClass,
  SSLSupportMethod,
  SslProtocol,
  ViewerProtocolPolicy,
} from '@aws-sdk/client-cloudfront';
import { isIsoCountry } from '../../../src/config/countries.ts';
import type { Account, DistributionRecord } from '../account.ts';
import { checkComment } from '../operations/functions.ts';
import { ServiceError, type ServiceErrorCode } from '../service-error.ts';
import type { Decoded } from '../wire/shape.ts';
import { checkBehaviors } from './behavior-config.ts';
import { checkStaging } from './continuous-deployment.ts';
import { distributionsOfFunction, functionArnsOf } from './distribution-references.ts';
import { checkOrigins } from './origin-config.ts';

type Config = Decoded<DistributionConfig>;

// DG cloudfront-limits.html
const maxDistributionsPerFunction = 100;
const maxAliases = 100;

/**
 * DG custom-error-pages-response-codes.html: codes that can have a custom response, and the codes of such a response.
 */
const errorCodes = [400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504];
const responseCodes = ['200', ...errorCodes.map(String)];

const maxPageLength = 4_000;
const maxRootObjectLength = 255;
const maxLogPrefixLength = 256;

/** Refuses what Create- and UpdateDistribution refuse. `current` is the distribution being updated. */
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
  // A wildcard is the whole first label.
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

/**
 * Refuses a viewer certificate that Create- and UpdateDistribution refuse. The names in the certificate are not known
 * here.
 */
function checkCertificate(config: Decoded<DistributionConfig>, isUpdate: boolean): void {
  const certificate = config.ViewerCertificate ?? { CloudFrontDefaultCertificate: true };
  const { ACMCertificateArn: arn, IAMCertificateId: id, SSLSupportMethod: method, MinimumProtocolVersion: minimum } = certificate;
  const isDefault = certificate.CloudFrontDefaultCertificate === true;
  const own = [arn, id].filter((name) => name !== undefined && name !== '');
  const invalid = (message: string) => new ServiceError('InvalidViewerCertificate', message);
  if ((config.Aliases?.Items?.length ?? 0) > 0 && own.length === 0) throw invalid('aliases need a certificate of their own');
  if (own.length + Number(isDefault) !== 1)
    throw invalid("a viewer certificate is exactly one of CloudFront's default, an ACM certificate and an IAM certificate");
  if (isDefault) return;
  if (id === undefined && !/^arn:aws:acm:us-east-1:\d{12}:certificate\/[\w-]+$/.test(arn ?? ''))
    throw invalid(`${arn} is not the ARN of a certificate in us-east-1`);
  if (method === undefined) throw invalid('a certificate of your own needs SSLSupportMethod');
  // The model has an error of its own for this, but lists it for CreateDistribution alone.
  if (method === 'sni-only' && minimum === 'SSLv3')
    throw new ServiceError(
      isUpdate ? 'InvalidMinimumProtocolVersion' : 'InvalidProtocolSettings',
      'The parameter ViewerCertificate the specified distribution is configured for SNI and the Minimum SSL Protocol Version is specified as SSLv3. You cannot specify both.',
    );
  // DG DownloadDistValuesGeneral.html, "Security policy": legacy clients, which send no server name, have no newer
  // minimum.
  if (method === 'vip' && minimum !== undefined && !['SSLv3', 'TLSv1'].includes(minimum))
    throw new ServiceError(
      'InvalidMinimumProtocolVersion',
      'The specified MinimumProtocolVersion cannot be used with the specified SSLSupportMethod',
    );
}

interface Rule {
  values: readonly string[];
  code?: ServiceErrorCode;
}

/**
 * The values that the API model lists for a member, by name. A name means the same everywhere; a list's name is for its
 * items.
 */
const enums: Readonly<Record<string, Rule>> = {
  AllowedMethods: { values: Object.values(Method) },
  CachedMethods: { values: Object.values(Method) },
  ConnectionMode: { values: Object.values(ConnectionMode) },
  Forward: { values: Object.values(ItemSelection), code: 'InvalidForwardCookies' },
  HttpVersion: { values: Object.values(HttpVersion) },
  IpAddressType: { values: Object.values(IpAddressType) },
  MinimumProtocolVersion: { values: Object.values(MinimumProtocolVersion), code: 'InvalidMinimumProtocolVersion' },
  OriginProtocolPolicy: { values: Object.values(OriginProtocolPolicy) },
  OriginSslProtocols: { values: Object.values(SslProtocol) },
  PriceClass: { values: Object.values(PriceClass) },
  RestrictionType: { values: Object.values(GeoRestrictionType), code: 'InvalidGeoRestrictionParameter' },
  SelectionCriteria: { values: Object.values(OriginGroupSelectionCriteria) },
  SSLSupportMethod: { values: Object.values(SSLSupportMethod), code: 'InvalidViewerCertificate' },
  ViewerProtocolPolicy: { values: Object.values(ViewerProtocolPolicy) },
};

/** The field that identifies an item of a list; lists of texts need none. Function associations have their own rule. */
const identities: Readonly<Record<string, string | undefined>> = {
  CacheBehaviors: 'PathPattern',
  CustomErrorResponses: 'ErrorCode',
  CustomHeaders: 'HeaderName',
  OriginGroups: 'Id',
  Origins: 'Id',
};
const caseless = ['Aliases', 'CustomHeaders', 'Headers'];
const duplicateCodes: Readonly<Record<string, ServiceErrorCode>> = { GeoRestriction: 'InvalidGeoRestrictionParameter' };

/**
 * Rules for the whole config: Quantity is the number of Items, no item is there twice, values are those of the API
 * model.
 */
function checkLists(config: Decoded<DistributionConfig>): void {
  walk(config, '', '');
}

function walk(value: unknown, name: string, path: string): void {
  if (typeof value === 'string') checkValue(value, name, path);
  if (Array.isArray(value)) for (const item of value) walk(item, name, path);
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return;
  const fields = value as Record<string, unknown>;
  if (typeof fields['Quantity'] === 'number') checkList(fields['Quantity'], fields['Items'], name, path);
  for (const [field, inner] of Object.entries(fields)) {
    // Items have the name of their list, `AllowedMethods.Items` holds allowed methods.
    if (field === 'Items') walk(inner, name, path);
    else walk(inner, field, path === '' ? field : `${path}.${field}`);
  }
}

function checkValue(value: string, name: string, path: string): void {
  const rule = enums[name];
  if (rule === undefined || rule.values.includes(value)) return;
  throw new ServiceError(
    rule.code ?? 'InvalidArgument',
    `${path} is ${JSON.stringify(value)}, and must be one of ${rule.values.join(', ')}`,
  );
}

function checkList(quantity: number, value: unknown, name: string, path: string): void {
  const items: unknown[] = Array.isArray(value) ? value : [];
  if (quantity !== items.length)
    throw new ServiceError('InconsistentQuantities', `${path}.Quantity is ${quantity}, but there are ${items.length} items`);
  const seen = new Set<string>();
  for (const item of items) {
    const field = identities[name];
    if (typeof item === 'object' && field === undefined) continue;
    const id = String(field === undefined ? item : (item as Record<string, unknown>)[field]);
    const key = caseless.includes(name) ? id.toLowerCase() : id;
    if (seen.has(key)) throw new ServiceError(duplicateCodes[name] ?? 'InvalidArgument', `${path} has ${JSON.stringify(id)} twice`);
    seen.add(key);
  }
}
