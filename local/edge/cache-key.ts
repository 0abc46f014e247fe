import { valuesOf } from '../../src/edge/judge/event-values.ts';
import type { Behavior } from './edge-plan.ts';
import type { EdgeRequest } from './function-output.ts';
import { normalizeAcceptEncoding, selectPairs } from './origin-request.ts';
import type { ViewerRequest } from './viewer-request.ts';

/**
 * The name under which a response is kept; undefined when neither is this request answered from the cache nor its response kept. The chosen origin has no part
 * in it: two origins answering under one key is CloudFront's own behaviour, and the mistake that a router is most easily made with. Ranges pass the cache by.
 */
export function cacheKey(behavior: Behavior, viewer: ViewerRequest, request: EdgeRequest): string | undefined {
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
