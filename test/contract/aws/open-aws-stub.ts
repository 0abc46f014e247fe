import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Aws, openAws } from '../../../src/aws/clients.ts';

interface StubRequest {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  body: string;
}

/** How the stub answers; `hang` never does. */
export type StubAnswer = { status?: number; headers?: Record<string, string>; body: string } | 'hang';

export interface AwsStub {
  aws: Aws;
  /** Clients that give up after 300 ms, for answers that never come. A test that expects an answer waits longer. */
  impatient: Aws;
  url: string;
  requests: StubRequest[];
  /** Answers every request from now on. */
  answer(next: StubAnswer | ((request: StubRequest, made: number) => StubAnswer)): void;
  close(): Promise<void>;
}

/** An HTTP server that says what an AWS service would say on the wire, and the real SDK clients pointed at it. */
export async function openAwsStub(): Promise<AwsStub> {
  const requests: StubRequest[] = [];
  let reply: (request: StubRequest, made: number) => StubAnswer = () => ({ status: 500, body: '' });
  const server = createServer((message, response) => {
    const chunks: Buffer[] = [];
    message.on('data', (chunk: Buffer) => chunks.push(chunk));
    message.on('end', () => {
      const { method = '', url = '', headers } = message;
      const request = { method, path: url, headers, body: Buffer.concat(chunks).toString() };
      requests.push(request);
      const answer = reply(request, requests.length);
      if (answer !== 'hang') response.writeHead(answer.status ?? 200, answer.headers).end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    aws: openAws({ env: {}, local: { controlPlane: url }, requestTimeoutMs: 20_000 }),
    impatient: openAws({ env: {}, local: { controlPlane: url }, requestTimeoutMs: 300 }),
    url,
    requests,
    answer: (next) => {
      reply = typeof next === 'function' ? next : () => next;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
