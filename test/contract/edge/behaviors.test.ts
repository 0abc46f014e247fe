import net from 'node:net';
import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { openEdge } from '../../../local/edge/edge.ts';
import {
  cachingDisabled,
  cachingOptimized,
  functionArn,
  openTestEdge,
  openTestRuntime,
  type TestEdge,
  TestPublished,
  testDistribution,
} from './open-test-edge.ts';

let rig: TestEdge | undefined;
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

const two = () =>
  testDistribution(
    {
      CacheBehaviors: {
        Quantity: 2,
        Items: [
          {
            PathPattern: '/api/*',
            TargetOriginId: 'europe',
            ViewerProtocolPolicy: 'https-only',
            AllowedMethods: { Quantity: 7, Items: ['GET', 'HEAD', 'OPTIONS', 'PUT', 'PATCH', 'POST', 'DELETE'] },
            CachePolicyId: cachingDisabled,
          },
          { PathPattern: '/api/v1/*', TargetOriginId: 'singapore', ViewerProtocolPolicy: 'allow-all', CachePolicyId: cachingDisabled },
        ],
      },
    },
    { AllowedMethods: { Quantity: 2, Items: ['GET', 'HEAD'] } },
  );

it('shows the origin’s own response, whatever response headers policy, compression and error pages say', async () => {
  const page = { ErrorCode: 503, ResponsePagePath: '/sorry', ResponseCode: '200', ErrorCachingMinTTL: 0 };
  rig = await openTestEdge({
    distribution: testDistribution(
      { CustomErrorResponses: { Quantity: 1, Items: [page] } },
      { ResponseHeadersPolicyId: '67f7725c-6f97-4210-82d7-5512b31e9d03', Compress: true },
    ),
  });
  const fine = await rig.request('/', { headers: { 'accept-encoding': 'gzip, br' } });
  expect(fine.headers).not.toHaveProperty('strict-transport-security');
  expect(fine.headers).not.toHaveProperty('content-encoding');
  await rig.singapore.setFault({ kind: '5xx' });
  expect((await rig.request('/')).status).toBe(503);
});

describe('behaviors', () => {
  it('are matched in order, on the path as the viewer sent it, and not again after the function', async () => {
    rig = await openTestEdge({
      distribution: two(),
      handler: (event) => {
        event.request.uri = '/api/rewritten';
        return event.request;
      },
    });
    expect((await rig.request('/api/v1/x')).headers['x-region']).toBe('eu-central-1');
    expect((await rig.request('/API/x')).headers['x-region']).toBe('ap-southeast-1');
    expect((await rig.request('/static/../api/x')).headers['x-region']).toBe('eu-central-1');
    const reply = await rig.request('/elsewhere');
    expect(reply.headers['x-region']).toBe('ap-southeast-1');
    expect(JSON.parse(reply.body).path).toBe('/api/rewritten');
  });

  it('refuse a method that is not allowed with 403, before any function runs', async () => {
    let runs = 0;
    rig = await openTestEdge({
      distribution: two(),
      handler: (event) => {
        runs++;
        return event.request;
      },
    });
    const reply = await rig.request('/', { method: 'POST', body: 'x' });
    expect(reply).toMatchObject({ status: 403, headers: { 'x-cache': 'Error from cloudfront', server: 'CloudFront' } });
    expect(runs).toBe(0);
    expect((await rig.request('/api/x', { method: 'POST', body: 'x' })).status).toBe(200);
  });

  it.each([
    { method: 'GET', status: 301 },
    { method: 'HEAD', status: 301 },
    { method: 'POST', status: 307 },
  ])('redirect a $method over http with $status to the same address over https', async ({ method, status }) => {
    rig = await openTestEdge();
    const reply = await rig.request('/a?b=1', { method, headers: { host: 'www.example.test', 'x-local-viewer-proto': 'http' } });
    expect(reply).toMatchObject({
      status,
      headers: { location: 'https://www.example.test/a?b=1', 'x-cache': 'Redirect from cloudfront' },
    });
    expect(rig.singapore.received).toBe(0);
  });

  it('refuse http with 403 where https is demanded, and take it where all is allowed', async () => {
    rig = await openTestEdge({ distribution: two() });
    const overHttp = { headers: { 'x-local-viewer-proto': 'http' } };
    expect((await rig.request('/api/x', overHttp)).status).toBe(403);
    rig.published.deploy('E2TEST', testDistribution({}, { ViewerProtocolPolicy: 'allow-all' }));
    const reply = await rig.request('/', overHttp);
    expect(JSON.parse(reply.body).headers['cloudfront-forwarded-proto']).toBe('http');
  });
});

describe('the edge', () => {
  it('keeps a record of a request without a path too', async () => {
    rig = await openTestEdge();
    const socket = net.connect(rig.edge.port, '127.0.0.1');
    socket.end('OPTIONS * HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    for await (const chunk of socket) expect(String(chunk)).toContain('400');
    await expect.poll(() => rig?.records.at(-1)).toMatchObject({ method: 'OPTIONS', path: '*', status: 400 });
  });

  it('refuses a GET with a body, a URL over 8,192 characters and a head over 32 KB', async () => {
    rig = await openTestEdge();
    expect((await rig.request('/', { body: 'x' })).status).toBe(403);
    expect((await rig.request(`/${'a'.repeat(8_191)}`)).status).not.toBe(413);
    expect((await rig.request(`/${'a'.repeat(8_192)}`)).status).toBe(413);
    expect((await rig.request('/', { headers: { 'x-long': 'a'.repeat(33_000) } })).status).toBe(413);
  });

  it('blocks countries as the distribution’s restriction says', async () => {
    const restricted = (type: 'whitelist' | 'blacklist') =>
      testDistribution({ Restrictions: { GeoRestriction: { RestrictionType: type, Quantity: 1, Items: ['DE'] } } });
    rig = await openTestEdge({ distribution: restricted('blacklist') });
    const from = async (country: string) => (await rig?.request('/', { headers: { 'x-local-viewer-country': country } }))?.status;
    expect([await from('DE'), await from('IN')]).toEqual([403, 200]);
    rig.published.deploy('E2TEST', restricted('whitelist'));
    expect([await from('DE'), await from('IN')]).toEqual([200, 403]);
  });

  it.each(['GET / HTTP/1.1\r\n\r\n', 'GET nothing HTTP/1.1\r\nhost: x\r\n\r\n', '\u0000\u0001\r\n\r\n', 'GET / HTTP/9.9\r\n\r\n'])(
    'answers 400 to %j and lives on',
    async (bytes) => {
      rig = await openTestEdge();
      const socket = net.connect(rig.edge.port, '127.0.0.1');
      socket.end(bytes);
      let answer = '';
      for await (const chunk of socket) answer += String(chunk);
      expect(answer).toMatch(/^HTTP\/1\.1 400 /);
      expect((await rig.request('/')).status).toBe(200);
    },
  );

  it('answers anything with 4xx or hangs up, and serves the next request', async () => {
    rig = await openTestEdge();
    const { port } = rig.edge;
    const piece = fc.constantFrom(
      'GET',
      'POST',
      ' ',
      '/',
      '/a?b#c',
      'HTTP/1.1',
      '\r\n',
      '\r\n\r\n',
      'host: x',
      'Host:',
      ':',
      '\0',
      '\u00ff',
      'content-length: -1',
      '%',
    );
    const bytes = fc.oneof(
      fc.array(piece, { maxLength: 12 }).map((pieces) => Buffer.from(pieces.join(''), 'latin1')),
      fc.uint8Array({ maxLength: 200 }),
    );
    await fc.assert(
      fc.asyncProperty(bytes, async (sent) => {
        const socket = net.connect(port, '127.0.0.1');
        socket.on('error', () => {});
        socket.end(sent);
        let answer = '';
        for await (const chunk of socket) answer += String(chunk);
        expect(answer === '' || /^HTTP\/1\.1 (200|4\d\d) /.test(answer), answer).toBe(true);
      }),
      { numRuns: 300 },
    );
    expect((await rig.request('/')).status).toBe(200);
  });

  it('runs the function and chooses the origin for a path named __proto__ and a header named so', async () => {
    rig = await openTestEdge();
    const reply = await rig.request('/__proto__?__proto__=1&constructor=2', { headers: { constructor: 'x', cookie: '__proto__=1' } });
    expect(JSON.parse(reply.body)).toMatchObject({ path: '/__proto__?__proto__=1&constructor=2', headers: { cookie: '__proto__=1' } });
  });

  it('passes on what a viewer may send and a function may not write', async () => {
    rig = await openTestEdge();
    const reply = await rig.request('/', { headers: { 'x-tab': 'a\tb', 'x-latin': '\u00e9' } });
    expect(reply.status).toBe(200);
    expect(JSON.parse(reply.body).headers['x-tab']).toBe('a\tb');
  });

  it('says which port is taken', async () => {
    rig = await openTestEdge();
    await expect(openTestEdge({ port: rig.edge.port })).rejects.toMatchObject({ code: 'PORT_BUSY' });
  });

  it.each<[string, DistributionConfig]>([
    ['216adef6-5c04', testDistribution({}, { OriginRequestPolicyId: '216adef6-5c04-47e4-8448-69f88d76e8d0' })],
    ['--without custom-policies', testDistribution({}, { CachePolicyId: '00000000-0000-0000-0000-000000000000' })],
    ['neither CachePolicyId nor ForwardedValues', testDistribution({}, { CachePolicyId: undefined, OriginRequestPolicyId: undefined })],
    ['not an origin', testDistribution({}, { TargetOriginId: 'mars' })],
    [
      '--without lambda-at-edge',
      testDistribution(
        {},
        { LambdaFunctionAssociations: { Quantity: 1, Items: [{ LambdaFunctionARN: 'x', EventType: 'origin-request' }] } },
      ),
    ],
    ['--without signatures', testDistribution({}, { TrustedKeyGroups: { Enabled: true, Quantity: 1, Items: ['k'] } })],
    [
      'CloudFront refuses',
      testDistribution(
        {
          OriginGroups: {
            Quantity: 1,
            Items: [
              {
                Id: 'both',
                FailoverCriteria: { StatusCodes: { Quantity: 1, Items: [503] } },
                Members: { Quantity: 2, Items: [{ OriginId: 'singapore' }, { OriginId: 'europe' }] },
              },
            ],
          },
        },
        { TargetOriginId: 'both' },
      ),
    ],
  ])('refuses to open on a distribution it cannot show: %s', async (part, distribution) => {
    const published = new TestPublished();
    published.deploy('E2TEST', distribution);
    const opening = openEdge({
      distributionId: 'E2TEST',
      published,
      runtime: openTestRuntime({}),
      resolveOrigin: () => ({ host: '127.0.0.1', port: 1, protocol: 'http' }),
    });
    await expect(opening).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining(part) });
  });

  it('shows each location its own copy of the store, in its own time', async () => {
    let time = 1_000_000;
    rig = await openTestEdge({
      now: () => time,
      propagation: { delayMs: 1_000, jitterMs: 4_000, seed: 3, locations: 3 },
      handler: (event, cf) => {
        event.request.headers['x-origin-route'] = { value: `${cf.edgeLocation?.name} ${cf.get('health')}` };
        return event.request;
      },
    });
    const seen = () =>
      Promise.all(
        [0, 1, 2].map(async (location) => {
          const reply = await rig?.request('/', { headers: { 'x-local-location': String(location) } });
          return JSON.parse(reply?.body ?? '').headers['x-origin-route'];
        }),
      );
    expect(await seen()).toEqual(['SIN ok', 'FRA ok', 'IAD ok']);
    rig.published.put('arn:aws:cloudfront::123456789012:key-value-store/health', { health: 'singapore=0' });
    time += 999;
    expect(await seen()).toEqual(['SIN ok', 'FRA ok', 'IAD ok']);
    const views = new Set<string>();
    for (let step = 0; step <= 4_000; step += 250, time += 250) views.add((await seen()).join());
    expect(await seen()).toEqual(['SIN singapore=0', 'FRA singapore=0', 'IAD singapore=0']);
    expect(views.size).toBeGreaterThan(2);
  });

  it('makes reads fail and keys go missing when asked to', async () => {
    rig = await openTestEdge({
      handler: (event, cf) => {
        cf.get('health');
        return event.request;
      },
    });
    rig.edge.replica.faults.failReads = true;
    expect((await rig.request('/')).status).toBe(503);
    rig.edge.replica.faults.failReads = false;
    expect((await rig.request('/')).status).toBe(200);
  });

  it('does not know a function without a LIVE stage', async () => {
    rig = await openTestEdge();
    rig.published.functions.delete(functionArn);
    rig.published.deploy('E2TEST', testDistribution());
    rig.published.publish(functionArn, 'handler');
    expect((await rig.request('/')).status).toBe(200);
    rig.published.deploy(
      'E2TEST',
      testDistribution(
        {},
        { FunctionAssociations: { Quantity: 1, Items: [{ EventType: 'viewer-request', FunctionARN: `${functionArn}-never` }] } },
      ),
    );
    expect((await rig.request('/')).status).toBe(503);
  });

  it('compiles a cached behavior too', async () => {
    rig = await openTestEdge({ distribution: testDistribution({}, { CachePolicyId: cachingOptimized }) });
    expect((await rig.request('/')).headers['x-cache']).toBe('Miss from cloudfront');
  });
});
