import type { CachePolicy } from '../../src/config/managed-policies.ts';
import { valuesOf } from '../../src/edge/judge/event-values.ts';
import type { EdgePlan, PlannedBehavior } from './edge-plan.ts';
import { normalizeAcceptEncoding, selectPairs } from './origin-request.ts';
import type { ReplyHead } from './viewer-reply.ts';
import type { EdgeRequest, ViewerRequest } from './viewer-request.ts';

/** A response as it is kept. */
export interface CachedResponse {
  /** As the origin sent it, without `age`. */
  head: ReplyHead;
  body: Buffer;
  /** Epoch milliseconds: when it was stored or last confirmed, minus its age then. */
  bornAt: number;
  freshUntil: number;
  /** An error, kept for its own short TTL. */
  isError: boolean;
}

/** Responses by key. The least recently used is dropped first. */
export interface ResponseCache {
  get(key: string): CachedResponse | undefined;
  put(key: string, response: CachedResponse): void;
  readonly bytes: number;
  clear(): void;
}

/** Larger responses are not kept. */
const maxCachedBodyBytes = 8 * 1_024 * 1_024;

export function openResponseCache(maxBytes = 64 * 1_024 * 1_024): ResponseCache {
  const entries = new Map<string, CachedResponse>();
  let bytes = 0;
  const drop = (key: string): void => {
    bytes -= sizeOf(key, entries.get(key));
    entries.delete(key);
  };
  return {
    get(key) {
      const found = entries.get(key);
      if (found === undefined) return undefined;
      entries.delete(key);
      entries.set(key, found);
      return found;
    },
    put(key, response) {
      drop(key);
      entries.set(key, response);
      bytes += sizeOf(key, response);
      for (const oldest of entries.keys()) {
        if (bytes <= maxBytes) break;
        drop(oldest);
      }
    },
    get bytes() {
      return bytes;
    },
    clear() {
      entries.clear();
      bytes = 0;
    },
  };
}

function sizeOf(key: string, response: CachedResponse | undefined): number {
  if (response === undefined) return 0;
  return key.length + response.body.length + response.head.headers.reduce((sum, text) => sum + text.length, 256);
}

/** What the lifetime of a response depends on besides its behavior. */
interface CacheContext {
  plan: EdgePlan | undefined;
  now: () => number;
}

/** Until when a response may be served from the cache; now or earlier when it must not be kept. */
export function freshUntil(context: CacheContext, behavior: PlannedBehavior, statusCode: number, headers: readonly string[]): number {
  const now = context.now();
  return now + lifetimeSeconds(behavior.cachePolicy, statusCode, headers, now, context.plan?.errorTtlSeconds ?? new Map()) * 1_000;
}

/** When a response was generated: now minus the age that the origin's own caches gave it. */
export function birth(head: ReplyHead, now: number): number {
  return now - (Number(headerValue(head.headers, 'age') ?? 0) || 0) * 1_000;
}

/** The head of a kept response for this request: with its age, and 304 when the viewer has the same copy. */
export function keptReplyHead(kept: CachedResponse, request: EdgeRequest, now: number): ReplyHead {
  const age = String(Math.max(0, Math.floor((now - kept.bornAt) / 1_000)));
  const isSame = kept.head.statusCode === 200 && matchesCondition(request, kept.head.headers);
  if (!isSame) return { ...kept.head, headers: [...kept.head.headers, 'age', age] };
  return { statusCode: 304, statusMessage: 'Not Modified', headers: [...withoutHeader(kept.head.headers, 'content-length'), 'age', age] };
}

/** Conditions for the origin, from the kept copy. The viewer's own are not sent: a 304 would leave nothing to keep. */
export function validators(kept: CachedResponse | undefined): string[] {
  const etag = kept && headerValue(kept.head.headers, 'etag');
  const lastModified = kept && headerValue(kept.head.headers, 'last-modified');
  return [
    ...(etag === undefined ? [] : ['if-none-match', etag]),
    ...(lastModified === undefined ? [] : ['if-modified-since', lastModified]),
  ];
}

/** A copy of names and values without one name. */
export function withoutHeader(headers: readonly string[], name: string): string[] {
  return headers.filter((_, index) => headers[index - (index % 2)] !== name);
}

/** Copies a body while it streams to the viewer. A body that breaks off or is too large is not kept. */
export function collectBody(onComplete: (body: Buffer) => void): { onChunk: (chunk: Buffer) => void; onComplete: () => void } {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return {
    onChunk(chunk) {
      bytes += chunk.length;
      if (bytes <= maxCachedBodyBytes) chunks.push(chunk);
      else chunks.length = 0;
    },
    onComplete() {
      if (bytes <= maxCachedBodyBytes) onComplete(Buffer.concat(chunks));
    },
  };
}

function matchesCondition(request: EdgeRequest, headers: readonly string[]): boolean {
  const wanted = request.headers['if-none-match']?.value;
  const etag = headerValue(headers, 'etag');
  if (wanted !== undefined)
    return etag !== undefined && (wanted === '*' || wanted.split(/\s*,\s*/).some((tag) => bare(tag) === bare(etag)));
  const since = request.headers['if-modified-since']?.value;
  const lastModified = headerValue(headers, 'last-modified');
  return since !== undefined && lastModified !== undefined && Date.parse(since) >= Date.parse(lastModified);
}

/** An entity tag without its weak mark: conditions of GET compare weakly. */
function bare(tag: string): string {
  return tag.replace(/^W\//, '');
}

/**
 * The cache key; undefined when the request bypasses the cache, as ranges do. The chosen origin is not part of it: in
 * CloudFront, too, two origins answer under one key. That is the easiest mistake to make with a router.
 */
export function cacheKey(behavior: PlannedBehavior, viewer: ViewerRequest, request: EdgeRequest): string | undefined {
  const { cachePolicy } = behavior;
  if (cachePolicy.maxTtlSeconds === 0 || viewer.hasBody || viewer.isWebSocket || !behavior.cachedMethods.has(viewer.method))
    return undefined;
  if (request.headers['range'] !== undefined) return undefined;
  const parts = [viewer.location, viewer.method === 'OPTIONS' ? 'OPTIONS' : 'GET', cachePolicy.name, request.uri];
  parts.push(selectPairs(request.query, '&', cachePolicy.queryStrings) ?? '', selectPairs(request.cookie, '; ', cachePolicy.cookies) ?? '');
  for (const name of cachePolicy.headers) parts.push(valuesOf(request.headers[name]).join(','));
  if (cachePolicy.encodings.length > 0) parts.push(normalizeAcceptEncoding(request, cachePolicy.encodings));
  return parts.join('\n');
}

/** For an error, unless CustomErrorResponses set another (AWS: custom-error-pages-expiration.html). */
const defaultErrorTtlSeconds = 10;

const always = new Set([200, 203, 204, 300, 301, 302, 303]);
const withLifetimeOnly = new Set([307, 308, 400, 403, 405, 412, 415]);
const errors = new Set([404, 410, 414, 500, 501, 502, 503, 504]);

/** The origin's cache directives. */
interface OriginDirectives {
  /** From s-maxage, max-age or Expires, in this order; undefined when none is there. */
  lifetimeSeconds: number | undefined;
  /** no-cache, no-store or private. */
  isPrivate: boolean;
}

/**
 * For how many seconds a response is kept; 0 for not at all (AWS: Expiration.html, HTTPStatusCodes.html). A policy with
 * a maximum TTL of 0 keeps nothing. Our reading: no errors either; AWS does not say whether CachingDisabled also ends
 * error caching.
 */
function lifetimeSeconds(
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
  // An Expires that cannot be parsed means that the response has expired (RFC 9111, section 5.3).
  const until = Date.parse(expires);
  return { lifetimeSeconds: Number.isNaN(until) ? 0 : Math.max(0, Math.floor((until - now) / 1_000)), isPrivate };
}

/** The first value of a header in a list of names and values. */
function headerValue(headers: readonly string[], name: string): string | undefined {
  for (let index = 0; index < headers.length; index += 2) if (headers[index] === name) return headers[index + 1];
  return undefined;
}
