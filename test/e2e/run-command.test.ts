import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Ended, runScript, startScript } from './start-script.ts';

function expectRefusal({ code, stdout, stderr }: Ended, says: RegExp): void {
  expect({ code, stdout, lines: stderr.trim().split('\n').length }).toEqual({ code: 2, stdout: '', lines: 2 });
  expect(stderr).toMatch(says);
}

describe('scripts/run.mjs', () => {
  it('compiles a command again after its source changed, several at once without harm', { timeout: 60_000 }, async () => {
    const source = 'scripts/fault.ts';
    const { atime } = await stat(source);
    await utimes(source, atime, new Date());
    const runs = await Promise.all([1, 2, 3].map(() => startScript('fault', ['--help']).ended));
    for (const { code, stdout, stderr } of runs) {
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toContain('usage: npm run fault --');
    }
  });

  it.each(['function-check', 'un-adopt'])('takes the command by its name or by that of its module: %s', async (name) => {
    const { code, stderr, stdout } = await startScript(name, ['--help']).ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`usage: npm run ${name.startsWith('un') ? name : name.replace('-', ':')} --`);
  });

  it('hands over arguments as they were given', async () => {
    const { code, stderr } = await startScript('fault', ['--no-such', 'a b', '--json']).ended;
    expect(code).toBe(2);
    expect(stderr).toBe('');
  });

  it.each([
    { when: 'the command is unknown', script: 'faul', says: /^error: .*"faul"\nhint: .*fault/ },
    { when: 'the file is not a command', script: 'lambda-handler', says: /^error: .*"lambda-handler"\nhint: .*fault/ },
    { when: 'no command is given', script: '', says: /^error: .*\nhint: .*fault/ },
  ])('is one line and a hint when $when', async ({ script, says }) => {
    expectRefusal(await startScript(script, []).ended, says);
  });

  it.each([
    {
      when: 'the project has no configuration',
      script: 'function:build',
      env: { EDGE_PROJECT: tmpdir() },
      says: /^error: .*\nhint: EDGE_PROJECT/,
    },
    {
      when: 'init is asked to choose an environment',
      script: 'init',
      env: { EDGE_ENV: 'prod' },
      says: /"prod".*\nhint: .*environments\.md/,
    },
  ])('is one line and a hint when $when', async ({ script, env, says }) => {
    expectRefusal(await runScript(script, [], env), says);
  });

  it.each([
    {
      when: 'ends the process while it is loaded',
      code: 'try { process.exit(0); } catch {}',
      says: /edge\.config\.ts:1: calls process\.exit$/,
    },
    { when: 'throws later', code: "setTimeout(() => { throw new Error('late'); });", says: /edge\.config\.ts:1: late$/ },
  ])('is one line and a hint when edge.config.ts $when', async ({ code, says }) => {
    const folder = await mkdtemp(join(tmpdir(), 'stray-'));
    try {
      const config = join(folder, 'edge.config.ts');
      await writeFile(config, `${code}\nexport default new Promise(() => {});\nawait new Promise((go) => setTimeout(go, 5_000));\n`);
      const ended = await startScript('cost', ['--requests', '1M'], { EDGE_CONFIG: config }).ended;
      expect({ code: ended.code, stdout: ended.stdout }).toEqual({ code: 2, stdout: '' });
      const [error = '', hint, ...more] = ended.stderr.trim().split('\n');
      expect(error).toMatch(says);
      expect(hint).toMatch(/^hint: /);
      expect(more).toEqual([]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('runs each checkout’s own configuration when they share their packages, and removes what is old', { timeout: 240_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'two-checkouts-'));
    try {
      // Not the repository's own node_modules: this test makes the cache old.
      const shared = join(folder, 'node_modules');
      await mkdir(shared);
      for (const name of await readdir('node_modules'))
        if (!name.startsWith('.')) await symlink(resolve('node_modules', name), join(shared, name));
      const runIn = (checkout: string) =>
        new Promise<string>((settle) => {
          const { EDGE_PROJECT: _, ...env } = process.env;
          const args = ['--no-warnings', join(checkout, 'scripts/run.mjs'), 'function:build'];
          execFile(process.execPath, args, { cwd: checkout, env }, (_error, stdout, stderr) => settle(stdout + stderr));
        });
      const sample = await readFile('test/fixtures/sample/edge.config.ts', 'utf8');
      for (const name of ['one', 'two']) {
        const checkout = join(folder, name);
        for (const part of ['scripts', 'src', 'kvs', 'functions', 'local', 'origin', 'client', 'api', 'package.json'])
          await cp(part, join(checkout, part), { recursive: true });
        await symlink(shared, join(checkout, 'node_modules'));
        await writeFile(
          join(checkout, 'edge.config.ts'),
          sample.replace('../../../src/', './src/').replace("'AT'", name === 'one' ? "'AT'" : "'austria'"),
        );
      }
      expect(await runIn(join(folder, 'one'))).toContain('sha256');
      expect(await runIn(join(folder, 'two'))).toContain('austria');
      const cache = join(folder, 'one', 'dist', '.run');
      const old = await readdir(cache);
      const longAgo = new Date(Date.now() - 40 * 24 * 3_600_000);
      for (const entry of old) await utimes(join(cache, entry), longAgo, longAgo);
      await utimes(join(folder, 'one', 'scripts/function-build.ts'), new Date(), new Date());
      expect(await runIn(join(folder, 'one'))).toContain('sha256');
      expect((await readdir(cache)).filter((entry) => old.includes(entry) && entry !== 'manifest.json')).toEqual([]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('npm itself', () => {
  // test/e2e/npm-options.test.ts has --local. An option that npm takes leaves no trace in the environment: the command
  // would act on the live account.
  it.each([
    { typed: ['failover', 'to', 'europe', '--for', '2h', '--local', '--yes'], taken: '--for' },
    { typed: ['kvs:apply', '--yes'], taken: '--yes' },
  ])('is noticed when it takes an option: npm run $typed', { timeout: 60_000 }, async ({ typed, taken }) => {
    const { code, stderr } = await new Promise<{ code: unknown; stderr: string }>((settle) => {
      const env = { ...process.env, EDGE_LOCAL_PORT: '1', AWS_EC2_METADATA_DISABLED: 'true' };
      execFile('npm', ['run', '--silent', ...typed], { env }, (error, _stdout, stderr) => settle({ code: error?.code ?? 0, stderr }));
    });
    expect(code).toBe(2);
    expect(stderr).toMatch(new RegExp(`^error: npm took ${taken}, .*\\nhint: .*npm run ${typed[0]} -- … ${taken}\\n`, 'm'));
  });
});
