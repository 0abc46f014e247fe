import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export type OriginFault = 'refuse' | 'hang' | '503' | 'bad body' | 'wrong region' | 'reset';

export interface TestOrigin {
  port: number;
  /** Health checks answered, well or badly. */
  requests: number;
  /** Breaks it, or restores it when undefined. */
  setFault(fault: OriginFault | undefined): Promise<void>;
  close(): Promise<void>;
}

/** An origin in a region that can be made to fail. */
export async function openTestOrigin(region: string): Promise<TestOrigin> {
  let fault: OriginFault | undefined;
  const server = createServer((request, response) => {
    origin.requests += 1;
    if (fault === 'hang') return;
    if (fault === 'reset') request.socket.destroy();
    else if (fault === '503') response.writeHead(503).end();
    else if (fault === 'bad body') response.end('<html>maintenance</html>');
    else response.end(JSON.stringify({ status: 'ok', region: fault === 'wrong region' ? 'eu-west-9' : region }));
  });
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const close = async () => {
    if (!server.listening) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const origin: TestOrigin = {
    port,
    requests: 0,
    setFault: async (next) => {
      if (next === 'refuse') await close();
      else if (fault === 'refuse') await listen(port);
      fault = next;
    },
    close,
  };
  return origin;
}
