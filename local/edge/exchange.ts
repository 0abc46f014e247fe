import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FunctionRuntime, FunctionSource } from '../../src/edge/execution.ts';
import type { EdgePlan } from './edge-plan.ts';
import type { OriginConnections } from './origin-connection.ts';
import type { Replica } from './replica.ts';
import type { ResponseCache } from './response-cache.ts';
import { type EdgeMarks, sendErrorPage } from './viewer-reply.ts';
import { readViewerRequest, type ViewerRequest } from './viewer-request.ts';

/** A function as this edge runs it, with the store it reads. */
export interface RunnableFunction {
  source: FunctionSource;
  storeArn: string | undefined;
}

/** What every request of a distribution needs. `plan` and `reason` change with the distribution. */
export interface EdgeContext {
  distribution: { id: string; domainName: string };
  /** Undefined while the distribution cannot be served; `reason` says why. */
  plan: EdgePlan | undefined;
  reason: string;
  locations: readonly EdgeLocation[];
  liveFunction: (arn: string) => RunnableFunction | undefined;
  runtime: FunctionRuntime;
  replica: Replica;
  cache: ResponseCache;
  connections: OriginConnections;
  nextId: () => string;
  now: () => number;
  onRequest: ((record: EdgeRequestRecord, viewer: ViewerRequest | undefined) => void) | undefined;
}

/** A request in progress. Each step adds to its record. */
export interface Exchange {
  context: EdgeContext;
  viewer: ViewerRequest;
  message: IncomingMessage;
  response: ServerResponse;
  marks: EdgeMarks;
  record: EdgeRequestRecord;
  /** Ends the current attempt when the viewer has left. */
  abort: (() => void) | undefined;
}

/** Longest URL that CloudFront takes (AWS: RequestAndResponseBehaviorCustomOrigin.html). */
const maxUrlLength = 8_192;

/**
 * Opens the exchange and its record, which goes to `onRequest` when the response has ended. Undefined when the request
 * is invalid; the viewer then has its answer.
 */
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
    context.onRequest?.(record, viewer);
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

/** Answers 503: the function threw an error or could not run. */
export function answerExecutionError(exchange: Exchange, reason: string): undefined {
  return answer(exchange, 503, 'FunctionExecutionError', reason, 'The function of this behavior is invalid or could not run.');
}

/** Answers 502: CloudFront refuses what the function returned or called. */
export function answerValidationError(exchange: Exchange, reason: string): undefined {
  return answer(exchange, 502, 'FunctionValidationError', reason, 'The function of this behavior returned an invalid result.');
}

/** Answers with CloudFront's error page. Only the record gets the reason. */
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

/** One line of the edge's log: a viewer's request and its outcome. */
export interface EdgeRequestRecord {
  /** Epoch milliseconds at arrival. */
  at: number;
  id: string;
  method: string;
  path: string;
  country: string | undefined;
  ip: string;
  /** Index of the edge location that served it. */
  location: number;
  /** 0 when the viewer left before it got an answer. */
  status: number;
  /** The `x-cache` header, for example `Miss from cloudfront`. */
  xCache: string;
  /** The origins tried, in order. */
  origins: string[];
  /** The router's `x-origin-route` header, when the function set one. */
  decision: string | undefined;
  /** What the functions passed to `cf.logCustomData`, in the access log's form: URL-encoded, up to 800 bytes. */
  viewerRequestLogData?: string;
  viewerResponseLogData?: string;
  /** Until the end of the response. */
  ms: number;
  /** Why the edge answered instead of an origin, or why it went on to the second origin; undefined otherwise. */
  reason: string | undefined;
}

/** An edge location as functions and viewers see it. */
export interface EdgeLocation {
  /** The `x-amz-cf-pop` header. */
  pop: string;
  /** What `cf.edgeLocation` holds. */
  edgeLocation: { name: string; serverIp: string; region: string };
}

const places = [
  { name: 'SIN', region: 'ap-southeast-1' },
  { name: 'FRA', region: 'eu-central-1' },
  { name: 'IAD', region: 'us-east-1' },
  { name: 'BOM', region: 'ap-south-1' },
  { name: 'GRU', region: 'sa-east-1' },
  { name: 'NRT', region: 'ap-northeast-1' },
];

/**
 * The first `count` of six places, repeated under other numbers when there are more. Addresses are from the
 * documentation range.
 */
export function edgeLocations(count: number): EdgeLocation[] {
  return Array.from({ length: count }, (_, index) => {
    const place = places[index % places.length] as (typeof places)[number];
    return {
      pop: `${place.name}${50 + Math.floor(index / places.length)}-L1`,
      edgeLocation: { ...place, serverIp: `192.0.2.${(index % 254) + 1}` },
    };
  });
}
