import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { chooseRegion } from '../../origin/choose-region.ts';
import { openOriginApp } from '../../origin/origin-app.ts';
import { createOriginServer } from '../../origin/origin-server.ts';
import { sendEcho } from '../../origin/send-echo.ts';
import { sendJson } from '../../origin/send-json.ts';
import { listenOnLoopback } from '../listen-on-loopback.ts';
import type { OriginFault } from './origin-fault.ts';

export interface ReferenceOriginOptions {
  /** 0 or absent: any free port. */
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

/** What became of the requests with one key. */
export interface WriteCount {
  received: number;
  /** Handed to the service, whatever became of the answer: neither hung nor answered with an error. */
  carriedOut: number;
}

export interface ReferenceOrigin {
  url: string;
  port: number;
  readonly fault: OriginFault;
  /** Resolves when the fault is active. `refuse` closes the port; any other fault opens it again. */
  setFault(fault: OriginFault): Promise<void>;
  /** Starts to record requests and returns the record: the newest 10,000. */
  record(): readonly ReceivedRequest[];
  /**
   * Starts to count writes by their `Idempotency-Key` and returns the counts. This origin does not honour the key: it
   * shows what a retry does.
   */
  countWrites(): ReadonlyMap<string, WriteCount>;
  /** Requests received since the start, with health checks. */
  readonly received: number;
  close(): Promise<void>;
}

const maxRecorded = 10_000;

/**
 * Opens a regional origin: that of origin/ with switches that break it. It answers `GET /health`, `GET
 * /stream?bytes=N`, and echoes any other request as JSON. It assumes that its upstream answers. Its echo shows
 * CloudFront's secret, which only an origin on loopback may do.
 */
export async function openReferenceOrigin(options: ReferenceOriginOptions): Promise<ReferenceOrigin> {
  const { region, verifySecret, now = Date.now, random = Math.random } = options;
  let fault: OriginFault = { kind: 'none' };
  let recorded: ReceivedRequest[] | undefined;
  let writes: Map<string, WriteCount> | undefined;
  let received = 0;
  let turn = 0;
  const app = openOriginApp({
    region,
    verifySecret,
    accessible: { field: 'binance_accessible', read: () => true },
    serve: (request, response) => {
      countWrite(request, 'carriedOut');
      const [path, query] = (request.url ?? '/').split('?', 2);
      if (fault.kind === 'bad-body') sendTruncated(response);
      else if (path === '/stream') sendStream(request, response, Number(new URLSearchParams(query).get('bytes') ?? 0));
      else sendEcho(request, response, { region, withSecret: true });
    },
  });
  let server = createServer();
  const port = await listenOnLoopback(server, options.port ?? 0);

  function countWrite(request: IncomingMessage, what: keyof WriteCount): void {
    const key = header(request, 'idempotency-key');
    if (writes === undefined || key === undefined) return;
    const count = writes.get(key) ?? { received: 0, carriedOut: 0 };
    count[what]++;
    writes.set(key, count);
  }

  function createServer(): Server {
    const listener = (request: IncomingMessage, response: ServerResponse) => {
      received++;
      countWrite(request, 'received');
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
    countWrites() {
      writes ??= new Map();
      return writes;
    },
    close: stopServer,
  };
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

/** Streams this many bytes at the reader's pace, from one block of memory. */
function sendStream(request: IncomingMessage, response: ServerResponse, bytes: number): void {
  const total = Number.isSafeInteger(bytes) && bytes >= 0 ? bytes : 0;
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': total });
  if (request.method === 'HEAD') return void response.end();
  const block = Buffer.alloc(Math.min(total, 65_536), 'x');
  if (total === block.length) return void response.end(block);
  let left = total;
  const write = () => {
    while (left > 0) {
      const chunk = left >= block.length ? block : block.subarray(0, left);
      left -= chunk.length;
      if (!response.write(chunk)) return void response.once('drain', write);
    }
    response.end();
  };
  write();
}

/** Sends less than its content-length and breaks the connection. */
function sendTruncated(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1_000 });
  response.write('{"status":"o', () => response.destroy());
}
