import { chmod, mkdir, mkdtemp, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadModule } from '../../../src/config/load-module.ts';

let folder: string;
beforeAll(async () => {
  folder = join(await realpath(await mkdtemp(join(tmpdir(), 'load-'))), 'a team é');
});
afterAll(() => rm(dirname(folder), { recursive: true }));

async function load(files: Readonly<Record<string, string>>): Promise<Readonly<Record<string, unknown>>> {
  const own = join(folder, String(Math.random()).slice(2));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(own, name)), { recursive: true });
    await writeFile(join(own, name), text);
  }
  await chmod(own, 0o555);
  return loadModule(join(own, 'edge.config.ts'));
}

const types = 'const value: { a: number } = { a: 1 };\n';

it.each([
  {
    what: 'TypeScript with lines of Windows',
    files: { 'edge.config.ts': `${types}export default value;\n`.replaceAll('\n', '\r\n') },
    value: { a: 1 },
  },
  {
    what: 'the package itself',
    files: {
      'edge.config.ts':
        "import { defineEdgeConfig } from 'cloudfront-edge-failover/config';\nexport default defineEdgeConfig({ a: 1 } as never);",
    },
    value: { a: 1 },
  },
  {
    what: 'own files and JSON',
    files: {
      'edge.config.ts': "import a from './a.ts';\nimport b from './b.json' with { type: 'json' };\nexport default { a, b };",
      'a.ts': 'export default 1 as number;',
      'b.json': '[2]',
    },
    value: { a: 1, b: [2] },
  },
  {
    what: 'CommonJS in a project of CommonJS',
    files: {
      'package.json': '{ "type": "commonjs" }',
      'edge.config.ts': "const { sep } = require('node:path');\nmodule.exports = { a: sep };",
    },
    value: { a: '/' },
  },
  {
    what: 'a package of CommonJS',
    files: {
      'edge.config.ts': "import { a } from 'cjs';\nexport default { a };",
      'node_modules/cjs/package.json': '{ "main": "x.cjs" }',
      'node_modules/cjs/x.cjs': 'exports.a = 1;',
    },
    value: { a: 1 },
  },
  {
    what: 'paths of tsconfig.json',
    files: {
      'tsconfig.json': '{ "compilerOptions": { "paths": { "#own/*": ["./lib/*"] } } }',
      'edge.config.ts': "import a from '#own/a';\nexport default { a };",
      'lib/a.ts': 'export default 1;',
    },
    value: { a: 1 },
  },
  {
    what: 'its own place',
    files: {
      'edge.config.ts':
        "import { readFileSync } from 'node:fs';\nexport default { a: readFileSync(new URL('./a.txt', import.meta.url), 'utf8') };",
      'a.txt': 'x',
    },
    value: { a: 'x' },
  },
])('loads $what', async ({ files, value }) => {
  expect((await load(files as Record<string, string>))['default']).toEqual(value);
});

it.each([
  { what: 'a syntax error', files: { 'edge.config.ts': 'export default {\n  a: ,\n};' }, at: 'edge.config.ts:2:' },
  { what: 'an exception', files: { 'edge.config.ts': `${types}\nthrow new Error('on purpose');` }, at: 'edge.config.ts:3: on purpose' },
  {
    what: 'an exception of an own file',
    files: { 'edge.config.ts': "import './a.ts';\nexport default {};", 'a.ts': '\n\n(undefined as never as { x: { y: 1 } }).x.y;' },
    at: 'a.ts:3: ',
  },
  {
    what: 'a package that is missing',
    files: { 'edge.config.ts': "\nimport x from 'no-such-package';\nexport default x;" },
    at: 'edge.config.ts:2:',
  },
  { what: 'what is not an Error', files: { 'edge.config.ts': "throw 'text';" }, at: 'edge.config.ts: text' },
])('names file and line of $what', async ({ files, at }) => {
  const error = await load(files as Record<string, string>).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining(at) });
  expect((error as Error).message).not.toMatch(/\n|base64/);
});

it('keeps what it compiled until a file changes, an own one or a package’s', async () => {
  const own = join(folder, 'kept');
  await mkdir(join(own, 'node_modules/cjs'), { recursive: true });
  const write = (name: string, text: string) => writeFile(join(own, name), text);
  await write('edge.config.ts', "import a from './a.ts';\nimport { b } from 'cjs';\nexport default { a, b };");
  await write('a.ts', 'export default 1 as number;');
  await write('node_modules/cjs/index.js', 'exports.b = 1;');
  const read = async () => (await loadModule(join(own, 'edge.config.ts')))['default'];
  const kept = async () => (await readdir(join(own, 'node_modules/.cache/cloudfront-edge-failover'))).length;
  expect(await read()).toEqual({ a: 1, b: 1 });
  expect(await kept()).toBe(1);
  await write('a.ts', 'export default 20 as number;');
  expect(await read()).toEqual({ a: 20, b: 1 });
  await write('a.ts', 'export default ,;');
  await expect(read()).rejects.toMatchObject({ message: expect.stringContaining('a.ts:1:') });
  await write('a.ts', "\nthrow new Error('on purpose');");
  for (const _ of ['compiled', 'kept']) await expect(read()).rejects.toMatchObject({ message: expect.stringContaining('a.ts:2: ') });
  expect(await kept()).toBe(1);
});
