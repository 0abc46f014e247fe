import { readFileSync } from 'node:fs';
import http, { type RequestListener } from 'node:http';
import https from 'node:https';
import net, { type AddressInfo, type LookupFunction } from 'node:net';

export const certificate = (name: string) => readFileSync(new URL(`../../fixtures/tls/${name}.pem`, import.meta.url));

/** Every name is this machine. */
export const loopback: LookupFunction = (_, options, callback) => {
  if (options.all) callback(null, [{ address: '127.0.0.1', family: 4 }]);
  else callback(null, '127.0.0.1', 4);
};

/** Servers of one test, on free ports of loopback; all of them end with `close`. */
export function openServers() {
  const servers: net.Server[] = [];
  const sockets = new Set<net.Socket>();
  const listen = async (server: net.Server): Promise<number> => {
    servers.push(server);
    server.on('connection', (socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  };
  return {
    listen,
    http: (listener: RequestListener) => listen(http.createServer(listener)),
    https: (name: string, listener: RequestListener) =>
      listen(https.createServer({ key: certificate(name), cert: certificate(name) }, listener)),
    raw: (onConnection: (socket: net.Socket) => void) => listen(net.createServer(onConnection)),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}
