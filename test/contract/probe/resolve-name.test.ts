import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keepLastGood, openResolver, type ResolverOptions } from '../../../src/probe/resolve-name.ts';
import { openNameServer, type TestNameServer, type Zone } from './open-name-server.ts';

let folder: string;
let opened: TestNameServer[];
beforeEach(async () => {
  opened = [];
  folder = await mkdtemp(join(tmpdir(), 'names-'));
});
afterEach(async () => {
  await Promise.all(opened.map((server) => server.close()));
  await rm(folder, { recursive: true });
});

const ample = 20_000;

async function serve(zones: Readonly<Record<string, Zone>>): Promise<TestNameServer> {
  const server = await openNameServer(zones);
  opened.push(server);
  return server;
}

async function resolver(servers: readonly TestNameServer[], options: ResolverOptions & { hosts?: string; config?: string } = {}) {
  const [hostsFile, configFile] = [join(folder, 'hosts'), join(folder, 'resolv.conf')];
  await Promise.all([writeFile(hostsFile, options.hosts ?? ''), writeFile(configFile, options.config ?? '')]);
  const resolve = openResolver({ servers: servers.map(({ address }) => address), hostsFile, configFile, ...options });
  return async (name: string, family: 0 | 4 | 6 = 4, timeoutMs = ample) =>
    (await resolve(name, { family, timeoutMs })).map(({ address }) => address);
}

describe('a name', () => {
  it.each([
    { when: 'IPv4 is wanted', family: 4 as const, found: ['192.0.2.1', '192.0.2.2'] },
    { when: 'IPv6 is wanted', family: 6 as const, found: ['2001:db8::1'] },
    { when: 'both are wanted', family: 0 as const, found: ['192.0.2.1', '192.0.2.2', '2001:db8::1'] },
  ])('has all of its addresses when $when', async ({ family, found }) => {
    const server = await serve({ 'alb.example.test': { a: ['192.0.2.1', '192.0.2.2'], aaaa: ['2001:db8::1'] } });
    expect(await (await resolver([server]))('alb.example.test', family)).toEqual(found);
  });

  it.each([
    { zone: { code: 2 } as Zone, code: 'ESERVFAIL' },
    { zone: { code: 3 } as Zone, code: 'ENOTFOUND' },
    { zone: { code: 5 } as Zone, code: 'EREFUSED' },
    { zone: { aaaa: ['::1'] } as Zone, code: 'ENODATA' },
  ])('fails at once with $code', async ({ zone, code }) => {
    const server = await serve({ 'alb.example.test': zone });
    await expect((await resolver([server]))('alb.example.test')).rejects.toMatchObject({ code });
  });

  it('fails with its time when the name server is silent, and asks no more then', async () => {
    const server = await serve({ 'alb.example.test': 'silent' });
    const resolve = await resolver([server]);
    const startedAt = performance.now();
    await expect(resolve('alb.example.test', 4, 300)).rejects.toMatchObject({ code: 'ETIMEOUT' });
    expect(performance.now() - startedAt).toBeGreaterThan(290);
    expect(server.asked).toEqual(['alb.example.test']);
  });

  it('ends with its signal', async () => {
    const server = await serve({ 'alb.example.test': 'silent' });
    const resolve = openResolver({ servers: [server.address] });
    const stop = new AbortController();
    const asked = resolve('alb.example.test', { family: 4, timeoutMs: ample, signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(asked).rejects.toThrow('enough');
  });

  it('is not delayed by any number of names whose servers are silent', async () => {
    const server = await serve({ 'slow.example.test': 'silent', 'alb.example.test': { a: ['192.0.2.1'] } });
    const resolve = await resolver([server]);
    const silent = Array.from({ length: 50 }, () => resolve('slow.example.test', 4, 2_000).catch(() => 'silent'));
    expect(await Promise.race([resolve('alb.example.test'), ...silent])).toEqual(['192.0.2.1']);
    await Promise.all(silent);
  });

  it.each([
    { when: 'silent', first: 'silent' as Zone },
    { when: 'broken', first: { code: 2 } as Zone },
    { when: 'slow', first: { a: ['192.0.2.9'], afterMs: 2_000 } as Zone },
  ])('comes from the second name server when the first one is $when', async ({ first }) => {
    const servers = [await serve({ 'alb.example.test': first }), await serve({ 'alb.example.test': { a: ['192.0.2.1'] } })];
    expect(await (await resolver(servers))('alb.example.test')).toEqual(['192.0.2.1']);
  });

  it('comes from a server that is slower than the pause before it is asked again', async () => {
    const server = await serve({ 'alb.example.test': { a: ['192.0.2.1'], afterMs: 900 } });
    const found = (await resolver([server]))('alb.example.test');
    await expect.poll(() => server.asked.length).toBe(1);
    server.zones.set('alb.example.test', 'silent');
    expect(await found).toEqual(['192.0.2.1']);
    expect(server.asked.length).toBeGreaterThan(1);
  });

  it('has the addresses of one family when the server is silent about the other', async () => {
    const server = await serve({ 'alb.example.test': { a: ['192.0.2.1'] } });
    const silent = await serve({ 'alb.example.test': 'silent' });
    const both = openResolver({ servers: [server.address, silent.address] });
    expect((await both('alb.example.test', { family: 0, timeoutMs: ample })).map(({ address }) => address)).toEqual(['192.0.2.1']);
  });
});

describe('what needs no name server', () => {
  const never = openResolver({ servers: ['127.0.0.1:1'] });
  it.each([
    { name: '192.0.2.7', family: 4 as const, address: '192.0.2.7' },
    { name: '::1', family: 4 as const, address: '::1' },
    { name: 'localhost', family: 4 as const, address: '127.0.0.1' },
    { name: 'singapore.LOCALHOST', family: 4 as const, address: '127.0.0.1' },
    { name: 'localhost', family: 6 as const, address: '::1' },
    { name: '123456789012.localhost', family: 0 as const, address: '127.0.0.1' },
  ])('is $name', async ({ name, family, address }) => {
    expect(await never(name, { family, timeoutMs: ample })).toEqual([{ address, family: address.includes(':') ? 6 : 4 }]);
  });

  it('is in the hosts file, which is read again when it changes', async () => {
    const resolve = await resolver([await serve({})], { hosts: '192.0.2.1 alb.example.test ALB2 # alb3\nnonsense x\n2001:db8::1 alb2\n' });
    expect(await resolve('ALB.example.test')).toEqual(['192.0.2.1']);
    expect(await resolve('alb2', 0)).toEqual(['192.0.2.1', '2001:db8::1']);
    expect(await resolve('alb2', 6)).toEqual(['2001:db8::1']);
    await expect(resolve('alb3')).rejects.toMatchObject({ code: 'ENOTFOUND' });
    await writeFile(join(folder, 'hosts'), '192.0.2.200 alb.example.test\n');
    expect(await resolve('alb.example.test')).toEqual(['192.0.2.200']);
  });
});

describe('a search list', () => {
  const config = 'domain old.test\nsearch one.test two.test # and no more\noptions ndots:5\n';
  it.each([
    { name: 'alb', asked: ['alb.one.test', 'alb.two.test'] },
    { name: 'a.b', asked: ['a.b', 'a.b.one.test', 'a.b.two.test'] },
    { name: 'origin.example.test', asked: ['origin.example.test'] },
  ])('is gone through for $name', async ({ name, asked }) => {
    const server = await serve({
      'alb.two.test': { a: ['192.0.2.1'] },
      'a.b.two.test': { a: ['192.0.2.1'] },
      'origin.example.test': { a: ['192.0.2.1'] },
    });
    expect(await (await resolver([server], { config }))(name)).toEqual(['192.0.2.1']);
    expect(server.asked).toEqual(asked);
  });

  it('is left alone when a name server is broken', async () => {
    const server = await serve({ 'a.b': { code: 2 }, 'a.b.one.test': { a: ['192.0.2.1'] } });
    await expect((await resolver([server], { config }))('a.b')).rejects.toMatchObject({ code: 'ESERVFAIL' });
  });
});

it.each([
  { when: 'no name server knows', zone: { code: 3 } as Zone, asks: true },
  { when: 'a name server is broken about', zone: { code: 2 } as Zone, asks: false },
])('asks the system about a name that $when: $asks', async ({ zone, asks }) => {
  const server = await serve({ 'printer.local': zone });
  const resolve = await resolver([server], { system: async () => [{ address: '192.0.2.5', family: 4 }] });
  const found = resolve('printer.local');
  if (asks) expect(await found).toEqual(['192.0.2.5']);
  else await expect(found).rejects.toMatchObject({ code: 'ESERVFAIL' });
});

describe('the last good addresses', () => {
  const open = (server: TestNameServer, waitMs = 50) => {
    const lookup = keepLastGood(openResolver({ servers: [server.address] }), { waitMs, timeoutMs: 400 });
    return (name: string): Promise<string> =>
      new Promise((resolve, reject) => {
        lookup(name, { all: true }, (error, found) =>
          error ? reject(error) : resolve(typeof found === 'string' ? found : found.map(({ address }) => address).join()),
        );
      });
  };

  it.each<{ when: string; broken: Zone }>([
    { when: 'silent', broken: 'silent' },
    { when: 'broken', broken: { code: 2 } },
    { when: 'without the name', broken: { code: 3 } },
  ])('serve while the name server is $when, until it gives new ones', async ({ broken }) => {
    const server = await serve({ 'kvs.example.test': { a: ['192.0.2.1'] } });
    const ask = open(server);
    expect(await ask('kvs.example.test')).toBe('192.0.2.1');
    server.zones.set('kvs.example.test', broken);
    expect(await ask('kvs.example.test')).toBe('192.0.2.1');
    expect(await ask('kvs.example.test')).toBe('192.0.2.1');
    server.zones.set('kvs.example.test', { a: ['192.0.2.2'] });
    await expect.poll(() => ask('kvs.example.test')).toBe('192.0.2.2');
  });

  it('are none of a name that was never known', async () => {
    const ask = open(await serve({ 'kvs.example.test': 'silent' }));
    await expect(ask('kvs.example.test')).rejects.toMatchObject({ code: 'ETIMEOUT' });
  });
});
