import type { IncomingMessage, ServerResponse } from 'node:http';
import { cacheKey } from './cache-key.ts';
import { type Decision, decideRequest } from './decide-request.ts';
import { answerError, answerExecutionError, answerValidationError, type EdgeContext, type Exchange, openExchange } from './exchange.ts';
import { askOrigins, failureStatus } from './failover.ts';
import { birth, collectBody, freshUntil, keptReplyHead, validators, withoutHeader } from './kept-reply.ts';
import type { OriginResponse } from './origin-exchange.ts';
import { formatOriginRequest } from './origin-request.ts';
import type { CachedResponse } from './response-cache.ts';
import { errorPage, type ReplyHead, writeReplyHead } from './viewer-reply.ts';
import { runViewerResponse } from './viewer-response.ts';

/** Serves one viewer's request from start to end. Never rejects: what goes wrong is answered and recorded. */
export async function serveRequest(context: EdgeContext, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const exchange = openExchange(context, message, response);
  if (exchange === undefined) return;
  try {
    const decision = await decideRequest(exchange);
    if (decision !== undefined) await serve(exchange, decision);
  } catch (error) {
    // A runtime that died, or a bug of ours: the viewer gets what CloudFront says of a function that could not run.
    answerExecutionError(exchange, (error as Error).message);
  }
}

/** From the cache when it is there and fresh, else from the origins. */
async function serve(exchange: Exchange, decision: Decision): Promise<void> {
  const { context, viewer, record } = exchange;
  const key = cacheKey(decision.behavior, viewer, decision.request);
  const kept = key === undefined ? undefined : context.cache.get(key);
  if (kept !== undefined && kept.freshUntil > context.now()) return sendKept(exchange, decision, kept, 'Hit');
  const { reply, passedOver } = await ask(exchange, decision, key !== undefined, kept);
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

function ask(exchange: Exchange, { behavior, request, choice }: Decision, isCached: boolean, kept: CachedResponse | undefined) {
  const { context, viewer, message, response, record, marks } = exchange;
  const { method, hasBody } = viewer;
  const isSafe = method === 'GET' || method === 'HEAD' || (method === 'OPTIONS' && behavior.cachedMethods.has('OPTIONS'));
  return askOrigins(choice, isSafe && !hasBody, (route) => {
    record.origins.push(route.origin.id);
    return context.connections.send({
      route,
      request: formatOriginRequest(
        viewer,
        request,
        behavior,
        route,
        marks.via,
        isCached ? validators(kept?.isError === true ? undefined : kept) : undefined,
      ),
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

/** Streams the origin's response to the viewer, keeping a copy on the way when it may be kept. */
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

/** An object past its time is better than an error: it is served, and the origin left alone for the error's TTL (AWS: HTTPStatusCodes.html). */
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

/** An origin that does not answer counts as one that answered with an error: the edge's own page is kept like it. */
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
