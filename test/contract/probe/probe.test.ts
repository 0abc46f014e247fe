import { readFileSync } from 'node:fs';
import http, { type RequestListener } from 'node:http';
import https from 'node:https';
import net, { type LookupFunction } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { FailureClass } from '../../../src/core/signal.ts';
import { type ProbeOptions, type ProbeTarget, probe } from '../../../src/probe/probe.ts';
import { openServers } from '../verify/open-servers.ts';

const tls = (name: string) => readFileSync(new URL(`../../fixtures/tls/${name}.pem`, import.meta.url));
const good = JSON.stringify({ status: 'ok', region: 'ap-southeast-1', binance_accessible: true });
const answer: RequestListener = (_, response) => response.end(good);

const { listen, close } = openServers();
afterEach(close);

const loopback: LookupFunction = (_, options, callback) => {
  if (options.all) callback(null, [{ address: '127.0.0.1', family: 4 }]);
  else callback(null, '127.0.0.1', 4);
};

const checks: ProbeTarget['checks'] = { statuses: [200], json: { status: 'ok', region: '{region}' }, accessible: true };
const base: Omit<ProbeTarget, 'port'> = {
  protocol: 'http',
  domainName: 'alb.example.test',
  host: 'www.example.test',
  path: '/health?deep=1',
  region: 'ap-southeast-1',
  checks,
  // A busy machine must not fail a probe that is answered; those that never are bring a short wait of their own.
  connectTimeoutMs: 20_000,
  timeoutMs: 20_000,
};
const impatient = { connectTimeoutMs: 300, timeoutMs: 500 };

function probeAt(port: number, target: Partial<ProbeTarget> = {}, options: ProbeOptions = {}) {
  return probe({ ...base, port, ...target }, { lookup: loopback, ca: tls('ca'), ...options });
}

describe('a probe over http', () => {
  it('asks as CloudFront does for a viewer: the path, the name that viewers use, the origin’s own headers', async () => {
    let seen: http.IncomingMessage | undefined;
    const port = await listen(
      http.createServer((request, response) => {
        seen = request;
        response.end(good);
      }),
    );
    expect(await probeAt(port, { headers: { 'X-Origin-Verify': 'a secret' } })).toEqual({
      ok: true,
      status: 200,
      latencyMs: expect.any(Number),
    });
    expect(seen).toMatchObject({
      method: 'GET',
      url: '/health?deep=1',
      headers: { host: 'www.example.test', 'x-origin-verify': 'a secret' },
    });
  });

  it('can be sent to another address, and then needs no name resolution', async () => {
    const port = await listen(http.createServer(answer));
    const lookup: LookupFunction = () => expect.fail('nothing to look up');
    const result = await probe(
      { ...base, protocol: 'https', port: 443 },
      { lookup, connectTo: { host: '127.0.0.1', port, protocol: 'http' } },
    );
    expect(result.ok).toBe(true);
  });

  it('measures until the last byte', async () => {
    const slow: RequestListener = (_, response) => {
      response.write(' ');
      setTimeout(() => response.end(good), 60);
    };
    const port = await listen(http.createServer(slow));
    const result = await probeAt(port);
    expect(result.ok).toBe(true);
    expect(result.latencyMs).toBeGreaterThan(55);
    expect(await probeAt(port, { checks: { ...checks, maxLatencyMs: 50 } })).toMatchObject({ ok: false, failure: { class: 'timeout' } });
  });

  const body =
    (text: string, status = 200): RequestListener =>
    (_, response) =>
      response.writeHead(status).end(text);
  it.each<{ when: string; listener: RequestListener; target?: Partial<ProbeTarget>; class: FailureClass; detail: RegExp }>([
    { when: 'the status is 503', listener: body(good, 503), class: 'status', detail: /^status 503, expected 200$/ },
    {
      when: 'it redirects, even to something good',
      listener: (request, response) =>
        request.url === '/good' ? response.end(good) : response.writeHead(302, { location: '/good' }).end(),
      class: 'status',
      detail: /302/,
    },
    { when: 'the body is not JSON', listener: body('<html>'), class: 'body', detail: /^the body is not JSON: "<html>"$/ },
    { when: 'the body is empty', listener: body(''), class: 'body', detail: /not JSON/ },
    { when: 'the body is null', listener: body('null'), class: 'body', detail: /^status is missing$/ },
    { when: 'a field is missing', listener: body('{"status":"ok"}'), class: 'body', detail: /^region is missing$/ },
    { when: 'it says it is not well', listener: body('{"status":"down"}'), class: 'body', detail: /^status is "down", expected "ok"$/ },
    {
      when: 'another region answers',
      listener: body('{"status":"ok","region":"eu-central-1"}'),
      class: 'body',
      detail: /^region is "eu-central-1", expected "ap-southeast-1"$/,
    },
    {
      when: 'something it needs is out of its reach',
      listener: body('{"status":"ok","region":"ap-southeast-1","binance_accessible":false}'),
      class: 'body',
      detail: /^binance_accessible is false$/,
    },
    { when: 'the body is longer than 64 KB', listener: body(good.padEnd(65_537)), class: 'body', detail: /more than 65536 bytes/ },
    { when: 'no answer comes', listener: () => undefined, target: impatient, class: 'timeout', detail: /^no answer within 500 ms$/ },
    {
      when: 'the body never ends but trickles',
      listener: (_, response) => {
        const timer = setInterval(() => response.write(' '), 50);
        response.on('close', () => clearInterval(timer));
      },
      target: impatient,
      class: 'timeout',
      detail: /^status 200, but no end within 500 ms$/,
    },
    {
      when: 'the body breaks off',
      listener: (_, response) => {
        response.writeHead(200, { 'content-length': 500 });
        response.write('{');
        setTimeout(() => response.destroy(), 20);
      },
      class: 'body',
      detail: /./,
    },
    { when: 'the connection breaks under the request', listener: (request) => request.socket.destroy(), class: 'connect', detail: /./ },
  ])('fails with $class when $when', async ({ listener, target, class: failure, detail }) => {
    const result = await probeAt(await listen(http.createServer(listener)), target);
    expect(result).toMatchObject({ ok: false, failure: { class: failure, detail: expect.stringMatching(detail) } });
  });

  it('stops reading a body that streams for ever', async () => {
    let sent = 0;
    const port = await listen(
      http.createServer((_, response) => {
        const push = () => {
          sent += 16_384;
          if (!response.destroyed) response.write(Buffer.alloc(16_384, 32), () => setImmediate(push));
        };
        push();
      }),
    );
    const result = await probeAt(port);
    expect(result).toMatchObject({ failure: { class: 'body', detail: 'the body has more than 65536 bytes' } });
    expect(sent).toBeLessThan(64 * 1024 * 1024);
  });

  it('fails with status when the answer is not HTTP', async () => {
    const port = await listen(net.createServer((socket) => void socket.end('SSH-2.0-OpenSSH_9.6\r\n')));
    expect(await probeAt(port)).toMatchObject({ failure: { class: 'status' } });
  });

  it('fails with connect when no server listens', async () => {
    const server = net.createServer();
    const port = await listen(server);
    await new Promise((resolve) => server.close(resolve));
    expect(await probeAt(port)).toMatchObject({ failure: { class: 'connect', detail: expect.stringContaining('ECONNREFUSED') } });
  });

  it('looks at any status the configuration calls good, and at no body when it names no field', async () => {
    const port = await listen(http.createServer(body('fine', 204)));
    expect((await probeAt(port, { checks: { ...checks, statuses: [200, 204], json: {} } })).ok).toBe(true);
  });

  it('finds fields by dotted path, in lists too, and no inherited ones', async () => {
    const port = await listen(http.createServer(body('{"db":{"replicas":[{"lag":0}]},"ready":true,"kafka_accessible":false}')));
    const json = { 'db.replicas.0.lag': 0, ready: true };
    expect((await probeAt(port, { checks: { ...checks, json, accessible: false } })).ok).toBe(true);
    expect((await probeAt(port, { checks: { ...checks, json: { ...json, 'db.toString': 'x' } } })).failure?.detail).toBe(
      'db.toString is missing',
    );
  });
});

describe('a probe on its way', () => {
  it('fails with dns when the name does not resolve', async () => {
    const lookup: LookupFunction = (name, _, callback) =>
      callback(Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND' }), '');
    expect(await probeAt(80, {}, { lookup })).toMatchObject({
      failure: { class: 'dns', detail: 'getaddrinfo ENOTFOUND alb.example.test' },
    });
  });

  it('fails with dns when the resolver does not answer in time to connect', async () => {
    const result = await probeAt(80, { connectTimeoutMs: 300 }, { lookup: () => undefined });
    expect(result).toMatchObject({ failure: { class: 'dns', detail: 'not connected within 300 ms (dns)' } });
    expect(result.latencyMs).toBeLessThan(10_000);
  });

  it('fails with tls when the other side accepts and says nothing, as a half-open socket does', async () => {
    const port = await listen(net.createServer());
    expect(await probeAt(port, { ...impatient, protocol: 'https' })).toMatchObject({
      failure: { class: 'tls', detail: 'not connected within 300 ms (tls)' },
    });
  });

  it('ends at once when its signal aborts', async () => {
    const port = await listen(http.createServer(() => undefined));
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 20);
    expect((await probeAt(port, {}, { signal: stop.signal })).latencyMs).toBeLessThan(4_000);
    expect((await probeAt(port, {}, { signal: stop.signal })).latencyMs).toBeLessThan(4_000);
  });

  it('closes its connection, whatever came of it', async () => {
    const server = http.createServer(answer);
    const port = await listen(server);
    const closed = new Promise((resolve) => server.once('connection', (socket) => socket.once('close', resolve)));
    await probeAt(port);
    await closed;
    const silent = net.createServer();
    const silentPort = await listen(silent);
    const given = new Promise((resolve) => silent.once('connection', (socket) => socket.resume().once('close', resolve)));
    await probeAt(silentPort, impatient);
    await given;
  });
});

describe('a probe over https', () => {
  const serve = (name: string, onSni: (sni: string) => void = () => undefined) =>
    listen(
      https.createServer(
        {
          key: tls(name),
          cert: tls(name),
          SNICallback: (sni, done) => {
            onSni(sni);
            done(null);
          },
        },
        answer,
      ),
    );

  it('names the viewer’s host in the handshake', async () => {
    const names: string[] = [];
    const port = await serve('viewer', (sni) => names.push(sni));
    expect((await probeAt(port, { protocol: 'https' })).ok).toBe(true);
    expect(names).toEqual(['www.example.test']);
  });

  it('takes a certificate for the origin’s own name, as CloudFront does', async () => {
    expect((await probeAt(await serve('origin'), { protocol: 'https' })).ok).toBe(true);
  });

  it.each([
    {
      when: 'the certificate is for another name',
      name: 'stranger',
      options: {},
      detail: /^the certificate is for DNS:stranger.test, not for www.example.test or alb.example.test$/,
    },
    { when: 'the certificate has expired', name: 'expired', options: {}, detail: /expired/i },
    { when: 'its authority is unknown', name: 'viewer', options: { ca: tls('stranger') }, detail: /UNABLE_TO|unable to/ },
  ])('fails with tls when $when', async ({ name, options, detail }) => {
    const result = await probeAt(await serve(name), { protocol: 'https' }, options);
    expect(result).toMatchObject({ ok: false, failure: { class: 'tls', detail: expect.stringMatching(detail) } });
  });

  it('fails with tls when the other side speaks plain http', async () => {
    expect(await probeAt(await listen(http.createServer(answer)), { protocol: 'https' })).toMatchObject({ failure: { class: 'tls' } });
  });
});
