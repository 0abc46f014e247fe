import { execFile, spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { DescribeKeyValueStoreCommand as FindStore } from '@aws-sdk/client-cloudfront';
import { DescribeKeyValueStoreCommand, GetKeyCommand, UpdateKeysCommand } from '@aws-sdk/client-cloudfront-keyvaluestore';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openAws } from '../../src/aws/clients.ts';
import { openKeyValueStore } from '../../src/aws/key-value-store.ts';
import { parseEdgeConfig } from '../../src/config/edge-config.ts';
import { readLocalCloud } from '../../src/config/local-cloud.ts';
import { flipKeys, planFlip } from '../../src/core/flip.ts';
import { publishRouter } from '../../src/publish/publish.ts';
import edgeConfig from '../fixtures/sample/edge.config.ts';
import { withoutNjs } from '../programs.ts';
import { freePorts } from './free-ports.ts';
import { regionsOf } from './regions.ts';
import { missingLines, readShown } from './shown.ts';
import { runScript, startScript, waitUntil } from './start-script.ts';

// The runbook's commands, unchanged and in that order, on a local cloud. What is added is what the local cloud needs,
// and no more.

interface Step {
  command: string;
  /** What there must be for the command to make sense. */
  before?: () => Promise<unknown>;
  /** What it must say. */
  says: RegExp;
  /** What must be true afterwards. */
  after?: () => Promise<void>;
}

let port: number;
let env: Record<string, string>;
let cloud: ReturnType<typeof startScript>;

beforeAll(async () => {
  port = await freePorts();
  env = { EDGE_LOCAL_PORT: String(port) };
  cloud = startScript('start', ['--no-flipper', '--propagation', '200ms', '--quiet'], env);
  await waitUntil(() => cloud.output.stdout.includes('npm run failover'), 25_000);
});
afterAll(async () => {
  cloud.child.kill('SIGTERM');
  await cloud.ended;
});

const regions = (viewers = 1) => regionsOf(port, viewers);

const [singapore, europe] = ['ap-southeast-1', 'eu-central-1'];
const goTo = (...expected: string[]) => {
  return async () => expect(await regions(expected.length === 1 ? 1 : 100)).toEqual(expected);
};

/** A colleague publishes a function that is different, as `npm run function:publish` in another working tree would. */
async function publishAnother(): Promise<void> {
  const local = await readLocalCloud(env);
  const aws = openAws({ env: {}, local });
  const config = parseEdgeConfig({ ...edgeConfig, perRequestFailover: false });
  const store = openKeyValueStore(await aws.keyValueStore(), local.keyValueStoreArn);
  const { outcome } = await publishRouter({
    cloudFront: await aws.cloudFront(),
    keyValueStoreArn: local.keyValueStoreArn,
    openStore: async () => store,
    config,
    njs: undefined,
    by: 'a colleague',
  });
  expect(outcome).toBe('published');
}

/** A real flipper takes Singapore out and ends; Singapore recovers, and only the record of a verdict says otherwise. */
async function holdSingaporeOut(): Promise<void> {
  expect((await runScript('fault', ['singapore', 'refuse'], env)).code).toBe(0);
  expect((await runScript('flipper', ['--once', '--local'], env)).stderr).toMatch(/flipped singapore 100 % → 0 %/);
  expect((await runScript('fault', ['singapore', 'none'], env)).code).toBe(0);
  await expect.poll(() => regions(), { timeout: 10_000 }).toEqual([europe]);
  const status = JSON.parse((await runScript('failover', ['status', '--local', '--json'], env)).stdout);
  expect(status.origins[0]).toMatchObject({ id: 'singapore', weight: 0, verdict: 'unhealthy', probe: { kind: 'good' } });
}

/** The last step of a flipper's failback. */
async function bringHome(): Promise<void> {
  const local = await readLocalCloud(env);
  const store = openKeyValueStore(await openAws({ env: {}, local }).keyValueStore(), local.keyValueStoreArn);
  const [at, origins] = [Date.now(), Object.keys(edgeConfig.origins)];
  const home = { kind: 'automatic', weights: {}, memory: {} } as const;
  await store.update(flipKeys, (snapshot) => planFlip(snapshot, home, { at, reason: 'home', by: 'flipper', origins }));
  await expect.poll(() => regions(), { timeout: 10_000 }).toEqual([singapore]);
}

const rehearsal: Step[] = [
  { command: 'failover -- status', says: /record +all origins serve their viewers\n[\s\S]*edge +agrees/ },
  { command: 'failover -- history', says: /no flips yet/ },
  { command: 'function:explain -- --country IN', says: /goes to +singapore, then europe/ },
  { command: 'verify', says: /\d+ ok, \d+ warn, 0 fail/ },
  { command: 'doctor', says: /\d+ ok, \d+ warn, 0 fail/ },
  { command: 'failover -- to europe --for 2h --reason "ALB 5xx in Singapore"', says: /confirmed at the edge/, after: goTo(europe) },
  { command: 'failover -- drain singapore --weight 50 --for 30m --reason "slow deploys"', says: /written/, after: goTo(singapore, europe) },
  { command: 'failover -- auto --reason "Singapore has recovered"', says: /written: all origins serve/, after: goTo(singapore) },
  { command: 'failover -- drain singapore --weight 10 --for 30m --reason "failing back"', says: /written/, after: goTo(singapore, europe) },
  { command: 'failover -- drain singapore --weight 50 --for 30m --reason "failing back"', says: /written/, after: goTo(singapore, europe) },
  { command: 'failover -- auto --reason "failback done"', says: /written: all origins serve/, after: goTo(singapore) },
  {
    command: 'failover -- to singapore --for 1h --reason "flipper is wrong, checking"',
    before: holdSingaporeOut,
    says: /written/,
    after: goTo(singapore),
  },
  { command: 'failover -- auto --reason "checked"', says: /written: singapore 0 % \(/, after: goTo(europe) },
  {
    command: 'flipper -- --once',
    before: async () => {
      await bringHome();
      expect((await runScript('fault', ['singapore', 'refuse'], env)).code).toBe(0);
    },
    says: /flipped singapore 100 % → 0 %/,
    after: async () => {
      await expect.poll(() => regions(), { timeout: 10_000 }).toEqual([europe]);
      expect((await runScript('fault', ['singapore', 'none'], env)).code).toBe(0);
    },
  },
  { command: 'function:history', before: publishAnother, says: /v2 .*a colleague/ },
  { command: 'function:rollback', says: /v3\b[^\n]* is LIVE/ },
  { command: 'distribution:plan', says: /nothing to do/ },
  { command: 'failover -- history', says: /checked[\s\S]*ALB 5xx in Singapore/ },
];

const page = await readFile('docs/runbook.md', 'utf8');
const shown = readShown(page, /^npm run /);

it('the runbook has these commands and no others, in this order', () => {
  expect(shown.map(({ command }) => command)).toEqual(rehearsal.map(({ command }) => `npm run ${command}`));
});

it('all of them do what the runbook says, and print what it shows', { timeout: 240_000 }, async () => {
  let last = '';
  for (const [place, { command, before, says, after }] of rehearsal.entries()) {
    await before?.();
    const [name = '', ...args] = [...command.matchAll(/"[^"]*"|\S+/g)]
      .map(([word]) => word.replaceAll('"', ''))
      .filter((word) => word !== '--');
    const isRelease = name === 'function:rollback';
    const writes = isRelease || (name === 'failover' && !['status', 'history'].includes(args[0] ?? ''));
    const { code, stdout, stderr } = await runScript(
      name,
      [...args, '--local', ...(writes ? ['--yes'] : []), ...(isRelease ? withoutNjs : [])],
      env,
    );
    expect({ command, code, stderr }).toMatchObject({ command, code: 0 });
    last = `${stdout}${stderr}`;
    expect(last, command).toMatch(says);
    // The page shows a history of several flips, which the first one here is too early for.
    if (place !== 1) expect({ command, missing: missingLines(shown[place]?.output ?? [], last), last }).toMatchObject({ missing: [] });
    await after?.();
  }
  expect({ missing: missingLines(shown[1]?.output ?? [], last), last }).toMatchObject({ missing: [] });
});

// Step 7: a record written by the AWS CLI alone. Where no CLI can sign, the SDK makes the same calls.

const health = async () => {
  const local = await readLocalCloud(env);
  return { aws: openAws({ env: {}, local }), KvsARN: local.keyValueStoreArn };
};

it('step 7 shows each call of the AWS CLI with the options that the store needs', () => {
  const cli = readShown(page, /^(\w+=\$\()?aws cloudfront|^until=/).map(({ command }) => command.replace(/"?\$\w+"?/g, '$'));
  const write = 'aws cloudfront-keyvaluestore update-keys --kvs-arn $ --if-match $ --puts';
  const etag = 'etag=$(aws cloudfront-keyvaluestore describe-key-value-store --kvs-arn $ --query ETag --output text)';
  expect(cli.map((line) => line.replace('"Key=health,Value=singapore=0@$', 'Key=health,Value=singapore=0@$'))).toEqual([
    'arn=$(aws cloudfront describe-key-value-store --name edge-health --query KeyValueStore.ARN --output text)',
    'aws cloudfront-keyvaluestore get-key --kvs-arn $ --key health',
    'until=$(( $(date +%s) + 7200 ))',
    etag,
    `${write} Key=health,Value=singapore=0@$`,
    'aws cloudfront-keyvaluestore get-key --kvs-arn $ --key health --query Value --output text',
    etag,
    `${write} Key=health,Value=ok`,
  ]);
});

it('the calls of step 7 move the viewers, and the flipper notes them in the audit', { timeout: 60_000 }, async () => {
  const { aws, KvsARN } = await health();
  const store = await aws.keyValueStore();
  const found = await (await aws.cloudFront()).send(new FindStore({ Name: 'edge-health' }));
  expect(found.KeyValueStore?.ARN).toBe(KvsARN);
  await bringHome();

  const until = Math.floor(Date.now() / 1_000) + 7_200;
  const { ETag: IfMatch } = await store.send(new DescribeKeyValueStoreCommand({ KvsARN }));
  const Puts = [{ Key: 'health', Value: `singapore=0@${until}` }];
  await store.send(new UpdateKeysCommand({ KvsARN, IfMatch, Puts }));
  expect((await store.send(new GetKeyCommand({ KvsARN, Key: 'health' }))).Value).toBe(`singapore=0@${until}`);
  await expect.poll(() => regions(), { timeout: 10_000 }).toEqual([europe]);
  await expect(store.send(new UpdateKeysCommand({ KvsARN, IfMatch, Puts }))).rejects.toThrow(/Pre-Condition failed/);

  const { code, stderr } = await runScript('flipper', ['--once', '--local'], env);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(stderr).toMatch(/noted that the record was changed by hand/);
  const { stdout } = await runScript('failover', ['history', '--local', '--json'], env);
  expect(stdout).toMatch(/"kind": ?"edit"/);

  const again = await store.send(new DescribeKeyValueStoreCommand({ KvsARN }));
  await store.send(new UpdateKeysCommand({ KvsARN, IfMatch: again.ETag, Puts: [{ Key: 'health', Value: 'ok' }] }));
  await expect.poll(() => regions(), { timeout: 10_000 }).toEqual([singapore]);
});

const credentials = {
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'local',
  AWS_REGION: 'us-east-1',
  AWS_DEFAULT_REGION: 'us-east-1',
};

describe.skipIf(!hasSigningCli())('step 7 by the AWS CLI [optional aws, with awscrt]', () => {
  let proxy: Server;
  afterAll(() => proxy.close());

  it('does what the page shows', { timeout: 180_000 }, async () => {
    // The CLI puts the account before the endpoint's name, and no resolver knows 111122223333.localhost: a proxy does.
    proxy = createServer((incoming, answer) => {
      const { pathname, search } = new URL(incoming.url ?? '');
      const { method, headers } = incoming;
      incoming.pipe(
        request({ host: '127.0.0.1', port, method, path: `${pathname}${search}`, headers }, (given) => {
          answer.writeHead(given.statusCode ?? 502, given.headers);
          given.pipe(answer);
        }),
      );
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const cli = {
      ...process.env,
      ...credentials,
      http_proxy: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
      AWS_ENDPOINT_URL: `http://localhost:${port}`,
    };
    const lines = readShown(page, /^(\w+=\$\()?aws cloudfront|^until=/);
    const script = lines.map(({ command }) => command).join('\n');
    const { stdout } = await promisify(execFile)('bash', ['-euc', script], { env: cli });
    expect({ missing: lines.flatMap(({ output }) => missingLines(output, stdout)), stdout }).toMatchObject({ missing: [] });
    await expect.poll(() => regions(), { timeout: 10_000 }).toEqual([singapore]);
  });
});

/** Version 2, or version 1 with awscrt: without it the CLI refuses before it connects. */
function hasSigningCli(): boolean {
  const kvs = 'arn:aws:cloudfront::111122223333:key-value-store/f9d294e9-e347-cb77-5637-121df6b8dcf6';
  const { error, stderr } = spawnSync(
    'aws',
    ['cloudfront-keyvaluestore', 'describe-key-value-store', '--kvs-arn', kvs, '--endpoint-url', 'http://127.0.0.1:9'],
    { env: { ...process.env, ...credentials, AWS_MAX_ATTEMPTS: '1' }, encoding: 'utf8' },
  );
  return error === undefined && /connect/i.test(stderr) && !/awscrt/.test(stderr);
}
