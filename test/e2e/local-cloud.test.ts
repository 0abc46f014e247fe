import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Matrix } from '../../src/drill/matrix/matrix.ts';
import type { DrillReport } from '../../src/drill/report.ts';
import { withoutNjs } from '../programs.ts';
import { freePorts } from './free-ports.ts';
import { runScript as run, startScript as start, waitUntil as until } from './start-script.ts';

describe('npm start', () => {
  let port = 0;
  let env: Record<string, string> = {};
  let cloud: ReturnType<typeof start>;

  beforeAll(async () => {
    port = await freePorts();
    env = { EDGE_LOCAL_PORT: String(port) };
    cloud = start('start', ['--no-flipper', '--propagation', '200ms'], env);
    await until(() => cloud.output.stdout.includes('npm run failover'), 20_000);
  });

  afterAll(async () => {
    cloud.child.kill('SIGTERM');
    await cloud.ended;
  });

  const ask = async (country: string) =>
    (await fetch(`http://127.0.0.1:${port + 1}/api/hello`, { headers: { 'x-local-viewer-country': country } })).headers.get('x-region');

  it('prints where everything is', () => {
    for (const place of [0, 1, 2, 3, 4]) expect(cloud.output.stdout).toContain(`:${port + place}`);
  });

  it('sends India home to Singapore and Germany to Europe', async () => {
    expect([await ask('IN'), await ask('DE')]).toEqual(['ap-southeast-1', 'eu-central-1']);
  });

  it('refuses a second one in one line, because the port is taken, and goes on itself', async () => {
    const { code, stderr } = await start('start', [], env).ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`^error: .*${port}.*\nhint: .*\n$`));
    expect(await ask('IN')).toBe('ap-southeast-1');
  });

  it.each([
    { taken: 2, whose: 'an origin’s' },
    { taken: 4, whose: 'the console’s' },
  ])('refuses it, too, when only $whose port is taken, and leaves nothing open', async ({ taken }) => {
    const other = await freePorts();
    const blocker = createServer().listen(other + taken, '127.0.0.1');
    const { code, stderr } = await start('start', [], { EDGE_LOCAL_PORT: String(other) }).ended;
    blocker.close();
    expect(code).toBe(1);
    expect(stderr).toContain(String(other + taken));
  });

  it('refuses a port behind which the console has none', async () => {
    const { code, stderr } = await run('start', [], { EDGE_LOCAL_PORT: '65532' });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: no port is left for the console after 65532\nhint: .*lower EDGE_LOCAL_PORT/);
  });

  it('moves all viewers by the failover command, and back', async () => {
    const moved = await run('failover', ['to', 'europe', '--for', '5m', '--reason', 'a test', '--yes', '--local'], env);
    expect(moved.code, moved.stderr).toBe(0);
    expect(await ask('IN')).toBe('eu-central-1');
    const back = await run('failover', ['auto', '--reason', 'done', '--yes', '--local'], env);
    expect(back.code, back.stderr).toBe(0);
    expect(await ask('IN')).toBe('ap-southeast-1');
  });

  it('breaks and restores an origin by the fault command, which names what it does not know', async () => {
    expect((await start('fault', ['singapore', 'refuse'], env).ended).code).toBe(0);
    expect(await ask('IN')).toBe('eu-central-1');
    expect((await run('fault', ['singapore', 'none'], env)).code).toBe(0);
    expect(await ask('IN')).toBe('ap-southeast-1');
    const { code, stderr } = await run('fault', ['mumbai', 'melt'], env);
    expect(code).toBe(2);
    expect(stderr).toMatch(/no origin "mumbai".*unknown fault "melt"/);
  });

  it('makes the edge’s reads of the store fail, so all viewers go home, and refuses unknown switches', async () => {
    const post = async (body: object) => {
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(`http://127.0.0.1:${port}/_local/replica`, { method: 'POST', headers, body: JSON.stringify(body) });
      return { status: response.status, body: (await response.json()) as { problems?: string[] } };
    };
    const moved = ['to', 'europe', '--for', '5m', '--reason', 'a test', '--yes', '--local'];
    expect((await run('failover', moved, env)).code).toBe(0);
    expect((await post({ failReads: true })).body).toEqual({ failReads: true, transientMiss: false });
    expect(await ask('IN')).toBe('ap-southeast-1');
    expect((await post({ failReads: false })).status).toBe(200);
    expect(await ask('IN')).toBe('eu-central-1');
    const refused = await post({ failWrites: true });
    expect(refused.status).toBe(400);
    expect(refused.body.problems?.[0]).toMatch(/failWrites.*failReads, transientMiss/);
    expect((await run('failover', ['auto', '--reason', 'done', '--yes', '--local'], env)).code).toBe(0);
  });

  it('publishes again what is LIVE already without a write', async () => {
    const { code, stdout } = await run('function:publish', ['--yes', '--local', ...withoutNjs], env);
    expect(code).toBe(0);
    expect(stdout).toContain('nothing to do');
  });
});

describe('npm run drill', () => {
  const running: ReturnType<typeof start>[] = [];
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'drill-'));
  });
  afterEach(async () => {
    for (const { child } of running.splice(0)) child.kill('SIGKILL');
    await rm(folder, { recursive: true });
  });

  it('survives an outage with every promise kept, and reports it in one page and as JSON', { timeout: 90_000 }, async () => {
    const { code, stdout, stderr } = await start('drill', ['--json', '--report', join(folder, 'new')]).ended;
    expect(code, stderr).toBe(0);
    const summary = JSON.parse(stdout) as { promises: { result: string }[]; phases: { phase: string; requests: number }[] };
    expect(summary.promises.map(({ result }) => result)).toEqual(['kept', 'kept', 'kept', 'kept']);
    for (const { requests } of summary.phases) expect(requests).toBeGreaterThan(20);
    const page = await readFile(join(folder, 'new', 'report.html'), 'utf8');
    expect(page).toMatch(/^<!DOCTYPE html>.*Every promise was kept.*the flip is at the edge.*<\/html>\n$/s);
    expect(Buffer.byteLength(page)).toBeLessThan(1_000_000);
    const report = JSON.parse(await readFile(join(folder, 'new', 'report.json'), 'utf8')) as DrillReport;
    expect(report.summary.phases).toEqual(summary.phases);
    expect(report.markers.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['fault', 'written', 'propagated', 'ramp', 'failback']));
    expect(report.probes.every(({ good }) => good > 0)).toBe(true);
    expect(report.context.command).toBe(`npm run drill -- --report ${join(folder, 'new')}`);
  });

  it('tabulates and writes what --matrix has done when it is stopped', { timeout: 90_000 }, async () => {
    const matrix = start('drill', ['--matrix', '--fault', 'refuse', '--outage', '6', '--json', '--report', folder]);
    running.push(matrix);
    await until(() => matrix.output.stderr.includes('neither'), 60_000);
    matrix.child.kill('SIGTERM');
    const { code, stdout } = await matrix.ended;
    expect(code).toBe(143);
    const { planned, cells } = JSON.parse(stdout) as Matrix;
    expect([planned, cells.map(({ fault, setup }) => `${fault} ${setup}`)]).toEqual([5, ['refuse neither']]);
    expect(cells[0]?.methods.GET.failed).toBeGreaterThan(0);
    expect(await readFile(join(folder, 'matrix.html'), 'utf8')).toContain('interrupted: 1 of 5 outages were run');
    expect(JSON.parse(await readFile(join(folder, 'matrix.json'), 'utf8'))).toMatchObject({ planned, cells });
  });

  it('stops within seconds on SIGTERM, with 143', async () => {
    const drill = start('drill', []);
    running.push(drill);
    await until(() => drill.output.stderr.includes('healthy'), 20_000);
    drill.child.kill('SIGTERM');
    expect((await drill.ended).code).toBe(143);
  });

  it.each([
    { args: ['--fault', 'melt'], says: 'unknown fault "melt"' },
    { args: ['--origin', 'mumbai'], says: 'no origin "mumbai"' },
    { args: ['--rate', '0'], says: '--rate' },
    { args: ['--outage', '9'], says: '--outage needs --matrix' },
    { args: ['--report', 'package.json'], says: 'cannot write to package.json' },
    { args: ['--matrix', '--report', 'README.md/out'], says: 'cannot write to README.md/out' },
  ])('refuses $args in one line', async ({ args, says }) => {
    const { code, stderr } = await run('drill', args);
    expect(code).toBe(2);
    expect(stderr).toContain(says);
    // What needs the configuration is found after the drill's first line.
    expect(stderr).toMatch(/^(drill: .*\n)?error: .*\nhint: .*\n$/);
  });
});
