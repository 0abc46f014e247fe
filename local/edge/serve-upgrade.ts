import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { decideRequest } from './decide-request.ts';
import { answerError, answerExecutionError, answerValidationError, type EdgeContext, type Exchange, openExchange } from './exchange.ts';
import { failureStatus } from './failover.ts';
import type { OriginUpgrade } from './origin-exchange.ts';
import { formatOriginRequest } from './origin-request.ts';
import { serveRequest } from './serve-request.ts';
import { writeReplyHead } from './viewer-reply.ts';

/** A WebSocket without a byte from the origin for so long is closed (AWS: cloudfront-limits.html). */
const idleMs = 600_000;

/**
 * Serves a request that asks for another protocol: WebSocket is passed through to the chosen origin after function and policies had their say, anything else is
 * served as if it had not asked. Through a group only the primary is tried: failover of WebSocket is not documented.
 */
export async function serveUpgrade(context: EdgeContext, message: IncomingMessage, socket: Duplex, firstBytes: Buffer): Promise<void> {
  socket.on('error', () => socket.destroy());
  const response = new ServerResponse(message);
  response.shouldKeepAlive = false;
  response.assignSocket(socket as Socket);
  response.once('finish', () => {
    response.detachSocket(socket as Socket);
    socket.end();
  });
  if (message.headers.upgrade?.toLowerCase() !== 'websocket') return serveRequest(context, message, response);
  const exchange = openExchange(context, message, response);
  if (exchange === undefined) return;
  exchange.viewer.isWebSocket = true;
  try {
    await connect(exchange, socket, firstBytes);
  } catch (error) {
    answerExecutionError(exchange, (error as Error).message);
  }
}

async function connect(exchange: Exchange, socket: Duplex, firstBytes: Buffer): Promise<void> {
  const { context, viewer, record, response, marks } = exchange;
  const decision = await decideRequest(exchange);
  if (decision === undefined) return;
  const { behavior, request, choice } = decision;
  record.origins = [choice.primary.origin.id];
  const reply = await context.connections.send({
    route: choice.primary,
    request: formatOriginRequest(viewer, request, behavior, choice.primary, marks.via),
    body: undefined,
    viewerProtocol: viewer.protocol,
    onAbortable: (abort) => {
      exchange.abort = abort;
    },
    isViewerSlow: () => false,
    isWebSocket: true,
  });
  if (reply.kind === 'upgraded') return join(exchange, reply, socket, firstBytes);
  if (reply.kind === 'failure') {
    if (reply.failure === 'invalid-request') return answerValidationError(exchange, reply.detail);
    return answerError(exchange, failureStatus(reply.failure), `${record.origins[0]}: ${reply.failure}, ${reply.detail}`);
  }
  record.xCache = reply.head.statusCode >= 400 ? 'Error from cloudfront' : 'Miss from cloudfront';
  writeReplyHead(response, reply.head, record.xCache, marks);
  reply.relay({ response, onBroken: () => response.destroy() });
}

/** Lets viewer and origin talk until either ends. The origin's 101 is passed on with the names that it was answered under. */
function join({ record, marks }: Exchange, { headers, socket: origin }: OriginUpgrade, viewer: Duplex, firstBytes: Buffer): void {
  record.status = 101;
  record.xCache = 'Miss from cloudfront';
  const lines = ['HTTP/1.1 101 Switching Protocols'];
  for (let index = 0; index < headers.length; index += 2) lines.push(`${headers[index]}: ${headers[index + 1]}`);
  lines.push(`Via: ${marks.via}`, `X-Amz-Cf-Pop: ${marks.pop}`, `X-Amz-Cf-Id: ${marks.id}`, '', '');
  viewer.write(lines.join('\r\n'), 'latin1');
  if (firstBytes.length > 0) origin.write(firstBytes);
  const ends = [viewer as Socket, origin as Socket] as const;
  ends[1].setTimeout(idleMs, () => origin.destroy());
  for (const [from, to] of [ends, [ends[1], ends[0]] as const]) {
    from.pipe(to, { end: false });
    // WebSocket knows no half-closed connection: when one side is done, so is the other, once it has what was sent.
    from.on('end', () => to.destroySoon());
    from.on('close', () => to.destroySoon());
    from.on('error', () => to.destroy());
  }
}
