import { readFile } from 'node:fs/promises';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { BuildFailure, OnResolveResult, Plugin, PluginBuild } from 'esbuild';
import { EdgeError } from '../errors.ts';
import { builtFile, packageFile } from '../package-files.ts';
import { messageOf } from '../text/message-of.ts';

/** What a file may take until it is loaded: it may await, but no command may wait forever for it. */
const loadLimitMs = 10_000;

const packageName = 'cloudfront-edge-failover';

/**
 * The exports of a TypeScript or JavaScript file of the team's. Its own modules are compiled with it; packages are loaded as Node does. CONFIG_INVALID with
 * file and line when it cannot be compiled or throws. Nothing is written, so that the folder may be read-only.
 */
export async function loadModule(file: string): Promise<Readonly<Record<string, unknown>>> {
  const path = resolve(file);
  const { code, map } = await compile(path);
  const url = `data:text/javascript;base64,${Buffer.from(code).toString('base64')}`;
  const timer = new AbortController();
  const late = async (): Promise<never> => {
    const { setTimeout: sleep } = await import('node:timers/promises');
    await sleep(loadLimitMs, undefined, { signal: timer.signal });
    throw new EdgeError('CONFIG_INVALID', `${shown(path)} did not finish loading within ${loadLimitMs / 1_000} s`, {
      hint: 'it awaits something that does not come; a configuration should read no network',
    });
  };
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
    timer.abort();
  }
}

async function compile(path: string): Promise<{ code: string; map: SourceMapPayload }> {
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
  return { code: text('.mjs'), map: JSON.parse(text('.map')) as SourceMapPayload };
}

/** `cloudfront-edge-failover/config` is this package, also where the project has not installed it: the program may be installed globally. `asBuilt` says what becomes of a door in dist/. */
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
    // A package of the same repository, in TypeScript and linked into node_modules, is compiled as the team's own files are.
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
