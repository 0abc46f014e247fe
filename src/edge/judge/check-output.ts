import { maxHeadBytes, maxUriLength } from '../../../kvs/limits.ts';
import { isRecord } from '../../text/is-record.ts';
import type { EventValue, EventValues, ViewerRequestEvent, ViewerResponseEvent } from '../execution.ts';
import { encodeUtf8, formatPairs, valuesOf } from './event-values.ts';
import { isForbiddenHeader, readOnlyRequestHeaders, readOnlyResponseHeaders } from './header-rules.ts';

// Space, control characters and '#' end a URI; AWS names those. Refusing '?' in a path is our own rule: no page says
// what CloudFront makes of it. Characters beyond ASCII leave as UTF-8, percent-encoded.
const uriText = /^[!"$->@-~\x80-\uffff]*$/;
const queryText = /^[!"$-~\x80-\uffff]*$/;
const reasonText = /^[\x20-\x7e]*$/;
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * Why CloudFront would refuse what a handler returned: each problem is a FunctionValidationError, a 502 to the viewer.
 * Rules: functions-event-structure.html and edge-function-restrictions-all.html, read strictly where they say nothing.
 */
export function checkOutput(output: unknown, event: ViewerRequestEvent | ViewerResponseEvent): string[] {
  if (!isRecord(output)) return [`the handler returned ${describeType(output)}: it must return the request or a response`];
  const isResponse = 'statusCode' in output;
  const isRequest = 'method' in output || 'uri' in output;
  if ('request' in output && 'context' in output) return ['the handler returned the event: it must return event.request or a response'];
  if (isResponse === isRequest) return ['the handler returned an object that is neither a request nor a response'];
  if ('response' in event) {
    if (isRequest) return ['a viewer-response function must return the response'];
    return checkResponse(output, event.response);
  }
  return isResponse ? checkResponse(output, undefined) : checkRequest(output, event.request);
}

function checkRequest(request: Record<string, unknown>, before: ViewerRequestEvent['request']): string[] {
  const problems = [
    ...(request['method'] === before.method ? [] : ['request.method is read-only']),
    ...checkUri(request['uri'], request['querystring'], before),
    ...checkHeaders(request['headers'], before.headers, {
      path: 'request.headers',
      readOnly: readOnlyRequestHeaders,
      cookieHeader: 'cookie',
    }),
    ...checkCookies(request['cookies'] ?? {}, before.cookies, 'request.cookies'),
  ];
  return problems.length > 0 ? problems : checkHead(request as unknown as ReturnedRequest, before);
}

/** A request as a function may return it: the query as a map or a text, and what is missing is empty. */
type ReturnedRequest = Omit<ViewerRequestEvent['request'], 'querystring' | 'cookies'> & {
  querystring?: EventValues | string;
  cookies?: EventValues;
};

/**
 * AWS does not say how much a function may add: we allow what a viewer may send. A viewer's own headers always pass.
 */
function checkHead(request: ReturnedRequest, before: ViewerRequestEvent['request']): string[] {
  const bytes = headBytes(request);
  if (bytes <= maxHeadBytes || bytes <= headBytes(before)) return [];
  return [`the request has ${bytes} bytes of path, headers and cookies: it must stay within ${maxHeadBytes}`];
}

function headBytes({ method, uri, querystring, headers, cookies = {} }: ReturnedRequest): number {
  let bytes = method.length + encodeUtf8(uri).length + queryOf(querystring).length + formatPairs(cookies, '; ').length;
  for (const name in headers) for (const value of valuesOf(headers[name])) bytes += name.length + value.length + 4;
  return bytes;
}

/** A viewer's own path and arguments always pass when the function leaves them unchanged. */
function checkUri(uri: unknown, querystring: unknown, before: ViewerRequestEvent['request']): string[] {
  if (typeof uri !== 'string') return [`request.uri must be a string, not ${describeType(uri)}`];
  const problems: string[] = [];
  if (uri !== before.uri && !uri.startsWith('/')) problems.push('request.uri must begin with /');
  if (uri !== before.uri && !uriText.test(uri)) problems.push('request.uri has a space, a control character, # or ?');
  const query = checkQuery(querystring, before.querystring);
  problems.push(...query.problems);
  if (problems.length > 0 || (uri === before.uri && !query.isTouched)) return problems;
  const length = encodeUtf8(uri).length + 1 + queryOf(querystring as ReturnedRequest['querystring']).length;
  if (length >= maxUriLength)
    problems.push(`request.uri and request.querystring have ${length} characters together: they must stay under ${maxUriLength}`);
  return problems;
}

function checkQuery(querystring: unknown, before: EventValues): { problems: string[]; isTouched: boolean } {
  if (typeof querystring === 'string') {
    const problems = queryText.test(querystring) ? [] : ['request.querystring has a space, a control character or #'];
    return { problems, isTouched: true };
  }
  if (querystring !== undefined && !isRecord(querystring))
    return { problems: [`request.querystring must be an object or a string, not ${describeType(querystring)}`], isTouched: true };
  const touched = Object.entries(querystring ?? {}).filter(([name, entry]) => !isUntouched(entry, before[name]));
  const problems = touched.flatMap(([name, entry]) => [
    ...(queryText.test(name) ? [] : [`request.querystring has an invalid name: ${JSON.stringify(name)}`]),
    ...checkValues(entry, `request.querystring.${name}`, queryText),
  ]);
  return { problems, isTouched: touched.length > 0 };
}

function queryOf(querystring: ReturnedRequest['querystring'] = {}): string {
  return encodeUtf8(typeof querystring === 'string' ? querystring : formatPairs(querystring, '&'));
}

function checkResponse(response: Record<string, unknown>, before: ViewerResponseEvent['response'] | undefined): string[] {
  const { statusCode, statusDescription, headers, cookies, body } = response;
  return [
    ...checkStatus(statusCode, before?.statusCode),
    ...(statusDescription === undefined || (typeof statusDescription === 'string' && reasonText.test(statusDescription))
      ? []
      : ['response.statusDescription must be a string without control characters']),
    ...checkHeaders(headers ?? {}, before?.headers ?? {}, {
      path: 'response.headers',
      // AWS lists read-only headers by event type. For a response made in a viewer-request function we use that type's
      // list.
      readOnly: before === undefined ? readOnlyRequestHeaders : readOnlyResponseHeaders,
      cookieHeader: 'set-cookie',
    }),
    ...checkCookies(cookies ?? {}, before?.cookies ?? {}, 'response.cookies'),
    ...checkBody(body),
  ];
}

function checkStatus(statusCode: unknown, before: number | undefined): string[] {
  if (typeof statusCode !== 'number' || !Number.isInteger(statusCode))
    return [`response.statusCode must be an integer, not ${describeType(statusCode)}`];
  if (statusCode === before || (statusCode >= 200 && statusCode <= 599)) return [];
  return [`response.statusCode ${statusCode} is not a status that a function may give`];
}

function checkBody(body: unknown): string[] {
  if (body === undefined || typeof body === 'string') return [];
  if (!isRecord(body)) return [`response.body must be a string or an object, not ${describeType(body)}`];
  const { data, encoding } = body;
  if (typeof data !== 'string') return [`response.body.data must be a string, not ${describeType(data)}`];
  if (encoding !== 'text' && encoding !== 'base64') return ["response.body.encoding must be 'text' or 'base64'"];
  return encoding === 'base64' && !base64.test(data) ? ['response.body.data is not valid base64'] : [];
}

const token = /^[!#$%&'*+.^_`|~0-9a-zA-Z-]+$/;
// A header travels as Latin-1, and a control character in one would end it.
const headerText = /^[\x20-\x7e\x80-\xff]*$/;

/** The rules of one kind of map; `path` begins every problem. */
interface HeaderRules {
  path: 'request.headers' | 'response.headers';
  readOnly: readonly string[];
  /** The header whose content is a map of its own: `cookie` or `set-cookie`. */
  cookieHeader: string;
}

/** Problems of a returned map of headers. An unchanged header passes unless its name has a capital letter. */
function checkHeaders(headers: unknown, before: EventValues, rules: HeaderRules): string[] {
  const { path } = rules;
  if (!isRecord(headers)) return [`${path} must be an object`];
  const problems: string[] = [];
  for (const [name, entry] of Object.entries(headers)) {
    // Most headers are as the viewer sent them, and those always pass.
    if (isUntouched(entry, before[name]) && name === name.toLowerCase()) continue;
    // In AWS's words, as far as they are known.
    if (name !== name.toLowerCase()) problems.push(`${path} must have header names in lower case: ${name}`);
    else if (!token.test(name)) problems.push(`${path} has an invalid header name: ${JSON.stringify(name)}`);
    else if (isForbiddenHeader(name)) problems.push(`${path}.${name} is not allowed in a function`);
    else if (rules.readOnly.includes(name)) problems.push(`${path}.${name} is read-only`);
    else if (name === rules.cookieHeader) problems.push(`${path}.${name} is not allowed: cookies have a map of their own`);
    else problems.push(...checkValues(entry, `${path}.${name}`, headerText));
  }
  for (const name of rules.readOnly) {
    if (before[name] !== undefined && headers[name] === undefined) problems.push(`${path}.${name} is read-only and was removed`);
  }
  return problems;
}

/** True for what the function left as the viewer had sent it. */
function isUntouched(entry: unknown, before: EventValue | undefined): boolean {
  if (before === undefined || !isRecord(entry) || entry['value'] !== before.value) return false;
  if (entry['multiValue'] === undefined && before.multiValue === undefined) return entry['attributes'] === before.attributes;
  return JSON.stringify(entry) === JSON.stringify(before);
}

/** Problems of a map of cookies against the one that was handed in; a response's cookies may carry attributes. */
function checkCookies(cookies: unknown, before: EventValues, path: string): string[] {
  if (!isRecord(cookies)) return [`${path} must be an object`];
  const touched = Object.entries(cookies).filter(([name, entry]) => !isUntouched(entry, before[name]));
  return touched.flatMap(([name, entry]) => [
    ...(token.test(name) ? [] : [`${path} has an invalid cookie name: ${JSON.stringify(name)}`]),
    ...checkValues(entry, `${path}.${name}`, headerText),
    ...checkAttributes(entry, `${path}.${name}`),
  ]);
}

/** Problems of `{ value, multiValue? }`. `value` may be missing beside multiValue, which wins once it was changed. */
function checkValues(entry: unknown, path: string, allowed: RegExp): string[] {
  if (!isRecord(entry)) return [`${path} must be an object with a value`];
  if (entry['multiValue'] === undefined) return checkText(entry['value'], `${path}.value`, allowed);
  const items = entry['multiValue'];
  if (!Array.isArray(items) || items.length === 0) return [`${path}.multiValue must be an array of values`];
  const problems = entry['value'] === undefined ? [] : checkText(entry['value'], `${path}.value`, allowed);
  items.forEach((item: unknown, index) => {
    problems.push(...checkText(isRecord(item) ? item['value'] : undefined, `${path}.multiValue[${index}].value`, allowed));
  });
  return problems;
}

function checkAttributes(entry: unknown, path: string): string[] {
  if (!isRecord(entry) || entry['attributes'] === undefined) return [];
  return checkText(entry['attributes'], `${path}.attributes`, headerText);
}

function checkText(value: unknown, path: string, allowed: RegExp): string[] {
  if (typeof value !== 'string') return [`${path} must be a string, not ${describeType(value)}`];
  return allowed.test(value) ? [] : [`${path} has a character that is not allowed there`];
}

export function describeType(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  return Array.isArray(value) ? 'an array' : typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
