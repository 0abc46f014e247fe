import type { RequestListener } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { countFailures, type LoadOptions, runLoad } from '../../../src/load/load.ts';
import { openServers } from '../verify/open-servers.ts';

const servers = openServers();
afterEach(servers.close);

const get = { method: 'GET' as const, headers: {}, body: undefined };

/** One second over two connections at least, to be meaningful; the name is one that no resolver knows. */
function load(port: number, request: Parameters<typeof runLoad>[1] = get, more: Partial<LoadOptions> = {}, protocol = 'http') {
  const url = new URL(`${protocol}://app.example.test:${port}/api/x?n=1`);
  return runLoad({ url, addresses: ['127.0.0.1'], isLoopback: true }, request, {
    connections: 2,
    durationMs: 1_000,
    requestsPerSecond: 20,
    maxErrors: 0,
    signal: new AbortController().signal,
    onTick: () => undefined,
    ...more,
  });
}

describe('a load test', () => {
  it('connects to the address that was resolved, asks for the name, and counts each origin’s answers', async () => {
    const seen = new Set<string>();
    let asked = 0;
    const port = await servers.http((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        seen.add(JSON.stringify([request.method, request.url, request.headers.host, request.headers['x-local-viewer-country'], body]));
        const region = ++asked % 2 === 0 ? 'eu-central-1' : 'ap-southeast-1';
        response.writeHead(asked % 4 === 0 ? 503 : 200, { 'X-Region': region }).end('{}');
      });
    });
    const headers = { 'content-type': 'application/json', 'x-local-viewer-country': 'IN' };
    const report = await load(port, { method: 'POST', headers, body: '{"a":1}' });
    expect([...seen]).toEqual([JSON.stringify(['POST', '/api/x?n=1', `app.example.test:${port}`, 'IN', '{"a":1}'])]);
    expect(report.answers).toBeGreaterThan(3);
    expect(Object.keys(report.statuses).sort()).toEqual(['200', '503']);
    expect(Object.keys(report.regions).sort()).toEqual(['ap-southeast-1', 'eu-central-1']);
    const sum = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((total, count) => total + count, 0);
    expect([sum(report.statuses), sum(report.regions)]).toEqual([report.answers, report.answers]);
    expect(report).toMatchObject({ errors: {}, gaveUp: false });
    expect(countFailures(report)).toBe(report.statuses['503']);
    expect(report.latency?.p99Ms).toBeGreaterThanOrEqual(report.latency?.p50Ms ?? Number.NaN);
  });

  it('keeps to its rate', async () => {
    let asked = 0;
    const port = await servers.http((_, response) => {
      asked++;
      response.end();
    });
    const report = await load(port, get, { requestsPerSecond: 5, durationMs: 2_000 });
    // Whole seconds, and the one that has begun: without the rate there would be thousands.
    expect(asked).toBeGreaterThan(4);
    expect(asked).toBeLessThan(40);
    expect(report.regions).toEqual({ none: report.answers });
  });

  it('follows no redirect', async () => {
    const elsewhere: string[] = [];
    const other = await servers.http((request, response) => {
      elsewhere.push(request.url ?? '');
      response.end();
    });
    const port = await servers.http((_, response) => response.writeHead(302, { location: `http://127.0.0.1:${other}/` }).end());
    const report = await load(port);
    expect(Object.keys(report.statuses)).toEqual(['302']);
    expect(elsewhere).toEqual([]);
  });

  it('goes over TLS with the name as SNI', async () => {
    const port = await servers.https('viewer', (_, response) => response.end());
    expect((await load(port, get, {}, 'https')).statuses['200']).toBeGreaterThan(0);
  });

  it.each<{ what: string; onConnection: 'close' | 'reset' }>([
    { what: 'closes every connection without an answer', onConnection: 'close' },
    { what: 'resets it', onConnection: 'reset' },
  ])('counts a target that $what', async ({ onConnection }) => {
    const port = await servers.raw((socket) => {
      socket.once('data', () => (onConnection === 'close' ? socket.end() : socket.resetAndDestroy()));
    });
    const report = await load(port, get, { requestsPerSecond: undefined, durationMs: 60_000 });
    expect(report).toMatchObject({ answers: 0, latency: undefined, gaveUp: true });
    expect(countFailures(report)).toBeGreaterThanOrEqual(100);
  });

  it('gives up on a target that is not there', async () => {
    const closed = openServers();
    const port = await closed.http(() => undefined);
    await closed.close();
    const report = await load(port, get, { requestsPerSecond: undefined, durationMs: 60_000 });
    expect(report).toMatchObject({ answers: 0, gaveUp: true });
    expect(Object.entries(report.errors)).toEqual([[expect.stringContaining('ECONNREFUSED'), 100]]);
  });

  it('gives up a connection whose answer has no end', async () => {
    const endless: RequestListener = (_, response) => {
      const write = () => {
        while (response.write('x'.repeat(65_536)));
      };
      response.on('drain', write);
      write();
    };
    const report = await load(await servers.http(endless), get, { durationMs: 60_000 });
    expect(report.answers).toBe(0);
    expect(report.errors).toEqual({ 'an answer of more than 4 MiB': 2 });
  });

  it('ends when it is stopped, with what it has', async () => {
    const stop = new AbortController();
    let asked = 0;
    const port = await servers.http((_, response) => {
      response.end();
      if (++asked === 10) stop.abort();
    });
    const report = await load(port, get, { durationMs: 60_000, signal: stop.signal });
    expect(report.answers).toBeGreaterThanOrEqual(10);
    expect(report.durationMs).toBeLessThan(30_000);
  });
});
