import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { runScript, startScript } from './start-script.ts';

const run = promisify(execFile);
const databaseUrl = 'postgres://app:$(date)`date`\\n"it\'s&;*|>%25@db:5432/o?sslmode=require&a=b';
const pooled = databaseUrl.replace('db:5432', 'pooler.singapore.internal:6432').replace("'", '%27');
const print = 'process.stdout.write(process.env.DATABASE_URL)';

it('is read alike by a shell and by node --env-file, whatever the password is', async () => {
  const { code, stdout, stderr } = await startScript('region:config', ['singapore', '--show-secrets'], { DATABASE_URL: databaseUrl }).ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const { DATABASE_URL: _, ...env } = process.env;
  const folder = await mkdtemp(join(tmpdir(), 'region-config-'));
  try {
    const file = join(folder, 'singapore.env');
    await writeFile(file, stdout);
    const byShell = await run('bash', ['-c', 'set -a; eval "$(cat "$0")"; exec "$1" -e "$2"', file, process.execPath, print], { env });
    const byNode = await run(process.execPath, [`--env-file=${file}`, '-e', print], { env });
    expect([byShell.stdout, byNode.stdout]).toEqual([pooled, pooled]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

it('masks the password unless it is asked for, on every way out', async () => {
  const env = { DATABASE_URL: 'postgres://app:hunter2@db/o' };
  const ways = [['singapore'], ['singapore', '--json'], ['singapore', '--format', 'ecs', '--show-secrets']];
  const ends = await Promise.all(ways.map((args) => runScript('region:config', args, env)));
  expect(ends.map(({ code }) => code)).toEqual([0, 0, 2]);
  for (const { stdout, stderr } of ends) expect(stdout + stderr).not.toContain('hunter2');
});

it.each([
  { id: 'singapor', hint: 'did you mean singapore?' },
  { id: 'constructor', hint: 'origins: singapore, europe' },
])('names the origins there are for $id', async ({ id, hint }) => {
  const { code, stdout } = await runScript('region:config', [id, '--json']);
  expect([code, JSON.parse(stdout).error]).toMatchObject([2, { code: 'ORIGIN_UNKNOWN', hint }]);
});
