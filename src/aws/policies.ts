import {
  type CloudFrontClient,
  GetCachePolicyCommand,
  GetOriginRequestPolicyCommand,
  NoSuchCachePolicy,
  NoSuchOriginRequestPolicy,
} from '@aws-sdk/client-cloudfront';
import { wrapAwsError } from './aws-error.ts';

/** What a cache policy means for routing. Header names are in lower case. */
export interface CachePolicyFacts {
  name: string;
  defaultTtlSeconds: number;
  /** 0 turns caching off. */
  maxTtlSeconds: number;
  /** Part of the cache key, and therefore seen by functions and origin. */
  headers: readonly string[];
}

/** What an origin request policy means for routing. */
export interface OriginRequestPolicyFacts {
  name: string;
  /** It makes CloudFront add CloudFront-Viewer-Country, for functions too. */
  sendsCountry: boolean;
  /** The viewer's Host goes to the origin, and is the SNI. */
  forwardsHost: boolean;
}

const country = 'cloudfront-viewer-country';

/** The account's or AWS's cache policy of this id; undefined when there is none. */
export async function readCachePolicy(client: CloudFrontClient, id: string): Promise<CachePolicyFacts | undefined> {
  try {
    const { CachePolicy } = await client.send(new GetCachePolicyCommand({ Id: id }));
    const config = CachePolicy?.CachePolicyConfig;
    const parameters = config?.ParametersInCacheKeyAndForwardedToOrigin;
    return {
      name: config?.Name ?? id,
      // The API's own defaults: a day, and a year.
      defaultTtlSeconds: config?.DefaultTTL ?? 86_400,
      maxTtlSeconds: config?.MaxTTL ?? 31_536_000,
      headers: (parameters?.HeadersConfig?.Headers?.Items ?? []).map((name) => name.toLowerCase()),
    };
  } catch (error) {
    if (error instanceof NoSuchCachePolicy) return undefined;
    throw wrapAwsError(error, `read cache policy ${id}`);
  }
}

/** The account's or AWS's origin request policy of this id; undefined when there is none. */
export async function readOriginRequestPolicy(client: CloudFrontClient, id: string): Promise<OriginRequestPolicyFacts | undefined> {
  try {
    const { OriginRequestPolicy } = await client.send(new GetOriginRequestPolicyCommand({ Id: id }));
    const config = OriginRequestPolicy?.OriginRequestPolicyConfig;
    const behavior = config?.HeadersConfig?.HeaderBehavior ?? 'none';
    const listed = (config?.HeadersConfig?.Headers?.Items ?? []).map((name) => name.toLowerCase());
    return {
      name: config?.Name ?? id,
      sendsCountry: (behavior === 'whitelist' || behavior === 'allViewerAndWhitelistCloudFront') && listed.includes(country),
      forwardsHost:
        behavior === 'allViewer' ||
        behavior === 'allViewerAndWhitelistCloudFront' ||
        (behavior === 'whitelist' && listed.includes('host')) ||
        (behavior === 'allExcept' && !listed.includes('host')),
    };
  } catch (error) {
    if (error instanceof NoSuchOriginRequestPolicy) return undefined;
    throw wrapAwsError(error, `read origin request policy ${id}`);
  }
}
