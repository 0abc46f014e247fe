import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { ListFunctionsCommand } from '@aws-sdk/client-cloudfront';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openControlPlane } from '../../../local/aws/control-plane.ts';
import type { Fault } from '../../../local/aws/faults.ts';
import { openHttpServer } from '../../../local/aws/transport/http-server.ts';
import { type LocalAccount, openLocalAccount } from './open-local-account.ts';
import { sendBytes, sendRaw, signed } from './send-raw.ts';

let account: LocalAccount;
beforeEach(async () => {
  account = await openLocalAccount();
});
afterEach(() => account.close());

it('says which port is busy, and leaves the one that has it alone', async () => {
  await expect(openControlPlane({ port: account.cloud.port })).rejects.toMatchObject({
    name: 'EdgeError',
    code: 'PORT_BUSY',
    message: expect.stringContaining(String(account.cloud.port)),
    hint: expect.any(String),
  });
  await account.cloudfront.send(new ListFunctionsCommand({}));
});

it('listens on loopback only', async () => {
  const outside = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find((address) => address.family === 'IPv4' && !address.internal);
  if (outside === undefined) return;
  const refused = await new Promise((resolve) => {
    const socket = connect(account.cloud.port, outside.address);
    socket.on('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.on('error', () => resolve(true));
  });
  expect(refused).toBe(true);
});

it.each(['localhost', '127.0.0.1', '111122223333.localhost', 'singapore.localhost:80'])('answers the host %s', async (host) => {
  expect((await sendRaw(account.cloud.port, { path: '/2020-05-31/function', headers: { ...signed, host } })).status).toBe(200);
});

it.each(['example.com', 'localhost.example.com', '127.0.0.1.example.com', '10.0.0.1', 'localhost@example.com'])(
  'refuses the host %j',
  async (host) => {
    const answer = await sendRaw(account.cloud.port, { path: '/2020-05-31/function', headers: { ...signed, host } });
    expect(answer.status).toBe(400);
    expect(answer.body.toString()).toContain('<Code>BadRequest</Code>');
  },
);

it.each([
  { what: 'a page of another site', headers: { origin: 'https://evil.example' } },
  { what: 'a page without an origin', headers: { origin: 'null' } },
  { what: 'another program on this machine that serves pages', headers: { origin: 'http://localhost:1' } },
  { what: 'a page of another site, asked for without its origin', headers: { 'sec-fetch-site': 'cross-site' } },
  { what: 'a name that was rebound to this machine', headers: { host: 'evil.example' } },
])('answers nothing to $what', async ({ headers }) => {
  const { port } = account.cloud;
  const local = await sendRaw(port, { path: '/_local/calls', headers });
  const posted = { 'content-type': 'application/json', ...headers };
  const change = await sendRaw(port, { method: 'POST', path: '/_local/faults', headers: posted, body: '{"rules":[]}' });
  const aws = await sendRaw(port, { path: '/2020-05-31/function', headers: { ...signed, ...headers } });
  expect([local.status, change.status, aws.status]).toEqual([403, 403, 400]);
});

it('closes with clients still connected and a fault asleep', async () => {
  const asleep: Fault = { kind: 'latency', latencyMs: 30_000, times: 1 };
  account.cloud.faults.rules = [asleep];
  const waiting = account.cloudfront.send(new ListFunctionsCommand({})).catch(() => 'cut off');
  await expect.poll(() => asleep.times).toBe(0);
  await account.cloud.close();
  expect(await waiting).toBe('cut off');
  account = await openLocalAccount();
});

it('gives two accounts with the same seed the same ids', async () => {
  const seeded = () => {
    let state = 7;
    return () => {
      state = (state * 16_807) % 2_147_483_647;
      return state / 2_147_483_647;
    };
  };
  const ids = await Promise.all(
    [seeded(), seeded()].map(async (random) => {
      const cloud = await openControlPlane({ random, provisionMs: 60_000 });
      const body = '<CreateKeyValueStoreRequest><Name>flags</Name></CreateKeyValueStoreRequest>';
      const answer = await sendRaw(cloud.port, { method: 'POST', path: '/2020-05-31/key-value-store', headers: signed, body });
      await cloud.close();
      return /<Id>(.*)<\/Id>/.exec(answer.body.toString())?.[1];
    }),
  );
  expect(ids[0]).toMatch(/^[0-9a-f-]{36}$/);
  expect(ids[0]).toBe(ids[1]);
});

it('cuts off a caller that never finishes its request', async () => {
  const server = await openHttpServer({ port: 0, random: Math.random, requestTimeoutMs: 150 }, async () => undefined);
  const { text, ended } = await sendBytes(server.port, 'POST /2020-05-31/function HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n');
  expect(ended).toBe(true);
  expect(text).toMatch(/^HTTP\/1\.1 408 /);
  expect(text).toContain('<Code>RequestTimeout</Code>');
  await server.close();
});
