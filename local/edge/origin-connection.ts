import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import { isIP } from 'node:net';
import type { Duplex, Readable } from 'node:stream';
import type { OriginRoute } from './origin-choice.ts';
import type { OriginRequest } from './origin-request.ts';

/** Where an origin's name leads on this machine; the edge's DNS. */
export type ResolveOrigin = (
  domainName: string,
  port: number,
  protocol: 'http' | 'https',
) => { host: string; port: number; protocol: 'http' | 'https' };

/** Why no response came. The first four are failures to connect. */
export type OriginFailure =
  | 'dns'
  | 'refused'
  | 'connect-timeout'
  | 'tls'
  | 'dropped'
  | 'read-timeout'
  | 'viewer-closed'
  | 'invalid-request';

/** An open response: the caller reads `message` and may end the exchange with `abort`. */
export interface OriginResponse {
  kind: 'response';
  message: IncomingMessage;
  abort: () => void;
}

/** The origin took up another protocol: both ends now speak it over this socket. */
export interface OriginUpgrade {
  kind: 'upgraded';
  message: IncomingMessage;
  socket: Duplex;
  /** What the origin sent right behind its head. */
  firstBytes: Buffer;
}

export type OriginReply = OriginResponse | OriginUpgrade | { kind: 'failure'; failure: OriginFailure; detail: string };

/** One viewer's request on its way to an origin. */
export interface OriginExchange {
  route: OriginRoute;
  request: OriginRequest;
  /** The viewer's body, read once; undefined when there is none. */
  body: Readable | undefined;
  viewerProtocol: 'http' | 'https';
  /** Called with the way to end each attempt, so that a viewer who leaves takes the origin's work along. */
  onAbortable: (abort: () => void) => void;
  /** True while the viewer has not taken what it was sent: the origin is then not to blame for silence. */
  isViewerSlow: () => boolean;
  /** Lets the origin answer 101. Default false. */
  mayUpgrade?: boolean;
}

export const connectFailures: ReadonlySet<OriginFailure> = new Set(['dns', 'refused', 'connect-timeout', 'tls']);

export interface OriginConnections {
  send(exchange: OriginExchange): Promise<OriginReply>;
  /** Connections open to origins, idle ones included. */
  openSockets(): number;
  close(): void;
}

/** Opens the edge's connections to origins: kept alive as long as each origin allows. `certificateAuthorities` are trusted besides the usual ones. */
export function openOriginConnections(resolveOrigin: ResolveOrigin, certificateAuthorities: readonly string[] = []): OriginConnections {
  const agents = new Map<string, http.Agent | https.Agent>();

  function target({ origin, sni }: OriginRoute, viewerProtocol: 'http' | 'https', hostHeader: string): https.RequestOptions {
    const wanted = origin.protocolPolicy === 'match-viewer' ? viewerProtocol : origin.protocolPolicy === 'http-only' ? 'http' : 'https';
    const { host, port, protocol } = resolveOrigin(origin.domainName, wanted === 'http' ? origin.httpPort : origin.httpsPort, wanted);
    const name = sni ?? hostHeader.replace(/:\d+$/, '');
    const servername = protocol === 'https' && isIP(name) === 0 ? name : '';
    const key = `${protocol} ${host} ${port} ${servername} ${origin.keepAliveTimeoutMs}`;
    let agent = agents.get(key);
    if (agent === undefined) {
      const options = { keepAlive: true, timeout: origin.keepAliveTimeoutMs, scheduling: 'lifo' as const, maxFreeSockets: 1_024 };
      agent =
        protocol === 'http'
          ? new http.Agent(options)
          : new https.Agent({ ...options, servername, ...(certificateAuthorities.length > 0 && { ca: [...certificateAuthorities] }) });
      agents.set(key, agent);
    }
    return { agent, host, port, protocol: `${protocol}:` };
  }

  async function send(exchange: OriginExchange): Promise<OriginReply> {
    const { origin } = exchange.route;
    const options = target(exchange.route, exchange.viewerProtocol, exchange.request.headers[1] ?? '');
    const retriesReads = exchange.request.method === 'GET' || exchange.request.method === 'HEAD';
    for (let attempt = 1; ; attempt++) {
      const outcome = await attemptOnce(exchange, options);
      if (outcome.kind === 'stale') {
        attempt--;
        continue;
      }
      if (outcome.kind !== 'failure' || attempt >= origin.connectionAttempts) return outcome;
      if (!connectFailures.has(outcome.failure) && !(retriesReads && outcome.failure === 'read-timeout')) return outcome;
    }
  }

  return {
    send,
    openSockets: () => [...agents.values()].reduce((sum, agent) => sum + count(agent.sockets) + count(agent.freeSockets), 0),
    close() {
      for (const agent of agents.values()) agent.destroy();
    },
  };
}

/** One connection's worth of trying. `stale`: a kept-alive connection turned out to be closed before anything was lost. */
function attemptOnce(exchange: OriginExchange, target: https.RequestOptions): Promise<OriginReply | { kind: 'stale' }> {
  const { route, request, body } = exchange;
  return new Promise((resolve) => {
    let outgoing: ClientRequest;
    let connectTimer: NodeJS.Timeout | undefined;
    let response: IncomingMessage | undefined;
    let failure: OriginFailure | undefined;
    let isConnected = false;

    const fail = (kind: OriginFailure, detail: string) => {
      failure ??= kind;
      outgoing.destroy(new Error(detail));
    };
    try {
      outgoing = (target.protocol === 'https:' ? https : http).request({
        ...target,
        method: request.method,
        path: request.path,
        headers: request.headers,
        timeout: route.origin.readTimeoutMs,
      });
    } catch (error) {
      // node:http checks names, values and path as it writes them: what it cannot write is a function's doing.
      resolve({ kind: 'failure', failure: 'invalid-request', detail: (error as Error).message });
      return;
    }
    exchange.onAbortable(() => fail('viewer-closed', 'the viewer closed the connection'));

    const onConnected = () => {
      isConnected = true;
      clearTimeout(connectTimer);
      if (body !== undefined) body.pipe(outgoing);
    };
    outgoing.once('socket', (socket) => {
      if (outgoing.reusedSocket) return onConnected();
      connectTimer = setTimeout(
        () => fail('connect-timeout', `no connection within ${route.origin.connectionTimeoutMs} ms`),
        route.origin.connectionTimeoutMs,
      );
      socket.once(target.protocol === 'https:' ? 'secureConnect' : 'connect', onConnected);
    });
    outgoing.on('timeout', () => {
      if (!isConnected || exchange.isViewerSlow()) return;
      // Silence while the viewer still owes its body is the viewer's, unless the origin stopped reading.
      if (body !== undefined && !body.readableEnded && !outgoing.writableNeedDrain) return;
      if (response === undefined) fail('read-timeout', `no response within ${route.origin.readTimeoutMs} ms`);
      else response.destroy(new Error(`the origin sent nothing for ${route.origin.readTimeoutMs} ms`));
    });
    outgoing.on('response', (message) => {
      response = message;
      resolve({ kind: 'response', message, abort: () => outgoing.destroy() });
    });
    if (exchange.mayUpgrade === true)
      outgoing.on('upgrade', (message, socket, firstBytes) => resolve({ kind: 'upgraded', message, socket, firstBytes }));
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(connectTimer);
      if (body !== undefined) body.unpipe(outgoing);
      if (response !== undefined) return;
      if (failure === undefined && outgoing.reusedSocket && body === undefined && isConnectionLoss(error))
        return resolve({ kind: 'stale' });
      resolve({ kind: 'failure', failure: failure ?? classify(error, isConnected), detail: error.message });
    });
    if (body === undefined) outgoing.end();
  });
}

function isConnectionLoss(error: NodeJS.ErrnoException): boolean {
  return error.code === 'ECONNRESET' || error.code === 'EPIPE';
}

function classify(error: NodeJS.ErrnoException, isConnected: boolean): OriginFailure {
  const code = error.code ?? '';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'dns';
  if (isConnected) return 'dropped';
  if (code === 'ETIMEDOUT') return 'connect-timeout';
  if (code.startsWith('ERR_TLS') || code.startsWith('ERR_SSL') || code.includes('CERT') || code === 'EPROTO') return 'tls';
  return 'refused';
}

function count(sockets: NodeJS.ReadOnlyDict<unknown[]>): number {
  return Object.values(sockets).reduce((sum, list) => sum + (list?.length ?? 0), 0);
}
