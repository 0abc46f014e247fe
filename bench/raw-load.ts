import net from 'node:net';

export interface LoadFigures {
  requestsPerSecond: number;
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
  requests: number;
  /** Responses with another status than 200. */
  failed: number;
}

export interface LoadOptions {
  port: number;
  connections: number;
  /** How long, or how many. */
  seconds?: number;
  requests?: number;
  /** The whole request head. */
  head: string;
}

const statusAt = 'HTTP/1.1 '.length;

/**
 * Loads a server over kept-alive connections, one request at a time on each. Every request is the same, and the first
 * response's length is taken for all, so that most of the shared processor time goes to the server.
 */
export async function loadRaw(options: LoadOptions): Promise<LoadFigures> {
  const { port, connections, seconds = Number.POSITIVE_INFINITY, requests = Number.POSITIVE_INFINITY, head } = options;
  const bytes = Buffer.from(head);
  const length = await responseLength(port, bytes);
  const took: number[] = [];
  let failed = 0;
  let left = requests;
  const startedAt = performance.now();
  const endsAt = startedAt + seconds * 1_000;

  const client = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
      let begun = 0;
      let received = 0;
      const next = () => {
        if (left <= 0 || performance.now() >= endsAt) return void socket.end();
        left--;
        begun = performance.now();
        received = 0;
        socket.write(bytes);
      };
      socket.on('connect', next);
      socket.on('data', (chunk) => {
        if (received === 0 && chunk[statusAt] !== 0x32) failed++;
        received += chunk.length;
        if (received < length) return;
        took.push(performance.now() - begun);
        next();
      });
      socket.on('error', reject);
      socket.on('close', () => resolve());
    });

  await Promise.all(Array.from({ length: connections }, client));
  const elapsedMs = performance.now() - startedAt;
  took.sort((a, b) => a - b);
  const at = (share: number): number => took[Math.min(took.length - 1, Math.floor(took.length * share))] ?? 0;
  return {
    requestsPerSecond: (took.length * 1_000) / elapsedMs,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    maxMs: took.at(-1) ?? 0,
    requests: took.length,
    failed,
  };
}

function responseLength(port: number, bytes: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port, host: '127.0.0.1' }, () => socket.write(bytes));
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      const body = /\r\ncontent-length: (\d+)/i.exec(text)?.[1];
      if (end === -1 || body === undefined || text.length < end + 4 + Number(body)) return;
      socket.destroy();
      resolve(text.length);
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('no response with a Content-Length')));
  });
}
