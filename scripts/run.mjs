// What `npm run <command>` starts in this repository: node scripts/run.mjs failover status. The package has dist/bin.js in its place. Compiles all commands
// once and keeps the result until a source file changes: compiling TypeScript on each start costs a third of a second, which is long during an outage.
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import process, { argv } from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { explainMissingPackage, refuse, refuseOldNode } from './bin-refusals.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
// In this checkout, not in node_modules, which several checkouts may share.
const cache = join(root, 'dist', '.run');
const keptForMs = 30 * 24 * 3_600_000;

refuseOldNode();
if (!existsSync(join(root, 'node_modules', 'esbuild'))) refuse('the packages of this project are not installed', 'run `npm ci` first');
process.setSourceMapsEnabled(true);
try {
  const compiled = readCompiled() ?? (await compileWithNotice());
  if (compiled === undefined) {
    const { register } = await import('tsx/esm/api');
    register();
  } else markInUse(dirname(compiled));
  const { main } = await import(pathToFileURL(compiled ?? join(root, 'scripts', 'main.ts')).href);
  await main(argv.slice(2), 'npm run');
} catch (error) {
  explainMissingPackage(error, 'npm ci');
  throw error;
}

/** The entry as compiled before; undefined when there is none or a source has changed since. */
function readCompiled() {
  try {
    const { entry, inputs } = JSON.parse(readFileSync(join(cache, 'manifest.json'), 'utf8'));
    for (const [file, stamp] of inputs) if (stampOf(join(root, file)) !== stamp) return undefined;
    const path = join(cache, entry);
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

/** As `compile`, with a line on a terminal for as long as it takes. */
async function compileWithNotice() {
  const isShown = process.stderr.isTTY === true;
  if (isShown) process.stderr.write('compiling the commands, once after a change …');
  const compiled = await compile();
  if (isShown) process.stderr.write('\r\u001b[K');
  return compiled;
}

/** Compiles into a folder of its own, so that a command that runs on loads what it was started with. Undefined when nothing can be written. */
async function compile() {
  const draft = join(cache, randomUUID());
  try {
    mkdirSync(draft, { recursive: true });
  } catch {
    return undefined;
  }
  const { compile } = await import('./compile.mjs');
  const { metafile } = await compile(draft).catch((error) => {
    rmSync(draft, { recursive: true });
    const [first] = error.errors ?? [];
    if (first === undefined) throw error;
    const { file, line } = first.location ?? {};
    return refuse(`${file === undefined ? '' : `${file}:${line}: `}${first.text}`, 'npm run types finds errors of this kind');
  });
  const inputs = [...Object.keys(metafile.inputs), 'scripts/compile.mjs'].map((file) => [file, stampOf(resolve(root, file))]);
  // Named by what went in: two processes that compile the same end up with one folder.
  const name = createHash('sha256').update(JSON.stringify(inputs)).digest('hex').slice(0, 16);
  const kept = join(cache, name);
  try {
    renameSync(draft, kept);
  } catch {
    rmSync(draft, { recursive: true });
  }
  const manifest = join(cache, `${randomUUID()}.json`);
  writeFileSync(manifest, JSON.stringify({ entry: join(name, 'main.js'), inputs }));
  renameSync(manifest, join(cache, 'manifest.json'));
  collectOld();
  return join(kept, 'main.js');
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
