import type { RequestListener } from 'node:http';
import { afterEach, expect, it } from 'vitest';
import { openServer } from './open-server.ts';
import { openTestEdge, responseFunctionArn, type TestEdge, type TestHandler, testDistribution } from './open-test-edge.ts';

let rig: TestEdge;
let closeServer: () => Promise<void>;
afterEach(async () => {
  await rig.close();
  await closeServer();
});

async function open(responseHandler: TestHandler, listener: RequestListener = (_, response) => response.end('hello')): Promise<void> {
  const { port, close } = await openServer(listener);
  closeServer = close;
  const distribution = testDistribution();
  distribution.DefaultCacheBehavior?.FunctionAssociations?.Items?.push({ EventType: 'viewer-response', FunctionARN: responseFunctionArn });
  rig = await openTestEdge({
    distribution,
    responseHandler,
    handler: (event) => {
      event.request.headers['x-note'] = { value: 'from the first function' };
      return event.request;
    },
    resolveOrigin: () => ({ host: '127.0.0.1', port, protocol: 'http' }),
  });
}

it('sees the response and the request as the first function left it, cookies apart from headers', async () => {
  let seen: unknown;
  await open(
    (event) => {
      seen = event;
      return event.response;
    },
    (_, response) => {
      response.setHeader('set-cookie', ['a=1; Path=/; Secure', 'a=2', 'b=3']);
      response.setHeader('x-two', ['1', '2']);
      response.setHeader('content-length', 5);
      response.end('hello');
    },
  );
  const reply = await rig.request('/a');
  expect(seen).toMatchObject({
    version: '1.0',
    context: { eventType: 'viewer-response', distributionId: 'E2TEST' },
    request: { method: 'GET', uri: '/a', headers: { 'x-note': { value: 'from the first function' } } },
    response: {
      statusCode: 200,
      statusDescription: 'OK',
      headers: { 'x-two': { value: '1', multiValue: [{ value: '1' }, { value: '2' }] } },
      cookies: { a: { value: '1', attributes: 'Path=/; Secure', multiValue: [{ value: '1' }, { value: '2' }] }, b: { value: '3' } },
    },
  });
  expect(reply).toMatchObject({
    status: 200,
    body: 'hello',
    headers: { 'set-cookie': ['a=1; Path=/; Secure', 'a=2', 'b=3'], 'x-two': '1, 2' },
  });
});

it('may change status, headers and cookies, and bring its own body', async () => {
  await open((event) => {
    const { response } = event;
    response.statusCode = 202;
    response.statusDescription = 'Taken';
    response.headers['strict-transport-security'] = { value: 'max-age=1' };
    response.cookies['seen'] = { value: '1', attributes: 'HttpOnly' };
    response.body = 'another';
    return response;
  });
  expect(await rig.request('/a')).toMatchObject({
    status: 202,
    body: 'another',
    headers: { 'strict-transport-security': 'max-age=1', 'set-cookie': ['seen=1; HttpOnly'], 'content-length': '7' },
  });
});

it('does not get the body’s length to play with', async () => {
  await open(
    (event) => {
      event.response.headers['content-length'] = { value: '3' };
      return event.response;
    },
    (_, response) => {
      response.setHeader('content-length', 5);
      response.end('hello');
    },
  );
  expect(await rig.request('/a')).toMatchObject({ body: 'hello', headers: { 'content-length': '5' } });
});

it.each([400, 404, 500, 503])('is not run when the origin answers %i', async (status) => {
  let runs = 0;
  await open(
    (event) => {
      runs++;
      return event.response;
    },
    (_, response) => {
      response.statusCode = status;
      response.end();
    },
  );
  expect((await rig.request('/a')).status).toBe(status);
  expect(runs).toBe(0);
});

it.each<[string, number, TestHandler]>([
  [
    'throws',
    503,
    () => {
      throw new Error('boom');
    },
  ],
  ['returns no response', 502, () => ({ uri: '/' })],
  [
    'adds a forbidden header',
    502,
    (event) => {
      event.response.headers['x-amz-cf-x'] = { value: '1' };
      return event.response;
    },
  ],
  [
    'edits a read-only header',
    502,
    (event) => {
      event.response.headers['via'] = { value: '1' };
      return event.response;
    },
  ],
])('gives the viewer an error and not the origin’s response when it %s', async (_, status, handler) => {
  await open(handler);
  const reply = await rig.request('/a');
  expect(reply.status).toBe(status);
  expect(reply.headers['x-cache']).toMatch(/^Function/);
});
