import { spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LocalCloud } from '../../src/config/local-cloud.ts';
import { auditHistory } from '../../src/core/audit.ts';
import { openTestStore, type TestStore } from '../contract/aws/open-test-store.ts';
import { openTestEdge, type TestEdge } from '../contract/failover/open-test-edge.ts';
import { runScript } from './start-script.ts';

// The command, on a local cloud whose control plane is the real one and whose edge and origins are fakes.

let test: TestStore;
let edge: TestEdge;
let servers: Server[];
let localPort: number;

async function serve(answer: () => { status: number; body: string }): Promise<number> {
  const server = createServer((_, response) => {
    const { status, body } = answer();
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push(server);
  return (server.address() as AddressInfo).port;
}

beforeAll(async () => {
  servers = [];
  test = await openTestStore();
  edge = await openTestEdge(() => test.values().get('health'));
  const origin = async (id: string, region: string): Promise<LocalCloud['origins'][string]> => ({
    domainName: `${id}.example`,
    host: '127.0.0.1',
    port: await serve(() => ({ status: 200, body: JSON.stringify({ status: 'ok', region, binance_accessible: true }) })),
    protocol: 'http',
  });
  const cloud: LocalCloud = {
    controlPlane: test.control.url,
    edge: edge.url,
    accountId: '111122223333',
    keyValueStoreArn: test.arn,
    distributionId: 'E1',
    origins: { singapore: await origin('singapore', 'ap-southeast-1'), europe: await origin('europe', 'eu-central-1') },
    env: {
      AWS_ACCOUNT_ID: '111122223333',
      VIEWER_DOMAIN: 'www.example',
      ACM_CERTIFICATE_ARN: 'arn:aws:acm:us-east-1:111122223333:certificate/1',
      ORIGIN_VERIFY_SECRET: 'secret',
      SINGAPORE_DOMAIN: 'singapore.example',
      EUROPE_DOMAIN: 'europe.example',
    },
  };
  localPort = await serve(() => ({ status: 200, body: JSON.stringify(cloud) }));
});
afterAll(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  await edge.close();
  await test.close();
});
beforeEach(async () => {
  edge.delayMs = 0;
  await test.store.update([], () => ({
    puts: [{ key: 'health', value: 'ok' }],
    deletes: [...test.values().keys()].filter((key) => key !== 'health'),
  }));
  test.control.calls.length = 0;
});

interface Outcome {
  code: number | null;
  out: string;
  err: string;
}

/** An environment with nothing of this machine's AWS set-up in it. */
const bare = () => ({
  PATH: process.env['PATH'] ?? '',
  HOME: '/nonexistent',
  AWS_EC2_METADATA_DISABLED: 'true',
  EDGE_LOCAL_PORT: String(localPort),
  EDGE_PROJECT: process.env['EDGE_PROJECT'] ?? '',
});

function failover(
  args: string[],
  env: Record<string, string> = {},
  during?: (end: (signal: 'SIGINT') => void, out: () => string) => void,
): Promise<Outcome> {
  const child = spawn(process.execPath, ['--no-warnings', 'scripts/run.mjs', 'failover', ...args], {
    env: { ...bare(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    out += chunk;
    during?.(
      (signal) => child.kill(signal),
      () => out,
    );
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    err += chunk;
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, err })));
}

/** The same in this process. */
async function failoverHere(args: readonly string[], env: Record<string, string> = {}): Promise<Outcome> {
  const { code, stdout, stderr } = await runScript('failover', args, { ...bare(), ...env }, { isBare: true });
  return { code, out: stdout, err: stderr };
}

const move = ['to', 'europe', '--for', '2h', '--reason', 'ALB 5xx', '--yes'];
const keys = { AWS_ACCESS_KEY_ID: 'A', AWS_SECRET_ACCESS_KEY: 'B' };
const written = () => test.control.calls.filter(({ operation }) => operation === 'UpdateKeys').length;

describe('npm run failover', () => {
  it('moves all viewers, waits until the edge follows, and shows it', async () => {
    edge.delayMs = 500;
    const moved = await failover([...move, '--local', '--by', 'ann']);
    expect(moved.err).toMatch(/other countries +singapore → europe/);
    expect(moved).toMatchObject({ code: 0 });
    expect(moved.out).toMatch(
      /^written: singapore 0 %, europe 100 % until [\d: -]+ UTC \(flip #1\)\nconfirmed at the edge [\d.]+s after the write\n$/,
    );
    const status = await failoverHere(['status', '--local', '--json']);
    expect(JSON.parse(status.out)).toMatchObject({ override: { by: 'ann', reason: 'ALB 5xx' }, edge: { disagreements: [] } });
    expect(auditHistory(test.values())).toHaveLength(1);
  });

  it.each([
    {
      when: 'the origin is unknown',
      args: ['to', 'singapor', ...move.slice(2)],
      code: 2,
      says: /^error: .*"singapor"\nhint: .*singapore\?\n$/,
    },
    {
      when: 'the reason is missing',
      args: ['to', 'europe', '--for', '2h', '--yes'],
      code: 2,
      says: /^error: --reason .*\nhint: .*--reason.*\n$/,
    },
    {
      when: 'the expiry is missing',
      args: ['to', 'europe', '--reason', 'x', '--yes'],
      code: 2,
      says: /^error: --for .*\nhint: .*--for 2h.*\n$/,
    },
    {
      when: 'the expiry is too far',
      args: ['to', 'europe', '--for', '80h', '--reason', 'x', '--yes'],
      code: 2,
      says: /^error: --for .* 72h, .*"80h"\nhint: .*\n$/,
    },
    {
      when: 'there are no credentials',
      args: move,
      env: { EDGE_KVS_ARN: 'ARN' },
      code: 1,
      says: /^error: cannot \w+ the key-value store: .*redentials.*\nhint: .*AWS_PROFILE.*\n$/,
    },
    {
      when: 'there are no credentials to find the store',
      args: ['status'],
      code: 1,
      says: /^error: .*edge-health: .*redentials.*\nhint: .*\n$/,
    },
    {
      when: 'the endpoint is unreachable',
      args: move,
      env: { ...keys, EDGE_KVS_ARN: 'ARN', AWS_ENDPOINT_URL: 'http://localhost:1' },
      code: 1,
      says: /^error: .*ECONNREFUSED 127\.0\.0\.1:1\nhint: .*AWS_ENDPOINT_URL.*\n$/,
    },
    {
      when: 'the local cloud is absent',
      args: [...move, '--local'],
      env: { EDGE_LOCAL_PORT: '1' },
      code: 1,
      says: /^error: .*http:\/\/127\.0\.0\.1:1\/.*ECONNREFUSED.*\nhint: .*`npm run start`.*\n$/,
    },
  ])('says one line and a hint when $when, and writes nothing', async ({ args, env = {}, code, says }) => {
    const filled = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, value === 'ARN' ? test.arn : value]));
    const outcome = await failoverHere(args, filled);
    expect(outcome.err).toMatch(says);
    expect(outcome).toMatchObject({ code, out: '' });
    expect(written()).toBe(0);
  });

  it('asks for --yes where no terminal is, and writes nothing', async () => {
    const outcome = await failover([...move.slice(0, -1), '--local']);
    expect(outcome.err).toMatch(/error: [^\n]*terminal[^\n]*\nhint: [^\n]*--yes[^\n]*\n$/);
    expect([outcome.code, written()]).toEqual([2, 0]);
  });

  it('gives an error as JSON, and nothing else on stdout', async () => {
    const outcome = await failoverHere(['to', 'mars', ...move.slice(2), '--json']);
    expect(JSON.parse(outcome.out)).toEqual({
      error: { code: 'ORIGIN_UNKNOWN', message: 'edge.config.ts defines no origin "mars"', hint: 'origins: singapore, europe' },
    });
    expect([outcome.code, outcome.err]).toEqual([2, '']);
  });

  it('redraws the status until Ctrl-C and ends well', async () => {
    const outcome = await failover(['status', '--watch', '--json', '--local'], {}, (end, out) => {
      if (out().split('\n').length > 2) end('SIGINT');
    });
    expect(outcome.code).toBe(0);
    expect(outcome.out.trim().split('\n').length).toBeGreaterThanOrEqual(2);
  });

  it('writes to AWS by the SDK’s own environment, and finds the store by its name', async () => {
    const outcome = await failoverHere([...move, '--break-glass', 'a test', '--no-verify'], {
      ...keys,
      AWS_ENDPOINT_URL: test.control.url,
    });
    expect(outcome).toMatchObject({ code: 0 });
    // Beside it STS is asked who writes, at the same endpoint, which does not know it.
    const operations = test.control.calls.filter(({ service }) => service === 'cloudfront').map(({ operation }) => operation);
    expect(operations.filter((operation) => operation !== 'Unknown')).toEqual(['DescribeKeyValueStore']);
    expect(written()).toBe(1);
  });
});
