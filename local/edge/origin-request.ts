import type { Selection } from '../../src/config/managed-policies.ts';
import { valuesOf } from '../../src/edge/judge/event-values.ts';
import { wireName } from '../../src/edge/judge/header-rules.ts';
import type { PlannedBehavior } from './edge-plan.ts';
import type { OriginRoute } from './origin-choice.ts';
import type { EdgeRequest, ViewerRequest } from './viewer-request.ts';

/** The HTTP request to one origin. */
export interface OriginRequest {
  method: string;
  path: string;
  /** Names and values in turn, as node:http writes them. */
  headers: string[];
}

/**
 * Forwarded without any origin request policy, since a body, a range or a condition is useless without them. AWS does
 * not document which ones CloudFront forwards.
 */
const alwaysForwarded = new Set(['content-type', 'content-encoding', 'range', 'if-range', 'if-none-match', 'if-modified-since']);
/** Written by the edge itself. */
const ownHeaders = new Set(['host', 'via', 'x-forwarded-for', 'content-length', 'transfer-encoding', 'user-agent']);

const conditions = new Set(['if-none-match', 'if-modified-since', 'if-match', 'if-unmodified-since']);

/**
 * The request for one route: the origin's path before the viewer's, the headers and cookies that the policies forward,
 * the origin's custom headers over the viewer's. `validators`, names and values in turn, replace the viewer's
 * conditions when the response may be cached.
 */
export function formatOriginRequest(
  viewer: ViewerRequest,
  request: EdgeRequest,
  behavior: PlannedBehavior,
  route: OriginRoute,
  via: string,
  validators?: readonly string[],
): OriginRequest {
  const { origin } = route;
  const headers = ['host', route.hostHeader ?? (forwardsHeader(behavior, 'host', viewer.method) ? viewer.host : origin.domainName)];
  const custom = origin.customHeaders;
  for (const name in request.headers) {
    if (
      ownHeaders.has(name) ||
      custom.has(name) ||
      !(forwardsHeader(behavior, name, viewer.method) || (viewer.isWebSocket && name.startsWith('sec-websocket-')))
    )
      continue;
    if (validators !== undefined && (conditions.has(name) || name === 'accept-encoding')) continue;
    const entry = request.headers[name];
    if (entry?.multiValue === undefined) headers.push(name, entry?.value ?? '');
    else for (const value of valuesOf(entry)) headers.push(name, value);
  }
  if (validators !== undefined) {
    headers.push(...validators);
    const encodings = normalizeAcceptEncoding(request, behavior.cachePolicy.encodings);
    if (encodings !== '') headers.push('accept-encoding', encodings);
  }
  if (!custom.has('user-agent'))
    headers.push(
      'user-agent',
      (forwardsHeader(behavior, 'user-agent', viewer.method) && request.headers['user-agent']?.value) || 'Amazon CloudFront',
    );
  const cookie = selectPairs(request.cookie, '; ', behavior.cachePolicy.cookies, behavior.originRequestPolicy?.cookies ?? 'none');
  if (cookie !== undefined) headers.push('cookie', cookie);
  const forwardedFor = request.headers['x-forwarded-for'];
  headers.push('x-forwarded-for', forwardedFor === undefined ? viewer.ip : `${valuesOf(forwardedFor).join(', ')}, ${viewer.ip}`);
  const earlierVia = request.headers['via'];
  headers.push('via', earlierVia === undefined ? via : `${valuesOf(earlierVia).join(', ')}, ${via}`);
  headers.push('x-amz-cf-id', viewer.id);
  // A body without a length is sent in chunks.
  const length = viewer.headers['content-length']?.value;
  if (viewer.hasBody && length !== undefined) headers.push('content-length', length);
  for (const [name, value] of custom) headers.push(name, value);
  for (let index = 0; index < headers.length; index += 2) headers[index] = wireName(headers[index] as string);
  return { method: viewer.method, path: origin.path + request.uri + formatQuery(request.query, behavior), headers };
}

function formatQuery(query: string | undefined, behavior: PlannedBehavior): string {
  const selected = selectPairs(query, '&', behavior.cachePolicy.queryStrings, behavior.originRequestPolicy?.queryStrings ?? 'none');
  return selected === undefined ? '' : `?${selected}`;
}

/** The pairs of a Cookie header or a query string that any of the policies selects; undefined for none. */
export function selectPairs(pairs: string | undefined, separator: '; ' | '&', ...selections: Selection[]): string | undefined {
  if (pairs === undefined || selections.includes('all')) return pairs;
  const chosen = selections.filter((selection) => selection !== 'none' && selection !== 'all');
  if (chosen.length === 0) return undefined;
  const kept = pairs.split(separator).filter((pair) => {
    const name = pair.split('=', 1)[0] ?? '';
    return chosen.some((selection) => ('except' in selection ? !isNamed(selection.except, name) : isNamed(selection, name)));
  });
  return kept.length === 0 ? undefined : kept.join(separator);
}

function isNamed(names: readonly string[], name: string): boolean {
  return names.some((wanted) => (/[*?]/.test(wanted) ? compilePattern(wanted).test(name) : wanted === name));
}

const patterns = new Map<string, RegExp>();

function compilePattern(text: string): RegExp {
  const known = patterns.get(text);
  if (known !== undefined) return known;
  const source = text
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const compiled = new RegExp(`^${source}$`, 's');
  patterns.set(text, compiled);
  return compiled;
}

function forwardsHeader(behavior: PlannedBehavior, name: string, method: string): boolean {
  const { originRequestPolicy, cachePolicy } = behavior;
  const selected = originRequestPolicy?.headers ?? 'none';
  if (selected === 'all') {
    if (cachePolicy.headers.includes(name)) return true;
    const isGet = method === 'GET' || method === 'HEAD';
    return !originRequestPolicy?.exceptHeaders?.includes(name) && !(isGet && originRequestPolicy?.exceptHeadersOfGet?.includes(name));
  }
  if (Array.isArray(selected) && selected.includes(name)) return true;
  return cachePolicy.headers.includes(name) || behavior.cloudFrontHeaders.includes(name) || alwaysForwarded.has(name);
}

/** Accept-Encoding for cache and origin: those of `encodings` that the viewer accepts. */
export function normalizeAcceptEncoding(request: EdgeRequest, encodings: readonly string[]): string {
  const wanted = valuesOf(request.headers['accept-encoding']).join(',').toLowerCase();
  return encodings.filter((name) => wanted.includes(name)).join(',');
}
