// Runs a command of this folder: node scripts/run.mjs failover status. Compiles it once and keeps the result until a source file changes:
// compiling TypeScript on each start costs a third of a second, which is long during an outage.
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import process, { argv } from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
/** The folder that holds edge.config.ts and distribution.json. */
const project = resolve(process.env.EDGE_PROJECT || root);
// node_modules may be shared by several checkouts, and each has a configuration of its own.
const cache = join(root, 'node_modules', '.cache', 'cloudfront-edge-failover');
const key = createHash('sha256').update(`${root}\0${project}`).digest('hex').slice(0, 12);
const [, , name = '', ...args] = argv;
const source = join(root, 'scripts', `${name}.ts`);
const keptForMs = 30 * 24 * 3_600_000;

const problem = findProblem();
if (problem !== undefined) {
  const [message, hint] = problem;
  refuse('USAGE', message, hint);
}

// A command reads its own arguments from the third place on.
argv.splice(1, argv.length - 1, source, ...args);
process.setSourceMapsEnabled(true);
const compiled = readCompiled() ?? (await compile());
if (compiled === undefined) {
  const { register } = await import('tsx/esm/api');
  register();
} else markInUse(dirname(compiled));
await import(pathToFileURL(compiled ?? source).href);

function refuse(code, message, hint) {
  // As escapeForeign of src/text/paint.ts does, which is not compiled yet: names of files and variables are not ours.
  const shown = (text) =>
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a terminal must not get.
    text.replace(/[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, (found) => {
      return `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`;
    });
  if (args.includes('--json')) console.log(shown(JSON.stringify({ error: { code, message, hint } })));
  else console.error(shown(`error: ${message}\nhint: ${hint}`));
  process.exit(2);
}

/** What would otherwise end in a stack trace before any command runs: a message and a hint. */
function findProblem() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19))
    return [`Node ${process.versions.node} is too old: 20.19 or newer is needed`, 'https://nodejs.org has it'];
  const commands = readdirSync(join(root, 'scripts'))
    .filter((file) => file.endsWith('.ts') && file !== 'lambda-handler.ts' && file !== 'open-published-cloud.ts')
    .map((file) => file.slice(0, -3));
  if (!commands.includes(name))
    return [name === '' ? 'no command is given' : `unknown command "${name}"`, `commands: ${commands.join(', ')}`];
  if (!existsSync(join(root, 'node_modules', 'esbuild'))) return ['the packages of this project are not installed', 'run `npm ci` first'];
  // init writes the file.
  if (name !== 'init' && !existsSync(join(project, 'edge.config.ts')))
    return [`${project} has no edge.config.ts`, 'EDGE_PROJECT must be the folder that holds edge.config.ts and distribution.json'];
  return undefined;
}

/** The command as compiled before; undefined when there is none or a source has changed since. */
function readCompiled() {
  try {
    const { entry, inputs } = JSON.parse(readFileSync(join(cache, `${name}.${key}.json`), 'utf8'));
    for (const [file, stamp] of inputs) if (stampOf(file) !== stamp) return undefined;
    return existsSync(entry) ? entry : undefined;
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
    target: 'node20.19',
    sourcemap: true,
    metafile: true,
    logLevel: 'silent',
    plugins: [ownProject(), ownLocations()],
  };
  const { metafile } = await build(options).catch((error) => {
    rmSync(folder, { recursive: true });
    const [first] = error.errors ?? [];
    if (first === undefined) throw error;
    const { file, line } = first.location ?? {};
    refuse('CONFIG_INVALID', `${file === undefined ? '' : `${file}:${line}: `}${first.text}`, 'npm run types finds errors of this kind');
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
  renameSync(manifest, join(cache, `${name}.${key}.json`));
  collectOld();
  return entry;
}

/** A process loads parts of a command only when they are needed, perhaps after months: its folder must stay. The file also renews the folder's time. */
function markInUse(folder) {
  const mark = join(folder, `${process.pid}.pid`);
  try {
    writeFileSync(mark, '');
    process.on('exit', () => rmSync(mark, { force: true }));
  } catch {
    // A folder that cannot be written to is not collected either.
  }
}

/** Removes what no command has used for a month and no process runs from. */
function collectOld() {
  const before = Date.now() - keptForMs;
  try {
    for (const entry of readdirSync(cache)) {
      const path = join(cache, entry);
      if (statSync(path).mtimeMs < before && !isInUse(path)) rmSync(path, { recursive: true, force: true });
    }
  } catch {
    // Another process collects the same.
  }
}

function isInUse(path) {
  if (!statSync(path).isDirectory()) return false;
  const marks = readdirSync(path).filter((file) => file.endsWith('.pid'));
  return marks.some((mark) => isRunning(Number.parseInt(mark, 10)));
}

function isRunning(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function stampOf(file) {
  const { mtimeMs, size } = statSync(file);
  return `${mtimeMs} ${size}`;
}

/** The files of EDGE_PROJECT take the place of those that the commands import from the root. */
function ownProject() {
  return {
    name: 'own-project',
    setup(build) {
      for (const name of ['edge.config.ts', 'origin/service.config.ts'])
        build.onResolve({ filter: new RegExp(`^(\\.\\./)+${name.replaceAll('.', '\\.')}$`) }, ({ path, resolveDir }) => {
          const own = join(project, name);
          return resolve(resolveDir, path) === join(root, name) && existsSync(own) ? { path: own } : undefined;
        });
    },
  };
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
