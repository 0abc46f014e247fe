import net, { isIP } from 'node:net';
import tls from 'node:tls';
import { type buildConnector, Client } from 'undici';
import { maxHeadBytes } from '../../kvs/limits.ts';
import { BodyRelay, connectFailures, OriginAttempt, type OriginExchange, type OriginFailure, type OriginReply } from './origin-attempt.ts';
import type { OriginChoice, OriginRoute } from './origin-choice.ts';

export interface LoopbackAddress {
  host: string;
  port: number;
  protocol: 'http' | 'https';
}

/** The edge's DNS: the address of an origin's name on this machine, or a text that says why it has none. */
export type ResolveOrigin = (domainName: string, port: number, protocol: 'http' | 'https') => LoopbackAddress | string;

export interface OriginConnections {
  /**
   * Asks one origin, up to its number of attempts: again after a failure to connect, and for GET and HEAD after a read
   * timeout.
   */
  send(exchange: OriginExchange): Promise<OriginReply>;
  /** Open connections to origins, with idle ones. */
  openSockets(): number;
  close(): void;
}

/** Two routes with the same values share connections. */
interface Address {
  protocol: 'http' | 'https';
  host: string;
  port: number;
  servername: string;
  connectionTimeoutMs: number;
  keepAliveTimeoutMs: number;
}

/**
 * Opens the edge's connections to origins, kept alive for as long as each origin allows. `certificateAuthorities`, if
 * any, replace the usual ones.
 */
export function openOriginConnections(resolveOrigin: ResolveOrigin, certificateAuthorities: readonly string[] = []): OriginConnections {
  // One client is one connection. Idle ones wait here by address, the last used on top. One whose connection is lost is
  // dropped.
  const idle = new Map<string, Client[]>();
  const clients = new Map<Client, net.Socket | undefined>();

  function release(key: string, client: Client): void {
    const waiting = idle.get(key);
    if (waiting === undefined) idle.set(key, [client]);
    else waiting.push(client);
    if (clients.get(client) === undefined) drop(key, client);
  }

  function drop(key: string, client: Client): void {
    const waiting = idle.get(key) ?? [];
    const at = waiting.indexOf(client);
    if (at === -1) return;
    waiting.splice(at, 1);
    if (waiting.length === 0) idle.delete(key);
    clients.delete(client);
    void client.destroy();
  }

  function open(key: string, address: Address): Client {
    const { protocol, host, port, servername, connectionTimeoutMs, keepAliveTimeoutMs } = address;
    const connect: buildConnector.connector = (_options, callback) => {
      const socket =
        protocol === 'http'
          ? net.connect({ host, port, noDelay: true })
          : tls.connect({ host, port, servername, ...(certificateAuthorities.length > 0 && { ca: [...certificateAuthorities] }) });
      clients.set(client, socket);
      socket.once('close', () => {
        if (clients.has(client)) clients.set(client, undefined);
        drop(key, client);
      });
      const late = Object.assign(new Error(`no connection within ${connectionTimeoutMs} ms`), { code: 'ETIMEDOUT' });
      // If this process was busy, the connection may be ready: check the socket once more before giving up.
      const timer = setTimeout(() => setImmediate(() => isSettled || socket.destroy(late)), connectionTimeoutMs);
      let isSettled = false;
      const settle = (error: NodeJS.ErrnoException | null) => {
        clearTimeout(timer);
        if (isSettled) return;
        isSettled = true;
        if (error === null) callback(null, socket as net.Socket);
        // With the original code the client would retry a certificate for another name with its own SNI, and never end.
        else
          callback(
            Object.assign(new Error(error.message), { code: error.code === 'ERR_TLS_CERT_ALTNAME_INVALID' ? 'ERR_TLS' : error.code }),
            null,
          );
      };
      socket.once(protocol === 'http' ? 'connect' : 'secureConnect', () => settle(null));
      socket.on('error', settle);
    };
    // The scheme is http even for a TLS socket: otherwise the client would choose the SNI from the Host header.
    const client = new Client(`http://${host.includes(':') ? `[${host}]` : host}:${port}`, {
      connect,
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: keepAliveTimeoutMs,
      keepAliveMaxTimeout: keepAliveTimeoutMs,
      maxHeaderSize: maxHeadBytes,
    });
    clients.set(client, undefined);
    return client;
  }

  function addressOf({ route: { origin, sni }, request, viewerProtocol }: OriginExchange): Address | string {
    const wanted = origin.protocolPolicy === 'match-viewer' ? viewerProtocol : origin.protocolPolicy === 'http-only' ? 'http' : 'https';
    const resolved = resolveOrigin(origin.domainName, wanted === 'http' ? origin.httpPort : origin.httpsPort, wanted);
    if (typeof resolved === 'string') return resolved;
    const { host, port, protocol } = resolved;
    const name = sni ?? (request.headers[1] ?? '').replace(/:\d+$/, '');
    const servername = protocol === 'https' && isIP(name) === 0 ? name : '';
    const { connectionTimeoutMs, keepAliveTimeoutMs } = origin;
    return { protocol, host, port, servername, connectionTimeoutMs, keepAliveTimeoutMs };
  }

  function attempt(exchange: OriginExchange, address: Address): Promise<OriginReply> {
    const { protocol, host, port, servername, connectionTimeoutMs, keepAliveTimeoutMs } = address;
    const key = `${protocol} ${host} ${port} ${servername} ${connectionTimeoutMs} ${keepAliveTimeoutMs}`;
    const client = idle.get(key)?.pop() ?? open(key, address);
    const { request, body, isWebSocket = false } = exchange;
    const relay = body === undefined ? undefined : new BodyRelay(body);
    const handler = new OriginAttempt(exchange, relay, () => release(key, client));
    client.dispatch(
      {
        method: request.method,
        path: request.path,
        headers: request.headers,
        body: relay ?? null,
        // By default the client closes the connection after each HEAD, because some servers answer it with a body.
        ...(!isWebSocket && { reset: false }),
        ...(isWebSocket && { upgrade: 'websocket' }),
      },
      handler,
    );
    return handler.reply;
  }

  return {
    async send(exchange) {
      const { method } = exchange.request;
      const address = addressOf(exchange);
      if (typeof address === 'string') return { kind: 'failure', failure: 'dns', detail: address };
      for (let count = 1; ; count++) {
        const reply = await attempt(exchange, address);
        if (reply.kind !== 'failure' || count >= exchange.route.origin.connectionAttempts) return reply;
        const isRead = reply.failure === 'read-timeout' && (method === 'GET' || method === 'HEAD');
        if (!isRead && !connectFailures.has(reply.failure)) return reply;
      }
    },
    openSockets: () => [...clients.values()].filter((socket) => socket !== undefined).length,
    close() {
      for (const client of clients.keys()) void client.destroy();
    },
  };
}

/** The reply of the last origin asked. */
interface FailoverResult {
  reply: OriginReply;
  /** Why the second origin was asked; undefined when it was not. */
  passedOver: string | undefined;
}

/**
 * Asks the primary, then the secondary if the group's criteria say so (AWS: high_availability_origin_failover.html):
 * only for safe methods, and OPTIONS if it is cached; on a listed status; on no connection if 503 is listed; on no
 * answer in time if 504 is listed. Our reading: a refused or dropped connection also counts if 502 is listed, because
 * the viewer would get 502. AWS does not document what a run-time group does with other methods; here the primary alone
 * is asked.
 */
export async function askOrigins(
  choice: OriginChoice,
  canFailOver: boolean,
  ask: (route: OriginRoute) => Promise<OriginReply>,
): Promise<FailoverResult> {
  const { primary, secondary, failoverCodes } = choice;
  const reply = await ask(primary);
  const cause = secondary !== undefined && canFailOver ? failoverCause(reply, failoverCodes) : undefined;
  if (secondary === undefined || cause === undefined) return { reply, passedOver: undefined };
  if (reply.kind === 'response') reply.discard();
  return { reply: await ask(secondary), passedOver: `${primary.origin.id}: ${cause}` };
}

/**
 * The status CloudFront answers with when an origin gave no response: 504 for time, 502 for the rest (AWS:
 * troubleshooting-response-errors.html).
 */
export function failureStatus(failure: OriginFailure): number {
  return failure === 'connect-timeout' || failure === 'read-timeout' ? 504 : 502;
}

function failoverCause(reply: OriginReply, codes: readonly number[]): string | undefined {
  if (reply.kind === 'response') return codes.includes(reply.head.statusCode) ? `status ${reply.head.statusCode}` : undefined;
  if (reply.kind === 'upgraded') return undefined;
  const { failure } = reply;
  const counts =
    failure === 'read-timeout'
      ? codes.includes(504)
      : connectFailures.has(failure)
        ? codes.includes(503) || codes.includes(502)
        : failure === 'dropped' && codes.includes(502);
  return counts ? failure : undefined;
}
