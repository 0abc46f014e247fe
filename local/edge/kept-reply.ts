import { headerValue, lifetimeSeconds } from './cache-lifetime.ts';
import type { Behavior } from './edge-plan.ts';
import type { EdgeContext } from './exchange.ts';
import type { EdgeRequest } from './function-output.ts';
import { type CachedResponse, maxCachedBodyBytes } from './response-cache.ts';
import type { ReplyHead } from './viewer-reply.ts';

/** Until when a response may be served again; not later than now when it is not to be kept. */
export function freshUntil(context: EdgeContext, behavior: Behavior, statusCode: number, headers: readonly string[]): number {
  const now = context.now();
  return now + lifetimeSeconds(behavior.cachePolicy, statusCode, headers, now, context.plan?.errorTtlSeconds ?? new Map()) * 1_000;
}

/** When a response came into being: the age that the origin's own caches gave it is counted. */
export function birth(head: ReplyHead, now: number): number {
  return now - (Number(headerValue(head.headers, 'age') ?? 0) || 0) * 1_000;
}

/** Head of a kept response for this request: with its age, and 304 when the viewer has the same copy. */
export function keptReplyHead(kept: CachedResponse, request: EdgeRequest, now: number): ReplyHead {
  const age = String(Math.max(0, Math.floor((now - kept.bornAt) / 1_000)));
  const isSame = kept.head.statusCode === 200 && matchesCondition(request, kept.head.headers);
  if (!isSame) return { ...kept.head, headers: [...kept.head.headers, 'age', age] };
  return { statusCode: 304, statusMessage: 'Not Modified', headers: [...withoutHeader(kept.head.headers, 'content-length'), 'age', age] };
}

/** Conditions for the origin: those of the kept copy. The viewer's own are not sent on, since a 304 would leave nothing to keep. */
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

/** Copies a body while it streams to somebody else; one that breaks off or is too large is forgotten. */
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

/** An entity tag without its mark of weakness: conditions of GET compare weakly. */
function bare(tag: string): string {
  return tag.replace(/^W\//, '');
}
