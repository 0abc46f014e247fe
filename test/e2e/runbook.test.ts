import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openAws } from '../../src/aws/clients.ts';
import { openKeyValueStore } from '../../src/aws/key-value-store.ts';
import { parseEdgeConfig } from '../../src/config/edge-config.ts';
import { readLocalCloud } from '../../src/config/local-cloud.ts';
import { flipKeys, planFlip } from '../../src/core/flip.ts';
import { publishRouter } from '../../src/publish/publish.ts';
import edgeConfig from '../fixtures/sample/edge.config.ts';
import { withoutNjs } from '../programs.ts';
import { freePorts } from './free-ports.ts';
import { startScript, waitUntil } from './start-script.ts';

// The runbook's commands, as they stand there and in that order, on a local cloud. What is added is what the local cloud needs, and no more.

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

/** Regions that answer so many viewers from India. */
async function regions(viewers = 1): Promise<string[]> {
  const answers = Array.from({ length: viewers }, async (_, viewer) => {
    const headers = { 'x-local-viewer-country': 'IN', 'x-local-viewer-ip': `198.51.100.${viewer}` };
    return (await fetch(`http://127.0.0.1:${port + 1}/api/orders`, { method: 'POST', headers })).headers.get('x-region') ?? 'none';
  });
  return [...new Set(await Promise.all(answers))].sort();
}

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

/** A real flipper takes Singapore out and ends; Singapore recovers, and nothing but the record of a verdict says otherwise. */
async function holdSingaporeOut(): Promise<void> {
  expect((await startScript('fault', ['singapore', 'refuse'], env).ended).code).toBe(0);
  expect((await startScript('flipper', ['--once', '--local'], env).ended).stderr).toMatch(/flipped ok -> singapore=0/);
  expect((await startScript('fault', ['singapore', 'none'], env).ended).code).toBe(0);
  await expect.poll(() => regions(), { timeout: 10_000 }).toEqual([europe]);
  const status = JSON.parse((await startScript('failover', ['status', '--local', '--json'], env).ended).stdout);
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
  { command: 'failover -- status', says: /record +ok\n[\s\S]*edge +agrees/ },
  { command: 'failover -- history', says: /no flips yet/ },
  { command: 'function:explain -- --country IN', says: /goes to +singapore, then europe/ },
  { command: 'verify', says: /\d+ ok, \d+ warn, 0 fail/ },
  { command: 'doctor', says: /\d+ ok, \d+ warn, 0 fail/ },
  { command: 'failover -- to europe --for 2h --reason "ALB 5xx in Singapore"', says: /confirmed at the edge/, after: goTo(europe) },
  { command: 'failover -- drain singapore --weight 50 --for 30m --reason "slow deploys"', says: /written/, after: goTo(singapore, europe) },
  { command: 'failover -- auto --reason "Singapore has recovered"', says: /written: ok/, after: goTo(singapore) },
  { command: 'failover -- drain singapore --weight 10 --for 30m --reason "failing back"', says: /written/, after: goTo(singapore, europe) },
  { command: 'failover -- drain singapore --weight 50 --for 30m --reason "failing back"', says: /written/, after: goTo(singapore, europe) },
  { command: 'failover -- auto --reason "failback done"', says: /written: ok/, after: goTo(singapore) },
  {
    command: 'failover -- to singapore --for 1h --reason "flipper is wrong, checking"',
    before: holdSingaporeOut,
    says: /written/,
    after: goTo(singapore),
  },
  { command: 'failover -- auto --reason "checked"', says: /written: singapore=0/, after: goTo(europe) },
  {
    command: 'flipper -- --once',
    before: async () => {
      await bringHome();
      expect((await startScript('fault', ['singapore', 'refuse'], env).ended).code).toBe(0);
    },
    says: /flipped ok -> singapore=0/,
    after: async () => {
      await expect.poll(() => regions(), { timeout: 10_000 }).toEqual([europe]);
      expect((await startScript('fault', ['singapore', 'none'], env).ended).code).toBe(0);
    },
  },
  { command: 'function:history', before: publishAnother, says: /v2 .*a colleague/ },
  { command: 'function:rollback', says: /v3\b[^\n]* is LIVE/ },
  { command: 'distribution:plan', says: /nothing to do/ },
  { command: 'failover -- history', says: /checked[\s\S]*ALB 5xx in Singapore/ },
];

it('the runbook has these commands and no others, in this order', async () => {
  const text = await readFile('docs/runbook.md', 'utf8');
  const commands = [...text.matchAll(/^ {4}npm run (.+)$/gm)].map(([, command]) => command);
  expect(commands).toEqual(rehearsal.map(({ command }) => command));
});

it('all of them do what the runbook says', { timeout: 240_000 }, async () => {
  for (const { command, before, says, after } of rehearsal) {
    await before?.();
    const [name = '', ...args] = [...command.matchAll(/"[^"]*"|\S+/g)]
      .map(([word]) => word.replaceAll('"', ''))
      .filter((word) => word !== '--');
    const isRelease = name === 'function:rollback';
    const writes = isRelease || (name === 'failover' && !['status', 'history'].includes(args[0] ?? ''));
    const { code, stdout, stderr } = await startScript(
      name,
      [...args, '--local', ...(writes ? ['--yes'] : []), ...(isRelease ? withoutNjs : [])],
      env,
    ).ended;
    expect({ command, code, stderr }).toMatchObject({ command, code: 0 });
    expect(`${stdout}${stderr}`, command).toMatch(says);
    await after?.();
  }
});
