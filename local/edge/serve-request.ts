import type { IncomingMessage, ServerResponse } from 'node:http';
import { type EdgePlan, matchBehavior, type PlannedBehavior } from './edge-plan.ts';
import { answerError, answerExecutionError, answerValidationError, type EdgeContext, type Exchange, openExchange } from './exchange.ts';
import type { OriginResponse } from './origin-attempt.ts';
import { chooseOrigins, type OriginChoice } from './origin-choice.ts';
import { askOrigins, failureStatus } from './origin-connection.ts';
import { formatOriginRequest } from './origin-request.ts';
import {
  birth,
  type CachedResponse,
  cacheKey,
  collectBody,
  freshUntil,
  keptReplyHead,
  validators,
  withoutHeader,
} from './response-cache.ts';
import { runViewerRequest, runViewerResponse, type ViewerRequestResult } from './run-function.ts';
import { errorPage, type ReplyHead, sendGenerated, sendHttpsRedirect, writeReplyHead } from './viewer-reply.ts';
import { addCloudFrontHeaders, type EdgeRequest } from './viewer-request.ts';

/** How a request is served: under which behavior, in what form, from which origins. */
interface Decision {
  behavior: PlannedBehavior;
  request: EdgeRequest;
  choice: OriginChoice;
}

/** Serves one viewer request from start to end. Never rejects: a failure is answered and recorded. */
export async function serveRequest(context: EdgeContext, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const exchange = openExchange(context, message, response);
  if (exchange === undefined) return;
  try {
    const decision = await decideRequest(exchange);
    if (decision !== undefined) await serveDecided(exchange, decision);
  } catch (error) {
    // The runtime died, or this edge has a bug: the viewer gets CloudFront's answer for a function that could not run.
    answerExecutionError(exchange, (error as Error).message);
  }
}

/**
 * Decides a request: behavior, rules of the behavior, its function, origins. Undefined when the viewer has its answer.
 */
export async function decideRequest(exchange: Exchange): Promise<Decision | undefined> {
  const { context, viewer } = exchange;
  const { plan } = context;
  if (plan === undefined) return answerError(exchange, 502, context.reason);
  const behavior = admit(exchange, plan);
  if (behavior === undefined) return undefined;
  addCloudFrontHeaders(viewer, behavior.cloudFrontHeaders);
  const result = await applyViewerRequest(exchange, behavior);
  if (result === undefined) return undefined;
  const { output: request, call } = result;
  if (request.kind === 'response') {
    exchange.record.xCache = 'FunctionGeneratedResponse from cloudfront';
    sendGenerated(exchange.response, request, viewer.method === 'HEAD', exchange.marks);
    return undefined;
  }
  const choice = chooseOrigins(plan, behavior.target, call);
  if (choice.kind === 'refused') return answerValidationError(exchange, choice.message);
  if (plan.defaultRootObject !== '' && request.uri === '/') request.uri = `/${plan.defaultRootObject}`;
  return { behavior, request, choice };
}

/** What CloudFront settles before any function runs: country, behavior, protocol and method. */
function admit(exchange: Exchange, plan: EdgePlan): PlannedBehavior | undefined {
  const { viewer, response, marks, record } = exchange;
  if (!plan.enabled) return answerError(exchange, 403, 'the distribution is disabled');
  const behavior = matchBehavior(plan, viewer.path);
  if (behavior === undefined) return answerError(exchange, 502, 'the distribution has no default behavior');
  const geo = plan.geoRestriction;
  if (geo !== undefined && geo.countries.has(viewer.country ?? '') !== geo.allowListed)
    return answerError(exchange, 403, `the distribution's geographic restriction blocks ${viewer.country ?? 'a viewer without a country'}`);
  if (viewer.protocol === 'http' && behavior.viewerProtocolPolicy !== 'allow-all') {
    if (behavior.viewerProtocolPolicy === 'https-only') return answerError(exchange, 403, `behavior ${behavior.pattern} takes https only`);
    record.xCache = 'Redirect from cloudfront';
    const query = viewer.query === undefined ? '' : `?${viewer.query}`;
    sendHttpsRedirect(response, viewer.method, `https://${viewer.host}${viewer.path}${query}`, marks);
    return undefined;
  }
  if (!behavior.allowedMethods.has(viewer.method))
    return answerError(exchange, 403, `behavior ${behavior.pattern} does not allow ${viewer.method}`);
  if (viewer.method === 'GET' && viewer.hasBody) return answerError(exchange, 403, 'a GET request must not have a body');
  return behavior;
}

async function applyViewerRequest(exchange: Exchange, behavior: PlannedBehavior): Promise<ViewerRequestResult | undefined> {
  const { path: uri, query, headers, cookie, querystring, cookies } = exchange.viewer;
  if (behavior.viewerRequestFunction === undefined)
    return { output: { kind: 'request', uri, query, headers, cookie, querystring, cookies }, call: undefined };
  const result = await runViewerRequest(exchange, behavior.viewerRequestFunction);
  if (result?.output.kind === 'request') exchange.record.decision = result.output.headers['x-origin-route']?.value;
  return result;
}

/** Serves from the cache if it holds a fresh copy, otherwise from the origins. */
async function serveDecided(exchange: Exchange, decision: Decision): Promise<void> {
  const { context, viewer, record } = exchange;
  const key = cacheKey(decision.behavior, viewer, decision.request);
  const kept = key === undefined ? undefined : context.cache.get(key);
  if (kept !== undefined && kept.freshUntil > context.now()) return sendKept(exchange, decision, kept, 'Hit');
  const { reply, passedOver } = await sendToOrigins(exchange, decision, key !== undefined, kept);
  if (reply.kind === 'failure' && reply.failure === 'viewer-closed') return;
  record.reason = passedOver;
  const last = record.origins.at(-1);

  if (reply.kind === 'failure') {
    if (reply.failure === 'invalid-request') return answerValidationError(exchange, reply.detail);
    const reason = [passedOver, `${last}: ${reply.failure}, ${reply.detail}`].filter(Boolean).join('; ');
    const status = failureStatus(reply.failure);
    if (key !== undefined && (await sendStale(exchange, decision, kept, status, reason))) return;
    if (key !== undefined) keepError(exchange, decision, key, status);
    return answerError(exchange, status, reason);
  }
  if (reply.kind === 'upgraded') return void reply.socket.destroy();
  const { head } = reply;
  if (kept !== undefined && head.statusCode === 304) {
    reply.discard();
    const { statusCode, headers } = kept.head;
    const refreshed = { ...kept, bornAt: context.now(), freshUntil: freshUntil(context, decision.behavior, statusCode, headers) };
    context.cache.put(key as string, refreshed);
    return sendKept(exchange, decision, refreshed, 'RefreshHit');
  }
  if (kept !== undefined && head.statusCode >= 500 && !kept.isError) {
    reply.discard();
    await sendStale(exchange, decision, kept, head.statusCode, `${last}: status ${head.statusCode}, the kept copy was served`);
    return;
  }
  await sendOriginReply(exchange, decision, key, reply);
}

function sendToOrigins(exchange: Exchange, { behavior, request, choice }: Decision, isCached: boolean, kept: CachedResponse | undefined) {
  const { context, viewer, message, response, record, marks } = exchange;
  const { method, hasBody } = viewer;
  const isSafe = method === 'GET' || method === 'HEAD' || (method === 'OPTIONS' && behavior.cachedMethods.has('OPTIONS'));
  const conditions = isCached ? validators(kept?.isError === true ? undefined : kept) : undefined;
  return askOrigins(choice, isSafe && !hasBody, (route) => {
    record.origins.push(route.origin.id);
    return context.connections.send({
      route,
      request: formatOriginRequest(viewer, request, behavior, route, marks.via, conditions),
      body: hasBody ? message : undefined,
      viewerProtocol: viewer.protocol,
      onAbortable(abort) {
        exchange.abort = abort;
        if (response.destroyed) abort();
      },
      isViewerSlow: () => response.writableNeedDrain,
    });
  });
}

/** Streams the origin's response to the viewer and keeps a copy if the cache may have one. */
async function sendOriginReply(exchange: Exchange, decision: Decision, key: string | undefined, origin: OriginResponse): Promise<void> {
  const { viewer, response, record, marks } = exchange;
  const isHead = viewer.method === 'HEAD';
  record.xCache = origin.head.statusCode >= 400 ? 'Error from cloudfront' : 'Miss from cloudfront';
  const changed = await applyViewerResponse(exchange, decision, origin.head);
  if (changed === undefined) return origin.discard();
  writeReplyHead(response, changed.head, record.xCache, marks);
  if (changed.body !== undefined) {
    origin.discard();
    response.end(isHead ? undefined : changed.body);
    return;
  }
  origin.relay({
    response,
    onBroken(error) {
      record.reason = `${record.origins.at(-1)}: broke off, ${error.message}`;
      response.destroy();
    },
    ...(key !== undefined && !isHead && keepWhenComplete(exchange, decision, key, origin.head)),
  });
}

async function sendKept(exchange: Exchange, decision: Decision, kept: CachedResponse, kind: 'Hit' | 'RefreshHit'): Promise<void> {
  const { context, viewer, response, record, marks } = exchange;
  record.xCache = kept.isError ? 'Error from cloudfront' : `${kind} from cloudfront`;
  const head = keptReplyHead(kept, decision.request, context.now());
  const changed = await applyViewerResponse(exchange, decision, head);
  if (changed === undefined) return;
  writeReplyHead(response, changed.head, record.xCache, marks);
  response.end(viewer.method === 'HEAD' || changed.head.statusCode === 304 ? undefined : (changed.body ?? kept.body));
}

/**
 * Serves an expired copy instead of an error, and asks no origin again for the error's TTL (AWS: HTTPStatusCodes.html).
 */
async function sendStale(
  exchange: Exchange,
  decision: Decision,
  kept: CachedResponse | undefined,
  status: number,
  reason: string,
): Promise<boolean> {
  if (kept === undefined || kept.isError) return false;
  kept.freshUntil = freshUntil(exchange.context, decision.behavior, status, []);
  exchange.record.reason = reason;
  await sendKept(exchange, decision, kept, 'Hit');
  return true;
}

/** Keeps the edge's own error page when no origin answered: CloudFront caches it like an origin's error. */
function keepError({ context, marks }: Exchange, { behavior }: Decision, key: string, status: number): void {
  const page = errorPage(status, 'The request could not be satisfied.', marks.id);
  const until = freshUntil(context, behavior, status, page.head.headers);
  if (until > context.now()) context.cache.put(key, { ...page, bornAt: context.now(), freshUntil: until, isError: true });
}

function keepWhenComplete({ context }: Exchange, { behavior }: Decision, key: string, originHead: ReplyHead) {
  const until = freshUntil(context, behavior, originHead.statusCode, originHead.headers);
  if (until <= context.now()) return undefined;
  const bornAt = birth(originHead, context.now());
  const head = { ...originHead, headers: withoutHeader(originHead.headers, 'age') };
  return collectBody((body) => context.cache.put(key, { head, body, bornAt, freshUntil: until, isError: head.statusCode >= 400 }));
}

async function applyViewerResponse(exchange: Exchange, { behavior, request }: Decision, head: ReplyHead) {
  const arn = behavior.viewerResponseFunction;
  if (arn === undefined || head.statusCode >= 400) return { head, body: undefined };
  return runViewerResponse(exchange, arn, request, head);
}
