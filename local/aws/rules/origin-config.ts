import { isIP } from 'node:net';
import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import { ServiceError, type ServiceErrorCode } from '../service-error.ts';
import type { Decoded } from '../wire/shape.ts';

type Config = Decoded<DistributionConfig>;
type Origin = NonNullable<Config['Origins']['Items']>[number];
type OriginGroup = NonNullable<NonNullable<Config['OriginGroups']>['Items']>[number];

// DG cloudfront-limits.html
const maxOrigins = 100;
const maxOriginGroups = 10;
const maxCustomHeaders = 30;
const maxHeaderNameLength = 256;
const maxHeaderValueLength = 1_783;
const maxHeadersLength = 10_240;
const maxNameLength = 253;
const maxPathLength = 255;

/** DG high_availability_origin_failover.html */
const failoverCodes = [400, 403, 404, 416, 429, 500, 502, 503, 504];

/** DG add-origin-custom-headers.html, "Custom headers that CloudFront can't add to origin requests". */
const reservedHeader =
  /^(cache-control|connection|content-length|cookie|host|if-(match|modified-since|none-match|range|unmodified-since)|max-forwards|pragma|proxy-(authenticate|authorization|connection)|range|request-range|te|trailer|transfer-encoding|upgrade|via|x-real-ip|x-(amz|edge)-.*)$/i;

/** DG origin-shield.html */
const shieldRegions =
  'us-east-1 us-east-2 us-west-2 ap-south-1 ap-northeast-1 ap-northeast-2 ap-southeast-1 ap-southeast-2 eu-central-1 eu-west-1 eu-west-2 sa-east-1 me-central-1'.split(
    ' ',
  );

/** A bucket's REST endpoint, with or without its region. A website endpoint needs a custom origin. */
const bucketDomain = /^[a-z0-9][a-z0-9.-]*\.s3(?!-website)([.-][a-z0-9-]+)?(\.dualstack\.[a-z0-9-]+)?\.amazonaws\.com(\.cn)?$/;
/** What an origin access control can sign for, beside S3: Lambda function URLs, MediaStore, MediaPackage v2. */
const signedDomain =
  /\.(lambda-url\.[a-z0-9-]+\.on\.aws|(data\.)?mediastore\.[a-z0-9-]+\.amazonaws\.com|mediapackagev2\.[a-z0-9-]+\.amazonaws\.com)$/;

/** Refuses origins and origin groups that Create- and UpdateDistribution would refuse. */
export function checkOrigins(config: Config): void {
  const origins = config.Origins.Items;
  if (origins.length === 0) throw new ServiceError('InvalidArgument', 'at least one origin is required');
  if (origins.length > maxOrigins) throw new ServiceError('TooManyOrigins', `at most ${maxOrigins} origins are allowed`);
  for (const origin of origins) checkOrigin(origin);
  const ids = new Set(origins.map((origin) => origin.Id));
  const groups = config.OriginGroups?.Items ?? [];
  if (groups.length > maxOriginGroups)
    throw new ServiceError('TooManyOriginGroupsPerDistribution', `at most ${maxOriginGroups} origin groups are allowed`);
  for (const group of groups) {
    if (ids.has(group.Id)) throw new ServiceError('InvalidArgument', `an origin and an origin group are both called ${group.Id}`);
    checkGroup(group, ids);
  }
}

function checkOrigin(origin: Origin): void {
  const at = `of the origin ${origin.Id}`;
  const invalid = (message: string, code: ServiceErrorCode = 'InvalidArgument') => new ServiceError(code, message);
  checkId(origin.Id, 'an origin id');
  if (!isHostName(origin.DomainName))
    throw invalid(`the DomainName ${at} must be a DNS name without scheme, port or path, not ${JSON.stringify(origin.DomainName)}`);
  const path = origin.OriginPath ?? '';
  if (path !== '' && (!path.startsWith('/') || path.length > maxPathLength || !/^[\x21-\x7e]*$/.test(path)))
    throw invalid(
      `the OriginPath ${at} must begin with /, be URL-encoded and have at most ${maxPathLength} characters`,
      'InvalidRelativePath',
    );
  if (path.endsWith('/')) throw invalid(`the OriginPath ${at} must not end with /`);
  checkCustomHeaders(origin, at);
  checkRange(origin.ConnectionAttempts, 1, 3, 'InvalidArgument', `the ConnectionAttempts ${at}`);
  checkRange(origin.ConnectionTimeout, 1, 10, 'InvalidArgument', `the ConnectionTimeout ${at}`);
  const { CustomOriginConfig: custom, S3OriginConfig: bucket, VpcOriginConfig: vpc } = origin;
  if ([custom, bucket, vpc].filter((kind) => kind !== undefined).length !== 1)
    throw invalid(`exactly one of the custom, S3 and VPC configs ${at} is required`);
  const { Enabled: isShielded, OriginShieldRegion: shield } = origin.OriginShield ?? {};
  if (isShielded === true && !shieldRegions.includes(shield ?? ''))
    throw invalid(`the OriginShieldRegion ${at} must be one of ${shieldRegions.join(', ')}, not ${shield ?? 'missing'}`);
  if (custom !== undefined) checkCustom(custom, at);
  if (bucket !== undefined && !bucketDomain.test(origin.DomainName))
    throw invalid(`The parameter Origin DomainName does not refer to a valid S3 bucket: ${origin.DomainName}`);
  if (vpc !== undefined && !/^vo_\w+$/.test(vpc.VpcOriginId)) throw invalid(`the VpcOriginId ${at} is not the id of a VPC origin`);
  checkAccess(origin, at);
  const readTimeout = (custom ?? bucket ?? vpc)?.OriginReadTimeout;
  checkRange(readTimeout, 1, 120, 'InvalidOriginReadTimeout', `the OriginReadTimeout ${at}`);
  // aws-cdk#38433: up to 300 s without a quota of one's own.
  checkRange((custom ?? vpc)?.OriginKeepaliveTimeout, 1, 300, 'InvalidOriginKeepaliveTimeout', `the OriginKeepaliveTimeout ${at}`);
  if (origin.ResponseCompletionTimeout !== undefined && origin.ResponseCompletionTimeout < (readTimeout ?? 30))
    throw invalid(`the ResponseCompletionTimeout ${at} must not be below its OriginReadTimeout`);
}

/** Whether a text is a DNS name: labels of up to 63 characters. DNS allows underscores in names of records. */
function isHostName(name: string): boolean {
  return (
    name.length <= maxNameLength &&
    isIP(name) === 0 &&
    /^([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i.test(name)
  );
}

function checkId(id: string, what: string): void {
  if (id === '' || id.length > 128) throw new ServiceError('InvalidArgument', `${what} has 1 to 128 characters`);
}

function checkCustom(custom: NonNullable<Origin['CustomOriginConfig']>, at: string): void {
  for (const port of [custom.HTTPPort, custom.HTTPSPort])
    if (port !== 80 && port !== 443) checkRange(port, 1024, 65535, 'InvalidArgument', `a port ${at}, unless 80 or 443,`);
  if (custom.OriginSslProtocols !== undefined && custom.OriginSslProtocols.Items.length === 0)
    throw new ServiceError('InvalidArgument', `the OriginSslProtocols ${at} must name at least one protocol`);
}

function checkCustomHeaders(origin: Origin, at: string): void {
  const headers = origin.CustomHeaders?.Items ?? [];
  const invalid = (name: string, rule: string) =>
    new ServiceError('InvalidArgument', `the custom header ${JSON.stringify(name)} ${at} ${rule}`);
  if (headers.length > maxCustomHeaders)
    throw new ServiceError('TooManyOriginCustomHeaders', `at most ${maxCustomHeaders} custom headers ${at} are allowed`);
  let length = 0;
  for (const { HeaderName: name, HeaderValue: value } of headers) {
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/i.test(name) || name.length > maxHeaderNameLength)
      throw invalid(name, `must have a name of 1 to ${maxHeaderNameLength} characters that HTTP allows`);
    if (reservedHeader.test(name)) throw invalid(name, 'is one that CloudFront cannot add to origin requests');
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value) || value.length > maxHeaderValueLength)
      throw invalid(name, `must have a value of at most ${maxHeaderValueLength} characters, without line breaks`);
    length += name.length + value.length;
  }
  if (length > maxHeadersLength)
    throw new ServiceError(
      'InvalidArgument',
      `the custom headers ${at} have ${length} characters, at most ${maxHeadersLength} are allowed`,
    );
}

/** Access identities and access controls: which there are in an account is not known here, only whether they can be. */
function checkAccess(origin: Origin, at: string): void {
  const identity = origin.S3OriginConfig?.OriginAccessIdentity ?? '';
  const control = origin.OriginAccessControlId ?? '';
  if (identity !== '' && !/^origin-access-identity\/cloudfront\/[A-Z0-9]+$/.test(identity))
    throw new ServiceError('InvalidOriginAccessIdentity', `the OriginAccessIdentity ${at} must be origin-access-identity/cloudfront/ID`);
  if (control === '') return;
  if (identity !== '')
    throw new ServiceError(
      'IllegalOriginAccessConfiguration',
      `an origin access control and an origin access identity ${at} exclude each other`,
    );
  if (!/^E[A-Z0-9]+$/.test(control))
    throw new ServiceError('InvalidOriginAccessControl', `the OriginAccessControlId ${at} is not the id of an origin access control`);
  if (origin.S3OriginConfig === undefined && !signedDomain.test(origin.DomainName) && !bucketDomain.test(origin.DomainName))
    throw new ServiceError(
      'InvalidDomainNameForOriginAccessControl',
      `an origin access control cannot sign requests for ${origin.DomainName}, the domain ${at}`,
    );
}

function checkGroup(group: OriginGroup, origins: ReadonlySet<string>): void {
  checkId(group.Id, 'an origin group id');
  const members = group.Members.Items.map((member) => member.OriginId);
  if (members.length !== 2 || members[0] === members[1])
    throw new ServiceError('InvalidArgument', `the origin group ${group.Id} must have two different members`);
  for (const member of members)
    if (!origins.has(member))
      throw new ServiceError('NoSuchOrigin', `the origin group ${group.Id} names the origin ${member}, which does not exist`);
  const codes = group.FailoverCriteria.StatusCodes.Items;
  const unknown = codes.find((code) => !failoverCodes.includes(code));
  if (codes.length === 0 || unknown !== undefined)
    throw new ServiceError('InvalidArgument', `the origin group ${group.Id} must fail over on some of ${failoverCodes.join(', ')}`);
}

function checkRange(value: number | undefined, from: number, to: number, code: ServiceErrorCode, what: string): void {
  if (value !== undefined && (!Number.isInteger(value) || value < from || value > to))
    throw new ServiceError(code, `${what} must be from ${from} to ${to}, not ${value}`);
}
