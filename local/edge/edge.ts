import { randomFillSync } from 'node:crypto';
import http from 'node:http';
import type { Duplex } from 'node:stream';
import { maxHeadBytes } from '../../kvs/limits.ts';
import type { FunctionRuntime } from '../../src/edge/execution.ts';
import { EdgeError } from '../../src/errors.ts';
import { listenOnLoopback } from '../listen-on-loopback.ts';
import type { Published, PublishedStaging } from '../published.ts';
import { compileEdgePlan, type UnservedPart } from './edge-plan.ts';
import { type EdgeContext, type EdgeRequestRecord, edgeLocations, type RunnableFunction } from './exchange.ts';
import { openOriginConnections, type ResolveOrigin } from './origin-connection.ts';
import { openReplica, type Propagation, type Replica } from './replica.ts';
import { openResponseCache } from './response-cache.ts';
import { serveRequest } from './serve-request.ts';
import { serveUpgrade } from './serve-upgrade.ts';
import type { ViewerRequest } from './viewer-request.ts';

export interface EdgeOptions {
  /** 0 or absent: any free port. */
  port?: number;
  distributionId: string;
  published: Published;
  /** Runs the functions. The caller closes it. */
  runtime: FunctionRuntime;
  resolveOrigin: ResolveOrigin;
  propagation?: Partial<Propagation>;
  /** Parts of the distribution to leave out instead of refusing it. */
  without?: ReadonlySet<UnservedPart> | undefined;
  now?: () => number;
  /** Called once for each request, when its response has ended. */
  onRequest?: (record: EdgeRequestRecord, viewer: ViewerRequest | undefined) => void;
  /** PEM certificates trusted for https origins besides the usual ones. */
  certificateAuthorities?: readonly string[];
  /** Time for a request's head to arrive, then 408. Default 30,000. CloudFront's own limit is not published. */
  headTimeoutMs?: number;
  /** Viewer connections at once, with WebSockets; more are closed unanswered. Default 1,000. */
  maxConnections?: number;
  /** From 0 to 1, drawn for each request where a staging distribution takes a share. Default Math.random. */
  random?: () => number;
}

export interface Edge {
  url: string;
  port: number;
  replica: Replica;
  /** Connections open to origins, idle ones included. */
  openOriginSockets(): number;
  close(): Promise<void>;
}

/**
 * Opens a local edge in front of a deployed distribution, on loopback only. Throws PORT_BUSY when the port is taken,
 * and CONFIG_INVALID when CloudFront would refuse the distribution or this edge cannot emulate it. After a later change
 * of that kind every request gets 502 until it is fixed.
 */
export async function openEdge(options: EdgeOptions): Promise<Edge> {
  const { distributionId, published, now = Date.now, random = Math.random } = options;
  const replica = openReplica(published, { now, ...(options.propagation && { propagation: options.propagation }) });
  const connections = openOriginConnections(options.resolveOrigin, options.certificateAuthorities);
  const liveFunctions = new Map<string, RunnableFunction | undefined>();
  const openContext = (id: string): EdgeContext => ({
    distribution: { id, domainName: `${id.toLowerCase()}.cloudfront.net` },
    plan: undefined,
    reason: '',
    locations: edgeLocations(options.propagation?.locations ?? 1),
    liveFunction(arn) {
      if (!liveFunctions.has(arn)) liveFunctions.set(arn, readLive(arn));
      return liveFunctions.get(arn);
    },
    runtime: options.runtime,
    replica,
    cache: openResponseCache(),
    connections,
    nextId: requestIds(),
    now,
    onRequest: options.onRequest,
  });
  const primary = openContext(distributionId);
  let staged: { context: EdgeContext; takes: PublishedStaging['takes'] } | undefined;

  const readLive = (arn: string): RunnableFunction | undefined => {
    const live = published.liveFunction(arn);
    if (live === undefined) return undefined;
    if (live.keyValueStoreArn !== undefined) replica.watch(live.keyValueStoreArn);
    return { source: { code: live.code, sha256: live.sha256 }, storeArn: live.keyValueStoreArn };
  };
  const readDistribution = (context: EdgeContext): string[] => {
    const { id } = context.distribution;
    const config = published.distribution(id);
    const compiled =
      config === undefined ? undefined : compileEdgePlan(config, { policies: published.policies?.(), without: options.without });
    const problems = compiled?.problems ?? [];
    context.plan = problems.length === 0 ? compiled?.plan : undefined;
    context.reason = compiled === undefined ? `distribution ${id} is not deployed` : problems.join('; ');
    for (const behavior of compiled?.plan.behaviors ?? [])
      for (const arn of [behavior.viewerRequestFunction, behavior.viewerResponseFunction]) if (arn !== undefined) context.liveFunction(arn);
    return problems;
  };
  const readStaging = (): void => {
    const found = published.staging?.(distributionId);
    if (found === undefined) staged = undefined;
    // The staging distribution keeps its own cache for as long as it takes requests.
    else staged = { takes: found.takes, context: staged?.context.distribution.id === found.id ? staged.context : openContext(found.id) };
    if (staged !== undefined) readDistribution(staged.context);
  };
  const contextFor = (request: http.IncomingMessage): EdgeContext => {
    if (staged === undefined) return primary;
    const { takes, context } = staged;
    return ('share' in takes ? random() < takes.share : request.headers[takes.header] === takes.value) ? context : primary;
  };

  const problems = readDistribution(primary);
  if (problems.length > 0) {
    replica.close();
    throw new EdgeError('CONFIG_INVALID', [`distribution ${distributionId} cannot be served locally:`, ...problems].join('\n  '), {
      hint: 'local/README.md lists what the local edge supports',
    });
  }
  readStaging();
  const stop = published.subscribe((change) => {
    if (change.kind === 'function') {
      liveFunctions.delete(change.arn);
      primary.liveFunction(change.arn);
    }
    if (change.kind !== 'distribution') return;
    if (change.id === distributionId) readDistribution(primary);
    readStaging();
  });

  const { headTimeoutMs = 30_000, maxConnections = 1_000 } = options;
  const server = http.createServer(
    {
      maxHeaderSize: maxHeadBytes,
      noDelay: true,
      keepAliveTimeout: 60_000,
      // Only the head has a time limit; a body may take any time.
      requestTimeout: 0,
      headersTimeout: headTimeoutMs,
      connectionsCheckingInterval: Math.min(1_000, headTimeoutMs),
    },
    (request, response) => {
      void serveRequest(contextFor(request), request, response);
    },
  );
  server.maxConnections = maxConnections;
  const upgraded = new Set<Duplex>();
  server.on('upgrade', (request, socket, firstBytes) => {
    upgraded.add(socket);
    socket.once('close', () => upgraded.delete(socket));
    void serveUpgrade(contextFor(request), request, socket, firstBytes);
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const status = clientErrors[error.code ?? ''] ?? '400 Bad Request';
    if (socket.writable)
      socket.end(
        `HTTP/1.1 ${status}\r\nServer: CloudFront\r\nX-Cache: Error from cloudfront\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
      );
  });
  const port = await listenOnLoopback(server, options.port ?? 0);
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    replica,
    openOriginSockets: connections.openSockets,
    async close() {
      stop();
      replica.close();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      for (const socket of upgraded) socket.destroy();
      connections.close();
      await closed;
    },
  };
}

/** The answer to bytes that are not an HTTP request. */
const clientErrors: Record<string, string> = {
  HPE_HEADER_OVERFLOW: '413 Payload Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/** Ids like CloudFront's, 56 characters. Random bytes are drawn for many ids at once. */
function requestIds(): () => string {
  const bytes = Buffer.alloc(41 * 256);
  let at = bytes.length;
  return () => {
    if (at === bytes.length) {
      randomFillSync(bytes);
      at = 0;
    }
    at += 41;
    return `${bytes.toString('base64url', at - 41, at)}=`;
  };
}
