import http, { type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { openHttpSignal } from '../../../src/flipper/open-signals.ts';
import { type ProbeTarget, probe } from '../../../src/probe/probe.ts';
import { openResolver, toLookup } from '../../../src/probe/resolve-name.ts';
import { openNameServer, type TestNameServer, type Zone } from './open-name-server.ts';

// A real name server, real sockets: which of a name's addresses a probe connects to.

let servers: Server[] = [];
let names: TestNameServer | undefined;
afterEach(async () => {
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  await names?.close();
  servers = [];
});

/** The same port on each of these addresses. */
async function listen(...addresses: readonly string[]): Promise<number> {
  let port = 0;
  for (const address of addresses) {
    const server = http.createServer((request, response) =>
      response.end(JSON.stringify({ status: 'ok', by: request.socket.localAddress })),
    );
    servers.push(server);
    await new Promise<void>((resolve, reject) => server.on('error', reject).listen(port, address, resolve));
    ({ port } = server.address() as AddressInfo);
  }
  return port;
}

async function lookupBy(zones: Readonly<Record<string, Zone>>) {
  names = await openNameServer(zones);
  const resolve = openResolver({ servers: [names.address] });
  return toLookup((name, family) => resolve(name, { family, timeoutMs: 20_000 }));
}

const target = (port: number, more: Partial<ProbeTarget> = {}): ProbeTarget => ({
  protocol: 'http',
  domainName: 'alb.example.test',
  ipAddressType: 'ipv4',
  port,
  host: 'www.example.test',
  path: '/health',
  region: 'ap-southeast-1',
  checks: { statuses: [200], json: { status: 'ok' }, accessible: false },
  connectTimeoutMs: 20_000,
  timeoutMs: 20_000,
  ...more,
});

async function opinions(port: number, zone: Zone, looks: number, more: Partial<ProbeTarget> = {}, canIpv6 = () => true): Promise<string> {
  const source = openHttpSignal(target(port, more), false, { lookup: await lookupBy({ 'alb.example.test': zone }), canIpv6 });
  let seen = '';
  for (let made = 0; made < looks; made++)
    seen += { good: '+', bad: '-', none: '?' }[(await source.probe(new AbortController().signal)).opinion];
  return seen;
}

describe('a probe of a name with several addresses', () => {
  it('takes the next one each time, so that a dead one counts at its share', async () => {
    const port = await listen('127.0.0.1', '127.0.0.3');
    expect(await opinions(port, { a: ['127.0.0.3', '127.0.0.2', '127.0.0.1'] }, 6)).toBe('+-++-+');
  });

  it('says which address failed', async () => {
    const port = await listen('127.0.0.1');
    const lookup = await lookupBy({ 'alb.example.test': { a: ['127.0.0.1', '127.0.0.2'] } });
    expect(await probe(target(port), { lookup, turn: 1 })).toMatchObject({
      failure: { class: 'connect', detail: expect.stringContaining('127.0.0.2') },
    });
  });
});

describe('a probe takes the addresses that CloudFront takes', () => {
  it.each([
    { type: 'ipv4' as const, live: '::1', seen: '----' },
    { type: 'ipv4' as const, live: '127.0.0.1', seen: '++++' },
    { type: 'ipv6' as const, live: '::1', seen: '++++' },
    { type: 'dualstack' as const, live: '127.0.0.1', seen: '+-+-' },
  ])('of $type with only $live alive', async ({ type, live, seen }) => {
    const port = await listen(live);
    expect(await opinions(port, { a: ['127.0.0.1'], aaaa: ['::1'] }, 4, { ipAddressType: type })).toBe(seen);
  });

  it('fails as dns when the name has none of them', async () => {
    const lookup = await lookupBy({ 'alb.example.test': { aaaa: ['::1'] } });
    expect(await probe(target(80), { lookup })).toMatchObject({ failure: { class: 'dns', detail: expect.stringContaining('IPv4') } });
  });

  it('has no opinion about an IPv6 origin on a machine that has no IPv6', async () => {
    expect(await opinions(9, { aaaa: ['::1'] }, 2, { ipAddressType: 'ipv6' }, () => false)).toBe('??');
  });

  it('takes IPv4 alone of both on a machine that has no IPv6', async () => {
    const port = await listen('127.0.0.1');
    expect(await opinions(port, { a: ['127.0.0.1'], aaaa: ['::1'] }, 2, { ipAddressType: 'dualstack' }, () => false)).toBe('++');
  });
});

it('a silent name server of one origin delays no probe of another', async () => {
  const port = await listen('127.0.0.1');
  const lookup = await lookupBy({ 'alb.example.test': { a: ['127.0.0.1'] }, 'silent.example.test': 'silent' });
  const impatient = { domainName: 'silent.example.test', connectTimeoutMs: 1_500, timeoutMs: 2_000 };
  const silent = Array.from({ length: 30 }, () => probe(target(port, impatient), { lookup }));
  const first = await Promise.race([probe(target(port), { lookup }), ...silent]);
  expect(first.ok).toBe(true);
  for (const result of await Promise.all(silent)) expect(result).toMatchObject({ ok: false, failure: { class: 'dns' } });
});
