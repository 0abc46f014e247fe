import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import type { Duplex } from 'node:stream';
import { afterEach, expect, it } from 'vitest';
import { openServer } from './open-server.ts';
import { hasty, openTestEdge, sendRequest, type TestEdge, type TestHandler, testDistribution } from './open-test-edge.ts';

let rig: TestEdge;
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  await rig.close();
  while (closers.length > 0) await closers.pop()?.();
});

/** An origin that answers every upgrade and sends back each byte in upper case. */
async function open(handler?: TestHandler, distribution = testDistribution()): Promise<http.IncomingMessage[]> {
  const seen: http.IncomingMessage[] = [];
  const { server, port, close } = await openServer((_, response) => response.writeHead(426).end());
  server.on('upgrade', (request: http.IncomingMessage, socket: Duplex) => {
    seen.push(request);
    const accept = createHash('sha1')
      .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\nhello `,
    );
    socket.on('data', (bytes: Buffer) => socket.write(bytes.toString().toUpperCase()));
    socket.on('end', () => socket.end());
    socket.on('error', () => {});
  });
  closers.push(close);
  rig = await openTestEdge({
    distribution,
    ...(handler && { handler }),
    resolveOrigin: () => ({ host: '127.0.0.1', port, protocol: 'http' }),
  });
  return seen;
}

const upgradeHeaders = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'sec-websocket-version': '13',
};

function connect(headers: Record<string, string> = {}): Promise<{ message: http.IncomingMessage; socket: Duplex; first: Buffer }> {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port: rig.edge.port, path: '/live?a=1', headers: { ...upgradeHeaders, ...headers } });
    request.on('upgrade', (message, socket, first) => resolve({ message, socket, first }));
    request.on('response', (message) => reject(new Error(`status ${message.statusCode}`)));
    request.on('error', reject);
    request.end();
  });
}

it('passes a WebSocket to the origin that the function chose, and bytes both ways', async () => {
  const seen = await open((event, cf) => {
    cf.select('europe');
    return event.request;
  });
  const { message, socket, first } = await connect({ 'x-local-viewer-country': 'DE' });
  expect(message.headers).toMatchObject({ upgrade: 'websocket', 'sec-websocket-accept': 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=' });
  let text = first.toString();
  socket.on('data', (bytes: Buffer) => {
    text += String(bytes);
  });
  socket.write('one ');
  await expect.poll(() => text).toBe('hello ONE ');
  expect(seen[0]?.url).toBe('/live?a=1');
  expect(seen[0]?.headers).toMatchObject({ 'cloudfront-viewer-country': 'DE', 'x-region': 'eu-central-1', 'sec-websocket-version': '13' });
  socket.end();
  await once(socket, 'close');
  await expect.poll(() => rig.records.at(-1)).toMatchObject({ status: 101, origins: ['europe'], path: '/live' });
});

it('ends the origin’s side when the viewer leaves', async () => {
  const seen = await open();
  const { socket } = await connect();
  socket.destroy();
  await expect.poll(() => seen[0]?.socket.destroyed).toBe(true);
});

it('outlives the origin’s read timeout while neither side sends', async () => {
  await open(undefined, hasty(testDistribution()));
  const { socket } = await connect();
  let isClosed = false;
  socket.on('close', () => {
    isClosed = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 400));
  expect(isClosed).toBe(false);
  socket.destroy();
});

it('gives the viewer the answer of an origin that does not upgrade', async () => {
  await open();
  const { port, close } = await openServer((_, response) => response.writeHead(403).end('no'));
  closers.push(close);
  await rig.close();
  rig = await openTestEdge({ resolveOrigin: () => ({ host: '127.0.0.1', port, protocol: 'http' }) });
  await expect(connect()).rejects.toThrow('403');
});

it.each<[string, string, TestHandler]>([
  [
    'refuses',
    '502',
    (event, cf) => {
      cf.select('mars');
      return event.request;
    },
  ],
  [
    'throws',
    '503',
    () => {
      throw new Error('boom');
    },
  ],
  ['generates a response', '401', () => ({ statusCode: 401 })],
])('gives the viewer an error when the function %s', async (_, status, handler) => {
  const seen = await open(handler);
  await expect(connect()).rejects.toThrow(status);
  expect(seen).toHaveLength(0);
});

it('tries only the first origin of a group', async () => {
  await open((event, cf) => {
    cf.group(['singapore', 'europe'], [502, 503]);
    return event.request;
  });
  await rig.close();
  const upgrades = await openServer((_, response) => response.end());
  closers.push(upgrades.close);
  rig = await openTestEdge({
    handler: (event, cf) => {
      cf.group(['singapore', 'europe'], [502, 503]);
      return event.request;
    },
    resolveOrigin: (name) => ({ host: '127.0.0.1', port: name.startsWith('singapore') ? 1 : upgrades.port, protocol: 'http' }),
  });
  await expect(connect()).rejects.toThrow('502');
});

it('serves a request that asks for another protocol as if it had not asked', async () => {
  await open();
  await rig.close();
  rig = await openTestEdge();
  const reply = await sendRequest(rig.edge.port, '/x', {
    headers: { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABk' },
  });
  expect(reply.status).toBe(200);
  expect(JSON.parse(reply.body).headers).not.toHaveProperty('upgrade');
});
