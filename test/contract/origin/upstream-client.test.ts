import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { checkUpstream, openUpstreamClient } from '../../../origin/upstream-client.ts';

let upstream: http.Server | undefined;
const asked: string[] = [];

/** An upstream that gives this answer; undefined never answers. */
async function openUpstream(status: number | undefined, headers: http.OutgoingHttpHeaders = {}): Promise<string> {
  upstream = http.createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    if (status !== undefined) response.writeHead(status, headers).end('{}');
  });
  await new Promise<void>((resolve) => upstream?.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
}

afterEach(async () => {
  const closed = new Promise((resolve) => (upstream === undefined ? resolve(undefined) : upstream.close(resolve)));
  upstream?.closeAllConnections();
  await closed;
  upstream = undefined;
  asked.length = 0;
});

const open = (baseUrl: string, timeoutMs = 10_000) =>
  openUpstreamClient({ baseUrl, timeoutMs, region: 'eu-central-1', allowedRegions: ['ap-southeast-1', 'eu-central-1'] });

it('does not open in a region from which the upstream must not be called', () => {
  const options = { baseUrl: 'http://127.0.0.1:1', timeoutMs: 1, region: 'us-east-1', allowedRegions: ['ap-southeast-1', 'eu-central-1'] };
  expect(() => openUpstreamClient(options)).toThrow(
    'the upstream must not be called from us-east-1: its allowed regions are ap-southeast-1, eu-central-1',
  );
  expect(() => openUpstreamClient({ ...options, allowedRegions: [] })).toThrow('us-east-1');
});

it('asks below the base URL, however that ends', async () => {
  const url = await openUpstream(200);
  for (const base of [url, `${url}/`, `${url}/api/`]) expect((await open(base).get('/ping')).status).toBe(200);
  expect(asked).toEqual(['GET /ping', 'GET /ping', 'GET /api/ping']);
});

it.each([
  '/../admin',
  '/a/../../admin',
  '/%2e%2e/admin',
  '/..\\admin',
  '//evil.test/x',
  '/\\evil.test/x',
  'http://evil.test/',
  '@evil.test/',
  '/..%2fadmin',
  '/%2e%2e%2Fadmin',
  '/%252e%252e%252fadmin',
  '/a/..%5c..%5cadmin',
  '/..;/admin',
  '',
])('never asks above its base URL or elsewhere: %j', async (path) => {
  const url = await openUpstream(200);
  const answer = await open(`${url}/api/v3`)
    .get(path)
    .catch((error: unknown) => error);
  // What is not refused has stayed below.
  if (answer instanceof Error) expect(asked).toEqual([]);
  else {
    expect(asked).toEqual([expect.stringMatching(/^GET \/api\/v3\//)]);
    expect(decodeURIComponent(decodeURIComponent(asked.join()))).not.toMatch(/[/\\]\.\.[/\\;]/);
  }
});

describe('the upstream', () => {
  it.each([
    { status: 200, problem: undefined },
    { status: 204, problem: undefined },
    { status: 302, problem: 'status 302' },
    { status: 403, problem: 'status 403' },
    { status: 418, problem: 'status 418' },
    { status: 429, problem: 'status 429' },
    { status: 451, problem: 'status 451' },
    { status: 503, problem: 'status 503' },
  ])('is recognized by its status $status', async ({ status, problem }) => {
    const url = await openUpstream(status, status === 302 ? { location: '/elsewhere' } : {});
    expect(await checkUpstream(open(url), '/ping')).toBe(problem);
    expect(asked).toEqual(['GET /ping']);
  });

  it('is waited for no longer than it may take', async () => {
    const url = await openUpstream(undefined);
    expect(await checkUpstream(open(url, 50), '/ping')).toBe('no answer in time');
  });

  it('is named by its fault when it cannot be reached', async () => {
    const url = await openUpstream(200);
    await new Promise((resolve) => upstream?.close(resolve));
    expect(await checkUpstream(open(url), '/ping')).toBe('ECONNREFUSED');
  });
});
