// npm run build: compiles dist/, which the package ships, from nothing. `npm pack` and `npm publish` run it.
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { compile, root } from './compile.mjs';

const dist = join(root, 'dist');
// What commands keep there stays: the code that `npm run` compiled, and what a user built.
const own = ['api', 'assets', 'parts', 'types'];
for (const name of own) rmSync(join(dist, name), { recursive: true, force: true });
if (readdirSync(root).includes('dist')) for (const name of readdirSync(dist)) if (/\.m?js$/.test(name)) rmSync(join(dist, name));

await compile(dist, 'dist');
for (const name of ['bin-refusals.mjs', 'bin.mjs']) copyFileSync(join(root, 'scripts', name), join(dist, name));
chmodSync(join(dist, 'bin.mjs'), 0o755);

// What the sources compile at each start, such as the console's page.
const maker = join(dist, 'assets', 'build-assets.mjs');
mkdirSync(join(dist, 'assets'), { recursive: true });
await build({
  absWorkingDir: root,
  entryPoints: ['scripts/build-assets.ts'],
  outfile: maker,
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  logLevel: 'silent',
});
const { writeAssets } = await import(pathToFileURL(maker).href);
await writeAssets(join(dist, 'assets'));
rmSync(maker);

// `npm run types` checks the same sources. A second checker would only repeat what the first has read.
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--noCheck', '--checkers', '1'], { cwd: root, stdio: 'inherit' });
