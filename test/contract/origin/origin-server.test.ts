import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type OriginAppOptions, openOriginApp } from '../../../origin/origin-app.ts';
import { createOriginServer, type OriginServer, openOriginServer, type StopOptions } from '../../../origin/origin-server.ts';
import { sendEcho } from '../../../origin/send-echo.ts';

const region = 'ap-southeast-1';
const patient = { timeout: 30_000 };
const stopOptions: StopOptions = { drainMs: 15_000, graceMs: 10_000 };

let server: OriginServer | undefined;
const sleeps: { ms: number; wake: () => void }[] = [];
const agent = new http.Agent({ keepAlive: true });

async function open(options: Partial<OriginAppOptions> = {}): Promise<void> {
  const app = openOriginApp({ region, serve: (request, response) => sendEcho(request, response, { region }), ...options });
  const sleep = (ms: number) => new Promise<void>((wake) => sleeps.push({ ms, wake }));
  server = await openOriginServer({ host: '127.0.0.1', port: 0, app, sleep });
}

afterEach(async () => {
  agent.destroy();
  const stopped = server?.stop({ drainMs: 0, graceMs: 0 });
  // One for the drain and one for what is still under way.
  const waking = setInterval(wakeAll, 5);
  await stopped;
  clearInterval(waking);
  sleeps.length = 0;
});

function wakeAll(): void {
  for (const { wake } of sleeps.splice(0)) wake();
}

interface Answer {
  status: number | undefined;
  headers: http.IncomingHttpHeaders;
  body: string;
}

function ask(path: string, headers: http.OutgoingHttpHeaders = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.get({ host: '127.0.0.1', port: server?.port, path, headers, agent }, async (response) => {
      let body = '';
      for await (const chunk of response.setEncoding('utf8')) body += chunk;
      resolve({ status: response.statusCode, headers: response.headers, body });
    });
    request.on('error', reject);
  });
}
const json = (answer: Answer) => JSON.parse(answer.body) as Record<string, unknown>;

describe('health through CloudFront', () => {
  const viewer = { 'x-amz-cf-id': 'abc' };
  const accessible = { field: 'binance_accessible', read: () => expect.fail('the upstream is not asked for a viewer') };

  it('is the status alone, and does not ask the upstream', async () => {
    await open({ accessible });
    const answer = await ask('/health', viewer);
    expect([answer.status, json(answer), answer.headers['x-region']]).toEqual([200, { status: 'ok' }, region]);
  });

  it('is all of it where that is wanted', async () => {
    await open({ accessible: { ...accessible, read: () => true }, publicHealth: true });
    expect(json(await ask('/health', viewer))).toEqual({ status: 'ok', region, binance_accessible: true });
  });
});

it('refuses a body of more than 10 MiB and takes the next request', async () => {
  await open();
  const url = `http://127.0.0.1:${server?.port}`;
  const large = await fetch(url, { method: 'POST', body: Buffer.alloc(10 * 1_024 * 1_024 + 1) }).then(
    ({ status }) => status,
    () => 'cut',
  );
  expect([413, 'cut']).toContain(large);
  const fits = await fetch(url, { method: 'POST', body: Buffer.alloc(10 * 1_024 * 1_024) });
  expect(((await fits.json()) as { bodyBytes: number }).bodyBytes).toBe(10 * 1_024 * 1_024);
});

describe('health', () => {
  it('has no word on an upstream that it does not have', async () => {
    await open();
    const answer = await ask('/health?x=1');
    expect(answer.status).toBe(200);
    expect(json(answer)).toEqual({ status: 'ok', region });
  });

  it.each([true, false])('is 200 and says whether the upstream answers: %s', async (accessible) => {
    await open({ accessible: { field: 'prices_accessible', read: async () => accessible } });
    const answer = await ask('/health');
    expect(answer.status).toBe(200);
    expect(json(answer)).toEqual({ status: 'ok', region, prices_accessible: accessible });
  });

  it('needs no secret', async () => {
    await open({ verifySecret: 's3' });
    expect((await ask('/health')).status).toBe(200);
  });
});

describe('the secret', () => {
  it.each([
    { given: 's3', status: 200 },
    { given: 's4', status: 403 },
    { given: 's3 ', status: 200 },
    { given: 's33', status: 403 },
    { given: 'undefined', status: 403 },
    { given: '', status: 403 },
    { given: undefined, status: 403 },
  ])('answers $status to "$given"', async ({ given, status }) => {
    await open({ verifySecret: 's3' });
    expect((await ask('/x', given === undefined ? {} : { 'x-origin-verify': given })).status).toBe(status);
  });

  it('is not taken for "undefined" when the header is missing', async () => {
    await open({ verifySecret: 'undefined' });
    expect((await ask('/x')).status).toBe(403);
  });

  it('is not echoed, whether the origin checks it or the load balancer does', async () => {
    await open();
    expect((await ask('/x', { 'x-origin-verify': 'sesame', 'x-mine': '1' })).body).not.toContain('sesame');
  });
});

describe('a route that fails', () => {
  it.each([
    { how: 'throws', serve: () => expect.fail('broken') },
    { how: 'rejects', serve: () => Promise.reject(new Error('broken')) },
  ])('is 500 when it $how, and the next one is served', async ({ serve }) => {
    const errors: unknown[] = [];
    await open({ serve, onError: (error) => errors.push(error) });
    for (const count of [1, 2]) {
      const answer = await ask('/x');
      expect(answer.status).toBe(500);
      expect(answer.headers['x-region']).toBe(region);
      expect(errors).toHaveLength(count);
    }
    expect((await ask('/health')).status).toBe(200);
  });

  it('breaks the connection off when the answer has begun', async () => {
    await open({
      serve: (_, response) => {
        response.writeHead(200, { 'content-length': 100 });
        response.write('x');
        throw new Error('broken');
      },
    });
    await expect(ask('/x')).rejects.toThrow();
  });
});

it('keeps idle connections for longer than a load balancer does, and waits for heads longer still', () => {
  const { keepAliveTimeout, headersTimeout, requestTimeout } = createOriginServer(() => undefined);
  expect(keepAliveTimeout).toBeGreaterThan(60_000);
  expect(headersTimeout).toBeGreaterThan(keepAliveTimeout);
  expect(requestTimeout).toBeGreaterThan(headersTimeout);
});

describe('stopping', () => {
  it('says at once that it drains, serves on, and ends each connection with its answer', async () => {
    await open();
    expect((await ask('/health')).headers.connection).toBe('keep-alive');
    const stopped = server?.stop(stopOptions);
    expect(sleeps.map(({ ms }) => ms)).toEqual([15_000]);
    const health = await ask('/health');
    expect(health.status).toBe(503);
    expect(json(health)).toEqual({ status: 'draining', region });
    const answer = await ask('/x');
    expect(answer.status).toBe(200);
    expect(answer.headers.connection).toBe('close');
    wakeAll();
    expect(await stopped).toBe(0);
    await expect(ask('/health')).rejects.toThrow('ECONNREFUSED');
  });

  it('closes connections that are idle when the drain ends', async () => {
    await open();
    const socket = net.connect(server?.port ?? 0, '127.0.0.1');
    socket.write('GET /health HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(socket, 'data');
    const ended = once(socket, 'close');
    const stopped = server?.stop(stopOptions);
    wakeAll();
    expect(await stopped).toBe(0);
    socket.end();
    await ended;
  });

  it('lets a request that is under way end, then its kept-alive connection', async () => {
    const begun: http.ServerResponse[] = [];
    await open({
      serve: (_, response) => {
        response.writeHead(200, { 'content-length': 2 });
        response.write('o');
        begun.push(response);
      },
    });
    const answer = ask('/slow');
    await expect.poll(() => begun, patient).toHaveLength(1);
    const stopped = server?.stop(stopOptions);
    wakeAll();
    await expect.poll(() => sleeps.map(({ ms }) => ms), patient).toEqual([10_000]);
    begun[0]?.end('k');
    expect(await answer).toMatchObject({ body: 'ok', headers: { connection: 'keep-alive' } });
    expect(await stopped).toBe(0);
  });

  it('cuts off what takes longer than it may, and counts it', async () => {
    let arrived = 0;
    await open({ serve: () => void arrived++ });
    const hanging = [ask('/a'), ask('/b')].map((answer) => answer.catch((error: Error) => error.message));
    await expect.poll(() => arrived, patient).toBe(2);
    const stopped = server?.stop(stopOptions);
    wakeAll();
    await expect.poll(() => sleeps.map(({ ms }) => ms), patient).toEqual([10_000]);
    wakeAll();
    expect(await stopped).toBe(2);
    expect(await Promise.all(hanging)).toEqual(['socket hang up', 'socket hang up']);
  });
});
