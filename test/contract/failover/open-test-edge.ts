import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseHealthRecord, weightAt } from '../../../kvs/health-record.ts';

export interface TestEdge {
  url: string;
  /** How long a change of the record takes to get here. */
  delayMs: number;
  /** In place of routing, when set. */
  answer: { status: number; region?: string; body?: string } | undefined;
  /** Takes requests and never answers. */
  hangs: boolean;
  close(): Promise<void>;
}

/**
 * An edge that routes by the record like the real router, but that much later; `read` gives the record of now. Two
 * origins, Germany prefers Europe.
 */
export async function openTestEdge(read: () => string | undefined): Promise<TestEdge> {
  let served = read() ?? 'ok';
  let pending = served;
  let since = performance.now();
  const poll = setInterval(() => {
    const now = read() ?? 'ok';
    if (now !== pending) {
      pending = now;
      since = performance.now();
    }
    if (performance.now() - since >= edge.delayMs) served = pending;
  }, 5);
  const server = createServer((request, response) => {
    if (edge.hangs) return;
    if (edge.answer !== undefined) {
      const { status, region, body } = edge.answer;
      response.writeHead(status, region === undefined ? {} : { 'x-region': region }).end(body);
      return;
    }
    const order = request.headers['x-local-viewer-country'] === 'DE' ? ['europe', 'singapore'] : ['singapore', 'europe'];
    const entries = parseHealthRecord(served) ?? [];
    const origin = order.find((id) => weightAt(entries, id, Date.now() / 1_000) > 50) ?? order[0];
    response.writeHead(200, { 'x-region': origin === 'europe' ? 'eu-central-1' : 'ap-southeast-1' }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const edge: TestEdge = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    delayMs: 0,
    answer: undefined,
    hangs: false,
    close: async () => {
      clearInterval(poll);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return edge;
}
