import { randomUUID } from 'node:crypto';
import http from 'node:http';
import { retryingFetch } from '../../client/retrying-fetch.ts';
import type { ViewerOutcome } from '../../src/drill/drill-record.ts';

export interface TrafficOptions {
  edge: string;
  requestsPerSecond: number;
  /** What they ask for, GET and POST. Default: a page, an asset and two forms. */
  paths?: readonly string[] | undefined;
  /** Viewers try again with this header, and a POST has an `Idempotency-Key`. Default: nothing is tried again. */
  retryHeader?: string | undefined;
  random: () => number;
  now: () => number;
  onOutcome: (outcome: ViewerOutcome) => void;
}

export interface Traffic {
  /** Stops sending and resolves when every request has ended. */
  stop(): Promise<void>;
  /** Stops sending and aborts open requests. */
  abort(): Promise<void>;
}

const countries = ['US', 'US', 'US', 'IN', 'IN', 'IN', 'BR', 'JP', 'DE', 'GB'];
const kinds = [
  { method: 'GET', path: '/' },
  { method: 'GET', path: '/api/orders' },
  { method: 'GET', path: '/assets/logo.svg' },
  { method: 'POST', path: '/api/orders' },
  { method: 'POST', path: '/api/payments' },
];
const body = JSON.stringify({ item: 'umbrella', count: 1 });

/** A viewer's own timeout: longer than the edge waits for both origins. */
const timeoutMs = 25_000;
/** One attempt of a client that tries again: longer than the slowest good answer, 3 s under the fault `slow`. */
const attemptMs = 5_000;

/** Starts viewers from several countries that send GET and POST at a steady rate, whatever the answers. */
export function startTraffic(options: TrafficOptions): Traffic {
  const { edge, random, now } = options;
  const client = options.retryHeader === undefined ? openPlainClient() : openRetryingClient(options.retryHeader);
  const asked = options.paths?.flatMap((path) => [...'GGGPP'].map((kind) => ({ method: kind === 'G' ? 'GET' : 'POST', path }))) ?? kinds;
  const open = new Set<Promise<void>>();
  const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)] as T;

  const send = () => {
    const kind = pick(asked);
    const country = pick(countries);
    const ip = `198.51.${Math.floor(random() * 256)}.${Math.floor(random() * 256)}`;
    const startedAt = now();
    const viewer = { 'x-local-viewer-country': country, 'x-local-viewer-ip': ip, ...(kind.method === 'POST' && contentType) };
    const request = client.ask(`${edge}${kind.path}`, kind.method, viewer).then(({ status, region }) => {
      options.onOutcome({
        startedAt,
        ms: now() - startedAt,
        method: kind.method,
        path: kind.path,
        country,
        status,
        region,
        ok: status > 0 && status < 500,
      });
      open.delete(request);
    });
    open.add(request);
  };
  const startedAt = now();
  let sent = 0;
  // Counted by the clock: a busy machine drops ticks, and each outage must get the same traffic. More than a quarter of
  // a second of arrears is dropped, so that a suspended machine causes no burst.
  const timer = setInterval(() => {
    const due = ((now() - startedAt) * options.requestsPerSecond) / 1_000;
    for (sent = Math.max(sent, due - options.requestsPerSecond / 4); sent < due; sent++) send();
  }, 10);
  const stop = async () => {
    clearInterval(timer);
    await Promise.all(open);
    client.close();
  };
  return {
    stop,
    async abort() {
      client.close();
      await stop();
    },
  };
}

interface Answer {
  /** 0 without a complete answer. */
  status: number;
  region: string | undefined;
}

interface Client {
  /** Never rejects. */
  ask(url: string, method: string, headers: Record<string, string>): Promise<Answer>;
  /** Aborts open requests. */
  close(): void;
}

const contentType = { 'content-type': 'application/json' };
const lost: Answer = { status: 0, region: undefined };

function openPlainClient(): Client {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 2_000 });
  return {
    close: () => agent.destroy(),
    ask: (url, method, headers) =>
      new Promise((resolve) => {
        const lose = () => resolve(lost);
        const options = { method, agent, timeout: timeoutMs, headers: { host: 'app.localhost', ...headers } };
        const request = http.request(url, options, (response) => {
          const region = response.headers['x-region'];
          response.on('error', lose).on('close', lose);
          response.on('end', () =>
            resolve({
              status: response.complete ? (response.statusCode ?? 0) : 0,
              region: typeof region === 'string' ? region : undefined,
            }),
          );
          response.resume();
        });
        request.on('error', lose).on('timeout', () => request.destroy());
        request.end(method === 'POST' ? body : undefined);
      }),
  };
}

function openRetryingClient(header: string): Client {
  const send = retryingFetch({ header, timeoutMs: attemptMs });
  const stop = new AbortController();
  return {
    close: () => stop.abort(),
    async ask(url, method, headers) {
      const write = method === 'POST' ? { body, headers: { ...headers, 'idempotency-key': randomUUID() } } : { headers };
      try {
        const response = await send(url, { method, ...write, signal: stop.signal });
        await response.arrayBuffer();
        return { status: response.status, region: response.headers.get('x-region') ?? undefined };
      } catch {
        return lost;
      }
    },
  };
}
