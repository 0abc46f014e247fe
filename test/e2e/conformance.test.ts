import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type ControlPlane, openControlPlane } from '../../local/aws/control-plane.ts';
import { type FunctionUrls, openFunctionUrls } from '../../local/origin/function-urls.ts';
import conformance from '../../scripts/conformance.ts';
import { run } from '../../src/cli/run.ts';
import type { ConformanceReport } from '../../src/conformance/conformance.ts';
import { type AwsStandIn, openAwsStandIn } from '../contract/conformance/open-aws-stand-in.ts';
import { fakeHost } from '../unit/cli/fake-host.ts';
import { startScript, waitUntil } from './start-script.ts';

let folder: string;
let cloud: ControlPlane;
let urls: FunctionUrls;
let standIn: AwsStandIn;
let env: Record<string, string>;
const account = '111122223333';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'conformance-'));
  cloud = await openControlPlane({ accountId: account, provisionMs: 5, deployMs: 5 });
  urls = await openFunctionUrls();
  standIn = await openAwsStandIn(urls, account);
  env = {
    AWS_ENDPOINT_URL: standIn.url,
    AWS_ENDPOINT_URL_CLOUDFRONT: cloud.url,
    AWS_ENDPOINT_URL_CLOUDFRONT_KEYVALUESTORE: cloud.url,
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'example',
  };
  // The SDK's own chain of credentials reads those of the process.
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await standIn.close();
  await urls.close();
  await cloud.close();
  await rm(folder, { recursive: true });
});

const aws = (...more: string[]) => ['--target', 'aws', '--i-own-this', account, '--region', 'eu-central-1', ...more];
/** The command in this process: only a kill needs one of its own. */
async function runHere(args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const host = fakeHost([...args], { env });
  await run(conformance, host);
  return { code: host.codes.at(-1) ?? 0, stdout: host.out(), stderr: host.err() };
}
const journal = () => join(folder, 'journal.jsonl');

describe('conformance --target aws', () => {
  it('asks an account, writes a report that can be committed, and leaves nothing', async () => {
    const out = join(folder, 'conformance', '2026-11-30');
    const { code, stdout, stderr } = await runHere(
      aws('--only', 'store-stale,store-key-513', '--yes', '--json', '--out', out, '--journal', journal()),
    );
    expect(stderr).toContain('at most $0.04');
    expect(code, stderr).toBe(0);
    expect((JSON.parse(stdout) as ConformanceReport).summary).toEqual({ same: 4, different: 0, 'could not ask': 0 });
    for (const file of [`${out}.json`, `${out}.md`]) expect(await readFile(file, 'utf8')).not.toContain(account);
    await expect(stat(journal())).rejects.toThrow();
  });

  it('is found again by --clean-up when it was killed, and Ctrl-C removes everything', async () => {
    cloud.faults.rules = [{ kind: 'latency', operation: 'PutKey', latencyMs: 60_000 }];
    cloud.calls.length = 0;
    const killed = startScript('conformance', aws('--only', 'store-stale-put', '--yes', '--journal', journal()), env);
    await waitUntil(() => cloud.calls.some(({ operation }) => operation === 'PublishFunction'), 60_000);
    killed.child.kill('SIGKILL');
    await killed.ended;
    cloud.faults.rules = [];
    const cleaned = await runHere(aws('--clean-up', '--yes', '--json', '--journal', journal()));
    expect(cleaned.code, cleaned.stderr).toBe(0);
    const { found } = JSON.parse(cleaned.stdout) as { found: { kind: string }[] };
    expect(found.map(({ kind }) => kind).sort()).toEqual(['function', 'function', 'function', 'function', 'store']);
    await expect(stat(journal())).rejects.toThrow();

    cloud.calls.length = 0;
    const host = fakeHost(aws('--only', 'store-', '--yes', '--json', '--journal', journal()), { env });
    const ended = run(conformance, host);
    await waitUntil(() => cloud.calls.some(({ operation }) => operation === 'PutKey'), 60_000);
    host.signal('SIGINT');
    await ended;
    expect(host.codes.at(-1)).toBe(130);
    const report = JSON.parse(host.out()) as ConformanceReport;
    expect(report.left).toEqual([]);
    expect(report.summary['could not ask']).toBeGreaterThan(0);
    await expect(stat(journal())).rejects.toThrow();
  });

  it('creates nothing when the credentials are of another account', async () => {
    cloud.calls.length = 0;
    const args = ['--target', 'aws', '--yes', '--i-own-this', '444455556666', '--region', 'eu-central-1'];
    const { code, stderr } = await runHere(args);
    expect(code).toBe(2);
    expect(stderr).toContain(account);
    expect(cloud.calls).toEqual([]);
  });
});
