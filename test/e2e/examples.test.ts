import { execFile, spawn } from 'node:child_process';
import { cp, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type UnpackedPackage, unpackPackage } from './unpack-package.ts';

const run = promisify(execFile);
let unpacked: UnpackedPackage;
let at: (...path: string[]) => string;
let bin: (name: string) => string;

beforeAll(async () => {
  unpacked = await unpackPackage();
  at = (...path) => join(unpacked.folder, ...path);
  bin = (name) => at('node_modules', '.bin', name);
}, 240_000);
afterAll(() => unpacked?.remove());

/** Without what this repository's own tests set. */
const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' };

/** AWS is not there: what calls it fails at once. */
const unreachable = {
  AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
  EDGE_KVS_ARN: 'arn:aws:cloudfront::111122223333:key-value-store/00000000-0000-4000-8000-000000000000',
  AWS_ACCESS_KEY_ID: 'x',
  AWS_SECRET_ACCESS_KEY: 'x',
};

/** A script of an example's package.json, as `npm run` starts it. */
async function startScript(
  example: string,
  name: string,
): Promise<{ command: string; options: { cwd: string; env: Record<string, string | undefined> } }> {
  const { scripts } = JSON.parse(await readFile(at('examples', example, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
  const options = { cwd: at('examples', example), env: { ...env, ...unreachable, PATH: `${at('node_modules', '.bin')}:${env.PATH}` } };
  return { command: `exec ${scripts[name]}`, options };
}

async function runScript(example: string, name: string, more: Readonly<Record<string, string>> = {}) {
  const { command, options } = await startScript(example, name);
  return run('sh', ['-c', command], { ...options, env: { ...options.env, ...more }, timeout: 180_000 });
}

/** Errors of the files in `folders`, not of the declarations of packages: those of others have errors of their own. */
async function findTypeErrors(moduleResolution: 'nodenext' | 'bundler', folders: readonly string[]): Promise<string[]> {
  const file = at(`tsconfig.${moduleResolution}.json`);
  const compilerOptions = {
    target: 'es2023',
    lib: ['es2023', 'esnext.disposable'],
    module: moduleResolution === 'bundler' ? 'esnext' : 'nodenext',
    moduleResolution,
    types: ['node'],
    noEmit: true,
    strict: true,
    exactOptionalPropertyTypes: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
  };
  await writeFile(file, JSON.stringify({ compilerOptions, include: folders.map((folder) => `${folder}/**/*.ts`) }));
  const { stdout } = await run(bin('tsc'), ['-p', file, '--pretty', 'false', '--checkers', '1'], { cwd: unpacked.folder }).catch(
    (error: { stdout: string }) => error,
  );
  // TS2842 is about names in declarations, where they are notes to the reader.
  return stdout.split('\n').filter((line) => line !== '' && !/^own\/.* error TS2842:/.test(line));
}

it('the examples and the doors have no type error', async () => {
  // tsc skips all declarations or none. With `.ts` as their ending those of this package are checked alone.
  const own = at('node_modules', 'cloudfront-edge-failover', 'dist', 'types');
  await cp(own, at('own'), { recursive: true });
  for (const name of await readdir(at('own'), { recursive: true }))
    if (name.endsWith('.d.ts')) await rename(at('own', name), at('own', name.replace(/\.d\.ts$/, '.ts')));
  expect(await findTypeErrors('nodenext', ['examples', 'own'])).toEqual([]);
});

it('a bundler finds each door with its types', async () => {
  const { exports } = JSON.parse(await readFile('package.json', 'utf8')) as { exports: Record<string, unknown> };
  const doors = Object.keys(exports).filter((door) => door !== './package.json');
  await mkdir(at('doors'));
  const imports = doors.map((door, place) => `import * as door${place} from 'cloudfront-edge-failover${door.slice(1)}';`);
  const uses = doors.map((_, place) => `const names${place}: keyof typeof door${place} extends never ? never : true = true;`);
  await writeFile(at('doors', 'doors.ts'), [...imports, ...uses, ''].join('\n'));
  expect(await findTypeErrors('bundler', ['doors'])).toEqual([]);
});

it('vitest-harness and retrying-client: their tests pass', async () => {
  const folders = ['vitest-harness', 'retrying-client'];
  const scripts = await Promise.all(folders.map(async (folder) => (await startScript(folder, 'test')).command));
  // One run of both.
  expect(scripts).toEqual(['exec vitest run --testTimeout 30000', 'exec vitest run --testTimeout 30000']);
  const { options } = await startScript('vitest-harness', 'test');
  const command = `${scripts[0]} ${folders.join(' ')}`;
  const { stdout } = await run('sh', ['-c', command], { ...options, cwd: at('examples'), timeout: 180_000 });
  expect(stdout).toMatch(/Test Files .*2 passed/);
  expect(stdout).toMatch(/Tests .*4 passed/);
});

it('a program that forgets to close its harness ends, and leaves neither process nor file', async () => {
  await mkdir(at('tmp'));
  const program = `import { createTestHarness } from 'cloudfront-edge-failover/local';
    const harness = await createTestHarness({ config: { origins: { a: { region: 'x' }, b: { region: 'y' } }, defaultOrder: ['a', 'b'] } });
    console.log((await harness.fetch('/')).answeredBy);`;
  await writeFile(at('forgetful.mjs'), program);
  const { stdout } = await run(process.execPath, ['forgetful.mjs'], {
    cwd: unpacked.folder,
    env: { ...env, TMPDIR: at('tmp') },
    timeout: 60_000,
  });
  expect(stdout).toBe('a\n');
  await expect.poll(() => readdir(at('tmp')), { timeout: 10_000 }).toEqual([]);
});

it('build-and-explain: the function is built, and a viewer explained', async () => {
  const built = await runScript('build-and-explain', 'build');
  expect(built.stdout).toMatch(/^\d+ of 10240 bytes\n$/);
  expect(await readFile(at('examples', 'build-and-explain', 'origin-router.js'), 'utf8')).toContain('function handler');
  const explained = await runScript('build-and-explain', 'explain');
  expect(explained.stdout).toBe("[ 'europe' ] defaultOrder\n");
});

it('flipper-process: a signal of its own moves viewers on a local cloud', async () => {
  const { stdout } = await runScript('flipper-process', 'rehearse');
  expect(stdout).toContain('"event":"flip"');
  expect(stdout).toContain("singapore: 'unhealthy'");
});

it('flipper-process: the flipper ends by SIGTERM, with 0', async () => {
  const { command, options } = await startScript('flipper-process', 'start');
  const child = spawn('sh', ['-c', command], { ...options, stdio: ['ignore', 'pipe', 'inherit'] });
  const code = new Promise((resolve) => child.once('exit', resolve));
  let text = '';
  let isStopped = false;
  let stoppedAt = 0;
  for await (const part of child.stdout) {
    text += String(part);
    if (!isStopped && text.includes('"event":"start"')) {
      isStopped = child.kill('SIGTERM');
      stoppedAt = Date.now();
    }
  }
  expect(text).toContain('"event":"stop"');
  expect(await code).toBe(0);
  // Nothing keeps the process alive, such as the wait before a failure of the store is reported.
  expect(Date.now() - stoppedAt).toBeLessThan(12_000);
});

it('lambda: the bundle has everything it needs, and answers an invocation', async () => {
  await runScript('lambda', 'build');
  // Alone in a folder, as Lambda has it.
  const alone = at('lambda.mjs');
  await writeFile(alone, await readFile(at('examples', 'lambda', 'dist', 'handler.mjs')));
  const call = `const { handler } = await import(${JSON.stringify(pathToFileURL(alone).href)});
    const ends = Date.now() + 13_000;
    console.log('answer', JSON.stringify(await handler({}, { getRemainingTimeInMillis: () => ends - Date.now() }).catch((error) => ({ code: error.code }))));`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', call], {
    cwd: unpacked.folder,
    env: { ...env, ...unreachable },
  });
  expect(stdout).toMatch(/^answer \{"(mode|code)":"(once|ENDPOINT_UNREACHABLE|[A-Z_]+)"/m);
});

it('cdk: the app is synthesized, with the built function at the behavior', async () => {
  // The CDK's own validation costs twice the rest, and only warns: test/e2e/cdk.test.ts checks the template.
  await runScript('cdk', 'synth', { CDK_VALIDATION: 'false' });
  const template = await readFile(at('examples', 'cdk', 'cdk.out', 'Site.template.json'), 'utf8');
  expect(template).toContain('async function handler');
  expect(template).toContain('"EventType": "viewer-request"');
});
