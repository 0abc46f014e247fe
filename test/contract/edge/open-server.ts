import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** An origin that does what the test says, on a free port. */
export async function openServer(listener: http.RequestListener): Promise<{ server: http.Server; port: number; close(): Promise<void> }> {
  const server = http.createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    server,
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
