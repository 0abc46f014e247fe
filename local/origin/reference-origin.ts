import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import { listenOnLoopback } from '../listen-on-loopback.ts';
import { sendEcho, sendJson, sendStream, sendTruncated } from './origin-answers.ts';
import type { OriginFault } from './origin-fault.ts';

export interface ReferenceOriginOptions {
  /** 0 or absent for a free one. */
  port?: number;
  /** AWS region that it answers for. */
  region: string;
  now?: () => number;
  /** When set, anything but `/health` without this `x-origin-verify` header gets 403. */
  verifySecret?: string;
}

/** One request as the origin got it. */
interface ReceivedRequest {
  /** Epoch milliseconds. */
  at: number;
  method: string;
  path: string;
  /** The `x-origin-verify` header. */
  verify: string | undefined;
  /** The `x-origin-route` header. */
  route: string | undefined;
}

export interface ReferenceOrigin {
  url: string;
  port: number;
  readonly fault: OriginFault;
  /** Resolves when the fault is in force; `refuse` gives the port up, any other takes the same one again. */
  setFault(fault: OriginFault): Promise<void>;
  /** From now on every request is kept, the newest 10,000. */
  record(): readonly ReceivedRequest[];
  /** Requests received since the start, health checks included. */
  readonly received: number;
  close(): Promise<void>;
}

const maxRecorded = 10_000;

/**
 * Opens a regional origin: `GET /health`, `GET /stream?bytes=N`, and an echo of everything else as JSON. Each response carries `X-Region`, the request's own
 * `x-region` when there is one. Its idle connections outlive those of the edge, as a load balancer's should.
 */
export async function openReferenceOrigin(options: ReferenceOriginOptions): Promise<ReferenceOrigin> {
  const { region, now = Date.now } = options;
  let fault: OriginFault = { kind: 'none' };
  let recorded: ReceivedRequest[] | undefined;
  let received = 0;
  let server = createServer();
  const port = await listenOnLoopback(server, options.port ?? 0);

  function createServer(): http.Server {
    return http.createServer({ noDelay: true, keepAliveTimeout: 75_000, requestTimeout: 0 }, (request, response) => {
      received++;
      if (recorded !== undefined) {
        recorded.push({
          at: now(),
          method: request.method ?? '',
          path: request.url ?? '',
          verify: header(request, 'x-origin-verify'),
          route: header(request, 'x-origin-route'),
        });
        if (recorded.length > maxRecorded) recorded.shift();
      }
      if (fault.kind === 'hang') return;
      if (fault.kind === 'slow') setTimeout(() => answer(request, response), fault.ms ?? 3_000);
      else answer(request, response);
    });
  }

  function answer(request: IncomingMessage, response: ServerResponse): void {
    response.setHeader('x-region', header(request, 'x-region') ?? region);
    const url = request.url ?? '/';
    const path = url.split('?', 1)[0];
    const isHealth = path === '/health';
    const health = { status: 'ok', region, binance_accessible: true };
    if (fault.kind === '5xx') sendJson(response, fault.status ?? 503, { status: 'error', region });
    else if (isHealth && fault.kind === 'bad-body') sendJson(response, 200, { ...health, status: 'degraded', binance_accessible: false });
    else if (isHealth) sendJson(response, 200, health);
    else if (options.verifySecret !== undefined && header(request, 'x-origin-verify') !== options.verifySecret)
      sendJson(response, 403, { status: 'error', region, message: 'x-origin-verify is missing or wrong' });
    else if (fault.kind === 'bad-body') sendTruncated(response);
    else if (path === '/stream') sendStream(request, response, Number(new URLSearchParams(url.split('?')[1]).get('bytes') ?? 0));
    else sendEcho(request, response, region);
  }

  async function stopServer(): Promise<void> {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  }

  return {
    url: `http://127.0.0.1:${port}`,
    port,
    get fault() {
      return fault;
    },
    get received() {
      return received;
    },
    async setFault(next) {
      const before = fault;
      fault = next;
      if (next.kind === 'refuse') {
        if (before.kind !== 'refuse') await stopServer();
      } else if (before.kind === 'refuse') {
        server = createServer();
        await listenOnLoopback(server, port);
      } else if (before.kind === 'hang') server.closeAllConnections();
    },
    record() {
      recorded ??= [];
      return recorded;
    },
    close: stopServer,
  };
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}
