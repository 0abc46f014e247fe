import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { OriginApp } from './origin-app.ts';

/**
 * Idle connections outlive those of the load balancer, whose idle timeout is 60 s unless set: were this end the first
 * to close one, a request that is already on its way over it would be a 502 to the viewer (ALB user guide, "HTTP 502:
 * Bad gateway"). The limit for a request's head lies above, since Node has counted a connection's idle time into it
 * before (nodejs/node 27363).
 */
const timeouts = { keepAliveTimeout: 75_000, headersTimeout: 80_000 } as const;

export interface OriginServerOptions {
  /** Address to listen on. */
  host: string;
  /** 0 takes any free one. */
  port: number;
  app: OriginApp;
  /** Called for each request as it begins. */
  onRequest?: RequestListener;
  sleep?: (ms: number) => Promise<unknown>;
}

export interface StopOptions {
  /** How long it goes on serving while `/health` asks the load balancer to stop sending. */
  drainMs: number;
  /** How long requests may then still take. */
  graceMs: number;
}

export interface OriginServer {
  port: number;
  /** Leaves in good order and resolves to the number of requests that had to be cut off. */
  stop(options: StopOptions): Promise<number>;
}

/** A server with an origin's timeouts that does not listen yet. */
export function createOriginServer(listener: RequestListener, options: ServerOptions = {}): Server {
  return createServer({ noDelay: true, ...timeouts, ...options }, listener);
}

/** Serves an origin. Rejects when it cannot listen there. */
export async function openOriginServer({ host, port, app, onRequest, sleep = idle }: OriginServerOptions): Promise<OriginServer> {
  let open = 0;
  let isClosing = false;
  const server = createOriginServer((request, response) => {
    open++;
    response.once('close', () => {
      open--;
      // A connection that becomes idle only now was not among those that close() found.
      if (isClosing) setImmediate(() => server.closeIdleConnections());
    });
    onRequest?.(request, response);
    app.handle(request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });

  return {
    port: (server.address() as AddressInfo).port,
    async stop({ drainMs, graceMs }) {
      app.drain();
      await sleep(drainMs);
      isClosing = true;
      // Takes no more connections and closes the idle ones.
      const closed = new Promise<number>((resolve) => server.close(() => resolve(0)));
      const cut = await Promise.race([closed, sleep(graceMs).then(() => open)]);
      server.closeAllConnections();
      await closed;
      return cut;
    },
  };
}

const idle = (ms: number) => wait(ms, undefined, { ref: false });
