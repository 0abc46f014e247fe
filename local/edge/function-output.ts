import { maxUriLength } from '../../kvs/limits.ts';
import type { EventValue, EventValues } from '../../src/edge/execution.ts';
import { formatPairs, sameValues, valuesOf } from './event-values.ts';
import { isForbiddenHeader, readOnlyRequestHeaders, readOnlyResponseHeaders } from './header-rules.ts';
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
}

/** A response that a function made, or made over. */
export interface EdgeResponse {
  kind: 'response';
  statusCode: number;
  statusDescription: string | undefined;
  headers: EventValues;
  /** Set-Cookie headers. */
  setCookies: string[];
  /** Undefined leaves the body as it is. */
  body: Buffer | undefined;
}

/** What CloudFront answers with FunctionValidationError. */
export interface Refused {
  kind: 'refused';
  message: string;
}

/** Reads what a viewer-request function returned: a request, or a response to send at once. */
export function parseViewerRequestOutput(output: unknown, viewer: ViewerRequest): EdgeRequest | EdgeResponse | Refused {
  if (!isRecord(output)) return refused(`the function returned ${output === null ? 'null' : typeof output}, not a request or response`);
  if ('statusCode' in output) return parseResponse(output, undefined);
  const { uri, method } = output;
  const headers = output['headers'] ?? {};
  const cookies = output['cookies'] ?? {};
  const querystring = output['querystring'] ?? {};
  if (typeof uri !== 'string' || !uri.startsWith('/')) return refused(`request.uri must start with "/", found ${JSON.stringify(uri)}`);
  if (method !== undefined && method !== viewer.method) return refused('request.method is read-only');
  if (!isValues(querystring)) return refused('request.querystring must map each name to an object with a string value');
  if (!isValues(cookies)) return refused('request.cookies must map each name to an object with a string value');
  const problem = checkHeaders(headers, viewer.headers, readOnlyRequestHeaders);
  if (problem !== undefined) return refused(`request.${problem}`);
  const query = sameValues(querystring, viewer.querystring) ? viewer.query : formatPairs(querystring, '&') || undefined;
  if (uri.length + (query === undefined ? 0 : query.length + 1) >= maxUriLength)
    return refused(`URI and query string must stay under ${maxUriLength} characters`);
  if (hasUnsafeCharacter(uri) || (query !== undefined && hasUnsafeCharacter(query)))
    return refused('URI and query string must not hold spaces, control characters or "#"');
  const cookie = sameValues(cookies, viewer.cookies) ? viewer.cookie : formatPairs(cookies, '; ') || undefined;
  return { kind: 'request', uri, query, headers: headers as EventValues, cookie };
}

/** Reads what a viewer-response function returned; `before` is the headers it was given. */
export function parseViewerResponseOutput(output: unknown, before: EventValues): EdgeResponse | Refused {
  if (!isRecord(output)) return refused(`the function returned ${output === null ? 'null' : typeof output}, not a response`);
  return parseResponse(output, before);
}

function parseResponse(output: Record<string, unknown>, before: EventValues | undefined): EdgeResponse | Refused {
  const { statusCode, statusDescription, body } = output;
  const headers = output['headers'] ?? {};
  const cookies = output['cookies'] ?? {};
  if (typeof statusCode !== 'number' || !Number.isInteger(statusCode) || statusCode < 100 || statusCode > 599)
    return refused(`response.statusCode must be an integer from 100 to 599, found ${JSON.stringify(statusCode)}`);
  if (statusDescription !== undefined && typeof statusDescription !== 'string')
    return refused('response.statusDescription must be a string');
  if (!isValues(cookies)) return refused('response.cookies must map each name to an object with a string value');
  const problem = checkHeaders(headers, before ?? {}, before === undefined ? [] : readOnlyResponseHeaders);
  if (problem !== undefined) return refused(`response.${problem}`);
  const bytes = parseBody(body);
  if (bytes === 'invalid') return refused('response.body must be a string or { encoding: "text" | "base64", data }');
  const setCookies: string[] = [];
  for (const name in cookies)
    for (const entry of cookies[name]?.multiValue ?? [cookies[name] as EventValue])
      setCookies.push(`${name}=${entry.value}${attributesOf(entry)}`);
  return { kind: 'response', statusCode, statusDescription, headers: headers as EventValues, setCookies, body: bytes };
}

function attributesOf(entry: { value: string; attributes?: string }): string {
  return entry.attributes === undefined || entry.attributes === '' ? '' : `; ${entry.attributes}`;
}

function parseBody(body: unknown): Buffer | undefined | 'invalid' {
  if (body === undefined || body === null) return undefined;
  if (typeof body === 'string') return Buffer.from(body);
  if (!isRecord(body) || typeof body['data'] !== 'string') return 'invalid';
  const { data, encoding } = body;
  if (encoding === 'text' || encoding === undefined) return Buffer.from(data as string);
  if (encoding !== 'base64' || !/^[A-Za-z0-9+/]*={0,2}$/.test(data as string) || (data as string).length % 4 !== 0) return 'invalid';
  return Buffer.from(data as string, 'base64');
}

/** The first rule that the headers break: the map's shape, lower-case names, forbidden ones added, read-only ones edited. */
function checkHeaders(headers: unknown, before: EventValues, readOnly: readonly string[]): string | undefined {
  if (!isValues(headers)) return 'headers must map each name to an object with a string value';
  for (const name in headers) {
    if (before[name] !== undefined) continue;
    if (name !== name.toLowerCase()) return `headers must have header names in lower case, found "${name}"`;
    if (isForbiddenHeader(name)) return `headers must not contain "${name}"`;
  }
  for (const name of readOnly)
    if (valuesOf(headers[name]).join() !== valuesOf(before[name]).join()) return `headers: "${name}" is read-only`;
  return undefined;
}

function hasUnsafeCharacter(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code <= 0x20 || code === 0x23 || code === 0x7f) return true;
  }
  return false;
}

function isValues(value: unknown): value is EventValues {
  if (!isRecord(value)) return false;
  for (const name in value) {
    const entry = value[name];
    if (!isRecord(entry)) return false;
    const { multiValue } = entry;
    if (multiValue === undefined ? typeof entry['value'] !== 'string' : !isMultiValue(multiValue)) return false;
  }
  return true;
}

function isMultiValue(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => isRecord(item) && typeof item['value'] === 'string');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function refused(message: string): Refused {
  return { kind: 'refused', message };
}
