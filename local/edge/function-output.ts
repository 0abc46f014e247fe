import type { EventValues } from '../../src/edge/execution.ts';
import { encodeUtf8, formatPairs, parseQuery, sameValues, valuesOf } from '../../src/edge/judge/event-values.ts';
import type { ViewerRequest } from './viewer-request.ts';

/** The request that a viewer-request function lets through. */
export interface EdgeRequest {
  kind: 'request';
  uri: string;
  /** Without the question mark; undefined for none. */
  query: string | undefined;
  headers: EventValues;
  /** The Cookie header; undefined for none. */
  cookie: string | undefined;
  /** Query and cookies once more as a viewer-response function sees them. */
  querystring: EventValues;
  cookies: EventValues;
}

/** A response that a function made, or made over. */
export interface EdgeResponse {
  kind: 'response';
  statusCode: number;
  statusDescription: string | undefined;
  /** Names and values in turn, Set-Cookie among them, Content-Length left out. */
  headers: string[];
  /** Undefined leaves the body as it is. */
  body: Buffer | undefined;
}

/** An output as the function runtime lets it pass: its shape and the rules of its headers are checked there. */
interface CheckedRequest {
  uri: string;
  headers?: EventValues;
  querystring?: EventValues | string;
  cookies?: EventValues;
}

interface CheckedResponse {
  statusCode: number;
  statusDescription?: string;
  headers?: EventValues;
  cookies?: Record<string, Cookie & { multiValue?: Cookie[] }>;
  body?: string | { data: string; encoding: 'text' | 'base64' };
}

interface Cookie {
  value: string;
  attributes?: string;
}

/**
 * Reads what a viewer-request function returned. Path, query string and cookies stay byte for byte as the viewer sent them unless the function changed them; what it
 * changed leaves as UTF-8, percent-encoded.
 */
export function readRequestOutput(output: unknown, viewer: ViewerRequest, queryNames?: readonly string[]): EdgeRequest | EdgeResponse {
  if ('statusCode' in (output as object)) return readResponseOutput(output);
  const { uri, headers = {}, querystring = {}, cookies = {} } = output as CheckedRequest;
  const hasSameQuery = typeof querystring !== 'string' && sameValues(querystring, viewer.querystring);
  const given = typeof querystring === 'string' ? querystring : formatPairs(querystring, '&', queryNames);
  const query = hasSameQuery ? viewer.query : encodeUtf8(given) || undefined;
  return {
    kind: 'request',
    uri: uri === viewer.path ? uri : encodeUtf8(uri),
    query,
    headers,
    cookie: sameValues(cookies, viewer.cookies) ? viewer.cookie : formatPairs(cookies, '; ') || undefined,
    querystring: typeof querystring === 'string' ? parseQuery(query) : querystring,
    cookies,
  };
}

/** Reads a response that a function returned. */
export function readResponseOutput(output: unknown): EdgeResponse {
  const { statusCode, statusDescription, headers = {}, cookies = {}, body } = output as CheckedResponse;
  const list: string[] = [];
  for (const name in headers) if (name !== 'content-length') for (const value of valuesOf(headers[name])) list.push(name, value);
  for (const [name, cookie] of Object.entries(cookies))
    for (const { value, attributes } of cookie.multiValue ?? [cookie])
      list.push('set-cookie', `${name}=${value}${attributes === undefined || attributes === '' ? '' : `; ${attributes}`}`);
  return { kind: 'response', statusCode, statusDescription, headers: list, body: readBody(body) };
}

function readBody(body: CheckedResponse['body']): Buffer | undefined {
  if (body === undefined) return undefined;
  return typeof body === 'string' ? Buffer.from(body) : Buffer.from(body.data, body.encoding === 'base64' ? 'base64' : 'utf8');
}
