import { afterEach, expect, it } from 'vitest';
import { openReferenceOrigin, type ReferenceOrigin } from '../../../local/origin/reference-origin.ts';

let origin: ReferenceOrigin;
afterEach(() => origin.close());

const open = async (options: { verifySecret?: string; random?: () => number } = {}) => {
  origin = await openReferenceOrigin({ region: 'ap-southeast-1', now: () => 1_000, ...options });
};
const get = (path: string, init?: RequestInit) => fetch(origin.url + path, init);

it('says that it is healthy, and where', async () => {
  await open();
  const reply = await get('/health');
  expect(reply.status).toBe(200);
  expect(reply.headers.get('x-region')).toBe('ap-southeast-1');
  expect(await reply.json()).toEqual({ status: 'ok', region: 'ap-southeast-1', binance_accessible: true });
});

it('answers X-Region as it was asked', async () => {
  await open();
  expect((await get('/x', { headers: { 'x-region': 'eu-central-1' } })).headers.get('x-region')).toBe('eu-central-1');
});

it('echoes what arrived and counts a body past the bound', async () => {
  await open();
  const reply = await get('/a?b=1', { method: 'POST', body: 'x'.repeat(100_000), headers: { 'x-mine': '1' } });
  const seen = (await reply.json()) as { method: string; path: string; headers: object; bodyBytes: number; body: string };
  expect(seen).toMatchObject({ method: 'POST', path: '/a?b=1', headers: { 'x-mine': '1' }, bodyBytes: 100_000 });
  expect(seen.body).toHaveLength(65_536);
});

it('streams as many bytes as it is asked for', async () => {
  await open();
  expect((await (await get('/stream?bytes=1000001')).arrayBuffer()).byteLength).toBe(1_000_001);
  expect((await (await get('/stream?bytes=x')).arrayBuffer()).byteLength).toBe(0);
});

it('refuses connections and comes back on the same port', async () => {
  await open();
  await get('/health');
  await origin.setFault({ kind: 'refuse' });
  await expect(get('/health')).rejects.toThrow();
  await origin.setFault({ kind: 'none' });
  expect((await get('/health')).status).toBe(200);
});

it('fails every second request, or half of them at random, health checks included', async () => {
  const rolls = [0.1, 0.9, 0.4, 0.5];
  await open({ random: () => rolls.shift() ?? 0 });
  const statuses = async () => [await get('/health'), await get('/x'), await get('/health'), await get('/x')].map(({ status }) => status);
  await origin.setFault({ kind: 'flaky' });
  expect(await statuses()).toEqual([503, 200, 503, 200]);
  await origin.setFault({ kind: 'half', status: 500 });
  expect(await statuses()).toEqual([500, 200, 500, 200]);
});

it('hangs, and drops the hanging ones when it is healed', async () => {
  await open();
  await origin.setFault({ kind: 'hang' });
  const hanging = get('/x').then(
    () => 'answered',
    () => 'dropped',
  );
  while (origin.received === 0) await new Promise((resolve) => setImmediate(resolve));
  await origin.setFault({ kind: 'none' });
  expect(await hanging).toBe('dropped');
  expect((await get('/x')).status).toBe(200);
});

it('is slow by the requested time', async () => {
  await open();
  await origin.setFault({ kind: 'slow', ms: 120 });
  const startedAt = performance.now();
  expect((await get('/health')).status).toBe(200);
  expect(performance.now() - startedAt).toBeGreaterThan(110);
});

it('answers every path with a server error', async () => {
  await open();
  await origin.setFault({ kind: '5xx', status: 500 });
  expect((await get('/health')).status).toBe(500);
  expect((await get('/x')).headers.get('x-region')).toBe('ap-southeast-1');
});

it('gives a health body that is wrong and breaks other bodies off', async () => {
  await open();
  await origin.setFault({ kind: 'bad-body' });
  expect(await (await get('/health')).json()).toMatchObject({ status: 'degraded', binance_accessible: false });
  await expect(get('/x').then((reply) => reply.text())).rejects.toThrow();
});

it('serves only clients with the secret, but its health to all clients', async () => {
  await open({ verifySecret: 's3' });
  expect((await get('/x')).status).toBe(403);
  expect((await get('/x', { headers: { 'x-origin-verify': 's3' } })).status).toBe(200);
  expect((await get('/health')).status).toBe(200);
});

it('keeps requests from the moment it is asked to', async () => {
  await open();
  await get('/before');
  const received = origin.record();
  await get('/after', { headers: { 'x-origin-verify': 's3', 'x-origin-route': 'singapore;country=IN;health=ok' } });
  expect(received).toEqual([{ at: 1_000, method: 'GET', path: '/after', verify: 's3', route: 'singapore;country=IN;health=ok' }]);
});

it('says which port is taken', async () => {
  await open();
  await expect(openReferenceOrigin({ region: 'x', port: origin.port })).rejects.toMatchObject({ code: 'PORT_BUSY' });
});
