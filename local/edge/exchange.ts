import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Execution, FunctionRuntime, FunctionSource, ViewerRequestEvent, ViewerResponseEvent } from '../../src/edge/execution.ts';
import type { EdgeLocation } from './edge-locations.ts';
import type { EdgePlan } from './edge-plan.ts';
import type { EdgeRequestRecord } from './edge-request-record.ts';
import type { OriginConnections } from './origin-connection.ts';
import type { Replica } from './replica.ts';
import type { ResponseCache } from './response-cache.ts';
import { type EdgeMarks, sendErrorPage } from './viewer-reply.ts';
import { readViewerRequest, type ViewerRequest } from './viewer-request.ts';

/** A function as this edge runs it, with the store it reads. */
export interface LiveFunction {
  source: FunctionSource;
  storeArn: string | undefined;
}

/** Everything that serving a request needs; `plan` and `reason` change when the distribution does. */
export interface EdgeContext {
  distribution: { id: string; domainName: string };
  /** Undefined while nothing can be served; `reason` then says why. */
  plan: EdgePlan | undefined;
  reason: string;
  locations: readonly EdgeLocation[];
  liveFunction: (arn: string) => LiveFunction | undefined;
  runtime: FunctionRuntime;
  replica: Replica;
  cache: ResponseCache;
  connections: OriginConnections;
  nextId: () => string;
  now: () => number;
  onRequest: ((record: EdgeRequestRecord) => void) | undefined;
}

/** A request under way: its record grows as things are decided. */
export interface Exchange {
  context: EdgeContext;
  viewer: ViewerRequest;
  message: IncomingMessage;
  response: ServerResponse;
  marks: EdgeMarks;
  record: EdgeRequestRecord;
  /** Ends the work under way for a viewer who has left. */
  abort: (() => void) | undefined;
}

/** Longest URL that CloudFront takes (AWS: RequestAndResponseBehaviorCustomOrigin.html). */
const maxUrlLength = 8_192;

/** Opens the exchange and its record, which is handed out when the response is over; undefined when the viewer's request was no request and is answered already. */
export function openExchange(context: EdgeContext, message: IncomingMessage, response: ServerResponse): Exchange | undefined {
  const startedAt = performance.now();
  const id = context.nextId();
  const viewer = readViewerRequest(message, id, context.locations.length);
  const marks: EdgeMarks = {
    via: `1.1 ${context.distribution.domainName} (CloudFront)`,
    pop: context.locations[viewer?.location ?? 0]?.pop ?? '',
    id,
  };
  const record: EdgeRequestRecord = {
    at: context.now(),
    id,
    method: message.method ?? '',
    path: viewer?.path ?? message.url ?? '',
    country: viewer?.country,
    ip: viewer?.ip ?? message.socket.remoteAddress ?? '',
    location: viewer?.location ?? 0,
    status: 0,
    xCache: '',
    origins: [],
    decision: undefined,
    ms: 0,
    reason: undefined,
  };
  const exchange: Exchange | undefined = viewer && { context, viewer, message, response, marks, record, abort: undefined };
  response.once('close', () => {
    if (!response.writableFinished) exchange?.abort?.();
    if (response.headersSent) record.status = response.statusCode;
    else if (record.status === 0) record.reason = 'the viewer closed the connection';
    record.ms = performance.now() - startedAt;
    context.onRequest?.(record);
  });
  if (exchange === undefined) {
    record.xCache = 'Error from cloudfront';
    record.reason = 'the request target is not a path';
    sendErrorPage(response, 400, record.xCache, marks, 'The request could not be satisfied.');
    return undefined;
  }
  if ((message.url?.length ?? 0) > maxUrlLength) return answerError(exchange, 413, `the URL is longer than ${maxUrlLength} characters`);
  return exchange;
}

/** Runs a function's LIVE stage on an event; its failure is answered, and then undefined. */
export async function runFunction(
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

/** Answers 503: the function threw or could not run. */
export function answerExecutionError(exchange: Exchange, reason: string): undefined {
  return answer(exchange, 503, 'FunctionExecutionError', reason, 'The function of this behavior is invalid or could not run.');
}

/** Answers 502: what the function returned or asked for is refused. */
export function answerValidationError(exchange: Exchange, reason: string): undefined {
  return answer(exchange, 502, 'FunctionValidationError', reason, 'The function of this behavior returned an invalid result.');
}

/** Answers with CloudFront's own page. The reason goes to the record only. */
export function answerError(exchange: Exchange, status: number, reason: string): undefined {
  return answer(exchange, status, 'Error', reason, 'The request could not be satisfied.');
}

function answer(exchange: Exchange, status: number, kind: string, reason: string, page: string): undefined {
  const { record, response, marks } = exchange;
  record.xCache = `${kind} from cloudfront`;
  record.reason = reason;
  if (response.headersSent) response.destroy();
  else sendErrorPage(response, status, record.xCache, marks, page);
}

/** The part of an event that names distribution, request and viewer. */
export function eventFrame<T extends 'viewer-request' | 'viewer-response'>({ context, viewer }: Exchange, eventType: T) {
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

/** An event's request: the viewer's, or what a viewer-request function made of it. */
export function eventRequest(
  viewer: ViewerRequest,
  changed?: Omit<ViewerRequestEvent['request'], 'method'>,
): ViewerRequestEvent['request'] {
  const { uri, querystring, headers, cookies } = changed ?? { ...viewer, uri: viewer.path };
  return { method: viewer.method, uri, querystring, headers, cookies };
}
