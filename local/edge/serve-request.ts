import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Execution, FunctionRuntime, FunctionSource } from '../../src/edge/execution.ts';
import type { EdgeLocation } from './edge-locations.ts';
import { type Behavior, type EdgePlan, matchBehavior } from './edge-plan.ts';
import type { EdgeRequestRecord } from './edge-request-record.ts';
import { askOrigins, failureStatus } from './failover.ts';
import { type EdgeRequest, parseViewerRequestOutput } from './function-output.ts';
import { chooseOrigins, type OriginChoice } from './origin-choice.ts';
import type { OriginConnections, OriginResponse } from './origin-connection.ts';
import { formatOriginRequest } from './origin-request.ts';
import type { Replica } from './replica.ts';
import { type EdgeMarks, originReplyHead, sendErrorPage, sendGenerated, sendHttpsRedirect, writeReplyHead } from './viewer-reply.ts';
import { addCloudFrontHeaders, readViewerRequest, type ViewerRequest, viewerRequestEvent } from './viewer-request.ts';

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
  connections: OriginConnections;
  nextId: () => string;
  now: () => number;
  onRequest: ((record: EdgeRequestRecord) => void) | undefined;
}

/** A request under way: the record grows as things are decided. */
interface Exchange {
  context: EdgeContext;
  viewer: ViewerRequest;
  message: IncomingMessage;
  response: ServerResponse;
  marks: EdgeMarks;
  record: EdgeRequestRecord;
  abort: (() => void) | undefined;
}

/** Serves one viewer's request from start to end. Never rejects: what goes wrong is answered and recorded. */
export async function serveRequest(context: EdgeContext, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const exchange = openExchange(context, message, response);
  if (exchange === undefined) return;
  try {
    const behavior = admit(exchange);
    if (behavior === undefined) return;
    addCloudFrontHeaders(exchange.viewer, behavior.cloudFrontHeaders);
    const decided = await decide(exchange, behavior);
    if (decided !== undefined) await forward(exchange, behavior, decided.request, decided.choice);
  } catch (error) {
    // A runtime that died, or a bug of ours: the viewer gets what CloudFront says of a function that could not run.
    answerExecutionError(exchange, (error as Error).message);
  }
}

function openExchange(context: EdgeContext, message: IncomingMessage, response: ServerResponse): Exchange | undefined {
  const startedAt = performance.now();
  const id = context.nextId();
  const viewer = readViewerRequest(message, id, context.locations.length);
  const location = context.locations[viewer?.location ?? 0];
  const marks: EdgeMarks = { via: `1.1 ${context.distribution.domainName} (CloudFront)`, pop: location?.pop ?? '', id };
  if (viewer === undefined) {
    sendErrorPage(response, 400, 'Error from cloudfront', marks, 'The request target is not a path.');
    return undefined;
  }
  const record: EdgeRequestRecord = {
    at: context.now(),
    id,
    method: viewer.method,
    path: viewer.path,
    country: viewer.country,
    ip: viewer.ip,
    location: viewer.location,
    status: 0,
    xCache: '',
    origins: [],
    decision: undefined,
    ms: 0,
    reason: undefined,
  };
  const exchange: Exchange = { context, viewer, message, response, marks, record, abort: undefined };
  response.once('close', () => {
    if (!response.writableFinished) exchange.abort?.();
    if (response.headersSent) record.status = response.statusCode;
    else record.reason = 'the viewer closed the connection';
    record.ms = performance.now() - startedAt;
    context.onRequest?.(record);
  });
  return exchange;
}

/** What CloudFront settles before any function runs: the behavior, its methods, its protocol, the country. */
function admit(exchange: Exchange): Behavior | undefined {
  const { context, viewer, response, marks, record } = exchange;
  const { plan } = context;
  if (plan === undefined) return answerError(exchange, 502, 'Error from cloudfront', context.reason);
  if (!plan.enabled) return answerError(exchange, 403, 'Error from cloudfront', 'the distribution is disabled');
  const behavior = matchBehavior(plan, viewer.path);
  if (behavior === undefined) return answerError(exchange, 502, 'Error from cloudfront', 'the distribution has no default behavior');
  const geo = plan.geoRestriction;
  if (geo !== undefined && geo.countries.has(viewer.country ?? '') !== geo.allowListed)
    return answerError(
      exchange,
      403,
      'Error from cloudfront',
      'the viewer’s country is blocked by the distribution’s geographic restriction',
    );
  if (viewer.protocol === 'http' && behavior.viewerProtocolPolicy !== 'allow-all') {
    if (behavior.viewerProtocolPolicy === 'https-only')
      return answerError(exchange, 403, 'Error from cloudfront', `${behavior.pattern} takes https only`);
    record.xCache = 'Redirect from cloudfront';
    sendHttpsRedirect(response, viewer.method, `https://${viewer.host}${exchange.message.url ?? viewer.path}`, marks);
    return undefined;
  }
  if (!behavior.allowedMethods.has(viewer.method))
    return answerError(exchange, 403, 'Error from cloudfront', `behavior ${behavior.pattern} does not allow ${viewer.method}`);
  if (viewer.method === 'GET' && viewer.hasBody)
    return answerError(exchange, 403, 'Error from cloudfront', 'a GET request must not have a body');
  return behavior;
}

/** Runs the viewer-request function, if there is one; undefined when the viewer has its answer. */
async function decide(exchange: Exchange, behavior: Behavior): Promise<{ request: EdgeRequest; choice: OriginChoice } | undefined> {
  const { context, viewer, record } = exchange;
  const arn = behavior.viewerRequestFunction;
  let request: EdgeRequest = { kind: 'request', uri: viewer.path, query: viewer.query, headers: viewer.headers, cookie: viewer.cookie };
  let call: Execution['originCall'];
  if (arn !== undefined) {
    const live = context.liveFunction(arn);
    if (live === undefined) return answerExecutionError(exchange, `${arn} has no LIVE stage`);
    const location = context.locations[viewer.location];
    const execution = await context.runtime.run({
      source: live.source,
      event: viewerRequestEvent(viewer, context.distribution),
      store: live.storeArn === undefined ? undefined : context.replica.read(live.storeArn, viewer.location),
      ...(location !== undefined && { edgeLocation: location.edgeLocation }),
      ...(viewer.query !== undefined && { rawQueryString: viewer.query }),
    });
    if (execution.error?.kind === 'execution') return answerExecutionError(exchange, execution.error.message);
    if (execution.error !== undefined) return answerValidationError(exchange, execution.error.message);
    const output = parseViewerRequestOutput(execution.output, viewer);
    if (output.kind === 'refused') return answerValidationError(exchange, output.message);
    if (output.kind === 'response') {
      record.xCache = 'FunctionGeneratedResponse from cloudfront';
      try {
        sendGenerated(exchange.response, output, viewer.method === 'HEAD', exchange.marks);
      } catch (error) {
        return answerValidationError(exchange, (error as Error).message);
      }
      return undefined;
    }
    request = output;
    call = execution.originCall;
    record.decision = request.headers['x-origin-route']?.value;
  }
  const choice = chooseOrigins(context.plan as EdgePlan, behavior.target, call, request.headers);
  if (choice.kind === 'refused') return answerValidationError(exchange, choice.message);
  const rootObject = context.plan?.defaultRootObject;
  if (rootObject !== undefined && rootObject !== '' && request.uri === '/') request.uri = `/${rootObject}`;
  return { request, choice };
}

/** Sends the request to the chosen origin, or to both of a group in turn, and the response to the viewer. */
async function forward(exchange: Exchange, behavior: Behavior, request: EdgeRequest, choice: OriginChoice): Promise<void> {
  const { context, viewer, message, response, record, marks } = exchange;
  const canFailOver =
    !viewer.hasBody &&
    (viewer.method === 'GET' || viewer.method === 'HEAD' || (viewer.method === 'OPTIONS' && behavior.cachedMethods.has('OPTIONS')));
  const { reply, tried, passedOver } = await askOrigins(choice, canFailOver, (route) =>
    context.connections.send({
      route,
      request: formatOriginRequest(viewer, request, behavior, route, marks.via),
      body: viewer.hasBody ? message : undefined,
      viewerProtocol: viewer.protocol,
      onAbortable: (abort) => {
        exchange.abort = abort;
        if (response.destroyed) abort();
      },
      isViewerSlow: () => response.writableNeedDrain,
    }),
  );
  record.origins = tried;
  record.reason = passedOver;
  if (reply.kind === 'response') return relay(exchange, reply);
  if (reply.failure === 'viewer-closed') return;
  if (reply.failure === 'invalid-request') return answerValidationError(exchange, reply.detail);
  const reason = `${tried.at(-1)}: ${reply.failure}, ${reply.detail}`;
  answerError(
    exchange,
    failureStatus(reply.failure),
    'Error from cloudfront',
    passedOver === undefined ? reason : `${passedOver}; ${reason}`,
  );
}

function relay({ response, record, marks, ...exchange }: Exchange, { message, abort }: OriginResponse): void {
  const head = originReplyHead(message);
  record.xCache = head.statusCode >= 400 ? 'Error from cloudfront' : 'Miss from cloudfront';
  writeReplyHead(response, head, record.xCache, marks);
  exchange.abort = abort;
  message.on('error', (error) => {
    record.reason = `${record.origins.at(-1)}: broke off, ${error.message}`;
    response.destroy();
  });
  message.pipe(response);
}

function answerExecutionError(exchange: Exchange, reason: string): undefined {
  return answerError(
    exchange,
    503,
    'FunctionExecutionError from cloudfront',
    reason,
    'The function associated with this behavior is invalid or could not run.',
  );
}

function answerValidationError(exchange: Exchange, reason: string): undefined {
  return answerError(
    exchange,
    502,
    'FunctionValidationError from cloudfront',
    reason,
    'The function associated with this behavior returned an invalid result.',
  );
}

/** The reason goes to the record; the viewer gets no more than CloudFront would say. */
function answerError(
  exchange: Exchange,
  status: number,
  xCache: string,
  reason: string,
  page = 'The request could not be satisfied.',
): undefined {
  exchange.record.xCache = xCache;
  exchange.record.reason = reason;
  if (!exchange.response.headersSent) sendErrorPage(exchange.response, status, xCache, exchange.marks, page);
}
