import type { RequestListener } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { parseEdgeConfig } from '../../../src/config/edge-config.ts';
import { checkEdge, type EdgeCheck } from '../../../src/verify/checks.ts';
import { type Expected, listAskers } from '../../../src/verify/expected-origins.ts';
import edgeConfig from '../../fixtures/sample/edge.config.ts';
import { certificate, loopback, openServers } from './open-servers.ts';

const config = parseEdgeConfig(edgeConfig);
const servers = openServers();
afterEach(servers.close);

const health = (region: string) => JSON.stringify({ status: 'ok', region, binance_accessible: true });
/** Answers as an origin of this region would. */
const from =
  (region: string): RequestListener =>
  (_, response) => {
    response.writeHead(200, { 'x-region': region, 'content-type': 'application/json' }).end(health(region));
  };
const toSingapore: Expected = { right: ['singapore'], fallback: ['europe'], isRecordKnown: true };

function check(
  url: string,
  { expected = toSingapore, country, ...more }: Partial<EdgeCheck> & { expected?: Expected; country?: string } = {},
) {
  const isLocal = more.isLocal ?? true;
  const [asker] = listAskers(config, { isLocal, country: country ?? 'IN', path: '/health' });
  if (asker === undefined) throw new Error('no asker');
  return checkEdge(asker, expected, {
    config,
    url: new URL(url),
    isLocal,
    path: '/health',
    samples: 3,
    timeoutMs: 5_000,
    maxLatencyMs: undefined,
    now: Date.now(),
    network: { lookup: loopback, ca: certificate('ca') },
    signal: new AbortController().signal,
    ...more,
  });
}
const at = (port: number) => `http://127.0.0.1:${port}`;

describe('a viewer through the edge', () => {
  it('is ok when the right origin answers as a healthy one does', async () => {
    const row = await check(at(await servers.http(from('ap-southeast-1'))));
    expect(row).toMatchObject({
      way: 'edge',
      who: 'IN',
      outcome: 'ok',
      went: ['singapore'],
      statuses: [200],
      samples: 3,
      tls: undefined,
      notes: [],
    });
    const { p50Ms = 0, p95Ms = 0, maxMs = 0 } = row?.latency ?? {};
    expect(p50Ms).toBeGreaterThan(0);
    expect(p95Ms).toBeGreaterThanOrEqual(p50Ms);
    expect(maxMs).toBeGreaterThanOrEqual(p95Ms);
  });

  it('reports to the local edge what the function was asked about, and to a real one nothing', async () => {
    const seen: unknown[] = [];
    const port = await servers.http((request, response) => {
      seen.push([request.url, request.headers['x-local-viewer-country'], request.headers['x-local-viewer-ip']]);
      from('ap-southeast-1')(request, response);
    });
    await check(at(port), { samples: 1 });
    await check(at(port), { samples: 1, isLocal: false, path: '/health?deep=1' });
    expect(seen).toEqual([
      ['/health', 'IN', '203.0.113.7'],
      ['/health?deep=1', undefined, undefined],
    ]);
  });

  it('is ok at the fallback when the record says so, and only then', async () => {
    const url = at(await servers.http(from('eu-central-1')));
    expect(await check(url, { expected: { right: ['europe'], fallback: [], isRecordKnown: true } })).toMatchObject({ outcome: 'ok' });
    expect(await check(url)).toMatchObject({
      outcome: 'fail',
      went: ['europe'],
      notes: [expect.stringMatching(/^answered by europe, expected singapore/)],
    });
  });

  it('is a warning at the fallback when the record is not known', async () => {
    const url = at(await servers.http(from('eu-central-1')));
    expect(await check(url, { expected: { ...toSingapore, isRecordKnown: false } })).toMatchObject({
      outcome: 'warn',
      notes: [expect.stringContaining('not known')],
    });
    expect(await check(url, { expected: { ...toSingapore, fallback: [], isRecordKnown: false } })).toMatchObject({ outcome: 'fail' });
  });

  it('sees an edge that answers now from here, now from there', async () => {
    let asked = 0;
    const url = at(await servers.http((...given) => from(++asked % 2 === 0 ? 'eu-central-1' : 'ap-southeast-1')(...given)));
    expect(await check(url)).toMatchObject({ outcome: 'fail', went: ['singapore', 'europe'] });
  });

  it('learns the region from the body where no header names it', async () => {
    const url = at(await servers.http((_, response) => response.end(health('ap-southeast-1'))));
    expect(await check(url)).toMatchObject({ outcome: 'ok', went: ['singapore'] });
  });

  it.each([
    { status: 'ok', outcome: 'ok' },
    { status: 'down', outcome: 'fail' },
  ])('takes a health check that says only its status, $status, beside the region’s header for $outcome', async ({ status, outcome }) => {
    const url = at(
      await servers.http((_, response) => response.writeHead(200, { 'x-region': 'ap-southeast-1' }).end(JSON.stringify({ status }))),
    );
    expect(await check(url)).toMatchObject({ outcome, went: ['singapore'] });
  });

  it.each<{ what: string; answer: RequestListener; says: RegExp }>([
    {
      what: 'a page of HTML',
      answer: (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html><body>parked</body></html>'),
      says: /no region/,
    },
    {
      what: 'an error page of CloudFront',
      answer: (_, response) => response.writeHead(502, { 'x-cache': 'Error from cloudfront' }).end('<html>'),
      says: /^status 502\b.* 200$/,
    },
    {
      what: 'an origin that is sick',
      answer: (_, response) => response.writeHead(503, { 'x-region': 'ap-southeast-1' }).end('{}'),
      says: /^singapore .*status 503\b.* 200$/,
    },
    {
      what: 'a dependency that cannot be reached',
      answer: (_, response) =>
        response
          .writeHead(200, { 'x-region': 'ap-southeast-1' })
          .end(JSON.stringify({ status: 'ok', region: 'ap-southeast-1', binance_accessible: false })),
      says: /^singapore .*binance_accessible/,
    },
    {
      what: 'a header of one region over a body of another',
      answer: (_, response) => response.writeHead(200, { 'x-region': 'ap-southeast-1' }).end(health('eu-central-1')),
      says: /^singapore .*region.*"eu-central-1".*"ap-southeast-1"$/,
    },
    {
      what: 'no region at all',
      answer: (_, response) => response.end(JSON.stringify({ status: 'ok' })),
      says: /no region/,
    },
    { what: 'a region of no origin', answer: from('us-east-1'), says: / 200 .*"us-east-1"/ },
    {
      what: 'a redirect to itself',
      answer: (request, response) => response.writeHead(301, { location: `http://127.0.0.1${request.url}` }).end(),
      says: /^status 301: .*http:\/\/127\.0\.0\.1\/health/,
    },
    {
      what: 'a body without an end',
      answer: (_, response) => {
        response.writeHead(200);
        const write = () => {
          while (response.write('x'.repeat(16_384)));
        };
        response.on('drain', write);
        write();
      },
      says: /^body: .* 65536 bytes$/,
    },
  ])('fails on $what in one line', async ({ answer, says }) => {
    const row = await check(at(await servers.http(answer)));
    expect(row?.outcome).toBe('fail');
    expect(row?.notes).toEqual([expect.stringMatching(says)]);
  });

  it('waits once for an edge that never answers, however many samples were asked for', async () => {
    let asked = 0;
    const url = at(await servers.http(() => void asked++));
    expect(await check(url, { timeoutMs: 200, samples: 50 })).toMatchObject({
      outcome: 'fail',
      samples: 1,
      latency: undefined,
      notes: ['timeout: no answer within 200 ms'],
    });
    expect(asked).toBe(1);
  });

  it('reports a closed port, and a server that does not speak HTTP', async () => {
    const closed = openServers();
    const port = await closed.http(from('x'));
    await closed.close();
    expect((await check(at(port)))?.notes).toEqual([expect.stringMatching(/^connect: .*ECONNREFUSED/)]);
    const ssh = await servers.raw((socket) => void socket.end('SSH-2.0-OpenSSH_9.2\r\n'));
    expect((await check(at(ssh)))?.notes).toEqual([expect.stringMatching(/^status: /)]);
  });

  it('holds the 95th percentile against a limit', async () => {
    const url = at(await servers.http((...given) => void setTimeout(() => from('ap-southeast-1')(...given), 60)));
    expect(await check(url, { maxLatencyMs: 10 })).toMatchObject({
      outcome: 'fail',
      notes: [expect.stringMatching(/^p95 is \d+ ms, limit 10 ms$/)],
    });
    expect(await check(url, { maxLatencyMs: 60_000 })).toMatchObject({ outcome: 'ok' });
  });

  it('reports nothing when it stops before the first answer, and keeps what it has when it stops later', async () => {
    const stop = new AbortController();
    const hanging = at(await servers.http(() => stop.abort()));
    expect(await check(hanging, { signal: stop.signal })).toBeUndefined();
    const later = new AbortController();
    let asked = 0;
    const url = at(
      await servers.http((...given) => {
        if (++asked === 3) later.abort();
        else from('ap-southeast-1')(...given);
      }),
    );
    expect(await check(url, { signal: later.signal, samples: 1_000 })).toMatchObject({ outcome: 'ok', samples: 2 });
  });
});

describe('a viewer through the edge over TLS', () => {
  it('gets the addresses and the certificate of the connection', async () => {
    const port = await servers.https('viewer', from('ap-southeast-1'));
    const row = await check(`https://www.example.test:${port}`, { isLocal: false });
    expect(row).toMatchObject({ outcome: 'ok', tls: { protocol: 'TLSv1.3', name: 'www.example.test' } });
    expect(new Date(row?.tls?.validTo ?? 0).getUTCFullYear()).toBe(2120);
  });

  it.each([
    { name: 'stranger', says: /^tls: .*stranger\.test, not for www\.example\.test/ },
    { name: 'expired', says: /^tls: .*expired/ },
  ])('fails on the certificate $name', async ({ name, says }) => {
    const port = await servers.https(name, from('ap-southeast-1'));
    const row = await check(`https://www.example.test:${port}`, { isLocal: false });
    expect(row).toMatchObject({ outcome: 'fail', samples: 1, notes: [expect.stringMatching(says)] });
  });

  it('fails on an unknown authority, and on a port that speaks plain HTTP', async () => {
    const port = await servers.https('viewer', from('ap-southeast-1'));
    expect((await check(`https://www.example.test:${port}`, { network: { lookup: loopback } }))?.notes).toEqual([
      expect.stringMatching(/^tls: /),
    ]);
    const plain = await servers.http(from('ap-southeast-1'));
    expect((await check(`https://www.example.test:${plain}`))?.notes).toEqual([expect.stringMatching(/^tls: /)]);
  });

  it('warns of a certificate that ends soon', async () => {
    const port = await servers.https('viewer', from('ap-southeast-1'));
    const row = await check(`https://www.example.test:${port}`, { isLocal: false, now: Date.UTC(2119, 11, 25) });
    expect(row).toMatchObject({ outcome: 'warn', notes: [expect.stringMatching(/^the certificate of www\.example\.test .* \d+d/)] });
  });
});
