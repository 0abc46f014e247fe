import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import type { Decoded } from '../operation.ts';
import { ServiceError } from '../service-error.ts';
import type { Behavior } from './distribution-references.ts';

// DG cloudfront-limits.html, "Quotas on cookies, headers and query strings (legacy cache settings)".
const maxCookies = 10;
const maxHeaders = 10;
const maxQueryStrings = 10;

/** The viewer's headers that CloudFront can send to an S3 origin (API reference, ForwardedValues). */
const s3Headers = ['access-control-request-headers', 'access-control-request-method', 'origin'];

/** Refuses the legacy cache settings, and TTLs, that Create- and UpdateDistribution would refuse. */
export function checkForwardedValues(behavior: Behavior, at: string, config: Decoded<DistributionConfig>): void {
  const ttls = [behavior.MinTTL, behavior.DefaultTTL, behavior.MaxTTL].filter((ttl) => ttl !== undefined);
  if (ttls.some((ttl) => ttl < 0 || !Number.isInteger(ttl)))
    throw new ServiceError('InvalidArgument', `the TTLs of ${at} must be whole seconds`);
  if (ttls.some((ttl, index) => ttl < (ttls[index - 1] ?? 0)))
    throw new ServiceError('InvalidTTLOrder', `the TTLs of ${at} must not fall from MinTTL to DefaultTTL to MaxTTL`);
  const values = behavior.ForwardedValues;
  if (values === undefined) return;
  const { Forward, WhitelistedNames: names } = values.Cookies;
  if ((Forward === 'whitelist') !== (names?.Items?.length ?? 0) > 0)
    throw new ServiceError('InvalidForwardCookies', `${at} forwards ${Forward} cookies, and names ${names?.Items?.length ?? 'none'}`);
  if ((names?.Items?.length ?? 0) > maxCookies)
    throw new ServiceError('TooManyCookieNamesInWhiteList', `${at} names more than ${maxCookies} cookies`);
  const keys = values.QueryStringCacheKeys?.Items ?? [];
  if (keys.length > 0 && !values.QueryString)
    throw new ServiceError('InvalidQueryStringParameters', `${at} names query strings for the cache key, but forwards none`);
  if (keys.length > maxQueryStrings)
    throw new ServiceError('TooManyQueryStringParameters', `${at} names more than ${maxQueryStrings} query strings`);
  checkHeaders(behavior, values.Headers?.Items ?? [], at, config);
}

function checkHeaders(behavior: Behavior, headers: readonly string[], at: string, config: Decoded<DistributionConfig>): void {
  if (headers.length > maxHeaders)
    throw new ServiceError('TooManyHeadersInForwardedValues', `${at} forwards more than ${maxHeaders} headers`);
  const isAll = headers.includes('*');
  if (isAll && headers.length > 1) throw new ServiceError('InvalidArgument', `${at} forwards all headers, and names some beside`);
  // API reference, MinTTL: it must be 0 where all headers are forwarded.
  if (isAll && (behavior.MinTTL ?? 0) > 0)
    throw new ServiceError('InvalidArgument', `${at} forwards all headers, and so needs a MinTTL of 0`);
  const origin = config.Origins.Items.find(({ Id }) => Id === behavior.TargetOriginId);
  const refused =
    origin?.S3OriginConfig && headers.find((name) => !isAll && !s3Headers.includes(name.toLowerCase()) && !/^cloudfront-/i.test(name));
  if (refused !== undefined || (isAll && origin?.S3OriginConfig !== undefined))
    throw new ServiceError('InvalidHeadersForS3Origin', `${at} forwards ${refused ?? 'all headers'} to an S3 origin`);
}
