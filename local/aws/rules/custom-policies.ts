import type { CachePolicyConfig, OriginRequestPolicyConfig } from '@aws-sdk/client-cloudfront';
import type { Account } from '../account.ts';
import { createId } from '../etag.ts';
import type { Decoded } from '../operation.ts';
import { ServiceError, type ServiceErrorCode } from '../service-error.ts';
import { behaviorsOf } from './distribution-references.ts';

// DG cloudfront-limits.html
const maxListed = 10;
const maxNameLength = 128;

/** An id of a new policy. */
export function createPolicyId({ options }: Account): string {
  return [8, 4, 4, 4, 12].map((length) => createId('0123456789abcdef', length, options.random)).join('-');
}

/** Whether a distribution has the policy on one of its behaviors. */
export function isPolicyUsed(id: string, account: Account): boolean {
  return [...account.distributions.values()].some(({ config }) =>
    behaviorsOf(config).some(({ behavior }) => [behavior.CachePolicyId, behavior.OriginRequestPolicyId].includes(id)),
  );
}

/** Refuses a cache policy that CreateCachePolicy would refuse. */
export function checkCachePolicy(config: Decoded<CachePolicyConfig>): void {
  checkPolicyName(config.Name);
  const { MinTTL: min, DefaultTTL: usual = Math.max(86_400, min), MaxTTL: max = Math.max(31_536_000, usual) } = config;
  if (min < 0 || min > usual || usual > max) throw invalid('the TTLs must not fall from MinTTL to DefaultTTL to MaxTTL');
  const key = config.ParametersInCacheKeyAndForwardedToOrigin;
  if (key === undefined) return;
  const parts: Part[] = [
    {
      name: 'HeaderBehavior',
      behavior: key.HeadersConfig.HeaderBehavior,
      items: key.HeadersConfig.Headers?.Items,
      tooMany: 'TooManyHeadersInCachePolicy',
    },
    {
      name: 'CookieBehavior',
      behavior: key.CookiesConfig.CookieBehavior,
      items: key.CookiesConfig.Cookies?.Items,
      tooMany: 'TooManyCookiesInCachePolicy',
    },
    {
      name: 'QueryStringBehavior',
      behavior: key.QueryStringsConfig.QueryStringBehavior,
      items: key.QueryStringsConfig.QueryStrings?.Items,
      tooMany: 'TooManyQueryStringsInCachePolicy',
    },
  ];
  for (const part of parts) {
    checkPart(part, part.name === 'HeaderBehavior' ? ['none', 'whitelist'] : ['none', 'whitelist', 'allExcept', 'all']);
    // In AWS's words, as public repositories quote them (aws-cdk#16977).
    if (max === 0 && part.behavior !== 'none') throw invalid(`The parameter ${part.name} is invalid for policy with caching disabled`);
  }
  if (max === 0 && (key.EnableAcceptEncodingGzip || key.EnableAcceptEncodingBrotli === true))
    throw invalid('The parameter EnableAcceptEncodingGzip is invalid for policy with caching disabled');
}

/** Refuses an origin request policy that CreateOriginRequestPolicy would refuse. */
export function checkOriginRequestPolicy(config: Decoded<OriginRequestPolicyConfig>): void {
  checkPolicyName(config.Name);
  const { HeadersConfig: headers, CookiesConfig: cookies, QueryStringsConfig: queries } = config;
  checkPart(
    {
      name: 'HeaderBehavior',
      behavior: headers.HeaderBehavior,
      items: headers.Headers?.Items,
      tooMany: 'TooManyHeadersInOriginRequestPolicy',
    },
    ['none', 'whitelist', 'allViewer', 'allViewerAndWhitelistCloudFront', 'allExcept'],
  );
  const all = ['none', 'whitelist', 'all', 'allExcept'];
  checkPart(
    {
      name: 'CookieBehavior',
      behavior: cookies.CookieBehavior,
      items: cookies.Cookies?.Items,
      tooMany: 'TooManyCookiesInOriginRequestPolicy',
    },
    all,
  );
  checkPart(
    {
      name: 'QueryStringBehavior',
      behavior: queries.QueryStringBehavior,
      items: queries.QueryStrings?.Items,
      tooMany: 'TooManyQueryStringsInOriginRequestPolicy',
    },
    all,
  );
}

interface Part {
  name: string;
  behavior: string;
  items: readonly string[] | undefined;
  tooMany: ServiceErrorCode;
}

/** Names where the behavior takes some, and only there. */
function checkPart({ name, behavior, items = [], tooMany }: Part, behaviors: readonly string[]): void {
  if (!behaviors.includes(behavior)) throw invalid(`${name} must be one of ${behaviors.join(', ')}`);
  if (['none', 'all', 'allViewer'].includes(behavior) !== (items.length === 0))
    throw invalid(`${name} ${behavior} does not go with ${items.length} names`);
  if (items.length > maxListed) throw new ServiceError(tooMany, `${name} has more than ${maxListed} names`);
}

function checkPolicyName(name: string): void {
  if (name === '' || name.length > maxNameLength) throw invalid(`a policy's name has 1 to ${maxNameLength} characters`);
}

function invalid(message: string): ServiceError {
  return new ServiceError('InvalidArgument', message);
}
