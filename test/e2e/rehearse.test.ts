import { afterAll, beforeAll, expect, it } from 'vitest';
import { openAws } from '../../src/aws/clients.ts';
import { openKeyValueStore } from '../../src/aws/key-value-store.ts';
import { readLocalCloud } from '../../src/config/local-cloud.ts';
import type { FlagStore } from '../../src/core/flag-store.ts';
import { parseLiveRecord } from '../../src/core/live-record.ts';
import { freePorts } from './free-ports.ts';
import { regionsOf } from './regions.ts';
import { type Ended, runScript, startScript, waitUntil } from './start-script.ts';

// Rehearsals as a user starts them, on a local cloud with the published router.

let port: number;
let env: Record<string, string>;
let cloud: ReturnType<typeof startScript>;
let store: FlagStore;

beforeAll(async () => {
  port = await freePorts();
  env = { EDGE_LOCAL_PORT: String(port) };
  cloud = startScript('start', ['--no-flipper', '--no-console', '--propagation', '200ms', '--quiet'], env);
  await waitUntil(() => cloud.output.stdout.includes('npm run failover'), 60_000);
  const local = await readLocalCloud(env);
  store = openKeyValueStore(await openAws({ env: {}, local }).keyValueStore(), local.keyValueStoreArn);
}, 90_000);
afterAll(async () => {
  cloud.child.kill('SIGTERM');
  await cloud.ended;
});

const record = async () => (await store.read(['health'])).values.get('health') ?? 'ok';

const regions = () => regionsOf(port, 40);

/** What the command fault does, without a process. */
async function breakEurope(fault: string): Promise<void> {
  const { controlPlane } = await readLocalCloud(env);
  const body = JSON.stringify({ origin: 'europe', fault });
  const { status } = await fetch(`${controlPlane}/_local/origins`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  expect(status).toBe(200);
}

const times = ['--verify-for', '10s'];

const rehearsal = (hold: string) => [
  'singapore',
  '--local',
  '--steps',
  '25,100',
  '--hold',
  hold,
  ...times,
  '--reason',
  'a test',
  '--yes',
  '--json',
];

const resultOf = ({ stdout }: Ended) => JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
const isAway = async () => /^singapore=\d+@/.test(await record());

async function expectHome(): Promise<void> {
  expect(parseLiveRecord((await store.read(['health', 'state'])).values, Date.now()).overrides).toEqual([]);
  await expect.poll(regions, { timeout: 10_000 }).toEqual(['ap-southeast-1']);
}

it('passes, with the time that each step and the return took to the edge', async () => {
  const ended = await startScript('rehearse', rehearsal('1s'), env).ended;
  expect(ended).toMatchObject({ code: 0 });
  const result = resultOf(ended);
  expect(result).toMatchObject({
    target: { local: true },
    outcome: 'passed',
    abort: null,
    steps: [
      { percent: 25, weight: 75 },
      { percent: 100, weight: 0 },
    ],
    home: { by: 'written', isConfirmed: true },
  });
  for (const { atEdgeMs, evidence } of [...result.steps, { ...result.home, evidence: [{ origin: 'europe' }] }]) {
    // A loaded machine may see the change at its first request.
    expect(atEdgeMs).toBeGreaterThanOrEqual(0);
    expect(evidence).toContainEqual(expect.objectContaining({ origin: 'europe' }));
  }
  await expectHome();
}, 60_000);

it('aborts when the fallback fails, and comes home', async () => {
  const running = runScript('rehearse', rehearsal('30s'), env);
  await waitUntil(isAway, 30_000);
  await breakEurope('refuse');
  const failedAt = Date.now();
  const ended = await running;
  expect(ended.code).toBe(1);
  expect(resultOf(ended)).toMatchObject({ outcome: 'aborted', abort: { cause: 'errors' }, home: { by: 'written' } });
  expect(Date.now() - failedAt).toBeLessThan(30_000);
  await breakEurope('none');
  await expectHome();
}, 90_000);

it('comes home at Ctrl-C', async () => {
  const running = startScript('rehearse', rehearsal('30s'), env);
  await waitUntil(isAway, 30_000);
  running.child.kill('SIGINT');
  const ended = await running.ended;
  expect(ended.code).toBe(130);
  expect(resultOf(ended)).toMatchObject({ outcome: 'interrupted', home: { by: 'written' } });
  await expectHome();
}, 60_000);

it('comes home by the expiry of its override when the process dies', async () => {
  const running = startScript(
    'rehearse',
    ['singapore', '--local', '--steps', '100', '--hold', '1s', '--verify-for', '1s', '--reason', 'a test', '--yes'],
    env,
  );
  await waitUntil(isAway, 30_000);
  running.child.kill('SIGKILL');
  await running.ended;
  const [, until = '0'] = /^singapore=0@(\d+)$/.exec(await record()) ?? [];
  // verify, hold and five seconds.
  expect(Number(until) * 1_000 - Date.now()).toBeLessThan(8_000);
  await waitUntil(() => Date.now() > Number(until) * 1_000, 10_000);
  await expectHome();
}, 60_000);
