import { createServer, type Server } from 'node:http';

/**
 * The first of `count` ports in a row that were free a moment ago; by default those of a local cloud with two origins
 * and its console.
 */
export async function freePorts(count = 5): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 30_000);
    const servers = await Promise.all(Array.from({ length: count }, (_, place) => listen(port + place)));
    for (const server of servers) server?.close();
    if (servers.every((server) => server !== undefined)) return port;
  }
}

function listen(port: number): Promise<Server | undefined> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined)).listen(port, '127.0.0.1', () => resolve(server));
  });
}
