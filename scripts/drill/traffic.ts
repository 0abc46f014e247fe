import http from 'node:http';
import type { ViewerOutcome } from '../../src/drill/drill-record.ts';

export interface TrafficOptions {
  edge: string;
  requestsPerSecond: number;
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

/** Starts viewers from several countries that send GET and POST at a steady rate, whatever the answers. */
export function startTraffic(options: TrafficOptions): Traffic {
  const { edge, random, now } = options;
  const agent = new http.Agent({ keepAlive: true, maxSockets: 2_000 });
  const open = new Set<Promise<void>>();
  const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)] as T;

  const send = () => {
    const kind = pick(kinds);
    const country = pick(countries);
    const ip = `198.51.${Math.floor(random() * 256)}.${Math.floor(random() * 256)}`;
    const startedAt = now();
    const request = ask(`${edge}${kind.path}`, kind.method, { 'x-local-viewer-country': country, 'x-local-viewer-ip': ip }, agent).then(
      ({ status, region }) => {
        options.onOutcome({
          startedAt,
          ms: now() - startedAt,
          method: kind.method,
          country,
          status,
          region,
          ok: status > 0 && status < 500,
        });
        open.delete(request);
      },
    );
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
    agent.destroy();
  };
  return {
    stop,
    async abort() {
      agent.destroy();
      await stop();
    },
  };
}

/** Never rejects: a failure is status 0. */
function ask(
  url: string,
  method: string,
  headers: Record<string, string>,
  agent: http.Agent,
): Promise<{ status: number; region: string | undefined }> {
  return new Promise((resolve) => {
    const lost = () => resolve({ status: 0, region: undefined });
    const options = {
      method,
      agent,
      timeout: timeoutMs,
      headers: { host: 'app.localhost', ...headers, ...(method === 'POST' && { 'content-type': 'application/json' }) },
    };
    const request = http.request(url, options, (response) => {
      const region = response.headers['x-region'];
      response.on('error', lost).on('close', lost);
      response.on('end', () =>
        resolve({ status: response.complete ? (response.statusCode ?? 0) : 0, region: typeof region === 'string' ? region : undefined }),
      );
      response.resume();
    });
    request.on('error', lost).on('timeout', () => request.destroy());
    request.end(method === 'POST' ? body : undefined);
  });
}
