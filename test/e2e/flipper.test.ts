import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LocalCloud } from '../../src/config/local-cloud.ts';
import { openTestStore, type TestStore } from '../contract/aws/open-test-store.ts';
import { openTestOrigin, type TestOrigin } from '../contract/flipper/open-test-origin.ts';
import { runScript } from './start-script.ts';

// The command, on the real control plane and origins that can be broken.

let test: TestStore;
let singapore: TestOrigin;
let europe: TestOrigin;
let directory: Server;
let localPort: number;
const processes = new Set<ChildProcess>();

beforeAll(async () => {
  [test, singapore, europe] = await Promise.all([openTestStore(), openTestOrigin('ap-southeast-1'), openTestOrigin('eu-central-1')]);
  const local = (id: string, { port }: TestOrigin) => ({ domainName: `${id}.example`, host: '127.0.0.1', port, protocol: 'http' as const });
  const cloud: LocalCloud = {
    controlPlane: test.control.url,
    edge: 'http://127.0.0.1:9',
    accountId: '111122223333',
    keyValueStoreArn: test.arn,
    distributionId: 'E1',
    origins: { singapore: local('singapore', singapore), europe: local('europe', europe) },
    env: {
      AWS_ACCOUNT_ID: '111122223333',
      VIEWER_DOMAIN: 'www.example',
      ACM_CERTIFICATE_ARN: 'arn:aws:acm:us-east-1:111122223333:certificate/1',
      ORIGIN_VERIFY_SECRET: 'secret',
      SINGAPORE_DOMAIN: 'singapore.example',
      EUROPE_DOMAIN: 'europe.example',
    },
  };
  directory = createServer((_, response) => response.end(JSON.stringify(cloud)));
  await new Promise<void>((resolve) => directory.listen(0, '127.0.0.1', resolve));
  localPort = (directory.address() as AddressInfo).port;
});

afterAll(async () => {
  directory.closeAllConnections();
  directory.close();
  await Promise.all([singapore.close(), europe.close(), test.close()]);
});

beforeEach(async () => {
  await Promise.all([singapore.setFault(undefined), europe.setFault(undefined)]);
  const deletes = [...test.values().keys()].filter((key) => key !== 'health');
  await test.store.update([], () => ({ puts: [{ key: 'health', value: 'ok' }], deletes }));
  test.control.calls.length = 0;
});

afterEach(() => {
  for (const child of processes) child.kill('SIGKILL');
  processes.clear();
});

interface Running {
  out: string;
  err: string;
  code: Promise<number | null>;
  kill(signal: NodeJS.Signals): void;
  /** As when the other end of both pipes dies. */
  closeLog(): void;
}

const quick = ['--interval', '200ms', '--fast-interval', '50ms'];

const environment = () => ({
  PATH: process.env['PATH'] ?? '',
  HOME: '/nonexistent',
  EDGE_LOCAL_PORT: String(localPort),
  EDGE_PROJECT: process.env['EDGE_PROJECT'] ?? '',
  AWS_EC2_METADATA_DISABLED: 'true',
});

/** One round, in this process. */
const runOnce = (...args: string[]) => runScript('flipper', args, environment(), { isBare: true });

function flipper(...args: string[]): Running {
  const child = spawn(process.execPath, ['--no-warnings', 'scripts/run.mjs', 'flipper', ...args], { env: environment() });
  processes.add(child);
  const running: Running = {
    out: '',
    err: '',
    code: new Promise((resolve) => child.on('close', resolve)),
    kill: (signal) => void child.kill(signal),
    closeLog: () => {
      child.stdout.destroy();
      child.stderr.destroy();
    },
  };
  child.stdout.on('data', (chunk: Buffer) => {
    running.out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    running.err += chunk.toString();
  });
  return running;
}

const writes = () => test.control.calls.filter(({ operation }) => operation === 'UpdateKeys').length;
const record = () => test.values().get('health') ?? 'ok';
const until = (what: () => boolean) => expect.poll(what, { interval: 20, timeout: 60_000 }).toBe(true);

describe('npm run flipper', () => {
  it('watches, flips, and ends in good order at SIGTERM', async () => {
    const running = flipper('--watch', '--local', '--json', ...quick);
    await until(() => running.out.match(/"to":"healthy"/g)?.length === 2);
    await singapore.setFault('refuse');
    await until(() => running.out.includes('"event":"verified"'));
    expect(record()).toBe('singapore=0');
    running.kill('SIGTERM');
    expect(await running.code).toBe(0);
    const events = running.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(events[0]).toMatchObject({ event: 'start', mode: 'watch', shadow: false, origins: ['singapore', 'europe'] });
    expect(events.map(({ event }) => event)).not.toContain('probe');
    expect(events.find(({ event }) => event === 'flip')).toEqual({
      event: 'flip',
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      shadow: false,
      kind: 'protect',
      sequence: 1,
      from: 'ok',
      to: 'singapore=0',
      reason: expect.stringContaining('singapore 100 to 0: unhealthy (http connect: '),
      moves: [{ origin: 'singapore', from: 100, to: 0, why: expect.any(String) }],
      attempts: 1,
      durationMs: expect.any(Number),
    });
    expect(events.at(-1)).toMatchObject({ event: 'stop' });
  });

  it('goes on when the reader of its log dies, and moves viewers away', async () => {
    const running = flipper('--watch', '--local', ...quick);
    await until(() => running.out.match(/is healthy/g)?.length === 2);
    running.closeLog();
    await singapore.setFault('refuse');
    await until(() => record() === 'singapore=0');
    await singapore.setFault(undefined);
    await until(() => singapore.requests > 30);
    expect(await Promise.race([running.code, 'runs'])).toBe('runs');
    running.kill('SIGTERM');
    expect(await running.code).toBe(0);
  });

  it('once ends with 1 when an operator holds viewers on a dead origin', async () => {
    const until = Math.ceil(Date.now() / 1_000) + 3_600;
    await test.store.update([], () => ({ puts: [{ key: 'health', value: `singapore=100@${until}` }], deletes: [] }));
    await singapore.setFault('503');
    expect((await runOnce('--once', '--local', ...quick)).code).toBe(1);
    expect(record()).toMatch(new RegExp(`^singapore=100@${until}`));
  });

  it('runs once for cron and says what it found', async () => {
    await singapore.setFault('503');
    const running = flipper('--once', '--local', '--fast-interval', '50ms');
    expect(await running.code).toBe(0);
    expect(record()).toBe('singapore=0');
    expect(running.out).toMatch(/^singapore unhealthy \(http status: status 503, expected 200\)\neurope healthy\nheld: not-healthy\n$/);
    expect(running.err).toContain('flipped singapore 100 % → 0 %');
  });

  it('fails when an origin is unhealthy and there is nowhere to go', async () => {
    await Promise.all([singapore.setFault('503'), europe.setFault('503')]);
    const { code, stdout } = await runOnce('--once', '--local', '--json', '--fast-interval', '50ms');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ held: 'panic', evidence: { europe: { verdict: 'unhealthy' } } });
    expect(writes()).toBe(0);
  });

  it('fails when an override keeps viewers on an unhealthy origin', async () => {
    const until = Math.ceil(Date.now() / 1_000) + 3_600;
    await test.store.update([], () => ({ puts: [{ key: 'health', value: `singapore=100@${until}` }], deletes: [] }));
    await singapore.setFault('503');
    const { code, stdout } = await runOnce('--once', '--local', '--json', '--fast-interval', '50ms');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ held: 'override', stranded: ['singapore'] });
  });

  it('starts on a store of which another tool left only the audit, and goes on from there', async () => {
    await singapore.setFault('503');
    expect((await runOnce('--once', '--local', '--fast-interval', '50ms')).code).toBe(0);
    await test.store.update([], () => ({ puts: [], deletes: ['health', 'state'] }));
    await singapore.setFault(undefined);
    const { code, stderr } = await runOnce('--once', '--local', '--json', '--fast-interval', '50ms');
    expect(code).toBe(0);
    expect(stderr).toContain('"event":"store-damaged"');
    expect(record()).toBe('singapore=0');
    expect(JSON.parse(test.values().get('audit/02') ?? '{}')).toMatchObject({ sequence: 2, kind: 'restore', to: 'singapore=0' });
  });

  it('writes nothing in its shadow', async () => {
    await singapore.setFault('503');
    const { code, stderr } = await runOnce('--once', '--shadow', '--local', '--fast-interval', '50ms');
    expect(code).toBe(0);
    expect(stderr).toMatch(/would flip .*singapore/);
    expect(writes()).toBe(0);
  });

  it('says what it costs and sends no request', async () => {
    const { code, stdout } = await runOnce('--cost');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^as a process, --watch, without its machine: \$44\.02 a month\n/);
    expect(test.control.calls).toEqual([]);
  });

  it.each([
    { args: ['--local'], code: 2, err: /^error: .*--watch or --once.*\nhint: / },
    { args: ['--watch', '--once'], code: 2, err: /exclude each other/ },
    {
      args: ['--once', '--local', '--interval', '100ms', '--fast-interval', '1s'],
      code: 2,
      err: /health\.fastIntervalMs: must not exceed intervalMs/,
    },
    { args: ['--once'], code: 1, err: /^error: .*credentials.*\nhint: /i },
  ])('with $args ends with $code, one line and a hint, and writes nothing', async ({ args, code, err }) => {
    const ended = await runOnce(...args);
    expect(ended.code).toBe(code);
    expect(ended.stderr).toMatch(err);
    expect(writes()).toBe(0);
  });
});
