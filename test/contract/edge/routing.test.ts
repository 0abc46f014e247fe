import { afterEach, expect, it } from 'vitest';
import { functionArn, openTestEdge, type TestEdge, testDistribution } from './open-test-edge.ts';

let rig: TestEdge;
afterEach(() => rig.close());

it('passes an unchanged request to the behavior’s own origin with its custom headers, the viewer’s Host and CloudFront’s marks', async () => {
  rig = await openTestEdge();
  const reply = await rig.request('/a%20b/c?x=1&y=&x=2', {
    headers: {
      host: 'www.example.test',
      accept: 'text/plain',
      cookie: 'a=1; b=2',
      'x-forwarded-for': '203.0.113.9',
      'x-region': 'forged',
      'x-local-viewer-country': 'IN',
      'x-local-viewer-ip': '198.51.100.7',
      'cloudfront-viewer-country': 'ZZ',
      'cloudfront-viewer-city': 'Forgery',
      'x-edge-location': 'forged',
      'x-forwarded-proto': 'http',
    },
  });
  expect(reply.status).toBe(200);
  expect(reply.headers['x-region']).toBe('ap-southeast-1');
  expect(reply.headers['x-cache']).toBe('Miss from cloudfront');
  expect(reply.headers['via']).toMatch(/^1\.1 e2test\.cloudfront\.net \(CloudFront\)$/);
  expect(reply.headers['x-amz-cf-pop']).toBe('SIN50-L1');
  const seen = JSON.parse(reply.body);
  expect(seen.path).toBe('/a%20b/c?x=1&y=&x=2');
  expect(seen.headers).toMatchObject({
    host: 'www.example.test',
    accept: 'text/plain',
    cookie: 'a=1; b=2',
    'x-forwarded-for': '203.0.113.9, 198.51.100.7',
    'x-region': 'ap-southeast-1',
    'x-origin-verify': 'secret',
    'cloudfront-viewer-country': 'IN',
    'cloudfront-forwarded-proto': 'https',
    'x-amz-cf-id': reply.headers['x-amz-cf-id'],
  });
  for (const name of ['x-local-viewer-country', 'x-local-viewer-ip', 'cloudfront-viewer-city', 'x-edge-location', 'x-forwarded-proto'])
    expect(seen.headers).not.toHaveProperty(name);
});

it.each([
  { policy: 'AllViewerAndCloudFrontHeaders-2022-06', id: '33f36d7e-f396-46d9-90e0-52428a34d9dc', region: { value: 'CA' } },
  { policy: 'AllViewer', id: '216adef6-5c7f-47e4-b989-5492eafa07d3', region: undefined },
])('gives the function the viewer’s subdivision as $policy asks', async ({ id, region }) => {
  let seen: Record<string, unknown> = {};
  rig = await openTestEdge({
    distribution: testDistribution({}, { OriginRequestPolicyId: id }),
    handler: (event) => {
      seen = event.request.headers;
      return event.request;
    },
  });
  const headers = { 'x-local-viewer-country': 'US-CA', 'cloudfront-viewer-country-region': 'forged' };
  const reply = await rig.request('/', { headers });
  expect(seen['cloudfront-viewer-country']).toEqual(region && { value: 'US' });
  expect(seen['cloudfront-viewer-country-region']).toEqual(region);
  expect(JSON.parse(reply.body).headers['cloudfront-viewer-country-region']).toBe(region?.value);
});

it('keeps the country from function and origin when no policy asks for it', async () => {
  let seen: unknown;
  rig = await openTestEdge({
    distribution: testDistribution({}, { OriginRequestPolicyId: '216adef6-5c7f-47e4-b989-5492eafa07d3' }),
    handler: (event) => {
      seen = event.request.headers['cloudfront-viewer-country'];
      return event.request;
    },
  });
  const reply = await rig.request('/', { headers: { 'x-local-viewer-country': 'IN', 'cloudfront-viewer-country': 'IN' } });
  expect(seen).toBeUndefined();
  expect(JSON.parse(reply.body).headers).not.toHaveProperty('cloudfront-viewer-country');
});

it('sends the origin’s own domain as Host, and of the viewer only the body’s type, without an origin request policy', async () => {
  const distribution = testDistribution();
  delete distribution.DefaultCacheBehavior?.OriginRequestPolicyId;
  rig = await openTestEdge({ distribution });
  const reply = await rig.request('/x?q=1', {
    method: 'POST',
    body: '{}',
    headers: { host: 'www.example.test', 'content-type': 'application/json', 'x-mine': '1', cookie: 'a=1', 'user-agent': 'me' },
  });
  const seen = JSON.parse(reply.body);
  expect(seen.headers).toMatchObject({
    host: 'singapore.example.test',
    'content-type': 'application/json',
    'user-agent': 'Amazon CloudFront',
  });
  expect(seen.headers).not.toHaveProperty('x-mine');
  expect(seen.headers).not.toHaveProperty('cookie');
  expect(seen.path).toBe('/x');
});

it('sends a POST with its body to the origin that the function selects', async () => {
  rig = await openTestEdge({
    handler: (event, cf) => {
      cf.select('europe');
      event.request.headers['x-origin-route'] = { value: 'europe;country=DE;health=ok' };
      return event.request;
    },
  });
  const reply = await rig.request('/api/order', { method: 'POST', body: 'one order', headers: { 'x-local-viewer-country': 'DE' } });
  expect(reply.headers['x-region']).toBe('eu-central-1');
  expect(JSON.parse(reply.body)).toMatchObject({
    method: 'POST',
    body: 'one order',
    bodyBytes: 9,
    headers: { 'x-region': 'eu-central-1' },
  });
  expect(rig.records.at(-1)).toMatchObject({
    method: 'POST',
    path: '/api/order',
    country: 'DE',
    status: 200,
    origins: ['europe'],
    decision: 'europe;country=DE;health=ok',
    xCache: 'Miss from cloudfront',
    reason: undefined,
  });
});

it('takes URI, query string, headers and cookies as the function returns them', async () => {
  rig = await openTestEdge({
    handler: (event) => {
      const { request } = event;
      request.uri = '/other';
      request.querystring['added'] = { value: '1' };
      request.headers['x-added'] = { value: 'ignored', multiValue: [{ value: 'a' }, { value: 'b' }] };
      delete request.headers['x-gone'];
      request.cookies['c'] = { value: '3' };
      return request;
    },
  });
  const reply = await rig.request('/this?x=%2F', { headers: { cookie: 'a=1', 'x-gone': '1' } });
  const seen = JSON.parse(reply.body);
  expect(seen.path).toBe('/other?x=%2F&added=1');
  expect(seen.headers).toMatchObject({ 'x-added': 'a, b', cookie: 'a=1; c=3' });
  expect(seen.headers).not.toHaveProperty('x-gone');
});

it('takes an origin that the function makes up, inheriting what it leaves out', async () => {
  rig = await openTestEdge({
    handler: (event, cf) => {
      cf.call('updateRequestOrigin', { domainName: 'europe.example.test', originPath: '/v2' });
      return event.request;
    },
  });
  const seen = JSON.parse((await rig.request('/x', { headers: { host: 'www.example.test' } })).body);
  expect(seen).toMatchObject({ region: 'eu-central-1', path: '/v2/x' });
  expect(seen.headers).toMatchObject({ host: 'europe.example.test', 'x-region': 'ap-southeast-1', 'x-origin-verify': 'secret' });
});

it('sends overrides of Host along with a selected origin', async () => {
  rig = await openTestEdge({
    handler: (event, cf) => {
      cf.select('europe', { hostHeader: 'inner.example.test' });
      return event.request;
    },
  });
  expect(JSON.parse((await rig.request('/')).body).headers.host).toBe('inner.example.test');
});

it('answers with the response that the function generates and asks no origin', async () => {
  rig = await openTestEdge({
    handler: () => ({
      statusCode: 302,
      statusDescription: 'Found',
      headers: { location: { value: '/new' } },
      cookies: { seen: { value: '1', attributes: 'Path=/; Secure' } },
      body: { encoding: 'base64', data: 'aGk=' },
    }),
  });
  const reply = await rig.request('/old');
  expect(reply).toMatchObject({
    status: 302,
    body: 'hi',
    headers: { location: '/new', 'set-cookie': ['seen=1; Path=/; Secure'], 'x-cache': 'FunctionGeneratedResponse from cloudfront' },
  });
  expect(rig.singapore.received).toBe(0);
});

it.each([
  {
    when: 'throws',
    status: 503,
    xCache: 'FunctionExecutionError from cloudfront',
    handler: () => {
      throw new Error('boom');
    },
    reason: 'boom',
  },
  { when: 'returns nothing', status: 502, handler: () => undefined, reason: 'returned nothing' },
  {
    when: 'selects an unknown origin',
    status: 502,
    handler: (event: never, cf: { select(id: string): void }) => {
      cf.select('mars');
      return (event as { request: unknown }).request;
    },
    reason: '"mars"',
  },
  {
    when: 'adds a forbidden header',
    status: 502,
    handler: edit((request) => {
      request.headers['x-edge-x'] = { value: '1' };
    }),
    reason: 'x-edge-x',
  },
  {
    when: 'edits Host',
    status: 502,
    handler: edit((request) => {
      request.headers['host'] = { value: 'other' };
    }),
    reason: 'host',
  },
  {
    when: 'drops Host',
    status: 502,
    handler: edit((request) => {
      delete request.headers['host'];
    }),
    reason: 'host',
  },
  {
    when: 'writes a header in upper case',
    status: 502,
    handler: edit((request) => {
      request.headers['X-Up'] = { value: '1' };
    }),
    reason: 'lower case',
  },
  {
    when: 'writes a control character',
    status: 502,
    handler: edit((request) => {
      request.headers['x-bad'] = { value: 'a\u0001b' };
    }),
    reason: 'not allowed there',
  },
  {
    when: 'returns a space in the URI',
    status: 502,
    handler: edit((request) => {
      request.uri = '/a b';
    }),
    reason: 'a space',
  },
  {
    when: 'returns a URI without a slash',
    status: 502,
    handler: edit((request) => {
      request.uri = 'a';
    }),
    reason: 'begin with /',
  },
  {
    when: 'returns a URI of 8,192 characters',
    status: 502,
    handler: edit((request) => {
      request.uri = `/${'a'.repeat(8_191)}`;
    }),
    reason: '8192',
  },
  {
    when: 'changes the method',
    status: 502,
    handler: edit((request) => {
      request.method = 'PUT';
    }),
    reason: 'read-only',
  },
])('answers $status when the function $when, and says why in the log', async ({ status, xCache, handler, reason }) => {
  rig = await openTestEdge({ handler: handler as never });
  const reply = await rig.request('/');
  expect(reply.status).toBe(status);
  expect(reply.headers['x-cache']).toBe(xCache ?? 'FunctionValidationError from cloudfront');
  expect(rig.records.at(-1)?.reason).toContain(reason);
  expect(rig.singapore.received).toBe(0);
});

it('follows the distribution and the LIVE function as they change', async () => {
  const live = { body: 'one' };
  rig = await openTestEdge({ handler: () => ({ statusCode: 200, body: live.body }) });
  expect((await rig.request('/')).body).toBe('one');
  rig.published.publish(functionArn, 'absent');
  expect((await rig.request('/')).status).toBe(502);
  rig.published.deploy('E2TEST', testDistribution({}, { FunctionAssociations: { Quantity: 0 } }));
  expect((await rig.request('/')).headers['x-region']).toBe('ap-southeast-1');
  rig.published.deploy('E2TEST', testDistribution({}, { OriginRequestPolicyId: '216adef6-5c04-47e4-8448-69f88d76e8d0' }));
  expect((await rig.request('/')).status).toBe(502);
  expect(rig.records.at(-1)?.reason).toContain('216adef6-5c04-47e4-8448-69f88d76e8d0');
  rig.published.deploy('E2TEST', testDistribution({ Enabled: false }));
  expect((await rig.request('/')).status).toBe(403);
});

interface EditableRequest {
  method: string;
  uri: string;
  headers: Record<string, { value: string }>;
}

function edit(change: (request: EditableRequest) => void) {
  return (event: { request: EditableRequest }) => {
    change(event.request);
    return event.request;
  };
}
