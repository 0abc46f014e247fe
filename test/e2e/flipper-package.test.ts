import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageFlipper } from '../../src/flipper/lambda/package-flipper.ts';
import { type AwsStub, openAwsStub } from '../contract/aws/open-aws-stub.ts';
import { openTestStore, type TestStore } from '../contract/aws/open-test-store.ts';
import { openTestOrigin, type TestOrigin } from '../contract/flipper/open-test-origin.ts';

// The zip as Lambda gets it: unpacked into a folder with nothing around it, loaded by plain node, and set to work on
// the real control plane.

let store: TestStore;
let singapore: TestOrigin;
let europe: TestOrigin;
let receiver: AwsStub;
let secrets: AwsStub;
let folder: string;
let zip: Buffer;
let printed: { path: string; bytes: number; sha256: string; codeSha256: string };

const placeholder = (name: string) => ['$', '{', name, '}'].join('');
const paths = () => ({ config: join(folder, 'edge.test.config.ts'), distribution: join(folder, 'distribution.test.json') });

beforeAll(async () => {
  [store, singapore, europe, receiver, secrets, folder] = await Promise.all([
    openTestStore(),
    openTestOrigin('ap-southeast-1'),
    openTestOrigin('eu-central-1'),
    openAwsStub(),
    openAwsStub(),
    mkdtemp(join(tmpdir(), 'flipper-')),
  ]);
  receiver.answer({ body: 'ok' });
  await writeFile(
    paths().config,
    `export default {
      origins: {
        singapore: { region: 'ap-southeast-1', signals: [{ type: 'http', required: true }, { type: 'reported', source: 'prometheus' }] },
        europe: { region: 'eu-central-1' },
      },
      defaultOrder: ['singapore', 'europe'],
      health: { intervalMs: 400, fastIntervalMs: 50, connectTimeoutMs: 500, timeoutMs: 1000 },
      notifications: [{ type: 'webhook', secretFrom: 'FLIPPER_WEBHOOK_SECRET' }],
    };`,
  );
  const origin = (Id: string, region: string, { port }: TestOrigin) => ({
    Id,
    DomainName: '127.0.0.1',
    CustomHeaders: { Quantity: 1, Items: [{ HeaderName: 'x-region', HeaderValue: region }] },
    CustomOriginConfig: { HTTPPort: port, HTTPSPort: 443, OriginProtocolPolicy: 'http-only' },
  });
  const distribution = {
    CallerReference: 'a',
    Comment: '',
    Enabled: true,
    Aliases: { Quantity: 1, Items: [placeholder('VIEWER_DOMAIN')] },
    ViewerCertificate: { ACMCertificateArn: placeholder('ACM_CERTIFICATE_ARN') },
    Origins: { Quantity: 2, Items: [origin('singapore', 'ap-southeast-1', singapore), origin('europe', 'eu-central-1', europe)] },
    DefaultCacheBehavior: { TargetOriginId: 'singapore' },
  };
  await writeFile(paths().distribution, JSON.stringify(distribution));
  const out = join(folder, 'flipper.zip');
  const { config, distribution: path } = paths();
  const args = ['--no-warnings', 'scripts/run.mjs', 'flipper:package', '--json', '--out', out, '--config', config];
  const packed = await run(args, resolve('.'), { TZ: 'Asia/Singapore' }, ['--distribution', path]);
  expect(packed.code, packed.err).toBe(0);
  printed = JSON.parse(packed.out);
  zip = await readFile(out);
});

afterAll(async () => {
  await Promise.all([store.close(), singapore.close(), europe.close(), receiver.close(), secrets.close()]);
  await rm(folder, { recursive: true });
});

function run(args: string[], cwd: string, env: Record<string, string>, more: string[] = []) {
  const child = spawn(process.execPath, [...args, ...more], { cwd, env: { PATH: process.env['PATH'] ?? '', ...env } });
  const found = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    found.out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    found.err += chunk.toString();
  });
  return new Promise<{ out: string; err: string; code: number | null }>((done) => {
    child.on('close', (code) => done({ ...found, code }));
  });
}

describe('npm run flipper:package', () => {
  it('writes the zip that it names', () => {
    const hash = createHash('sha256').update(zip).digest();
    expect(printed).toMatchObject({ bytes: zip.length, sha256: hash.toString('hex'), codeSha256: hash.toString('base64') });
  });

  it('gives the same bytes for the same input, whatever the folder, the time zone and the process', async () => {
    const entry = resolve('scripts/lambda-handler.ts');
    const again = await packageFlipper({ entry, ...paths() });
    expect(again.sha256).toBe(printed.sha256);
  });

  it('holds one file of plain JavaScript, small enough to be sent at once', () => {
    const files = unzipSync(zip);
    expect(Object.keys(files)).toEqual(['index.cjs']);
    expect(zip.length).toBeLessThan(1_500_000);
    const code = Buffer.from(files['index.cjs'] ?? []).toString();
    expect(code).not.toMatch(/aws-crt|aws_crt/);
    expect(code).not.toContain(resolve('.'));
    expect(code).not.toContain(folder);
  });
});

describe('the zip in a bare folder', () => {
  it('probes, signs, flips, notifies, and asks nothing of a store that it has just read the second time', async () => {
    const bare = await mkdtemp(join(tmpdir(), 'bare-'));
    await writeFile(join(bare, 'index.cjs'), unzipSync(zip)['index.cjs'] ?? '');
    await writeFile(
      join(bare, 'invoke.cjs'),
      `const { handler } = require('./index.cjs');
       const invoke = (event, ms) => {
         const end = Date.now() + ms;
         return handler(event, { getRemainingTimeInMillis: () => end - Date.now() });
       };
       (async () => {
         await invoke({}, 30_000).then(() => process.exit(9), () => undefined);
         await invoke({}, 30_000);
         await invoke({ run: 'watch' }, 8_500);
         process.exit(0);
       })();`,
    );
    await singapore.setFault('503');
    // The cold start fails once: the secret cannot be read. The next invocation reads it, and then never again.
    const values = { FLIPPER_WEBHOOK_URL: `${receiver.url}/hook`, FLIPPER_WEBHOOK_SECRET: 'a key' };
    secrets.answer((_, made) => ({
      status: made === 1 ? 400 : 200,
      headers: { 'content-type': 'application/x-amz-json-1.1' },
      body: JSON.stringify(made === 1 ? { __type: 'AccessDeniedException' } : { SecretString: JSON.stringify(values) }),
    }));
    store.control.calls.length = 0;
    const ended = await run(['invoke.cjs'], bare, {
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_SESSION_TOKEN: 'token',
      AWS_ENDPOINT_URL: store.control.url,
      AWS_LAMBDA_FUNCTION_NAME: 'edge-flipper',
      AWS_LAMBDA_LOG_STREAM_NAME: '2026/03/01/[$LATEST]0123456789abcdef',
      EDGE_KVS_ARN: store.arn,
      VIEWER_DOMAIN: 'www.example.test',
      EDGE_SECRET_ARN: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:edge-AbCdEf',
      AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
    });
    await rm(bare, { recursive: true });
    expect(ended.code, ended.err).toBe(0);
    const lines = ended.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);

    const [first, second] = lines.filter(({ event }) => event === 'run');
    const verdicts = { singapore: 'unhealthy', europe: 'healthy' };
    expect(first).toMatchObject({ trigger: 'manual', succeeded: true, verdicts, held: 'not-healthy' });
    expect(second).toMatchObject({ trigger: 'schedule', succeeded: true, verdicts });
    expect(store.values().get('health')).toBe('singapore=0');
    expect(store.values().get('audit/01')).toContain('"by":"flipper@lambda:89abcdef"');

    // The reports, once and again after the flip; learning with the next audit entry, the flip's own reading and
    // writing, its verification. The store has no state yet, so the audit is looked through each time before the flip.
    const operations = store.control.calls.map(({ operation }) => operation);
    const counted = (name: string) => operations.filter((operation) => operation === name).length;
    expect(['DescribeKeyValueStore', 'GetKey', 'ListKeys', 'UpdateKeys'].map(counted)).toEqual([7, 11, 2, 1]);
    expect(operations).toHaveLength(21);

    expect(secrets.requests).toHaveLength(2);
    expect(receiver.requests).toHaveLength(1);
    expect(receiver.requests[0]).toMatchObject({
      path: '/hook',
      headers: { 'x-flipper-signature': expect.stringMatching(/^v1=[0-9a-f]{64}$/) },
    });
    expect(lines.filter((line) => '_aws' in line)).toHaveLength(6);
  });
});

describe('the zip behind its aliases', () => {
  it('moves viewers once for two deliveries, takes a report, and refuses both without their alias', async () => {
    await store.store.update([], () => ({ puts: [{ key: 'health', value: 'ok' }], deletes: [] }));
    const bare = await mkdtemp(join(tmpdir(), 'bare-'));
    await writeFile(join(bare, 'index.cjs'), unzipSync(zip)['index.cjs'] ?? '');
    await writeFile(
      join(bare, 'invoke.cjs'),
      `const { handler } = require('./index.cjs');
       const arn = 'arn:aws:lambda:eu-west-1:111122223333:function:edge-flipper';
       const invoke = (event, alias, awsRequestId) =>
         handler(event, { getRemainingTimeInMillis: () => 30_000, invokedFunctionArn: arn + alias, awsRequestId });
       (async () => {
         const to = { action: 'to', origin: 'europe', for: '1h', reason: 'ALB 5xx', author: 'ana', requestId: 'r1' };
         const report = { action: 'report', origin: 'singapore', opinion: 'healthy', ttl: '10m', source: 'prometheus' };
         const answers = [
           await invoke(to, ':operator', '11111111-1'),
           await invoke(to, ':operator', '22222222-2'),
           await invoke(report, ':reporter', '33333333-3'),
           await invoke({ action: 'status' }, ':operator', '44444444-4'),
           await invoke(to, '', '55555555-5'),
           await invoke(report, ':operator', '66666666-6'),
         ];
         process.stderr.write('\\nanswers ' + JSON.stringify(answers) + '\\n', () => process.exit(0));
       })();`,
    );
    const ended = await run(['invoke.cjs'], bare, {
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_SESSION_TOKEN: 'token',
      AWS_ENDPOINT_URL: store.control.url,
      EDGE_KVS_ARN: store.arn,
      VIEWER_DOMAIN: 'www.example.test',
      FLIPPER_WEBHOOK_URL: `${receiver.url}/hook`,
      FLIPPER_WEBHOOK_SECRET: 'a key',
    });
    await rm(bare, { recursive: true });
    expect(ended.code, ended.err).toBe(0);
    const [moved, again, reported, status, plain, wrong] = JSON.parse(/^answers (.*)$/m.exec(ended.err)?.[1] ?? '') as Record<
      string,
      unknown
    >[];
    expect(moved).toMatchObject({ ok: true, result: { written: true, to: expect.stringMatching(/^singapore=0@/) } });
    expect(again).toEqual({ ...moved, repeated: true });
    expect(reported).toMatchObject({ ok: true, result: { outcome: 'written' } });
    expect(status).toMatchObject({
      ok: true,
      result: { override: { by: 'lambda:operator:11111111 (ana)' }, reports: [{ source: 'prometheus' }] },
    });
    for (const refused of [plain, wrong]) expect(refused).toMatchObject({ ok: false, error: { code: 'ACCESS_DENIED' } });
    const lines = ended.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map(({ event, outcome }) => [event, outcome])).toEqual(
      ['written', 'written', 'written', 'read', 'refused', 'refused'].map((outcome) => ['remote', outcome]),
    );
  });
});
