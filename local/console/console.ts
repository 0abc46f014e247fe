import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { messageOf } from '../../src/text/message-of.ts';
import { refuseRequest } from '../aws/transport/http-server.ts';
import { answerRoute } from '../aws/transport/local-api.ts';
import type { EdgeRequestRecord } from '../edge/exchange.ts';
import { listenOnLoopback } from '../listen-on-loopback.ts';
import { type Asset, buildAssets } from './console-assets.ts';
import { ConsoleModel } from './console-model.ts';
import type { ConsoleSource, FlipperNews } from './console-source.ts';
import { EventStream } from './event-stream.ts';

interface ConsoleOptions {
  /** 0: any free one. */
  port: number;
  source: ConsoleSource;
  /** What to do about a port that is taken. Default: the hint of the local cloud. */
  busyHint?: string;
  /** Epoch milliseconds. */
  now?: () => number;
  /** Draws the sample of requests. */
  random?: () => number;
  /** Time between two batches. Default 250. */
  tickMs?: number;
}

/** The console: a page that shows the local cloud, breaks and restores origins, and moves viewers. */
export interface Console {
  url: string;
  /** Every request at the edge, as it ends. */
  onRequest(record: EdgeRequestRecord): void;
  onNews(news: FlipperNews, at: number): void;
  /** Pages that are open. */
  pages(): number;
  /** Bytes waiting for pages that do not read them. */
  pendingBytes(): number;
  close(): Promise<void>;
}

/** Only the page's own files and this server, no frame around it, no HTML written by scripts. */
const safety = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-store',
};

/** Opens the console on loopback only. Throws PORT_BUSY when the port is taken. */
export async function openConsole(options: ConsoleOptions): Promise<Console> {
  const { source, now = Date.now, random = Math.random, tickMs = 250 } = options;
  const model = new ConsoleModel(source, { now, random });
  const stream = new EventStream(() => model.freshBatch(), now);
  const send = () => {
    const batch = model.takeBatch();
    if (batch !== undefined) stream.send(batch);
  };
  const tick = () => {
    // Without a page the function runs only once, so that the first page need not wait.
    if (stream.size > 0 || !model.hasWorld) model.checkWorld(send);
    send();
  };
  const server = createServer({ maxHeaderSize: 16_384, requestTimeout: 10_000, keepAliveTimeout: 60_000 }, (request, response) => {
    response.on('error', () => undefined);
    for (const [name, value] of Object.entries(safety)) response.setHeader(name, value);
    serve(request, response).catch((error: unknown) => sendJson(response, 500, { problems: [messageOf(error)] }));
  });
  server.maxConnections = 200;
  const port = await listenOnLoopback(server, options.port, {
    what: 'is in use: the console cannot open',
    hint: options.busyHint ?? 'stop the program that listens on it, choose another EDGE_LOCAL_PORT, or start with --no-console',
  });
  const assets = buildAssets();
  const admission = openAdmission(source.token, port);

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = refuseRequest(request);
    if (refusal !== undefined) return sendJson(response, 403, { problems: [refusal] });
    if (admission.admits(request)) return admit(response);
    if (admission.refuses(request))
      return sendJson(response, 403, { problems: ['open the address that the command printed: it has the token of this run'] });
    const path = request.url ?? '';
    const allowed = path === '/api/events' ? 'GET' : Object.hasOwn(assets, path) ? 'GET, HEAD' : allowedByAction(path);
    if (allowed === undefined) return sendJson(response, 404, { problems: [`nothing at ${path.slice(0, 100)}`] });
    if (!allowed.split(', ').includes(request.method ?? '')) {
      response.setHeader('allow', allowed);
      return sendJson(response, 405, { problems: [`${path} takes ${allowed}`] });
    }
    if (allowed === 'POST' && source.refuseWrites !== undefined) return sendJson(response, 403, { problems: [source.refuseWrites] });
    if (path === '/api/events') return listen(response);
    if (allowed !== 'POST') return sendAsset(request, response, await (assets[path] as Promise<Asset>));
    const { status, headers, body } = await answerRoute(request, source.actions[`POST ${path}`]);
    tick();
    // The unread rest of the body would be taken for the next request.
    if (!request.complete) response.setHeader('connection', 'close');
    response.writeHead(status, headers).end(body);
  }

  function allowedByAction(path: string): string | undefined {
    return Object.hasOwn(source.actions, `POST ${path}`) ? 'POST' : undefined;
  }

  function admit(response: ServerResponse): void {
    response.writeHead(303, { location: '/', 'set-cookie': admission.cookie() }).end();
  }

  function listen(response: ServerResponse): void {
    source.onPage?.();
    if (stream.add(response)) tick();
    else sendJson(response, 503, { problems: ['too many pages are open'] });
  }

  const timer = setInterval(tick, tickMs);
  tick();
  return {
    url: `http://127.0.0.1:${port}`,
    onRequest: (record) => model.addRequest(record),
    onNews: (news, at) => model.addNews(news, at),
    pages: () => stream.size,
    pendingBytes: () => stream.pendingBytes,
    close: () =>
      new Promise((resolve) => {
        clearInterval(timer);
        stream.close();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/**
 * The token of a console that shows an account. The printed address has it once; then it is a cookie that no other site
 * makes a browser send and no script can read.
 */
function openAdmission(token: string | undefined, port: number) {
  // Cookies are the same for all ports of a host: the name keeps two consoles apart.
  const name = `edge-console-${port}`;
  const isToken = (found: string | undefined) => {
    const [given, expected] = [Buffer.from(found ?? ''), Buffer.from(token ?? '')];
    return given.length === expected.length && timingSafeEqual(given, expected);
  };
  const ofCookie = ({ headers }: IncomingMessage) =>
    (headers.cookie ?? '')
      .split(/; */)
      .find((part) => part.startsWith(`${name}=`))
      ?.slice(name.length + 1);
  return {
    refuses: (request: IncomingMessage) => token !== undefined && !isToken(ofCookie(request)),
    admits: ({ method, url }: IncomingMessage) =>
      token !== undefined && method === 'GET' && isToken(/^\/\?token=([\w-]+)$/.exec(url ?? '')?.[1]),
    cookie: () => `${name}=${token}; HttpOnly; SameSite=Strict; Path=/`,
  };
}

function sendAsset(request: IncomingMessage, response: ServerResponse, { type, body, packed }: Asset): void {
  const takesPacked = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
  const sent = takesPacked ? packed : body;
  response.writeHead(200, {
    'content-type': type,
    'content-length': sent.byteLength,
    vary: 'accept-encoding',
    ...(takesPacked && { 'content-encoding': 'gzip' }),
  });
  response.end(request.method === 'HEAD' ? undefined : sent);
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  if (response.headersSent) return void response.destroy();
  const text = JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }).end(text);
}
