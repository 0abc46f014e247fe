import type { EventValues, Execution, OriginCall, ViewerRequestEvent, ViewerResponseEvent } from '../../src/edge/execution.ts';
import { addValue, emptyValues, encodeUtf8, formatPairs, parseQuery, sameValues, valuesOf } from '../../src/edge/judge/event-values.ts';
import { isForbiddenHeader } from '../../src/edge/judge/header-rules.ts';
import { answerExecutionError, answerValidationError, type Exchange } from './exchange.ts';
import type { EdgeResponse, ReplyHead } from './viewer-reply.ts';
import type { EdgeRequest, ViewerRequest } from './viewer-request.ts';

/** What a viewer-request function decided; `call` is its one call of an origin helper. */
export interface ViewerRequestResult {
  output: EdgeRequest | EdgeResponse;
  call: OriginCall | undefined;
}

/** The function's output. The runtime has checked its shape and its headers. */
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

/** Runs a behavior's viewer-request function. Undefined when it failed; the viewer then has its answer. */
export async function runViewerRequest(exchange: Exchange, arn: string): Promise<ViewerRequestResult | undefined> {
  const { viewer } = exchange;
  const execution = await runFunction(exchange, arn, { ...eventFrame(exchange, 'viewer-request'), request: eventRequest(viewer) });
  if (execution === undefined) return undefined;
  return { output: readRequestOutput(execution.output, viewer, execution.queryNames), call: execution.originCall };
}

/**
 * Runs a behavior's viewer-response function. The caller skips it from status 400 on, as CloudFront does. Gives the new
 * head, and a body if the function set one. Undefined when it failed; the viewer then has its answer.
 */
export async function runViewerResponse(
  exchange: Exchange,
  arn: string,
  request: EdgeRequest,
  head: ReplyHead,
): Promise<{ head: ReplyHead; body: Buffer | undefined } | undefined> {
  const { headers, cookies } = readHead(head);
  const execution = await runFunction(exchange, arn, {
    ...eventFrame(exchange, 'viewer-response'),
    request: eventRequest(exchange.viewer, request),
    response: { statusCode: head.statusCode, statusDescription: head.statusMessage, headers, cookies },
  });
  if (execution === undefined) return undefined;
  const output = readResponseOutput(execution.output);
  // A function cannot edit the length: it follows from the body, which is the origin's unless the function set its own.
  const length = output.body === undefined ? headers['content-length']?.value : String(output.body.length);
  const list = length === undefined ? output.headers : [...output.headers, 'content-length', length];
  const statusMessage = output.statusDescription ?? head.statusMessage;
  return { head: { statusCode: output.statusCode, statusMessage, headers: list }, body: output.body };
}

/** Runs the function's LIVE stage on an event. Answers the viewer and gives undefined when it fails. */
async function runFunction(
  exchange: Exchange,
  arn: string,
  event: ViewerRequestEvent | ViewerResponseEvent,
): Promise<Execution | undefined> {
  const { context, viewer } = exchange;
  const live = context.liveFunction(arn);
  if (live === undefined) return answerExecutionError(exchange, `${arn} has no LIVE stage`);
  const location = context.locations[viewer.location];
  const execution = await context.runtime.run({
    source: live.source,
    event,
    store: live.storeArn === undefined ? undefined : context.replica.read(live.storeArn, viewer.location),
    ...(location !== undefined && { edgeLocation: location.edgeLocation }),
    ...(viewer.query !== undefined && { rawQueryString: viewer.query }),
    now: context.now(),
  });
  if (execution.customData !== undefined) {
    const field = event.context.eventType === 'viewer-request' ? 'viewerRequestLogData' : 'viewerResponseLogData';
    exchange.record[field] = execution.customData;
  }
  if (execution.error === undefined) return execution;
  return execution.error.kind === 'execution'
    ? answerExecutionError(exchange, execution.error.message)
    : answerValidationError(exchange, execution.error.message);
}

/** The part of an event that names distribution, request and viewer. */
function eventFrame<T extends 'viewer-request' | 'viewer-response'>({ context, viewer }: Exchange, eventType: T) {
  return {
    version: '1.0' as const,
    context: {
      distributionDomainName: context.distribution.domainName,
      distributionId: context.distribution.id,
      eventType,
      requestId: viewer.id,
    },
    viewer: { ip: viewer.ip },
  };
}

/** The request of an event: the viewer's, or the one that the viewer-request function returned. */
function eventRequest(viewer: ViewerRequest, changed?: Omit<ViewerRequestEvent['request'], 'method'>): ViewerRequestEvent['request'] {
  const { uri, querystring, headers, cookies } = changed ?? { ...viewer, uri: viewer.path };
  return { method: viewer.method, uri, querystring, headers, cookies };
}

/**
 * Path, query string and cookies stay as the viewer sent them, byte for byte, unless the function changed them. What it
 * changed is sent as percent-encoded UTF-8.
 */
function readRequestOutput(output: unknown, viewer: ViewerRequest, queryNames?: readonly string[]): EdgeRequest | EdgeResponse {
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

function readResponseOutput(output: unknown): EdgeResponse {
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

function readHead(head: ReplyHead): { headers: EventValues; cookies: EventValues } {
  const headers = emptyValues();
  const cookies = emptyValues();
  for (let index = 0; index < head.headers.length; index += 2) {
    const name = head.headers[index] as string;
    const value = head.headers[index + 1] as string;
    if (name === 'set-cookie') addCookie(cookies, value);
    else if (!isForbiddenHeader(name)) addValue(headers, name, value);
  }
  return { headers, cookies };
}

function addCookie(cookies: EventValues, line: string): void {
  const end = line.indexOf(';');
  const pair = end === -1 ? line : line.slice(0, end);
  const attributes = end === -1 ? '' : line.slice(end + 1).trim();
  const equals = pair.indexOf('=');
  const name = pair.slice(0, equals === -1 ? undefined : equals).trim();
  const value = equals === -1 ? '' : pair.slice(equals + 1).trim();
  const entry = attributes === '' ? { value } : { value, attributes };
  const known = cookies[name];
  if (known === undefined) cookies[name] = entry;
  else if (known.multiValue === undefined) known.multiValue = [{ ...known }, entry];
  else known.multiValue.push(entry);
}
