import type { CachePolicy } from './managed-policies.ts';

/** What CloudFront does with an error that it may keep, unless CustomErrorResponses say otherwise (AWS: custom-error-pages-expiration.html). */
const defaultErrorTtlSeconds = 10;

const always = new Set([200, 203, 204, 300, 301, 302, 303]);
const withLifetimeOnly = new Set([307, 308, 400, 403, 405, 412, 415]);
const errors = new Set([404, 410, 414, 500, 501, 502, 503, 504]);

/** What the origin says of a response's life. */
interface OriginDirectives {
  /** From s-maxage, max-age or Expires, in this order; undefined when none is there. */
  lifetimeSeconds: number | undefined;
  /** no-cache, no-store or private. */
  isPrivate: boolean;
}

/**
 * For how many seconds a response is kept; 0 when it is not (AWS: Expiration.html, HTTPStatusCodes.html). A policy whose largest TTL is 0 keeps nothing. That this
 * holds for errors too is our reading: no page says whether CachingDisabled also ends error caching.
 */
export function lifetimeSeconds(
  policy: CachePolicy,
  statusCode: number,
  headers: readonly string[],
  now: number,
  errorTtlSeconds: ReadonlyMap<number, number>,
): number {
  if (policy.maxTtlSeconds === 0) return 0;
  const directives = readDirectives(headers, now);
  if (errors.has(statusCode)) {
    const least = errorTtlSeconds.get(statusCode) ?? defaultErrorTtlSeconds;
    return Math.max(least, Math.min(directives.lifetimeSeconds ?? 0, policy.maxTtlSeconds));
  }
  if (!always.has(statusCode) && !(withLifetimeOnly.has(statusCode) && directives.lifetimeSeconds !== undefined)) return 0;
  if (directives.isPrivate) return policy.minTtlSeconds;
  const wanted = directives.lifetimeSeconds ?? policy.defaultTtlSeconds;
  return Math.min(Math.max(wanted, policy.minTtlSeconds), policy.maxTtlSeconds);
}

function readDirectives(headers: readonly string[], now: number): OriginDirectives {
  const cacheControl = headerValue(headers, 'cache-control')?.toLowerCase() ?? '';
  const isPrivate = /(?:^|[\s,])(?:no-cache|no-store|private)(?:$|[\s,=])/.test(cacheControl);
  const age = /(?:^|[\s,])s-maxage="?(\d+)/.exec(cacheControl) ?? /(?:^|[\s,])max-age="?(\d+)/.exec(cacheControl);
  if (age !== null) return { lifetimeSeconds: Number(age[1]), isPrivate };
  const expires = headerValue(headers, 'expires');
  if (expires === undefined) return { lifetimeSeconds: undefined, isPrivate };
  // An Expires that is no date means that the response has expired already (RFC 9111, section 5.3).
  const until = Date.parse(expires);
  return { lifetimeSeconds: Number.isNaN(until) ? 0 : Math.max(0, Math.floor((until - now) / 1_000)), isPrivate };
}

/** The first value of a header in a list of names and values. */
export function headerValue(headers: readonly string[], name: string): string | undefined {
  for (let index = 0; index < headers.length; index += 2) if (headers[index] === name) return headers[index + 1];
  return undefined;
}
