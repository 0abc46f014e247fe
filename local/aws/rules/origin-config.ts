import { isIP } from 'node:net';
import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import type { Decoded } from '../operation.ts';
import { ServiceError, type ServiceErrorCode } from '../service-error.ts';

type Config = Decoded<DistributionConfig>;
type Origin = NonNullable<Config['Origins']['Items']>[number];
type OriginGroup = NonNullable<NonNullable<Config['OriginGroups']>['Items']>[number];

/** DG cloudfront-limits.html */
const maxOrigins = 100;
const maxOriginGroups = 10;
const maxCustomHeaders = 30;

/** DG high_availability_origin_failover.html */
const failoverCodes = [400, 403, 404, 416, 429, 500, 502, 503, 504];

/** Refuses origins and origin groups that Create- and UpdateDistribution would refuse. */
export function checkOrigins(config: Config): void {
  const origins = config.Origins.Items;
  if (origins.length === 0) throw new ServiceError('InvalidArgument', 'at least one origin is required');
  if (origins.length > maxOrigins) throw new ServiceError('TooManyOrigins', `at most ${maxOrigins} origins are allowed`);
  const ids = new Set<string>();
  for (const origin of origins) {
    if (ids.has(origin.Id)) throw new ServiceError('InvalidArgument', `the origin id ${origin.Id} is used twice`);
    ids.add(origin.Id);
    checkOrigin(origin);
  }
  const groups = config.OriginGroups?.Items ?? [];
  if (groups.length > maxOriginGroups)
    throw new ServiceError('TooManyOriginGroupsPerDistribution', `at most ${maxOriginGroups} origin groups are allowed`);
  const groupIds = new Set<string>();
  for (const group of groups) {
    if (ids.has(group.Id) || groupIds.has(group.Id))
      throw new ServiceError('InvalidArgument', `the origin group id ${group.Id} is used twice`);
    groupIds.add(group.Id);
    checkGroup(group, ids);
  }
}

function checkOrigin(origin: Origin): void {
  const at = `of the origin ${origin.Id}`;
  if (origin.Id === '' || origin.Id.length > 128) throw new ServiceError('InvalidArgument', 'an origin id has 1 to 128 characters');
  if (origin.DomainName === '' || origin.DomainName.includes(':') || isIP(origin.DomainName) !== 0)
    throw new ServiceError(
      'InvalidArgument',
      `the DomainName ${at} must be a DNS name without a port, not ${JSON.stringify(origin.DomainName)}`,
    );
  const path = origin.OriginPath ?? '';
  if (path !== '' && (!path.startsWith('/') || path.endsWith('/')))
    throw new ServiceError('InvalidArgument', `the OriginPath ${at} must begin with / and not end with it`);
  if ((origin.CustomHeaders?.Items?.length ?? 0) > maxCustomHeaders)
    throw new ServiceError('TooManyOriginCustomHeaders', `at most ${maxCustomHeaders} custom headers ${at} are allowed`);
  checkRange(origin.ConnectionAttempts, 1, 3, 'InvalidArgument', `the ConnectionAttempts ${at}`);
  checkRange(origin.ConnectionTimeout, 1, 10, 'InvalidArgument', `the ConnectionTimeout ${at}`);
  const kinds = [origin.CustomOriginConfig, origin.S3OriginConfig, origin.VpcOriginConfig].filter((kind) => kind !== undefined);
  if (kinds.length !== 1) throw new ServiceError('InvalidOrigin', `exactly one of the custom, S3 and VPC configs ${at} is required`);
  const custom = origin.CustomOriginConfig;
  if (custom === undefined) return;
  for (const port of [custom.HTTPPort, custom.HTTPSPort])
    if (port !== 80 && port !== 443) checkRange(port, 1024, 65535, 'InvalidArgument', `a port ${at}, unless 80 or 443,`);
  if (!['http-only', 'https-only', 'match-viewer'].includes(custom.OriginProtocolPolicy))
    throw new ServiceError('InvalidArgument', `the OriginProtocolPolicy ${at} is unknown: ${custom.OriginProtocolPolicy}`);
  checkRange(custom.OriginReadTimeout, 1, 120, 'InvalidOriginReadTimeout', `the OriginReadTimeout ${at}`);
  checkRange(custom.OriginKeepaliveTimeout, 1, 120, 'InvalidOriginKeepaliveTimeout', `the OriginKeepaliveTimeout ${at}`);
  if (origin.ResponseCompletionTimeout !== undefined && origin.ResponseCompletionTimeout < (custom.OriginReadTimeout ?? 30))
    throw new ServiceError('InvalidArgument', `the ResponseCompletionTimeout ${at} must not be below its OriginReadTimeout`);
}

function checkGroup(group: OriginGroup, origins: ReadonlySet<string>): void {
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
