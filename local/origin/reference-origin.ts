import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { chooseRegion } from '../../origin/choose-region.ts';
import { openOriginApp } from '../../origin/origin-app.ts';
import { createOriginServer } from '../../origin/origin-server.ts';
import { sendEcho } from '../../origin/send-echo.ts';
import { sendJson } from '../../origin/send-json.ts';
import { listenOnLoopback } from '../listen-on-loopback.ts';
import { sendStream, sendTruncated } from './origin-answers.ts';
import type { OriginFault } from './origin-fault.ts';

export interface ReferenceOriginOptions {
  /** 0 or absent for a free one. */
  port?: number;
  /** AWS region that it answers for. */
  region: string;
  now?: () => number;
  /** For the fault `half`. Default Math.random. */
  random?: () => number;
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
 * Opens a regional origin, the one of origin/ with switches that break it: `GET /health`, `GET /stream?bytes=N`, and an echo of everything else as JSON. Its upstream is
 * taken to answer, and its echo shows CloudFront's secret, as only an origin on loopback may.
 */
export async function openReferenceOrigin(options: ReferenceOriginOptions): Promise<ReferenceOrigin> {
  const { region, verifySecret, now = Date.now, random = Math.random } = options;
  let fault: OriginFault = { kind: 'none' };
  let recorded: ReceivedRequest[] | undefined;
  let received = 0;
  let turn = 0;
  const app = openOriginApp({
    region,
    verifySecret,
    accessible: { field: 'binance_accessible', read: () => true },
    serve: (request, response) => {
      const [path, query] = (request.url ?? '/').split('?', 2);
      if (fault.kind === 'bad-body') sendTruncated(response);
      else if (path === '/stream') sendStream(request, response, Number(new URLSearchParams(query).get('bytes') ?? 0));
      else sendEcho(request, response, { region, withSecret: true });
    },
  });
  let server = createServer();
  const port = await listenOnLoopback(server, options.port ?? 0);

  function createServer(): Server {
    const listener = (request: IncomingMessage, response: ServerResponse) => {
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
    };
    return createOriginServer(listener, { requestTimeout: 0 });
  }

  function isError(): boolean {
    if (fault.kind === 'flaky') return turn++ % 2 === 0;
    return fault.kind === '5xx' || (fault.kind === 'half' && random() < 0.5);
  }

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const isBadHealth = fault.kind === 'bad-body' && request.url?.split('?', 1)[0] === '/health';
    if (!isBadHealth && !isError()) app.handle(request, response);
    else {
      response.setHeader('x-region', chooseRegion(request.headers['x-region'], region));
      if (isBadHealth) sendJson(response, 200, { status: 'degraded', region, binance_accessible: false });
      else sendJson(response, fault.status ?? 503, { status: 'error', region });
    }
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
