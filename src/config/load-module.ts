import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { BuildFailure, OnResolveResult, Plugin, PluginBuild } from 'esbuild';
import { EdgeError } from '../errors.ts';
import { builtFile, packageFile } from '../package-files.ts';
import { messageOf } from '../text/message-of.ts';
import { escapeForeign } from '../text/terminal-text.ts';

/** What a file may take until it is loaded: it may await, but no command may wait forever for it. */
const loadLimitMs = 10_000;

interface Loaded {
  url: string;
  map: SourceMapPayload;
  path: string;
}

/** What this process has loaded. */
const loaded: Loaded[] = [];
let loading: string | undefined;

/**
 * An error, or a call of process.exit, that comes from a loaded file: by a timer, say. Undefined when it comes from
 * elsewhere.
 */
export function explainStray(thrown: unknown): EdgeError | undefined {
  const { stack = '' } = thrown instanceof Error ? thrown : {};
  const from = loaded.find(({ url }) => stack.includes(`${url}:`));
  const place =
    from === undefined ? loading && `${shown(loading)}, or a package that it loads` : placeOf(thrown, from.url, from.map, from.path);
  if (place === undefined) return undefined;
  const message = from === undefined ? messageOf(thrown) : messageOf(thrown).split(from.url).join(shown(from.path));
  return new EdgeError('CONFIG_INVALID', `${place}: ${message}`, {
    cause: thrown,
    hint: 'edge.config.ts must only describe: no timers, no process.exit',
  });
}

const packageName = 'cloudfront-edge-failover';

/**
 * The exports of a TypeScript or JavaScript file of the team's. Its own modules are compiled with it; packages are
 * loaded as Node does. CONFIG_INVALID with file and line when it cannot be compiled or throws. The folder may be
 * read-only.
 */
export async function loadModule(file: string): Promise<Readonly<Record<string, unknown>>> {
  const path = resolve(file);
  const { code, map } = await compile(path);
  const url = `data:text/javascript;base64,${Buffer.from(code).toString('base64')}`;
  const timer = new AbortController();
  // A thread costs 80 ms of processor time, and only a loop does not stop computing.
  const endGuard = /\b(while|for|do)\b/.test(code) ? await guardLoading(path) : undefined;
  const late = async (): Promise<never> => {
    const { setTimeout: sleep } = await import('node:timers/promises');
    await sleep(loadLimitMs, undefined, { signal: timer.signal });
    throw new EdgeError('CONFIG_INVALID', `${shown(path)} did not finish loading within ${loadLimitMs / 1_000} s`, {
      hint: 'it waits for something that never happens; a configuration should not use the network',
    });
  };
  loaded.push({ url, map, path });
  loading = path;
  const waiting = late();
  waiting.catch(() => undefined);
  try {
    return (await Promise.race([import(url), waiting])) as Record<string, unknown>;
  } catch (cause) {
    if (cause instanceof EdgeError) throw cause;
    throw new EdgeError(
      'CONFIG_INVALID',
      `${placeOf(cause, url, map, path)}: ${nameDoors(messageOf(cause)).split(url).join(shown(path))}`,
      {
        cause,
        hint: 'the file itself throws when it is loaded',
      },
    );
  } finally {
    loading = undefined;
    timer.abort();
    endGuard?.();
  }
}

/**
 * Ends the process when the file does not stop computing: nothing else of this thread runs then, not even for Ctrl-C.
 * The thread sleeps, and ends with the returned function.
 */
async function guardLoading(path: string): Promise<() => void> {
  const { Worker } = await import('node:worker_threads');
  const done = new Int32Array(new SharedArrayBuffer(4));
  const text = `error: ${escapeForeign(shown(path))} does not stop computing\nhint: the process was ended after ${(2 * loadLimitMs) / 1_000} s\n`;
  const code = `const { workerData: { done, text, ms } } = require('node:worker_threads');
    if (Atomics.wait(done, 0, 0, ms) === 'timed-out') { require('node:fs').writeSync(2, text); process.kill(process.pid, 'SIGKILL'); }`;
  const worker = new Worker(code, { eval: true, execArgv: [], env: {}, workerData: { done, text, ms: 2 * loadLimitMs } });
  worker.unref();
  return () => {
    Atomics.store(done, 0, 1);
    Atomics.notify(done, 0);
  };
}

interface Compiled {
  code: string;
  map: SourceMapPayload;
}

/**
 * Starting esbuild costs 0.15 s, which is long during an outage: what it made is kept until one of the files changes.
 */
async function compile(path: string): Promise<Compiled> {
  const kept = await keptFile(path);
  const known = kept === undefined ? undefined : await readKept(kept);
  if (known !== undefined) return known;
  const { files, ...compiled } = await compileAnew(path);
  if (kept !== undefined) await writeKept(kept, files, compiled);
  return compiled;
}

/** In the project's node_modules, which holds code that runs anyway; undefined where there is none. */
async function keptFile(path: string): Promise<string | undefined> {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const packages = join(folder, 'node_modules');
    const key = createHash('sha256')
      .update(`${path}\0${packageFile('')}\0${builtFile('') ?? ''}`)
      .digest('hex')
      .slice(0, 16);
    if (await stampOf(packages)) return join(packages, '.cache', packageName, `${key}.json`);
    if (dirname(folder) === folder) return undefined;
  }
}

async function readKept(file: string): Promise<Compiled | undefined> {
  try {
    const { stamps, code, map } = JSON.parse(await readFile(file, 'utf8')) as Compiled & { stamps: [string, string | undefined][] };
    const isSame = await Promise.all(stamps.map(async ([path, stamp]) => (await stampOf(path)) === (stamp ?? undefined)));
    return isSame.every(Boolean) ? { code, map } : undefined;
  } catch {
    return undefined;
  }
}

async function writeKept(file: string, files: readonly string[], compiled: Compiled): Promise<void> {
  const draft = `${file}.${randomUUID()}`;
  try {
    const stamps = await Promise.all(files.map(async (path) => [path, await stampOf(path)]));
    await mkdir(dirname(file), { recursive: true });
    await writeFile(draft, JSON.stringify({ stamps, ...compiled }), { flag: 'wx', mode: 0o600 });
    await rename(draft, file);
  } catch {
    // A folder that cannot be written to: the next start compiles again.
  }
}

async function stampOf(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found && `${found.mtimeMs} ${found.size}`;
}

async function compileAnew(path: string): Promise<Compiled & { files: string[] }> {
  const esbuild = await import('esbuild');
  const built = await esbuild
    .build({
      entryPoints: [path],
      absWorkingDir: dirname(path),
      bundle: true,
      write: false,
      outfile: `${path}.mjs`,
      platform: 'node',
      format: 'esm',
      target: 'node20.19',
      charset: 'utf8',
      // Not `module`, which esbuild adds otherwise: Node loads the packages, and does not know that condition.
      conditions: [],
      sourcemap: 'external',
      metafile: true,
      logLevel: 'silent',
      // For CommonJS: `require` finds packages from the team's folder.
      banner: {
        js: `import { createRequire as __edgeRequire } from 'node:module'; const require = __edgeRequire(${JSON.stringify(pathToFileURL(path).href)});`,
      },
      plugins: [ownDoors((file) => ({ path: pathToFileURL(file).href, external: true })), nodePackages(), ownPlaces()],
    })
    .catch((cause: unknown) => {
      throw compileError(cause, path);
    });
  const text = (ending: string) => built.outputFiles.find((output) => output.path.endsWith(ending))?.text ?? '';
  const outputs = Object.values(built.metafile.outputs).flatMap(({ imports }) => imports.map((each) => each.path));
  const files = [
    ...Object.keys(built.metafile.inputs).map((name) => resolve(dirname(path), name)),
    ...outputs.filter((name) => name.startsWith('file:')).map((name) => fileURLToPath(name)),
    join(dirname(path), 'tsconfig.json'),
  ];
  return { files, code: text('.mjs'), map: JSON.parse(text('.map')) as SourceMapPayload };
}

/**
 * `cloudfront-edge-failover/config` is this package, also where the project has not installed it: the program may be
 * installed globally. `asBuilt` says what becomes of a door in dist/.
 */
export function ownDoors(asBuilt: (file: string) => OnResolveResult): Plugin {
  return {
    name: 'own-doors',
    setup(build) {
      build.onResolve({ filter: new RegExp(`^${packageName}(/|$)`) }, ({ path }) => {
        const door = path.slice(packageName.length + 1) || 'config';
        const built = builtFile(`api/${door}.js`);
        return built === undefined ? { path: packageFile(`api/${door}.ts`) } : asBuilt(built);
      });
    },
  };
}

/** A message of Node with the doors as the team imports them, not with their files in dist/. */
function nameDoors(message: string): string {
  const doors = builtFile('api');
  if (doors === undefined) return message;
  return message.replaceAll(`${pathToFileURL(doors).href}/`, `${packageName}/`).replace(/(?<=edge-failover\/\w+)\.js(?=')/, '');
}

/** Packages stay outside, named by their files: code of a data URL cannot name a package. */
function nodePackages(): Plugin {
  const resolving = {};
  const find = async (build: PluginBuild, path: string, options: object): Promise<OnResolveResult | undefined> => {
    const found = await build.resolve(path, { ...options, pluginData: resolving });
    if (found.errors.length > 0) return { errors: found.errors, warnings: found.warnings };
    if (found.external || found.namespace !== 'file') return { path: found.path, external: found.external, namespace: found.namespace };
    // A package of the same repository, in TypeScript and linked into node_modules, is compiled as the team's own files
    // are.
    const isLoadable = /[\\/]node_modules[\\/]/.test(found.path) && /\.([cm]?js|node)$/.test(found.path);
    return isLoadable ? { path: pathToFileURL(found.path).href, external: true } : { path: found.path };
  };
  return {
    name: 'node-packages',
    setup(build) {
      build.onResolve({ filter: /^[^./]/ }, ({ path, kind, importer, resolveDir, pluginData }) => {
        // A path of Windows begins with a letter, too.
        if (pluginData === resolving || kind === 'entry-point' || /^([a-z]:[\\/]|node:|data:|file:)/i.test(path)) return undefined;
        return find(build, path, { kind, importer, resolveDir });
      });
    },
  };
}

/** Each file keeps its own import.meta.url, though all of them become one module. */
function ownPlaces(): Plugin {
  return {
    name: 'own-places',
    setup(build) {
      build.onLoad({ filter: /\.[cm]?[jt]s$/ }, async ({ path }) => {
        const text = await readFile(path, 'utf8');
        if (!/\bimport\.meta\b/.test(text)) return undefined;
        const meta = { url: pathToFileURL(path).href, filename: path, dirname: dirname(path) };
        // On the first line, so that the numbers of the lines stay.
        const contents = `const __edgeMeta = ${JSON.stringify(meta)}; ${text.replace(/\bimport\.meta\b/g, '__edgeMeta')}`;
        return { contents, loader: /ts$/.test(path) ? 'ts' : 'js' };
      });
    },
  };
}

function compileError(cause: unknown, path: string): EdgeError {
  const [first] = (cause as Partial<BuildFailure>).errors ?? [];
  if (first === undefined) return new EdgeError('CONFIG_INVALID', `${shown(path)} cannot be compiled: ${messageOf(cause)}`, { cause });
  const { file, line, column } = first.location ?? {};
  const place = file === undefined ? shown(path) : `${shown(join(dirname(path), file))}:${line}:${(column ?? 0) + 1}`;
  const isMissing = first.text.startsWith('Could not resolve "') && !/^Could not resolve "\./.test(first.text);
  return new EdgeError('CONFIG_INVALID', `${place}: ${first.text}`, {
    cause,
    hint: isMissing ? 'is the package installed in this project?' : 'an editor or tsc shows errors of this kind',
  });
}

/** `file:line` where the exception comes from, as far as its stack shows. */
function placeOf(error: unknown, url: string, map: SourceMapPayload, path: string): string {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const at = stack.indexOf(`${url}:`);
  const [, line, column] = /^:(\d+):(\d+)/.exec(stack.slice(at + url.length)) ?? [];
  if (at < 0 || line === undefined) return shown(path);
  const entry = new SourceMap(map).findEntry(Number(line) - 1, Number(column) - 1);
  if (!('originalSource' in entry)) return shown(path);
  const source = entry.originalSource.startsWith('file:') ? fileURLToPath(entry.originalSource) : join(dirname(path), entry.originalSource);
  return `${shown(source)}:${entry.originalLine + 1}`;
}

function shown(path: string): string {
  const way = relative(resolve(), path);
  return way.startsWith('..') ? path : way;
}
