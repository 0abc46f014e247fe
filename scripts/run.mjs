// Runs a command of this folder: node scripts/run.mjs failover status. Compiles it once and keeps the result until a source file changes:
// compiling TypeScript on each start costs a third of a second, which is long for somebody who asks for the status of an outage.
import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { argv, setSourceMapsEnabled } from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const cache = join(root, 'node_modules', '.cache', 'cloudfront-edge-failover');
const [, , name = '', ...args] = argv;
const source = join(root, 'scripts', `${name}.ts`);

// A command reads its own arguments from the third place on.
argv.splice(1, argv.length - 1, source, ...args);
setSourceMapsEnabled(true);
const compiled = readCompiled() ?? (await compile());
if (compiled === undefined) {
  const { register } = await import('tsx/esm/api');
  register();
}
await import(pathToFileURL(compiled ?? source).href);

/** The command as compiled before; undefined when there is none or a source has changed since. */
function readCompiled() {
  try {
    const { entry, inputs } = JSON.parse(readFileSync(join(cache, `${name}.json`), 'utf8'));
    for (const [file, stamp] of inputs) if (stampOf(file) !== stamp) return undefined;
    return entry;
  } catch {
    return undefined;
  }
}

/** Compiles the command into a folder of its own, so that a command that runs on loads what it was started with. Undefined when nothing can be written. */
async function compile() {
  const { build } = await import('esbuild');
  const folder = join(cache, randomUUID());
  try {
    mkdirSync(folder, { recursive: true });
  } catch {
    return undefined;
  }
  const options = {
    entryPoints: { [name]: source },
    absWorkingDir: root,
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: true,
    metafile: true,
    logLevel: 'error',
    plugins: [ownLocations()],
  };
  const { metafile } = await build(options).catch((error) => {
    rmSync(folder, { recursive: true });
    throw error;
  });
  const inputs = Object.keys(metafile.inputs).map((file) => [resolve(root, file), stampOf(resolve(root, file))]);
  // Named by what went in: two processes that compile the same end up with one folder.
  const kept = join(cache, createHash('sha256').update(JSON.stringify(inputs)).digest('hex').slice(0, 16));
  try {
    renameSync(folder, kept);
  } catch {
    rmSync(folder, { recursive: true });
  }
  const entry = join(kept, `${name}.mjs`);
  const manifest = join(cache, `${randomUUID()}.json`);
  writeFileSync(manifest, JSON.stringify({ entry, inputs }));
  renameSync(manifest, join(cache, `${name}.json`));
  return entry;
}

function stampOf(file) {
  const { mtimeMs, size } = statSync(file);
  return `${mtimeMs} ${size}`;
}

/** A module that finds files beside itself still finds them beside its source. */
function ownLocations() {
  return {
    name: 'own-locations',
    setup(build) {
      build.onLoad({ filter: /\.ts$/ }, async ({ path }) => ({
        contents: (await readFile(path, 'utf8')).replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)),
        loader: 'ts',
      }));
    },
  };
}
