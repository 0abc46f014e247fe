import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

function npm(args: readonly string[], more: Record<string, string> = {}) {
  const plain = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_|^EDGE_/i.test(name)));
  // Nothing listens there: a command that is not stopped cannot write either.
  const env = { ...plain, AWS_ENDPOINT_URL: 'http://127.0.0.1:1', AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x', ...more };
  const { status, stderr } = spawnSync('npm', args, { cwd: root, env, encoding: 'utf8', timeout: 60_000 });
  return { status, stderr };
}

const write = ['--', 'to', 'europe', '--for', '10m', '--reason', 'x', '--yes'];

// npm writes each place and spelling down as --no-global; test/unit/cli/npm-arguments.test.ts has the other places.
it.each([
  { how: 'behind the script', args: ['run', 'failover', '--local', ...write] },
  { how: 'before the command', args: ['--local', 'run', 'failover', ...write] },
  { how: 'abbreviated', args: ['run', 'failover', '--loc', ...write] },
  { how: 'with logs elsewhere', args: ['run', 'failover', '--logs-dir=node_modules/.cache/npm-logs', '--local', ...write] },
])('stops a write when npm took --local $how', ({ args }) => {
  const { status, stderr } = npm(args);
  expect(status).toBe(2);
  expect(stderr).toContain('npm took --local');
});

it('stops a write when an outer npm took --local', () => {
  const { status, stderr } = npm(['exec', '--local', '-c', `npm run failover ${write.join(' ')}`]);
  expect(status).toBe(2);
  expect(stderr).toContain('npm took --local');
});

it('asks for the target when npm keeps no record, unless the environment names it', () => {
  const args = ['run', 'failover', '--local', '--logs-max=0', ...write];
  const { status, stderr } = npm(args);
  expect(status).toBe(2);
  expect(stderr).toContain('EDGE_TARGET=local');
  // Nothing runs at that port: the local cloud was asked for.
  expect(npm(args, { EDGE_TARGET: 'local', EDGE_LOCAL_PORT: '6299' }).stderr).toContain('6299');
});

it('shows no control character of a name before any command runs', () => {
  const command = ['scripts/run.mjs', 'x\u001b[31m\u009b2J'];
  for (const args of [command, [...command, '--json']]) {
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
    expect(status).toBe(2);
    expect(stdout + stderr).toContain('x\\u001b[31m\\u009b2J');
  }
});
