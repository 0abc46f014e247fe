import type { IncomingMessage } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { openServer } from './open-server.ts';
import {
  functionArn,
  openTestEdge,
  responseFunctionArn,
  type TestEdge,
  type TestHandler,
  type TestRequest,
  testDistribution,
} from './open-test-edge.ts';

let rig: TestEdge;
let closeServer: (() => Promise<void>) | undefined;
afterEach(async () => {
  await rig.close();
  await closeServer?.();
  closeServer = undefined;
});

/** What one origin sees of one request, by its very bytes. */
async function seenByOrigin(handler: TestHandler, path = '/page', options: TestRequest = {}): Promise<IncomingMessage> {
  let seen: IncomingMessage | undefined;
  const { port, close } = await openServer((request, response) => {
    seen = request;
    response.end();
  });
  closeServer = close;
  rig = await openTestEdge({ handler, resolveOrigin: () => ({ host: '127.0.0.1', port, protocol: 'http' }) });
  const { status } = await rig.request(path, options);
  expect([status, rig.records.at(-1)?.reason]).toEqual([200, undefined]);
  if (seen === undefined) throw new Error('the origin was not asked');
  return seen;
}

describe('the query that a function leaves', () => {
  it.each([
    { as: 'a text', query: 'size=2&color=blue', path: '/page?size=2&color=blue' },
    { as: 'an empty text', query: '', path: '/page' },
    { as: 'a text that is not a list of pairs', query: '=&&a', path: '/page?=&&a' },
    { as: 'nothing', query: undefined, path: '/page' },
    { as: 'a text beyond ASCII', query: 'q=é 文'.replace(' ', '+'), path: '/page?q=%C3%A9+%E6%96%87' },
    { as: 'a map beyond ASCII', query: { ü: { value: '文' } }, path: '/page?%C3%BC=%E6%96%87' },
  ])('as $as', async ({ query, path }) => {
    const seen = await seenByOrigin((event) => ({ ...event.request, querystring: query }), '/page?a=1');
    expect(seen.url).toBe(path);
  });

  it('keeps the other values of a name whose first value it changed', async () => {
    const seen = await seenByOrigin(
      (event) => {
        event.request.querystring.tag.value = 'changed';
        event.request.headers['x-tag'].value = 'changed';
        event.request.cookies.c.value = 'changed';
        return event.request;
      },
      '/page?tag=one&tag=two&a=1',
      { headers: { 'x-tag': ['one', 'two', 'three'], cookie: 'c=1; c=2' } },
    );
    expect(seen.url).toBe('/page?tag=changed&tag=two&a=1');
    expect([seen.headers['x-tag'], seen.headers.cookie]).toEqual(['changed, two, three', 'c=changed; c=2']);
  });
});

it('sends a path beyond ASCII as UTF-8, percent-encoded', async () => {
  const seen = await seenByOrigin((event) => ({ ...event.request, uri: '/café/文字/😀%20' }));
  expect(seen.url).toBe('/caf%C3%A9/%E6%96%87%E5%AD%97/%F0%9F%98%80%20');
});

it('reads maps that are missing as empty', async () => {
  const seen = await seenByOrigin(
    (event) => {
      delete event.request.cookies;
      delete event.request.querystring;
      return event.request;
    },
    '/page?a=1',
    { headers: { cookie: 'a=1' } },
  );
  expect([seen.url, seen.headers.cookie]).toEqual(['/page', undefined]);
});

it('sends header names to the origin in the case of CloudFront', async () => {
  const seen = await seenByOrigin(
    (event) => {
      event.request.headers['x-origin-route'] = { value: 'singapore' };
      return event.request;
    },
    '/',
    { headers: { 'ACCEPT-language': 'en', cookie: 'a=1', 'x-local-viewer-country': 'IN' } },
  );
  const names = seen.rawHeaders.filter((_, index) => index % 2 === 0);
  const expected = ['Accept-Language', 'Cookie', 'CloudFront-Viewer-Country', 'X-Origin-Route', 'X-Region', 'X-Origin-Verify'];
  expect(names).toEqual(expect.arrayContaining([...expected, 'X-Forwarded-For', 'Via', 'X-Amz-Cf-Id', 'User-Agent']));
  expect(names.filter((name) => /^[a-z]|-[a-z]/.test(name))).toEqual(['host', 'connection']);
});

it.each([
  { sent: 'www.example.com', host: 'www.example.com' },
  { sent: 'WWW.Example.com:443', host: 'www.example.com' },
  { sent: 'www.example.com.', host: 'www.example.com' },
  { sent: 'www.example.com.:8080', host: 'www.example.com' },
  { sent: 'LOCALHOST:4610', host: 'localhost' },
  { sent: '[::1]:4610', host: '[::1]' },
])('shows function and origin the Host $sent as $host', async ({ sent, host }) => {
  let shown = '';
  const seen = await seenByOrigin(
    (event) => {
      shown = event.request.headers.host.value;
      return event.request;
    },
    '/',
    { headers: { host: sent } },
  );
  expect([shown, seen.headers.host]).toEqual([host, host]);
});

it('shows a viewer-response function the request as the viewer-request function left it', async () => {
  let shown: unknown;
  const distribution = testDistribution();
  distribution.DefaultCacheBehavior?.FunctionAssociations?.Items?.push({ EventType: 'viewer-response', FunctionARN: responseFunctionArn });
  rig = await openTestEdge({
    distribution,
    handler: (event) => {
      event.request.cookies.visitor = { value: 'new' };
      event.request.querystring = 'b=2&b=3';
      event.request.uri = '/other';
      return event.request;
    },
    responseHandler: (event) => {
      shown = event.request;
      return event.response;
    },
  });
  expect((await rig.request('/page?a=1', { headers: { host: 'www.example.com', cookie: 'old=1' } })).status).toBe(200);
  expect(shown).toMatchObject({
    method: 'GET',
    uri: '/other',
    querystring: { b: { value: '2', multiValue: [{ value: '2' }, { value: '3' }] } },
    cookies: { old: { value: '1' }, visitor: { value: 'new' } },
  });
});

describe('hostHeader for an origin with origin access control', () => {
  const signed = { enabled: true, signingBehavior: 'always', signingProtocol: 'sigv4', originType: 's3' };
  const withControl = () => {
    const distribution = testDistribution();
    const [first] = distribution.Origins?.Items ?? [];
    if (first !== undefined) first.OriginAccessControlId = 'E2OACEXAMPLE12';
    return distribution;
  };
  const domainName = 'europe.example.test';
  const members = (originOverrides: object) => [{ originId: 'europe' }, { originId: 'singapore', originOverrides }];
  const failoverCriteria = { statusCodes: [500] };

  it.each([
    { when: 'it is inherited', helper: 'updateRequestOrigin', args: [{ domainName, hostHeader: 'www.example.com' }], status: 502 },
    {
      when: 'the call turns it on',
      helper: 'updateRequestOrigin',
      args: [{ domainName, hostHeader: 'www.example.com', originAccessControlConfig: signed }],
      status: 502,
    },
    {
      when: 'the call turns it off',
      helper: 'updateRequestOrigin',
      args: [{ domainName, hostHeader: 'www.example.com', originAccessControlConfig: { enabled: false } }],
      status: 200,
    },
    { when: 'the Host is the domain’s own', helper: 'updateRequestOrigin', args: [{ domainName }], status: 200 },
    { when: 'it is selected', helper: 'selectRequestOriginById', args: ['singapore', { hostHeader: 'www.example.com' }], status: 502 },
    { when: 'another is selected', helper: 'selectRequestOriginById', args: ['europe', { hostHeader: 'www.example.com' }], status: 200 },
    {
      when: 'it is the second of a group',
      helper: 'createRequestOriginGroup',
      args: [{ originIds: members({ hostHeader: 'www.example.com' }), failoverCriteria }],
      status: 502,
    },
    {
      when: 'it is in a group that leaves its Host alone',
      helper: 'createRequestOriginGroup',
      args: [{ originIds: members({ sni: 'www.example.com' }), failoverCriteria }],
      status: 200,
    },
  ])('is $status when $when', async ({ helper, args, status }) => {
    rig = await openTestEdge({
      distribution: withControl(),
      handler: (event, cf) => {
        cf.call(helper, ...args);
        return event.request;
      },
    });
    const reply = await rig.request('/');
    expect(reply.status).toBe(status);
    if (status === 502) expect(reply.headers['x-cache']).toBe('FunctionValidationError from cloudfront');
  });
});

it('asks for the name in its log when an origin’s name leads nowhere', async () => {
  rig = await openTestEdge({
    handler: (event, cf) => {
      cf.call('updateRequestOrigin', { domainName: 'assets.example.net' });
      return event.request;
    },
    resolveOrigin: (name) => `${name} leads nowhere`,
  });
  expect((await rig.request('/')).status).toBe(502);
  expect(rig.records.at(-1)?.reason).toBe('singapore: dns, assets.example.net leads nowhere');
});

it('has what functions gave to logCustomData in its record, 800 bytes of it', async () => {
  rig = await openTestEdge({
    runtime: {
      run: async ({ event }) => ({
        output: 'response' in event ? event.response : event.request,
        originCall: undefined,
        reads: [],
        logs: [],
        error: undefined,
        customData: `from%20${event.context.eventType}`,
      }),
      close: async () => undefined,
    },
    distribution: testDistribution(
      {},
      {
        FunctionAssociations: {
          Quantity: 2,
          Items: [
            { EventType: 'viewer-request', FunctionARN: functionArn },
            { EventType: 'viewer-response', FunctionARN: responseFunctionArn },
          ],
        },
      },
    ),
    responseHandler: (event) => event.response,
  });
  await rig.request('/');
  expect(rig.records.at(-1)).toMatchObject({
    viewerRequestLogData: 'from%20viewer-request',
    viewerResponseLogData: 'from%20viewer-response',
  });
});
