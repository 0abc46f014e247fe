import { maxHeadBytes, maxUriLength } from '../../kvs/limits.ts';
import type { EventValues, ViewerRequestEvent, ViewerResponseEvent } from '../../src/edge/execution.ts';
import { formatPairs, valuesOf } from '../edge/event-values.ts';
import { readOnlyRequestHeaders, readOnlyResponseHeaders } from '../edge/header-rules.ts';
import { checkCookies, checkHeaders, checkValues, describe, isRecord, isUntouched } from './check-headers.ts';

// Space, control characters and '#' end a URI. AWS names those; a '?' in the path is our own refusal, since nobody has said which side of it would be the query,
// and so are characters beyond a byte, which no request line can carry.
const uriText = /^[!"$->@-~\x80-\xff]*$/;
const queryText = /^[!"$-~\x80-\xff]*$/;
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
    ...checkCookies(request['cookies'], before.cookies, 'request.cookies'),
  ];
  return problems.length > 0 ? problems : checkHead(request as ViewerRequestEvent['request'], before);
}

/** What a function may add is not said; that it is held to what a viewer may send is our reading. A viewer's own headers are no fault of it. */
function checkHead(request: ViewerRequestEvent['request'], before: ViewerRequestEvent['request']): string[] {
  const bytes = headBytes(request);
  if (bytes <= maxHeadBytes || bytes <= headBytes(before)) return [];
  return [`the request has ${bytes} bytes of path, headers and cookies: it must stay within ${maxHeadBytes}`];
}

function headBytes({ method, uri, querystring, headers, cookies }: ViewerRequestEvent['request']): number {
  let bytes = method.length + uri.length + formatPairs(querystring, '&').length + formatPairs(cookies, '; ').length;
  for (const name in headers) for (const value of valuesOf(headers[name])) bytes += name.length + value.length + 4;
  return bytes;
}

/** A viewer's own path and arguments, left alone, are no fault of the function. */
function checkUri(uri: unknown, querystring: unknown, before: ViewerRequestEvent['request']): string[] {
  if (typeof uri !== 'string') return [`request.uri must be a string, not ${describe(uri)}`];
  if (!isRecord(querystring)) return ['request.querystring must be an object'];
  const problems: string[] = [];
  if (uri !== before.uri && !uri.startsWith('/')) problems.push('request.uri must begin with /');
  if (uri !== before.uri && !uriText.test(uri)) problems.push('request.uri has a space, a control character, # or ?');
  const touched = Object.entries(querystring).filter(([name, entry]) => !isUntouched(entry, before.querystring[name]));
  for (const [name, entry] of touched) {
    if (!queryText.test(name)) problems.push(`request.querystring has an invalid name: ${JSON.stringify(name)}`);
    problems.push(...checkValues(entry, `request.querystring.${name}`, queryText));
  }
  if (problems.length > 0 || (uri === before.uri && touched.length === 0)) return problems;
  const length = uri.length + 1 + formatPairs(querystring as EventValues, '&').length;
  if (length >= maxUriLength)
    problems.push(`request.uri and request.querystring have ${length} characters together: they must stay under ${maxUriLength}`);
  return problems;
}

function checkResponse(response: Record<string, unknown>, before: ViewerResponseEvent['response'] | undefined): string[] {
  const { statusCode, statusDescription, headers, cookies, body } = response;
  return [
    ...checkStatus(statusCode, before?.statusCode),
    ...(statusDescription === undefined || (typeof statusDescription === 'string' && reasonText.test(statusDescription))
      ? []
      : ['response.statusDescription must be a string without control characters']),
    ...(headers === undefined && before === undefined
      ? []
      : checkHeaders(headers, before?.headers ?? {}, {
          path: 'response.headers',
          // AWS lists read-only headers by event type. Whether the request's list holds for a response made there is not said; we hold it.
          readOnly: before === undefined ? readOnlyRequestHeaders : readOnlyResponseHeaders,
          cookieHeader: 'set-cookie',
        })),
    ...(cookies === undefined ? [] : checkCookies(cookies, before?.cookies ?? {}, 'response.cookies')),
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
