import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

// No docker engine is needed: the build stage's commands run in an empty folder on exactly what the Dockerfile copies,
// and what it hands on is started as a process.

const run = promisify(execFile);
const context = fileURLToPath(new URL('../../origin/', import.meta.url));
const dockerfile = readFileSync(join(context, 'Dockerfile'), 'utf8');
const [, build = '', image = ''] = dockerfile.split(/^FROM /m);
const linesOf = (stage: string, instruction: string) =>
  [...stage.matchAll(new RegExp(`^${instruction} (.*)$`, 'gm'))].map(([, line]) => line ?? '');
const execForm = (instruction: string) => {
  const line = new RegExp(`^(?:HEALTHCHECK .*)?\\b${instruction} (\\[.*\\])$`, 'gm');
  return [...image.matchAll(line)].map(([, list]) => JSON.parse(list ?? '[]') as string[]);
};

const root = mkdtempSync(join(tmpdir(), 'origin-image-'));
const [buildFolder, imageFolder] = [join(root, 'build'), join(root, 'app')];
let child: ChildProcess | undefined;

beforeAll(async () => {
  for (const folder of [buildFolder, imageFolder]) mkdirSync(folder);
  for (const instruction of build.split('\n')) {
    const [, word, rest = ''] = /^(COPY|RUN) (.*)$/.exec(instruction) ?? [];
    if (word === 'COPY') copyFromContext(rest.split(' '));
    // The packages are those that the repository itself was installed with, so that npm finds them in its cache.
    if (word === 'RUN') await run('sh', ['-c', rest], { cwd: buildFolder, env: { ...process.env, npm_config_prefer_offline: 'true' } });
  }
  for (const line of linesOf(image, 'COPY')) {
    const [from, ...paths] = line.split(' ');
    expect([from, paths.pop()]).toEqual(['--from=build', './']);
    for (const path of paths) {
      const source = path.replace(/^\/build/, buildFolder);
      cpSync(source, path.endsWith('.json') ? join(imageFolder, basename(path)) : imageFolder, { recursive: true });
    }
  }
}, 120_000);

afterEach(async () => {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
});
afterAll(() => rmSync(root, { recursive: true }));

function copyFromContext(words: string[]): void {
  expect(words.pop()).toBe('./');
  const ignore = readFileSync(join(context, '.dockerignore'), 'utf8').split('\n');
  const kept = ignore.flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : []));
  expect(ignore[0]).toBe('*');
  for (const pattern of words) {
    const names = readdirSync(context).filter((name) => matches(name, pattern) && kept.some((allowed) => matches(name, allowed)));
    expect(names, pattern).not.toEqual([]);
    for (const name of names) cpSync(join(context, name), join(buildFolder, name));
  }
}

function matches(name: string, pattern: string): boolean {
  return pattern.startsWith('*') ? name.endsWith(pattern.slice(1)) : name === pattern;
}

/** Starts the image's command in an environment of its own, and reads the lines of its log. */
function start(env: Record<string, string>) {
  const [command = []] = execForm('^CMD');
  expect(command[0]).toBe('node');
  const started = spawn(process.execPath, command.slice(1), {
    cwd: imageFolder,
    env: { HOST: '127.0.0.1', PORT: '0', AWS_REGION: 'eu-central-1', ...env },
  });
  child = started;
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    started[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  const log = () => output.stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Record<string, unknown>]));
  const event = (name: string) => log().find(({ event: found }) => found === name);
  const ended = once(started, 'close') as Promise<[number | null]>;
  const listening = async () => {
    await expect.poll(() => event('listening'), { timeout: 30_000 }).toBeDefined();
    return Number(event('listening')?.['port']);
  };
  return { child: started, output, log, event, ended, listening };
}

const health = async (port: number) => {
  const answer = await fetch(`http://127.0.0.1:${port}/health`);
  return { status: answer.status, body: await answer.json() };
};

describe('the image', () => {
  it('is made of two files, and of nothing that was installed', () => {
    expect(readdirSync(imageFolder).sort()).toEqual(['health-check.js', 'main.js', 'package.json']);
  });

  it('is built with the esbuild of the repository', () => {
    const version = (file: string) =>
      (JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, { version: string }> }).packages['node_modules/esbuild'];
    expect(version(join(context, 'package-lock.json'))?.version).toBe(version('package-lock.json')?.version);
  });

  it('runs as a user without rights, on all addresses, and needs no shell', () => {
    expect(linesOf(image, 'USER')).toEqual(['node']);
    expect(linesOf(image, 'ENV')).toEqual(['NODE_ENV=production HOST=0.0.0.0 PORT=8080']);
    expect(linesOf(image, 'RUN')).toEqual([]);
    expect(execForm('^CMD')).toEqual([['node', 'main.js']]);
    expect(execForm('CMD')).toEqual([
      ['node', 'health-check.js'],
      ['node', 'main.js'],
    ]);
  });
});

it('serves, drains on SIGTERM and ends with 0', async () => {
  const origin = start({
    DRAIN_SECONDS: '5',
    ORIGIN_VERIFY_SECRET: 'sesame0123456789ABCDEFGHIJKLMNOPqr',
    DATABASE_URL: 'postgres://app:hunter2@db/o',
    DATABASE_POOLER_HOST: 'pooler',
  });
  const port = await origin.listening();
  expect(await health(port)).toEqual({ status: 200, body: { status: 'ok', region: 'eu-central-1' } });
  const headers = { 'x-amz-cf-id': 'cf-1', 'x-origin-verify': 'sesame0123456789ABCDEFGHIJKLMNOPqr', 'x-region': 'ap-southeast-1' };
  const answer = await fetch(`http://127.0.0.1:${port}/orders?token=hunter2`, { method: 'POST', body: 'x', headers });
  expect(answer.headers.get('x-region')).toBe('ap-southeast-1');
  expect(await answer.json()).toMatchObject({ region: 'eu-central-1', method: 'POST', body: 'x' });

  origin.child.kill('SIGTERM');
  await expect.poll(() => origin.event('draining'), { timeout: 30_000 }).toBeDefined();
  expect(await health(port)).toEqual({ status: 503, body: { status: 'draining', region: 'eu-central-1' } });
  expect((await origin.ended)[0]).toBe(0);
  expect(origin.event('stopped')).toMatchObject({ cut: 0 });
  expect(origin.log()).toContainEqual(
    expect.objectContaining({ id: 'cf-1', method: 'POST', path: '/orders', status: 200, askedRegion: 'ap-southeast-1' }),
  );
  expect(origin.event('listening')).toMatchObject({
    host: '127.0.0.1',
    region: 'eu-central-1',
    database: 'postgres://app:***@pooler/o',
    verifies: true,
  });
  expect(origin.output.stdout + origin.output.stderr).not.toMatch(/sesame|hunter2/);
});

it.each([
  { signal: 'SIGTERM', code: 143 },
  { signal: 'SIGINT', code: 130 },
] as const)('ends at once when $signal follows on SIGTERM', async ({ signal, code }) => {
  const origin = start({ DRAIN_SECONDS: '100' });
  await origin.listening();
  origin.child.kill('SIGTERM');
  await expect.poll(() => origin.event('draining'), { timeout: 30_000 }).toBeDefined();
  origin.child.kill(signal);
  expect((await origin.ended)[0]).toBe(code);
});

it('does not make a person at a terminal wait for the drain', async () => {
  const origin = start({ DRAIN_SECONDS: '100' });
  await origin.listening();
  origin.child.kill('SIGINT');
  expect((await origin.ended)[0]).toBe(0);
});

it('reports its health to a container without curl', async () => {
  const [[, file = '']] = execForm('CMD') as [string[]];
  const origin = start({});
  const port = await origin.listening();
  const check = (at: number) =>
    run(process.execPath, [file], { cwd: imageFolder, env: { HOST: '0.0.0.0', PORT: String(at) } }).then(
      () => 0,
      (error: { code: number }) => error.code,
    );
  expect(await check(port)).toBe(0);
  origin.child.kill('SIGINT');
  await origin.ended;
  expect(await check(port)).toBe(1);
});

it('lists all that is wrong with its settings, one to a line, and never listens', async () => {
  const origin = start({
    AWS_REGION: 'us-east-1',
    PORT: 'x',
    UPSTREAM_BASE_URL: 'http://127.0.0.1:1',
    UPSTREAM_ALLOWED_REGIONS: 'ap-southeast-1,eu-central-1',
  });
  expect((await origin.ended)[0]).toBe(1);
  expect(origin.log().map(({ level, event, problem }) => ({ level, event, problem }))).toEqual(
    [
      'PORT: must be a whole number from 0 to 65535, found "x"',
      'AWS_REGION: the upstream must not be called from us-east-1: its allowed regions are ap-southeast-1, eu-central-1',
    ].map((problem) => ({ level: 'error', event: 'refused-to-start', problem })),
  );
  expect(origin.output.stderr).toBe('');
});

it('says which port is taken', async () => {
  const port = await start({}).listening();
  const first = child;
  const second = start({ PORT: String(port) });
  expect((await second.ended)[0]).toBe(1);
  expect(second.event('refused-to-start')?.['problem']).toMatch(/EADDRINUSE/);
  first?.kill('SIGINT');
  await once(first ?? expect.fail('no first'), 'close');
});

it('stays healthy while the upstream fails, and says that it does', async () => {
  let status = 451;
  const upstream = http.createServer((_, response) => response.writeHead(status).end());
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  const origin = start({ UPSTREAM_BASE_URL: url, UPSTREAM_ALLOWED_REGIONS: 'eu-central-1' });
  const port = await origin.listening();
  const good = { status: 200, body: { status: 'ok', region: 'eu-central-1', binance_accessible: true } };
  try {
    expect(await health(port)).toEqual({ ...good, body: { ...good.body, binance_accessible: false } });
    expect(origin.event('upstream')).toMatchObject({ level: 'warn', binance_accessible: false, problem: 'status 451' });
    status = 200;
    await expect.poll(() => health(port), { timeout: 30_000, interval: 100 }).toEqual(good);
  } finally {
    upstream.closeAllConnections();
    upstream.close();
  }
});
