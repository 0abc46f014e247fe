import {
  type CloudFrontClient,
  GetCachePolicyCommand,
  GetOriginRequestPolicyCommand,
  NoSuchCachePolicy,
  NoSuchOriginRequestPolicy,
} from '@aws-sdk/client-cloudfront';
import {
  type CachePolicy,
  compileCachePolicy,
  compileOriginRequestPolicy,
  managedCachePolicies,
  managedOriginRequestPolicies,
  type OriginRequestPolicy,
  wrongPolicyIds,
} from '../config/managed-policies.ts';
import { wrapAwsError } from './aws-error.ts';

/** A managed cache policy without a call, else the account's own; undefined when there is none of this id. */
export async function readCachePolicy(openClient: () => Promise<CloudFrontClient>, id: string): Promise<CachePolicy | undefined> {
  const managed = managedCachePolicies[id];
  if (managed !== undefined) return managed;
  try {
    const { CachePolicy } = await (await openClient()).send(new GetCachePolicyCommand({ Id: id }));
    return compileCachePolicy({ MinTTL: 0, Name: id, ...CachePolicy?.CachePolicyConfig });
  } catch (error) {
    if (error instanceof NoSuchCachePolicy) return undefined;
    throw wrapAwsError(error, `read cache policy ${id}`);
  }
}

/** The same for an origin request policy. */
export async function readOriginRequestPolicy(
  openClient: () => Promise<CloudFrontClient>,
  id: string,
): Promise<OriginRequestPolicy | undefined> {
  if (Object.hasOwn(wrongPolicyIds, id)) return undefined;
  const managed = managedOriginRequestPolicies[id];
  if (managed !== undefined) return managed;
  try {
    const { OriginRequestPolicy } = await (await openClient()).send(new GetOriginRequestPolicyCommand({ Id: id }));
    return compileOriginRequestPolicy({
      Name: id,
      HeadersConfig: undefined,
      CookiesConfig: undefined,
      QueryStringsConfig: undefined,
      ...OriginRequestPolicy?.OriginRequestPolicyConfig,
    });
  } catch (error) {
    if (error instanceof NoSuchOriginRequestPolicy) return undefined;
    throw wrapAwsError(error, `read origin request policy ${id}`);
  }
}
