import { maxHeadBytes, maxUriLength } from '../../../kvs/limits.ts';
import { isRecord } from '../../text/is-record.ts';
import type { EventValues, ViewerRequestEvent, ViewerResponseEvent } from '../execution.ts';
import { checkCookies, checkHeaders, checkValues, describe, isUntouched } from './check-headers.ts';
import { encodeUtf8, formatPairs, valuesOf } from './event-values.ts';
import { readOnlyRequestHeaders, readOnlyResponseHeaders } from './header-rules.ts';

// Space, control characters and '#' end a URI. AWS names those; a '?' in the path is our own refusal, since no page says which side of it would be the query.
// Characters beyond ASCII leave as UTF-8, percent-encoded.
const uriText = /^[!"$->@-~\x80-\uffff]*$/;
const queryText = /^[!"$-~\x80-\uffff]*$/;
const reasonText = /^[\x20-\x7e]*$/;
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * Why CloudFront would refuse what a handler returned: each problem is a FunctionValidationError, a 502 to the viewer. The rules are those of AWS's pages
 * functions-event-structure.html and edge-function-restrictions-all.html; where they are silent, ours are the narrower reading.
 */
export function checkOutput(output: unknown, event: ViewerRequestEvent | ViewerResponseEvent): string[] {
  if (!isRecord(output)) return [`the handler returned ${describe(output)}: it must return the request or a response`];
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

/** What a function may add is not said; that it is held to what a viewer may send is our reading. A viewer's own headers are no fault of it. */
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

/** A viewer's own path and arguments, left alone, are no fault of the function. */
function checkUri(uri: unknown, querystring: unknown, before: ViewerRequestEvent['request']): string[] {
  if (typeof uri !== 'string') return [`request.uri must be a string, not ${describe(uri)}`];
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
    return { problems: [`request.querystring must be an object or a string, not ${describe(querystring)}`], isTouched: true };
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
      // AWS lists read-only headers by event type. Whether the request's list holds for a response made there is not said; we hold it.
      readOnly: before === undefined ? readOnlyRequestHeaders : readOnlyResponseHeaders,
      cookieHeader: 'set-cookie',
    }),
    ...checkCookies(cookies ?? {}, before?.cookies ?? {}, 'response.cookies'),
    ...checkBody(body),
  ];
}

function checkStatus(statusCode: unknown, before: number | undefined): string[] {
  if (typeof statusCode !== 'number' || !Number.isInteger(statusCode))
    return [`response.statusCode must be an integer, not ${describe(statusCode)}`];
  if (statusCode === before || (statusCode >= 200 && statusCode <= 599)) return [];
  return [`response.statusCode ${statusCode} is not a status that a function may give`];
}

function checkBody(body: unknown): string[] {
  if (body === undefined || typeof body === 'string') return [];
  if (!isRecord(body)) return [`response.body must be a string or an object, not ${describe(body)}`];
  const { data, encoding } = body;
  if (typeof data !== 'string') return [`response.body.data must be a string, not ${describe(data)}`];
  if (encoding !== 'text' && encoding !== 'base64') return ["response.body.encoding must be 'text' or 'base64'"];
  return encoding === 'base64' && !base64.test(data) ? ['response.body.data is not valid base64'] : [];
}
