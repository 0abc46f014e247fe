import { getEventListeners } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import * as esbuild from 'esbuild';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RetryingFetchOptions, retryingFetch } from '../../../client/retrying-fetch.ts';

/** What the server does with one request: an answer, no answer, a broken connection, or half an answer. */
type Turn = number | 'hang' | 'reset' | 'half' | { status: number; retryAfter: string };

interface Received {
  method: string;
  retry: string | undefined;
  type: string | undefined;
  body: string;
}

let server: http.Server;
let port: number;
let turns: Turn[];
const received: Received[] = [];
const sleeps: number[] = [];
const url = () => `http://127.0.0.1:${port}/`;
const keyed = { method: 'POST', headers: { 'Idempotency-Key': 'k1' } };

async function listen(at = 0): Promise<void> {
  server = http.createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { 'x-retry-attempt': retry, 'content-type': type } = request.headers;
    received.push({ method: request.method ?? '', retry: retry as string | undefined, type, body: Buffer.concat(chunks).toString() });
    const turn = turns.shift() ?? 200;
    if (turn === 'hang') return;
    if (turn === 'reset') return void request.socket.destroy();
    if (turn === 'half') {
      response.writeHead(200, { 'content-length': 100 });
      return void response.write('half', () => request.socket.destroy());
    }
    const { status, retryAfter } = typeof turn === 'number' ? { status: turn, retryAfter: undefined } : turn;
    response.writeHead(status, retryAfter === undefined ? {} : { 'retry-after': retryAfter }).end(`answer ${received.length}`);
  });
  await new Promise<void>((resolve) => server.listen(at, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
}

async function close(): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

beforeEach(async () => {
  turns = [];
  received.length = 0;
  sleeps.length = 0;
  await listen();
});
afterEach(close);

/** No wait takes time; each is noted. */
const open = (options: RetryingFetchOptions = {}) =>
  retryingFetch({ random: () => 0.5, sleep: async (ms) => void sleeps.push(ms), ...options });
const retriesOf = () => received.map(({ retry }) => retry);

describe('a request is sent again', () => {
  it.each<{ turn: Turn; options?: RetryingFetchOptions }>([
    { turn: 502 },
    { turn: 503 },
    { turn: 504 },
    { turn: 'reset' },
    { turn: 'hang', options: { timeoutMs: 100 } },
  ])('after $turn, with the number of the retry', async ({ turn, options }) => {
    turns = [turn, turn, 201];
    const response = await open(options)(url(), { ...keyed, body: 'x' });
    expect([response.status, await response.text()]).toEqual([201, 'answer 3']);
    expect(received.map(({ method, retry, body }) => [method, retry, body])).toEqual([
      ['POST', undefined, 'x'],
      ['POST', '1', 'x'],
      ['POST', '2', 'x'],
    ]);
  });

  it('after a refused connection', async () => {
    await close();
    const reopen = async () => listen(port);
    const response = await open({ sleep: reopen })(url(), { ...keyed, body: 'x' });
    expect([response.status, retriesOf()]).toEqual([200, ['1']]);
  });

  it.each(['GET', 'get', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])('when it is %s', async (method) => {
    turns = [503];
    expect((await open()(url(), { method })).status).toBe(200);
    expect(retriesOf()).toEqual([undefined, '1']);
  });

  it.each([
    { name: 'a Request', input: () => [new Request(url(), { ...keyed, body: 'x=1' })] as const },
    {
      name: 'a Request, and headers beside it',
      input: () => [new Request(url(), { method: 'POST', body: 'x=1' }), { headers: keyed.headers }] as const,
    },
    { name: 'a URL', input: () => [new URL(url()), { ...keyed, body: new URLSearchParams({ x: '1' }) }] as const },
    { name: 'bytes', input: () => [url(), { ...keyed, body: new TextEncoder().encode('x=1') }] as const },
    { name: 'a Blob', input: () => [url(), { ...keyed, body: new Blob(['x=1']) }] as const },
  ])('with the same body and type: $name', async ({ input }) => {
    turns = ['reset', 503];
    const [target, init] = input() as readonly [string, RequestInit?];
    expect((await open()(target, init)).status).toBe(200);
    expect(received.map(({ body }) => body)).toEqual(['x=1', 'x=1', 'x=1']);
    expect(new Set(received.map(({ type }) => type)).size).toBe(1);
    expect(retriesOf()).toEqual([undefined, '1', '2']);
  });

  it('with the same parts: a form', async () => {
    turns = [503];
    const body = new FormData();
    body.set('x', '1');
    await open()(url(), { ...keyed, body });
    expect(received.map(({ body: sent }) => sent.includes('name="x"'))).toEqual([true, true]);
  });

  it('with a header of another name', async () => {
    turns = [503];
    const response = await open({ header: 'grpc-previous-rpc-attempts' })(url());
    expect([response.status, retriesOf()]).toEqual([200, [undefined, undefined]]);
  });
});

describe('a request is sent once', () => {
  it.each(['POST', 'PATCH', 'post'])('when it is %s without a key', async (method) => {
    turns = [503];
    expect((await open()(url(), { method, body: 'x' })).status).toBe(503);
    turns = ['reset'];
    await expect(open()(url(), { method, body: 'x' })).rejects.toThrow(TypeError);
    expect(received).toHaveLength(2);
  });

  it.each([200, 304, 400, 404, 409, 429, 500, 501, 505])('when the answer is %i', async (status) => {
    turns = [status];
    expect((await open()(url(), keyed)).status).toBe(status);
    expect(received).toHaveLength(1);
  });

  it('when its body is a stream, whatever its key', async () => {
    turns = [503];
    const body = new Blob(['x']).stream();
    expect((await open()(url(), { ...keyed, body, duplex: 'half' } as RequestInit)).status).toBe(503);
    expect(received.map((request) => request.body)).toEqual(['x']);
  });

  it('when the answer breaks off: the reader gets the error', async () => {
    turns = ['half'];
    const response = await open()(url(), keyed);
    await expect(response.text()).rejects.toThrow();
    expect([response.status, received.length]).toEqual([200, 1]);
  });
});

describe('the limits', () => {
  it('ends with the last answer', async () => {
    turns = [503, 502, 504];
    const response = await open({ retries: 2 })(url());
    expect([response.status, await response.text(), retriesOf()]).toEqual([504, 'answer 3', [undefined, '1', '2']]);
  });

  it('ends with the last error', async () => {
    turns = [503, 'reset'];
    await expect(open({ retries: 1 })(url())).rejects.toThrow(TypeError);
    turns = ['hang'];
    await expect(open({ retries: 0, timeoutMs: 50 })(url())).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('waits a random part of a time that doubles up to the longest', async () => {
    turns = Array.from({ length: 6 }, () => 503);
    await open({ retries: 6, waitMs: 100, maxWaitMs: 1_000 })(url());
    expect(sleeps).toEqual([50, 100, 200, 400, 500, 500]);
  });

  it.each([
    { when: 'seconds', retryAfter: () => '2', atLeast: 2_000 },
    { when: 'a date', retryAfter: () => new Date(Date.now() + 4_000).toUTCString(), atLeast: 2_900 },
    { when: 'less than the own wait', retryAfter: () => '0', atLeast: 100 },
    { when: 'a date that has passed', retryAfter: () => new Date(0).toUTCString(), atLeast: 100 },
    { when: 'nonsense', retryAfter: () => 'soon', atLeast: 100 },
  ])('waits as long as Retry-After asks: $when', async ({ retryAfter, atLeast }) => {
    turns = [{ status: 503, retryAfter: retryAfter() }];
    expect((await open()(url())).status).toBe(200);
    expect(sleeps[0]).toBeGreaterThanOrEqual(atLeast);
    expect(sleeps[0]).toBeLessThanOrEqual(atLeast + 1_100);
  });

  it('returns an answer whose Retry-After asks for more than the longest wait', async () => {
    turns = [{ status: 503, retryAfter: '6' }];
    expect((await open()(url())).status).toBe(503);
    expect([received.length, sleeps.length]).toEqual([1, 0]);
  });

  it('limits the wait for the head of an answer, not the answer', async () => {
    const slow = http.createServer((_, response) => {
      response.write('a');
      setTimeout(() => response.end('b'), 300);
    });
    await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
    const response = await open({ timeoutMs: 150 })(`http://127.0.0.1:${(slow.address() as AddressInfo).port}/`);
    expect(await response.text()).toBe('ab');
    slow.close();
  });

  it('takes a number of retries that is none as no retries', async () => {
    turns = [503, 503];
    expect((await open({ retries: Number.NaN })(url())).status).toBe(503);
    expect(received).toHaveLength(1);
  });

  it('takes null in place of options, as fetch does', async () => {
    expect((await open()(url(), null as never)).status).toBe(200);
  });

  it('refuses a header name that is none before any request', () => {
    expect(() => retryingFetch({ header: 'x retry' })).toThrow(TypeError);
  });
});

describe('an aborted request', () => {
  it('ends with the reason during an attempt', async () => {
    turns = ['hang'];
    const stop = new AbortController();
    const sent = open({ timeoutMs: 5_000 })(url(), { ...keyed, signal: stop.signal });
    setTimeout(() => stop.abort(new Error('enough')), 50);
    await expect(sent).rejects.toThrow('enough');
    expect(received).toHaveLength(1);
  });

  it.each([
    { from: 'init', input: (signal: AbortSignal) => [url(), { signal }] as const },
    { from: 'a Request', input: (signal: AbortSignal) => [new Request(url(), { signal })] as const },
  ])('ends a wait at once, and sends nothing more: the signal of $from', async ({ input }) => {
    turns = [503];
    const stop = new AbortController();
    const [target, init] = input(stop.signal) as readonly [string, RequestInit?];
    const sent = retryingFetch({ waitMs: 60_000, maxWaitMs: 60_000, random: () => 0.9 })(target, init);
    setTimeout(() => stop.abort(new Error('enough')), 100);
    await expect(sent).rejects.toThrow('enough');
    expect(received).toHaveLength(1);
  });

  it('sends nothing when it was aborted before', async () => {
    await expect(open()(url(), { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
    expect(received).toEqual([]);
  });

  it('does not begin a wait when it was aborted before it', async () => {
    const stop = new AbortController();
    const send = async () => {
      stop.abort(new Error('enough'));
      return new Response('', { status: 503 });
    };
    let attempts = 0;
    const first = (async (_url: unknown, init: RequestInit) => {
      if (attempts++ === 0) return send();
      throw init.signal?.reason;
    }) as typeof fetch;
    const sent = retryingFetch({ fetch: first, waitMs: 60_000, maxWaitMs: 60_000, random: () => 0.9 });
    await expect(sent(url(), { signal: stop.signal })).rejects.toThrow('enough');
    expect(attempts).toBe(2);
  }, 5_000);

  it('leaves no listener on a signal that lives on', async () => {
    const { signal } = new AbortController();
    const send = retryingFetch({ waitMs: 1 });
    for (let n = 0; n < 20; n++) {
      turns = [503, 503];
      await (await send(url(), { signal })).text();
    }
    expect(received).toHaveLength(60);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

it('is at most 1,000 bytes, minified', async () => {
  const built = await esbuild.build({
    entryPoints: ['client/retrying-fetch.ts'],
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    target: 'es2022',
  });
  const [{ text = '' } = {}] = built.outputFiles;
  expect(Buffer.byteLength(text.trim())).toBeLessThanOrEqual(1_000);
  expect(text).not.toContain('import');
});
