import http from 'node:http';
import net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { ConsoleBatch } from '../../../local/console/wire.ts';
import { someRequest } from '../../unit/local/console/some-request.ts';
import { openTestConsole, type TestConsole } from './open-test-console.ts';

let page: TestConsole;
const open: http.ClientRequest[] = [];
afterEach(async () => {
  for (const request of open.splice(0)) request.destroy();
  await page.close();
});

interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: string;
}

/** A request as given, with no header that it does not name but Host. */
function ask(method: string, path: string, headers: Record<string, string> = {}, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port: page.port, method, path, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text })).on('error', reject);
    });
    request.on('error', reject).end(body);
  });
}

/** Listens to the events; batches arrive in the list. */
function listen(): { batches: ConsoleBatch[] } {
  const batches: ConsoleBatch[] = [];
  let rest = '';
  const request = http.get(`${page.url}/api/events`, { agent: false }, (response) => {
    response.setEncoding('utf8').on('data', (chunk: string) => {
      const events = (rest + chunk).split('\n\n');
      rest = events.pop() ?? '';
      for (const event of events) if (event.startsWith('data: ')) batches.push(JSON.parse(event.slice(6)) as ConsoleBatch);
    });
    response.on('error', () => undefined);
  });
  request.on('error', () => undefined);
  open.push(request);
  return { batches };
}

const json = { 'content-type': 'application/json' };
const request = { ...someRequest, at: Date.now() };

describe('the files of the page', () => {
  it.each([
    { path: '/', type: 'text/html; charset=utf-8', has: '<title>' },
    { path: '/page.js', type: 'text/javascript; charset=utf-8', has: '/api/events' },
    { path: '/page.css', type: 'text/css; charset=utf-8', has: 'prefers-color-scheme' },
    { path: '/world.json', type: 'application/json', has: '"shapes"' },
    { path: '/icon.svg', type: 'image/svg+xml', has: '<svg' },
  ])('$path is served, by HEAD without its body', async ({ path, type, has }) => {
    page = await openTestConsole();
    const { status, headers, body } = await ask('GET', path);
    expect([status, headers['content-type']]).toEqual([200, type]);
    expect(body).toContain(has);
    const head = await ask('HEAD', path);
    expect([head.status, head.headers['content-length'], head.body]).toEqual([200, headers['content-length'], '']);
  });

  it('are compressed for a client that accepts it, and are 150 kB at most for one that does not', async () => {
    page = await openTestConsole();
    const paths = ['/', '/page.js', '/page.css', '/world.json', '/icon.svg'];
    const plain = await Promise.all(paths.map((path) => ask('GET', path)));
    const packed = await Promise.all(paths.map((path) => ask('GET', path, { 'accept-encoding': 'gzip, br' })));
    const bytes = (answers: Answer[]) => answers.reduce((sum, { headers }) => sum + Number(headers['content-length']), 0);
    expect(bytes(plain)).toBeLessThanOrEqual(150_000);
    expect(bytes(packed)).toBeLessThan(bytes(plain) / 2);
    for (const { headers } of packed) expect(headers['content-encoding']).toBe('gzip');
  });

  it('allow nothing from elsewhere, no frame around them and no script in the markup', async () => {
    page = await openTestConsole();
    const { headers, body } = await ask('GET', '/');
    const policy = headers['content-security-policy'] ?? '';
    for (const part of ["default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"])
      expect(policy).toContain(part);
    expect(policy).not.toMatch(/unsafe|\*|http/);
    expect(body).not.toMatch(/<script(?![^>]* src="\/)|style="|onclick|https?:/);
  });
});

describe('a request from elsewhere', () => {
  it.each([
    { headers: { host: 'evil.example' }, why: 'Host' },
    { headers: { host: '127.0.0.1.evil.example:80' }, why: 'Host' },
    { headers: { host: 'evil.example#localhost' }, why: 'Host' },
    { headers: { origin: 'http://evil.example' }, why: 'Origin' },
    { headers: { origin: 'null' }, why: 'Origin' },
    { headers: { origin: 'http://localhost:1' }, why: 'Origin' },
    { headers: { 'sec-fetch-site': 'cross-site' }, why: 'another site' },
    { headers: { 'sec-fetch-site': 'same-site' }, why: 'another site' },
  ])('is refused with $headers', async ({ headers, why }) => {
    page = await openTestConsole();
    for (const [method, path] of [
      ['GET', '/'],
      ['GET', '/api/events'],
      ['POST', '/api/echo'],
    ] as const) {
      const answer = await ask(method, path, { ...json, ...headers } as Record<string, string>, method === 'POST' ? '{}' : undefined);
      expect(answer.status, path).toBe(403);
      expect(answer.body).toContain(why);
    }
    expect(page.bodies).toEqual([]);
  });

  it('is refused without any Host', async () => {
    page = await openTestConsole();
    const text = await new Promise<string>((resolve) => {
      let got = '';
      const socket = net.connect(page.port, '127.0.0.1', () => socket.write('GET / HTTP/1.0\r\n\r\n'));
      socket.on('data', (chunk) => {
        got += String(chunk);
      });
      socket.on('close', () => resolve(got));
    });
    expect(text).toMatch(/^HTTP\/1\.1 40[03] /);
  });

  it('is none when it comes from the page itself, under either name of this machine', async () => {
    page = await openTestConsole();
    for (const host of [`127.0.0.1:${page.port}`, `localhost:${page.port}`]) {
      const headers = { ...json, host, origin: `http://${host}`, 'sec-fetch-site': 'same-origin' };
      expect((await ask('POST', '/api/echo', headers, '{}')).status).toBe(200);
    }
  });

  it('listens on no address but loopback', async () => {
    page = await openTestConsole();
    expect(new URL(page.url).hostname).toBe('127.0.0.1');
  });
});

describe('a console with a token', () => {
  const token = 'secret-of-this-run';
  const cookieOf = ({ headers }: Answer) => String(headers['set-cookie']).split(';')[0] ?? '';

  it('answers nothing without it, and takes it once as an address, then as a cookie that no other site can use', async () => {
    page = await openTestConsole({ token });
    for (const [method, path] of [
      ['GET', '/'],
      ['GET', '/api/events'],
      ['GET', '/?token=wrong'],
      ['GET', '//'],
      ['GET', `/world.json?token=${token}`],
      ['POST', '/api/echo'],
    ] as const)
      expect((await ask(method, path, json, method === 'POST' ? '{}' : undefined)).status, path).toBe(403);
    const admitted = await ask('GET', `/?token=${token}`);
    expect([admitted.status, admitted.headers.location]).toEqual([303, '/']);
    expect(String(admitted.headers['set-cookie'])).toMatch(/HttpOnly; SameSite=Strict/);
    const cookie = cookieOf(admitted);
    expect((await ask('GET', '/', { cookie })).status).toBe(200);
    expect((await ask('GET', '/', { cookie: `${cookie}x` })).status).toBe(403);
    expect((await ask('POST', '/api/echo', { ...json, cookie }, '{}')).status).toBe(200);
    expect((await ask('POST', '/api/echo', { ...json, cookie, origin: 'http://evil.example' }, '{}')).status).toBe(403);
    expect((await ask('GET', `/?token=${token}`, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
  });

  it('refuses every action when it is read-only, whatever the page shows', async () => {
    page = await openTestConsole({ token, refuseWrites: 'this console is read-only' });
    const cookie = cookieOf(await ask('GET', `/?token=${token}`));
    const answer = await ask('POST', '/api/echo', { ...json, cookie }, '{}');
    expect([answer.status, answer.body]).toEqual([403, '{"problems":["this console is read-only"]}']);
    expect(page.bodies).toEqual([]);
  });
});

describe('an action', () => {
  it('is given the body and answers as JSON; problems make it a 400', async () => {
    page = await openTestConsole();
    expect(await ask('POST', '/api/echo', json, '{"a":1}')).toMatchObject({ status: 200, body: '{"got":"{\\"a\\":1}"}' });
    expect(await ask('POST', '/api/echo', json, 'odd')).toMatchObject({ status: 400, body: '{"problems":["odd"]}' });
  });

  it.each([
    { what: 'another type than JSON', headers: { 'content-type': 'text/plain' }, body: '{}', status: 415 },
    { what: 'a form', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'a=1', status: 415 },
    { what: 'no type', headers: {}, body: '{}', status: 415 },
    { what: 'more than a megabyte', headers: json, body: 'x'.repeat(1_100_000), status: 413 },
  ])('is refused for $what', async ({ headers, body, status }) => {
    page = await openTestConsole();
    const answer = await ask('POST', '/api/echo', headers as Record<string, string>, body);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body)).toHaveProperty('problems');
    expect(page.bodies).toEqual([]);
  });

  it('that fails by a bug is a 500, and the console goes on', async () => {
    page = await openTestConsole({
      actions: {
        'POST /api/bug': () => {
          throw new Error('a bug');
        },
      },
    });
    expect(await ask('POST', '/api/bug', json, '{}')).toMatchObject({ status: 500, body: '{"problems":["a bug"]}' });
    expect((await ask('GET', '/')).status).toBe(200);
  });

  it.each([
    { method: 'GET', path: '/nothing', status: 404 },
    { method: 'POST', path: '/api/nothing', status: 404 },
    { method: 'GET', path: '/../package.json', status: 404 },
    { method: 'GET', path: '/page/main.ts', status: 404 },
    { method: 'GET', path: '/constructor', status: 404 },
    { method: 'GET', path: '/?a=1', status: 404 },
    { method: 'POST', path: '/', status: 405, allow: 'GET, HEAD' },
    { method: 'DELETE', path: '/world.json', status: 405, allow: 'GET, HEAD' },
    { method: 'GET', path: '/api/echo', status: 405, allow: 'POST' },
    { method: 'HEAD', path: '/api/events', status: 405, allow: 'GET' },
    { method: 'OPTIONS', path: '/api/echo', status: 405, allow: 'POST' },
  ])('is not what $method $path is: $status', async ({ method, path, status, allow }) => {
    page = await openTestConsole();
    const answer = await ask(method, path, json);
    expect(answer.status).toBe(status);
    expect(answer.headers.allow).toBe(allow);
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
  });
});

describe('the events', () => {
  it('begin with everything, and go on with what has changed only', async () => {
    page = await openTestConsole();
    page.onRequest(request);
    const { batches } = listen();
    await expect.poll(() => batches.length).toBeGreaterThan(0);
    expect(batches[0]).toMatchObject({ fresh: true, state: { record: 'ok', author: 'ann@laptop' } });
    page.onRequest({ ...request, path: '/second' });
    await expect.poll(() => batches.flatMap(({ requests }) => requests ?? []).map(({ path }) => path)).toContain('/second');
    const later = batches.find(({ requests, fresh }) => fresh === undefined && requests?.some(({ path }) => path === '/second'));
    expect(later?.state).toBeUndefined();
    expect(later?.timeline).toBeUndefined();
  });

  it('report every flip: the record in the store, its propagation, then the map', async () => {
    page = await openTestConsole();
    const { batches } = listen();
    await expect.poll(() => batches.some(({ world }) => world?.audiences[0]?.get === 'singapore')).toBe(true);
    const audit = {
      sequence: 1,
      at: new Date().toISOString(),
      kind: 'override',
      from: 'ok',
      to: 'singapore=0',
      reason: 'a test',
      by: 'ann',
    };
    page.put({ health: 'singapore=0', 'audit/01': JSON.stringify(audit) });
    await expect.poll(() => batches.some(({ world }) => world?.audiences[0]?.get === 'europe')).toBe(true);
    const states = batches.flatMap(({ state }) => state ?? []);
    expect(states.some(({ record, locations }) => record === 'singapore=0' && locations[0]?.record === 'ok')).toBe(true);
    expect(states.at(-1)).toMatchObject({ settlesAt: null, locations: [{ record: 'singapore=0' }] });
    const told = batches.flatMap(({ timeline }) => timeline ?? []);
    expect(told.filter(({ kind }) => kind === 'flip')).toMatchObject([
      {
        text: expect.stringMatching(/^ann .*singapore 100\u00a0% → 0\u00a0%$/),
        detail: 'flip #1, override, by ann: a test',
        mark: 'singapore 0\u00a0%',
      },
    ]);
  });

  it('report what the flipper finds out', async () => {
    page = await openTestConsole();
    const { batches } = listen();
    page.onNews({ kind: 'verdict', origin: 'singapore', verdict: 'unhealthy', why: 'connect' }, 1_000);
    page.onNews({ kind: 'hold', text: 'nothing is known yet' }, 2_000);
    const lastState = () => batches.flatMap(({ state }) => state ?? []).at(-1);
    await expect.poll(lastState).toMatchObject({
      origins: [{ id: 'singapore', verdict: 'unhealthy', since: 1_000, why: 'connect' }, { verdict: 'unknown' }],
      flipper: { hold: 'nothing is known yet' },
    });
    page.onNews({ kind: 'hold', text: undefined }, 3_000);
    await expect.poll(lastState).toMatchObject({ flipper: { hold: null } });
  });

  it('come at a thousand requests a second as a few of them and a count', async () => {
    page = await openTestConsole({}, 100);
    const { batches } = listen();
    await expect.poll(() => batches.length).toBeGreaterThan(0);
    for (let n = 0; n < 5_000; n++) page.onRequest(request);
    const shown = () => batches.reduce((sum, { fresh, requests, more }) => sum + (fresh ? 0 : (requests?.length ?? 0) + (more ?? 0)), 0);
    await expect.poll(shown).toBe(5_000);
    expect(JSON.stringify(batches.filter(({ fresh }) => fresh === undefined)).length).toBeLessThan(50_000);
  });

  it('do not wait for a page that does not read: memory stays bounded, and the page gets everything again', async () => {
    page = await openTestConsole({}, 5);
    const socket = net.connect(page.port, '127.0.0.1', () =>
      socket.write(`GET /api/events HTTP/1.1\r\nHost: 127.0.0.1:${page.port}\r\n\r\n`),
    );
    socket.pause();
    const { batches } = listen();
    await expect.poll(() => batches.length).toBeGreaterThan(0);
    // Each news is new state, so that every tick sends one more batch, until the kernel's buffers for the connection
    // are full.
    const long = 'x'.repeat(100_000);
    let n = 0;
    await expect
      .poll(
        () => {
          page.onNews({ kind: 'probe', origin: 'singapore', opinion: 'good', text: `${n++} ${long}` }, Date.now());
          return page.pendingBytes();
        },
        { timeout: 20_000, interval: 10 },
      )
      .toBeGreaterThan(50_000);
    const told = batches.length;
    for (const end = told + 40; batches.length < end; ) {
      page.onNews({ kind: 'probe', origin: 'singapore', opinion: 'good', text: `${n++} ${long}` }, Date.now());
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    // One batch waits, however many have come since.
    expect(page.pendingBytes()).toBeLessThan(2 * 120_000);
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      // Only what has begun since counts: the rest need not be kept.
      if (text.length > 400_000) text = text.slice(-300_000);
    });
    socket.resume();
    let isFresh = false;
    await expect
      .poll(
        () => {
          page.onNews({ kind: 'probe', origin: 'singapore', opinion: 'good', text: `${n++} short` }, Date.now());
          isFresh ||= /"fresh":true,"state":.*? short"/.test(text);
          return isFresh;
        },
        { timeout: 20_000 },
      )
      .toBe(true);
    socket.destroy();
  });

  it('are refused to the thirty-third page, and a page that leaves makes room', async () => {
    page = await openTestConsole();
    const pages = Array.from({ length: 32 }, listen);
    await expect.poll(() => pages.every(({ batches }) => batches.length > 0), { timeout: 20_000 }).toBe(true);
    const refused = await ask('GET', '/api/events');
    expect([refused.status, refused.body]).toEqual([503, '{"problems":["too many pages are open"]}']);
    open.shift()?.destroy();
    await expect
      .poll(
        async () => {
          const one = listen();
          // A page that is let in must not be given up before its first batch: it would keep the place.
          for (let n = 0; n < 50 && one.batches.length === 0; n++) await new Promise((resolve) => setTimeout(resolve, 20));
          return one.batches.length;
        },
        { timeout: 20_000 },
      )
      .toBeGreaterThan(0);
  });
});
