import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { freePorts } from './free-ports.ts';

// However the local cloud ends, no process stays behind. Real processes, started by npm and by a shell.

let folder: string;
let started: number[] = [];
let log = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orphans-'));
  await writeFile(join(folder, 'f.js'), 'function handler(event) { return event.request; }');
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(() => {
  for (const pid of started.filter(isAlive)) process.kill(pid, 'SIGKILL');
  started = [];
});

/** The process itself and every one below it, the deepest last. */
function family(root: number): number[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
  const all = lines.map((line) => line.trim().split(/\s+/).map(Number));
  const found = [root];
  for (const parent of found) for (const [pid = 0, ppid] of all) if (ppid === parent) found.push(pid);
  return found;
}

/** The shell that npm runs a script in, or the script itself where the shell has replaced itself by it. */
function childOf(npm: number): number {
  const [, child] = family(npm);
  if (child === undefined) throw new Error('npm has no child');
  return child;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // An ended process that its parent has not waited for is a zombie: it holds nothing.
    return !/^Z/.test(execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).trim());
  } catch {
    return false;
  }
}

async function launch(command: string, args: readonly string[], ready: RegExp): Promise<ChildProcess> {
  const port = String(await freePorts());
  // With the name of the npm script that runs the tests, a command below a shell would end by the rule for npm.
  const { npm_lifecycle_event: _, ...inherited } = process.env;
  const env = { ...inherited, EDGE_LOCAL_PORT: port, npm_config_update_notifier: 'false' };
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  // For a start that fails, too.
  started = [child.pid ?? 0];
  log = '';
  for (const output of [child.stdout, child.stderr]) output.on('data', (text: Buffer) => (log += String(text)));
  await expect.poll(() => log, { timeout: 180_000 }).toMatch(ready);
  return child;
}

const start = ['--no-console', '--quiet'];
const startReady = /npm run failover/;
const edge = () => ['--function', join(folder, 'f.js'), '--port', '0'];
const node = `${process.execPath} --no-warnings scripts/run.mjs`;

/** npm's child is the script, or the shell that runs it. */
const npmRun = (name: string, ...args: string[]) => ['run', name, ...(args.length > 0 ? ['--', ...args] : [])];
const drillReady = /\d s {2}/;
const edgeReady = /^edge /m;

// A command ends by its own signal, by that of its parent, or by the end of a parent that passes nothing on. All
// commands share the code for it: each way is tried with one or two of them.
describe('no process is left', () => {
  it.each([
    { what: 'npm start', by: 'SIGTERM to npm', run: () => launch('npm', ['start', '--', ...start], startReady), signal: 'SIGTERM' },
    { what: 'npm start', by: 'SIGKILL of npm', run: () => launch('npm', ['start', '--', ...start], startReady), signal: 'SIGKILL' },
    {
      what: 'edge',
      by: 'SIGKILL of a shell',
      run: () => launch('sh', ['-c', `${node} edge ${edge().join(' ')}; true`], edgeReady),
      signal: 'SIGKILL',
    },
    { what: 'npm run drill', by: 'SIGHUP to npm', run: () => launch('npm', npmRun('drill'), drillReady), signal: 'SIGHUP' },
    {
      what: 'npm run edge',
      by: 'SIGTERM to the shell below npm',
      receiver: 'the shell below npm',
      run: () => launch('npm', npmRun('edge', ...edge()), edgeReady),
      signal: 'SIGTERM',
    },
    {
      what: 'start',
      by: 'its own SIGKILL',
      run: () => launch(process.execPath, ['--no-warnings', 'scripts/run.mjs', 'start', ...start], startReady),
      signal: 'SIGKILL',
    },
    // What npm and a shell pass on has come as SIGTERM so far; SIGINT is Ctrl-C in the tests of other commands.
    {
      what: 'edge',
      by: 'SIGHUP to itself',
      run: () => launch(process.execPath, ['--no-warnings', 'scripts/run.mjs', 'edge', ...edge()], edgeReady),
      signal: 'SIGHUP',
    },
  ] as const)('of $what after $by', { timeout: 240_000 }, async ({ run, signal, ...more }) => {
    const child = await run();
    started = family(child.pid ?? 0);
    // workerd is among them.
    expect(started.length).toBeGreaterThan(1);
    const ended = once(child, 'exit');
    if ('receiver' in more) process.kill(childOf(child.pid ?? 0), signal);
    else child.kill(signal);
    await ended;
    await expect.poll(() => started.filter(isAlive), { timeout: 30_000 }).toEqual([]);
  });
});
