import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { answerError, answerExecutionError, answerValidationError, type EdgeContext, type Exchange, openExchange } from './exchange.ts';
import type { OriginUpgrade } from './origin-attempt.ts';
import { failureStatus } from './origin-connection.ts';
import { formatOriginRequest } from './origin-request.ts';
import { decideRequest, serveRequest } from './serve-request.ts';
import { writeReplyHead } from './viewer-reply.ts';

/** A WebSocket is closed after this long without a byte from the origin (AWS: cloudfront-limits.html). */
const idleMs = 600_000;

/**
 * Serves a request that asks for another protocol. WebSocket is connected to the chosen origin after function and
 * policies; any other protocol is ignored. Of a group only the primary is tried: AWS does not document failover of
 * WebSocket.
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

/** Connects viewer and origin until either ends. Header names of the origin's 101 stay as the origin wrote them. */
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
    // WebSocket has no half-closed connection: when one side ends, the other ends once it has read what was sent.
    from.on('end', () => to.destroySoon());
    from.on('close', () => to.destroySoon());
    from.on('error', () => to.destroy());
  }
}
