import type { RequestListener } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { openServer } from './open-server.ts';
import {
  cachingDisabled,
  cachingOptimized,
  openTestEdge,
  responseFunctionArn,
  type TestEdge,
  type TestHandler,
  testDistribution,
} from './open-test-edge.ts';

const amplify = '2e54312d-136d-493c-8eb9-b001f22f67d2';
const useOriginHeaders = '83da9c7e-98b4-4e11-a168-04f0df8e2c65';

type CacheRig = TestEdge & { pass(seconds: number): void; asked(): number };
let rig: CacheRig;
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  await rig.close();
  while (closers.length > 0) await closers.pop()?.();
});

/** An edge that caches, and two origins that answer by `listener`; each says which it is. */
async function open({
  policy = cachingOptimized,
  listener = (_, response) => response.end('hello'),
  handler,
  responseHandler,
  part = {},
  locations = 1,
}: {
  policy?: string;
  listener?: RequestListener;
  handler?: TestHandler;
  responseHandler?: TestHandler;
  part?: Parameters<typeof testDistribution>[0];
  locations?: number;
} = {}): Promise<void> {
  let time = Date.parse('2026-11-23T12:00:00Z');
  let asked = 0;
  const ports: Record<string, number> = {};
  for (const region of ['singapore', 'europe']) {
    const server = await openServer((request, response) => {
      asked++;
      response.setHeader('x-region', region);
      listener(request, response);
    });
    ports[`${region}.example.test`] = server.port;
    closers.push(server.close);
  }
  const distribution = testDistribution(part, { CachePolicyId: policy });
  if (responseHandler !== undefined)
    distribution.DefaultCacheBehavior?.FunctionAssociations?.Items?.push({
      EventType: 'viewer-response',
      FunctionARN: responseFunctionArn,
    });
  const edge = await openTestEdge({
    distribution,
    now: () => time,
    propagation: { delayMs: 0, locations },
    resolveOrigin: (name) => ({ host: '127.0.0.1', port: ports[name] ?? 1, protocol: 'http' }),
    ...(handler && { handler }),
    ...(responseHandler && { responseHandler }),
  });
  rig = Object.assign(edge, {
    pass(seconds: number) {
      time += seconds * 1_000;
    },
    asked: () => asked,
  });
}

const cacheOf = async (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  (await rig.request(path, { headers, method })).headers['x-cache'];

describe('a cached behavior', () => {
  it('answers the second request from the cache, with its age, and the function runs all the same', async () => {
    let runs = 0;
    await open({
      handler: (event) => {
        runs++;
        return event.request;
      },
    });
    expect((await rig.request('/a')).headers['x-cache']).toBe('Miss from cloudfront');
    rig.pass(7);
    expect(await rig.request('/a')).toMatchObject({ status: 200, body: 'hello', headers: { 'x-cache': 'Hit from cloudfront', age: '7' } });
    expect([rig.asked(), runs]).toEqual([1, 2]);
    expect(rig.records.at(-1)).toMatchObject({ xCache: 'Hit from cloudfront', origins: [] });
  });

  it('mixes two origins up, because the chosen one is not in the key', async () => {
    await open({
      handler: (event, cf) => {
        cf.select(event.request.headers['cloudfront-viewer-country']?.value === 'DE' ? 'europe' : 'singapore');
        return event.request;
      },
    });
    expect((await rig.request('/a', { headers: { 'x-local-viewer-country': 'DE' } })).headers['x-region']).toBe('europe');
    expect((await rig.request('/a', { headers: { 'x-local-viewer-country': 'IN' } })).headers['x-region']).toBe('europe');
  });

  it('keeps them apart when the country is in the key, or the function rewrites the URI', async () => {
    const handler: TestHandler = (event, cf) => {
      cf.select(event.request.headers['cloudfront-viewer-country']?.value === 'DE' ? 'europe' : 'singapore');
      return event.request;
    };
    await open({ policy: amplify, handler });
    expect((await rig.request('/a', { headers: { 'x-local-viewer-country': 'DE' } })).headers['x-region']).toBe('europe');
    expect((await rig.request('/a', { headers: { 'x-local-viewer-country': 'IN' } })).headers['x-region']).toBe('singapore');
  });

  it('has the rewritten URI in the key, and of query, cookies and headers only what the policy names', async () => {
    await open({
      handler: (event) => {
        event.request.uri = event.request.uri.toLowerCase();
        return event.request;
      },
    });
    await rig.request('/A?x=1', { headers: { cookie: 'a=1' } });
    expect(await cacheOf('/a?x=2', { cookie: 'a=2', 'x-any': '1' })).toBe('Hit from cloudfront');
    expect(await cacheOf('/b')).toBe('Miss from cloudfront');
    expect(await cacheOf('/a', { 'accept-encoding': 'gzip' })).toBe('Miss from cloudfront');
    expect(await cacheOf('/a', { 'accept-encoding': 'deflate, gzip;q=0.5' })).toBe('Hit from cloudfront');
  });

  it('keeps one cache per location', async () => {
    await open({ locations: 2 });
    await rig.request('/a');
    expect(await cacheOf('/a', { 'x-local-location': '1' })).toBe('Miss from cloudfront');
    expect(await cacheOf('/a', { 'x-local-location': '0' })).toBe('Hit from cloudfront');
  });

  it('serves HEAD from what GET brought, keeps nothing of HEAD, POST or a range', async () => {
    await open();
    expect(await cacheOf('/a', {}, 'HEAD')).toBe('Miss from cloudfront');
    expect(await cacheOf('/a', {}, 'POST')).toBe('Miss from cloudfront');
    expect(await cacheOf('/a', { range: 'bytes=0-1' })).toBe('Miss from cloudfront');
    expect(await cacheOf('/a')).toBe('Miss from cloudfront');
    const head = await rig.request('/a', { method: 'HEAD' });
    expect(head).toMatchObject({ status: 200, body: '', headers: { 'x-cache': 'Hit from cloudfront' } });
  });

  it('answers 304 to a viewer that has the same copy', async () => {
    await open({
      listener: (_, response) => {
        response.setHeader('etag', '"1"');
        response.end('hello');
      },
    });
    await rig.request('/a');
    expect(await rig.request('/a', { headers: { 'if-none-match': 'W/"1", "2"' } })).toMatchObject({ status: 304, body: '' });
    expect(await rig.request('/a', { headers: { 'if-none-match': '"2"' } })).toMatchObject({ status: 200, body: 'hello' });
  });

  it('asks whether an old copy is still good, and serves it again on 304', async () => {
    const conditions: unknown[] = [];
    await open({
      listener: (request, response) => {
        conditions.push(request.headers['if-none-match']);
        response.setHeader('etag', '"1"');
        response.setHeader('cache-control', 'max-age=60');
        if (request.headers['if-none-match'] === '"1"') response.statusCode = 304;
        response.end(response.statusCode === 304 ? undefined : 'hello');
      },
    });
    await rig.request('/a', { headers: { 'if-none-match': '"viewer"' } });
    rig.pass(61);
    expect(await rig.request('/a')).toMatchObject({
      status: 200,
      body: 'hello',
      headers: { 'x-cache': 'RefreshHit from cloudfront', age: '0' },
    });
    expect(await cacheOf('/a')).toBe('Hit from cloudfront');
    expect(conditions).toEqual([undefined, '"1"']);
  });

  it('serves an old copy rather than an error, and leaves the origin alone for ten seconds', async () => {
    let isBroken = false;
    await open({
      listener: (request, response) => {
        if (isBroken) return void request.socket.destroy();
        response.setHeader('cache-control', 'max-age=60');
        response.end('hello');
      },
    });
    await rig.request('/a');
    isBroken = true;
    rig.pass(61);
    expect(await rig.request('/a')).toMatchObject({ status: 200, body: 'hello' });
    const before = rig.asked();
    rig.pass(9);
    expect((await rig.request('/a')).status).toBe(200);
    expect(rig.asked()).toBe(before);
    rig.pass(2);
    await rig.request('/a');
    expect(rig.asked()).toBeGreaterThan(before);
  });

  it.each([
    { policy: cachingOptimized, header: undefined, keeps: 86_400 },
    { policy: cachingOptimized, header: 'max-age=5', keeps: 5 },
    { policy: cachingOptimized, header: 'max-age=5, s-maxage=9', keeps: 9 },
    { policy: cachingOptimized, header: 'max-age=0', keeps: 1 },
    { policy: cachingOptimized, header: 'no-store', keeps: 1 },
    { policy: cachingOptimized, header: 'private, max-age=50', keeps: 1 },
    { policy: useOriginHeaders, header: 'no-cache', keeps: 0 },
    { policy: useOriginHeaders, header: undefined, keeps: 0 },
    { policy: useOriginHeaders, header: 'max-age=5', keeps: 5 },
    { policy: amplify, header: 'max-age=5000', keeps: 600 },
    { policy: cachingDisabled, header: 'max-age=5000', keeps: 0 },
  ])('keeps a response to "$header" under $policy for $keeps s', async ({ policy, header, keeps }) => {
    await open({
      policy,
      listener: (_, response) => {
        if (header !== undefined) response.setHeader('cache-control', header);
        response.end('hello');
      },
    });
    await rig.request('/a');
    rig.pass(keeps - 0.5);
    expect(await cacheOf('/a')).toBe(keeps === 0 ? 'Miss from cloudfront' : 'Hit from cloudfront');
    rig.pass(1);
    expect(await cacheOf('/a')).toBe('Miss from cloudfront');
  });

  it('takes Expires when there is no max-age', async () => {
    await open({
      listener: (_, response) => {
        response.setHeader('expires', 'Mon, 23 Nov 2026 12:00:30 GMT');
        response.end('hello');
      },
    });
    await rig.request('/a');
    rig.pass(29);
    expect(await cacheOf('/a')).toBe('Hit from cloudfront');
    rig.pass(2);
    expect(await cacheOf('/a')).toBe('Miss from cloudfront');
  });

  it('passes a body through that is too large to keep, whole', async () => {
    const size = 9 * 1_024 * 1_024;
    await open({ listener: (_, response) => response.end('x'.repeat(size)) });
    expect((await rig.request('/a')).body).toHaveLength(size);
    expect(await cacheOf('/a')).toBe('Miss from cloudfront');
  });

  it('keeps nothing of a body that breaks off', async () => {
    let isBroken = true;
    await open({
      listener: (request, response) => {
        response.setHeader('content-length', 5);
        if (isBroken) response.write('he', () => request.socket.destroy());
        else response.end('hello');
      },
    });
    await expect(rig.request('/a')).rejects.toThrow();
    isBroken = false;
    expect(await rig.request('/a')).toMatchObject({ body: 'hello', headers: { 'x-cache': 'Miss from cloudfront' } });
  });

  it('runs the viewer-response function on a hit', async () => {
    await open({
      responseHandler: (event) => {
        event.response.headers['x-seen'] = { value: event.response.headers.age?.value ?? 'new' };
        return event.response;
      },
    });
    expect((await rig.request('/a')).headers['x-seen']).toBe('new');
    rig.pass(3);
    expect((await rig.request('/a')).headers['x-seen']).toBe('3');
  });
});

describe('an error', () => {
  it.each([
    { status: 503, keeps: 10, part: {} },
    { status: 404, keeps: 10, part: {} },
    { status: 403, keeps: 0, part: {} },
    { status: 503, keeps: 0, part: { CustomErrorResponses: { Quantity: 1, Items: [{ ErrorCode: 503, ErrorCachingMinTTL: 0 }] } } },
    { status: 503, keeps: 60, part: { CustomErrorResponses: { Quantity: 1, Items: [{ ErrorCode: 503, ErrorCachingMinTTL: 60 }] } } },
  ])('of status $status is kept for $keeps s', async ({ status, keeps, part }) => {
    await open({
      part,
      listener: (_, response) => {
        response.statusCode = status;
        response.end('no');
      },
    });
    const first = await rig.request('/a');
    expect(first).toMatchObject({ status, headers: { 'x-cache': 'Error from cloudfront' } });
    rig.pass(keeps - 1);
    await rig.request('/a');
    expect(rig.asked()).toBe(keeps === 0 ? 2 : 1);
    rig.pass(2);
    expect(await rig.request('/a')).toMatchObject({ status, headers: { 'x-cache': 'Error from cloudfront' } });
    expect(rig.asked()).toBe(keeps === 0 ? 3 : 2);
  });

  it('of the edge itself is kept too, so a viewer may get it after the origin is back', async () => {
    let isBroken = true;
    await open({
      listener: (request, response) => {
        if (isBroken) request.socket.destroy();
        else response.end('hello');
      },
    });
    expect((await rig.request('/a')).status).toBe(502);
    isBroken = false;
    expect((await rig.request('/a')).status).toBe(502);
    rig.pass(11);
    expect((await rig.request('/a')).status).toBe(200);
  });

  it('is not kept where caching is disabled', async () => {
    await open({
      policy: cachingDisabled,
      listener: (_, response) => {
        response.statusCode = 503;
        response.end();
      },
    });
    await rig.request('/a');
    await rig.request('/a');
    expect(rig.asked()).toBe(2);
  });
});
