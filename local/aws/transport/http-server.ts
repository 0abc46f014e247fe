import { createServer, type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { listenOnLoopback } from '../../listen-on-loopback.ts';
import { createId } from '../etag.ts';
import { ServiceError, type ServiceErrorCode } from '../service-error.ts';
import { errorResponse, type WireResponse } from '../wire/messages.ts';

/** Answers a request; undefined drops the connection. */
type Answerer = (request: IncomingMessage, requestId: string) => Promise<WireResponse | undefined>;

/** Bytes of all headers of a request. */
const maxHeaderBytes = 16_384;

/** Time for a whole request to arrive; a caller that sends slower than that is cut off with 408. */
const defaultRequestTimeoutMs = 10_000;

/** Connections at once; more are refused by the kernel's means. */
const maxConnections = 500;

interface HttpServerOptions {
  /** 0 takes any free port. */
  port: number;
  /** For request ids. */
  random: () => number;
  requestTimeoutMs?: number;
}

/** Listens on 127.0.0.1 only. PORT_BUSY when the port is taken. */
export async function openHttpServer(options: HttpServerOptions, answerer: Answerer): Promise<{ port: number; close(): Promise<void> }> {
  const { port, random, requestTimeoutMs = defaultRequestTimeoutMs } = options;
  const newRequestId = () => [8, 4, 4, 4, 12].map((length) => createId('0123456789abcdef', length, random)).join('-');
  const server = createServer(
    {
      maxHeaderSize: maxHeaderBytes,
      requestTimeout: requestTimeoutMs,
      headersTimeout: requestTimeoutMs,
      connectionsCheckingInterval: Math.min(1_000, requestTimeoutMs),
      keepAliveTimeout: 60_000,
      requireHostHeader: false,
    },
    (request, response) => void serve(request, response, newRequestId(), answerer),
  );
  server.maxConnections = maxConnections;
  server.on('checkExpectation', (request, response) => void serve(request, response, newRequestId(), answerer));
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => refuse(socket, codeOf(error), newRequestId()));
  server.on('connect', (_request, socket) => refuse(socket, 'BadRequest', newRequestId()));
  const listening = await listenOnLoopback(server, port, {
    what: 'is taken: the local control plane cannot listen there',
    hint: 'another local cloud may be running: stop it, or set EDGE_LOCAL_PORT to another first port, such as 4700',
  });
  return {
    port: listening,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function serve(request: IncomingMessage, response: ServerResponse, requestId: string, answerer: Answerer): Promise<void> {
  request.on('error', () => {});
  response.on('error', () => {});
  const answer = await answerer(request, requestId);
  if (answer === undefined) {
    request.socket.destroy();
    return;
  }
  if (response.destroyed) return;
  const body = typeof answer.body === 'string' ? Buffer.from(answer.body) : answer.body;
  // A body that was not read to its end would be taken for the next request.
  const unread = !request.complete;
  response.writeHead(answer.status, {
    ...answer.headers,
    'x-amzn-requestid': requestId,
    ...(answer.status !== 204 && { 'content-length': body.byteLength }),
    ...(unread && { connection: 'close' }),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
  if (unread) response.once('finish', () => request.socket.destroySoon());
}

/** For what never becomes a request: a bare answer on the socket. */
function refuse(socket: Duplex, code: ServiceErrorCode, requestId: string): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const { status, headers, body } = errorResponse(new ServiceError(code, 'the request is not valid HTTP'), 'cloudfront', requestId);
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

function codeOf(error: NodeJS.ErrnoException): ServiceErrorCode {
  if (error.code === 'HPE_HEADER_OVERFLOW') return 'RequestHeaderFieldsTooLarge';
  return error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'RequestTimeout' : 'BadRequest';
}

/**
 * Whether a Host header names this machine: `localhost`, any name below it, or 127.0.0.1. This refuses a page elsewhere
 * that rebinds its name to loopback.
 */
function isLocalHost(host: string | undefined): boolean {
  return /^(([a-z0-9-]+\.)*localhost|127\.0\.0\.1)(:\d{1,5})?$/i.test(host ?? '');
}

/**
 * Why a request is refused; undefined when it is not. A page elsewhere that rebinds its name to loopback sends its own
 * name in Host; one that sends here from its own site names that in Origin or Sec-Fetch-Site.
 */
export function refuseRequest({ headers }: Pick<IncomingMessage, 'headers'>): string | undefined {
  const { host, origin } = headers;
  if (!isLocalHost(host)) return 'the Host header must name this machine: localhost or 127.0.0.1';
  if (origin !== undefined && origin !== `http://${host}`) return 'the Origin header names another site';
  const site = headers['sec-fetch-site'];
  return site === undefined || site === 'same-origin' || site === 'none' ? undefined : 'the request comes from another site';
}
