import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPublishedCloud, type PublishedCloud } from '../../scripts/open-published-cloud.ts';
import { openAws } from '../../src/aws/clients.ts';
import { openKeyValueStore } from '../../src/aws/key-value-store.ts';
import { parseEdgeConfig } from '../../src/config/edge-config.ts';
import type { VerifyRow } from '../../src/verify/samples.ts';
import edgeConfig from '../fixtures/sample/edge.config.ts';
import { runScript, startScript, waitUntil } from './start-script.ts';

// verify and load, on a local cloud of this machine.

let cloud: PublishedCloud;
let env: Record<string, string>;
const config = parseEdgeConfig(edgeConfig);
const propagationMs = 50;

beforeAll(async () => {
  cloud = await openPublishedCloud({
    config,
    port: 0,
    signal: new AbortController().signal,
    path: process.env['PATH'],
    propagation: { delayMs: propagationMs },
  });
  env = { EDGE_LOCAL_PORT: String(cloud.controlPlane.port) };
}, 60_000);
afterAll(() => cloud.close());

async function write(record: string): Promise<void> {
  const client = await openAws({ env: {}, local: cloud.description }).keyValueStore();
  const store = openKeyValueStore(client, cloud.description.keyValueStoreArn);
  await store.update([], () => ({ puts: [{ key: 'health', value: record }], deletes: [] }));
  // A POST has no fallback of its own: the region that answers is the one that the edge chose.
  const india = { method: 'POST', headers: { 'x-local-viewer-country': 'IN' } };
  const wanted = record === 'ok' ? 'ap-southeast-1' : 'eu-central-1';
  await expect.poll(async () => (await fetch(`${cloud.edge.url}/api/x`, india)).headers.get('x-region'), { timeout: 10_000 }).toBe(wanted);
}

interface Verdict {
  outcome: string;
  complete: boolean;
  canChooseCountry: boolean;
  record: string | null;
  expectedBy: string;
  rows: VerifyRow[];
}
const verify = async (...args: string[]) => {
  const { code, stdout, stderr } = await runScript('verify', [...args, '--json'], env);
  return { code, stderr, verdict: JSON.parse(stdout) as Verdict };
};
/** Nothing of an account is there, nor of what distribution.json needs. */
const nowhere = { AWS_ENDPOINT_URL: 'http://127.0.0.1:1', AWS_ACCESS_KEY_ID: 'A', AWS_SECRET_ACCESS_KEY: 'b', AWS_MAX_ATTEMPTS: '1' };

it('is understood by the deployment, which looks at its own origin alone', async () => {
  await cloud.setFault('europe', { kind: '5xx' });
  const folder = mkdtempSync(join(tmpdir(), 'verified-'));
  try {
    const file = join(folder, 'verified.json');
    const { stdout } = await runScript('verify', ['--local', '--only', 'direct', '--samples', '1', '--json'], env);
    writeFileSync(file, stdout);
    const judge = (origin: string) => {
      const { status, stdout: good, stderr } = spawnSync(process.execPath, ['deploy/judge-origin.mjs', file, origin], { encoding: 'utf8' });
      return { status, said: `${good}${stderr}`.trim() };
    };
    expect(judge('singapore')).toEqual({ status: 0, said: 'singapore answers as it should' });
    expect(judge('europe')).toEqual({ status: 1, said: expect.stringMatching(/^europe does not answer as it should: .*503/) });
    expect(judge('tokyo')).toEqual({ status: 1, said: 'verify has not asked tokyo' });
  } finally {
    rmSync(folder, { recursive: true });
    await cloud.setFault('europe', { kind: 'none' });
  }
});

describe('npm run verify', () => {
  it('finds everything right on a cloud on which it is', async () => {
    const { code, stderr, verdict } = await verify('--local', '--samples', '2');
    expect(stderr).toBe('');
    expect(verdict).toMatchObject({ outcome: 'ok', complete: true, canChooseCountry: true, record: 'ok', expectedBy: 'function' });
    const edge = verdict.rows.filter(({ way }) => way === 'edge');
    expect(edge.map(({ who }) => who)).toEqual([...config.routes.flatMap(({ countries }) => countries), 'others']);
    for (const { expected, went } of edge) expect(went).toEqual(expected);
    expect(verdict.rows.filter(({ way }) => way !== 'edge').map(({ way, who }) => `${way} ${who}`)).toEqual([
      'direct singapore',
      'direct europe',
      'lock singapore',
      'lock europe',
    ]);
    expect(code).toBe(0);
  });

  it('accepts the fallback while the record says so, and names the origin that is down', async () => {
    await cloud.setFault('singapore', { kind: '5xx' });
    await write('singapore=0');
    const [edge, all] = await Promise.all([verify('--local', '--only', 'edge', '--samples', '1'), verify('--local', '--samples', '1')]);
    await write('ok');
    const unflipped = await verify('--local', '--country', 'in', '--only', 'edge', '--samples', '1');
    await cloud.setFault('singapore', { kind: 'none' });
    expect([edge.code, edge.verdict.outcome, new Set(edge.verdict.rows.flatMap(({ went }) => went))]).toEqual([
      0,
      'ok',
      new Set(['europe']),
    ]);
    expect(all.code).toBe(1);
    expect(all.verdict.rows.filter(({ outcome }) => outcome === 'fail')).toMatchObject([
      { way: 'direct', who: 'singapore', notes: ['status 503, expected 200'] },
    ]);
    expect(unflipped.code).toBe(1);
    expect(unflipped.verdict.rows).toMatchObject([{ who: 'IN', went: ['europe'], outcome: 'fail' }]);
  });

  it('looks at an edge that is not local from here, and without an account by configuration', async () => {
    const { code, stdout, stderr } = await startScript('verify', ['--edge', cloud.edge.url, '--samples', '1'], nowhere).ended;
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^record {4}not read: cannot find key-value store edge-health: .*\n? *ECONNREFUSED/m);
    expect(stdout).toMatch(/^viewer {4}\S/m);
    // Of no country, and with the address of a connection that comes from here.
    expect(stdout).toMatch(/^ok +from here +singapore or europe +singapore +200 /m);
    expect(stdout).toMatch(/^not set {3}.*SINGAPORE_DOMAIN/m);
    expect(stdout).toMatch(/^1 ok, 2 warn, 0 fail$/m);
    expect(code).toBe(0);
  });

  it('ends with 1 and one line on an edge that is not there', async () => {
    const { code, stdout } = await runScript('verify', ['--edge', 'http://127.0.0.1:1', '--only', 'edge'], nowhere);
    expect(stdout).toMatch(/^fail +from here .*\n {6}connect: ECONNREFUSED 127\.0\.0\.1:1\n/m);
    expect(code).toBe(1);
  });

  it('prints what is there when it is interrupted', async () => {
    const { child, ended } = startScript('verify', ['--local', '--samples', '1000', '--json'], env);
    const before = cloud.origins['singapore']?.received ?? 0;
    await waitUntil(() => (cloud.origins['singapore']?.received ?? 0) > before + 20, 30_000);
    child.kill('SIGINT');
    const { code, stdout } = await ended;
    expect(code).toBe(130);
    const { complete, rows } = JSON.parse(stdout) as Verdict;
    expect(complete).toBe(false);
    expect(rows[0]).toMatchObject({ who: 'US', outcome: 'ok' });
    expect(rows.length).toBeLessThan(19);
  });

  it.each([
    { args: [], says: /--edge/ },
    { args: ['--local', '--country', 'IND'], says: /--country.*"IND"/ },
    { args: ['--local', '--path', 'health'], says: /--path.*"health"/ },
  ])('refuses $args in one line and a hint', async ({ args, says }) => {
    const { code, stdout, stderr } = await runScript('verify', args, { ...env, VIEWER_DOMAIN: '' });
    expect(stderr).toMatch(/^error: .*\nhint: .*\n$/);
    expect(stderr).toMatch(says);
    expect([code, stdout]).toEqual([2, '']);
  });
});

describe('npm run load', () => {
  const load = (...args: string[]) => runScript('load', args, env);

  it('reports what one country got', async () => {
    const { code, stdout, stderr } = await load(
      '--local',
      '--country',
      'de',
      '--path',
      '/api/x',
      '--duration',
      '1s',
      '--rate',
      '20',
      '--json',
    );
    expect(stderr.replace(/\s+/g, ' ')).toMatch(
      /^GET http:\/\/127\.0\.0\.1:\d+\/api\/x \(127\.0\.0\.1\), 10 connections for 1 s, at most 20 requests a second $/,
    );
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ errors: {}, statuses: { 200: report.answers }, regions: { 'eu-central-1': report.answers } });
    expect(report.answers).toBeGreaterThan(0);
    expect(code).toBe(0);
  });

  it('ends with 1 on more 5xx than --max-errors allows', async () => {
    await cloud.setFault('europe', { kind: '5xx' });
    const url = `${cloud.origins['europe']?.url}/health`;
    const args = ['--url', url, '--duration', '1s', '--rate', '10', '--connections', '2'];
    const [failed, expected] = await Promise.all([load(...args), load(...args, '--max-errors', '1000')]);
    await cloud.setFault('europe', { kind: 'none' });
    expect(failed.stdout).toMatch(/^status +503 +\d+ +100\.0%$/m);
    expect([failed.code, expected.code]).toEqual([1, 0]);
  });

  it('ends soon after Ctrl-C, with a report', async () => {
    const { child, ended } = startScript('load', ['--local', '--duration', '5m', '--rate', '20', '--json'], env);
    const before = cloud.origins['singapore']?.received ?? 0;
    await waitUntil(() => (cloud.origins['singapore']?.received ?? 0) > before + 10, 30_000);
    child.kill('SIGINT');
    const { code, stdout } = await ended;
    expect(JSON.parse(stdout).answers).toBeGreaterThanOrEqual(10);
    expect(code).toBe(130);
  });

  it.each([
    { args: ['--url', 'http://3405803785/x'], says: /203\.0\.113\.9.*nothing was sent/ },
    { args: ['--url', 'http://203.0.113.9/', '--i-own-this'], says: /terminal.*nothing was sent/ },
    { args: ['--url', 'http://127.0.0.1/', '--local'], says: /--url.*--local/ },
    { args: ['--local', '--connections', '201'], says: /--connections.* 200.*"201"/ },
  ])('refuses $args and sends nothing', async ({ args, says }) => {
    const { code, stdout, stderr } = await load(...args);
    expect(stderr).toMatch(says);
    expect(stderr).toMatch(/hint: .*\n$/);
    expect([code, stdout]).toEqual([2, '']);
  });

  it('is not led away by something that calls itself the local cloud', async () => {
    const { description } = cloud;
    const liar = createServer((_, response) => response.end(JSON.stringify({ ...description, edge: 'http://203.0.113.9' })));
    await new Promise<void>((resolve) => liar.listen(0, '127.0.0.1', resolve));
    const { port } = liar.address() as AddressInfo;
    const { code, stderr } = await runScript('load', ['--local'], { EDGE_LOCAL_PORT: String(port) });
    liar.close();
    expect(stderr).toContain('203.0.113.9');
    expect(code).toBe(2);
  });

  it('keeps to the host when a path looks like another one', async () => {
    const { code, stderr } = await load('--local', '--path', '//203.0.113.9/', '--duration', '1s', '--rate', '5');
    expect(stderr.replace(/\s+/g, ' ')).toMatch(/^GET http:\/\/127\.0\.0\.1:\d+\/\/203\.0\.113\.9\/ \(127\.0\.0\.1\)/);
    expect(code).toBe(0);
  });
});
