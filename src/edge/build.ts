import { createHash } from 'node:crypto';
import { dirname, join, resolve, sep } from 'node:path';
import * as esbuild from 'esbuild';
import type { EdgeConfig } from '../config/edge-config.ts';
import { EdgeError } from '../errors.ts';
import { packageFile } from '../package-files.ts';
import { messageOf } from '../text/message-of.ts';
import { pageOf } from '../text/typed.ts';
import type { SourceMapJson } from './gate/check-syntax.ts';
import { parseCode } from './gate/parse-code.ts';
import { routesModule } from './routes-module.ts';
import { hasTeamCode, requiredName, teamCode } from './team-code.ts';

/** A built function: the very bytes that are published. */
export interface BuiltFunction {
  code: string;
  bytes: number;
  /** SHA-256 of the bytes, hex. */
  sha256: string;
  /** The code before minification: the same bundle, with the names and lines that a person wrote. */
  readable: string;
  /** Leads from `readable` to the files of functions/ and kvs/, and to the team's own. */
  sourceMap: SourceMapJson;
  /** Absolute paths of the team's own files in it. */
  teamFiles: string[];
}

// With target es5 esbuild refuses to lower what CloudFront lacks (destructuring, for-of, classes, default parameters,
// array spread) instead of passing it on; these are the newer features that AWS's runtime 2.0 page lists.
const supported = {
  'const-and-let': true,
  arrow: true,
  'template-literal': true,
  'exponent-operator': true,
  'async-await': true,
  'regexp-named-capture-groups': true,
  // For the flag y; u, which comes with it here, is the gate's to refuse.
  'regexp-sticky-and-unicode-flags': true,
};

/**
 * Of AWS's list, or run by every native engine, but not written by us. esbuild then lets a call with spread through,
 * and the gate refuses it.
 */
const supportedForTeams = { ...supported, 'rest-argument': true, 'object-extensions': true };

/**
 * The imports that esbuild leaves in place. CloudFront provides these modules; all but 'cloudfront' are loaded by
 * `require`, as AWS's page shows.
 */
const provided = ['cloudfront', 'crypto', 'querystring', 'buffer'];

/**
 * Bundles the function for CloudFront: `import cf from 'cloudfront'` first, a top-level `handler`, no export.
 * BUILD_FAILED names file and line. The team's own code is in it where the configuration names some.
 */
export async function buildFunction(config: EdgeConfig, entry = packageFile('functions/origin-router.ts')): Promise<BuiltFunction> {
  const features = hasTeamCode(config) ? supportedForTeams : supported;
  const team = await teamCode(config);
  try {
    const bundle = await esbuild.build({
      entryPoints: [resolve(entry)],
      bundle: true,
      write: false,
      format: 'esm',
      target: 'es5',
      supported: features,
      charset: 'utf8',
      legalComments: 'none',
      minifySyntax: true,
      logLevel: 'silent',
      tsconfigRaw: {},
      external: provided,
      plugins: [routes(config), team],
      metafile: true,
      sourcemap: 'external',
      sourcesContent: false,
      outfile: resolve('function.js'),
    });
    // A warning in esbuild, an exception at the edge: an import of a name that the file does not export.
    const errors = bundle.warnings.filter(({ id }) => id === 'import-is-undefined');
    if (errors.length > 0) throw Object.assign(new Error('an import is undefined'), { errors });
    const text = (ending: string) => bundle.outputFiles.find(({ path }) => path.endsWith(ending))?.text ?? '';
    const { head, body } = splitImports(text('function.js'));
    // As a module, so that top-level names are shortened too: they are a third of the bytes and of the load.
    const short = await esbuild.transform(body, {
      minify: true,
      treeShaking: true,
      format: 'esm',
      target: 'es5',
      supported: features,
      charset: 'utf8',
      logLevel: 'silent',
    });
    const code = `${head}${nameHandler(short.code)}`;
    return {
      code,
      bytes: Buffer.byteLength(code),
      sha256: createHash('sha256').update(code).digest('hex'),
      readable: `${head}${nameHandler(body)}`,
      sourceMap: shiftLines(JSON.parse(text('.map')), head.split('\n').length - 1),
      teamFiles: hasTeamCode(config) ? listTeamFiles(Object.keys(bundle.metafile.inputs), dirname(resolve(entry))) : [],
    };
  } catch (cause) {
    throw buildError(cause);
  }
}

/** Resolves 'virtual:routes' to the routes of the configuration. */
function routes(config: EdgeConfig): esbuild.Plugin {
  return {
    name: 'routes',
    setup(build) {
      build.onResolve({ filter: /^virtual:routes$/ }, () => ({ path: 'routes', namespace: 'routes', sideEffects: false }));
      build.onLoad({ filter: /.*/, namespace: 'routes' }, () => ({ contents: routesModule(config), loader: 'js' }));
    },
  };
}

/** What was bundled and is neither in functions/ nor in kvs/ beside it. */
function listTeamFiles(inputs: readonly string[], functions: string): string[] {
  const ours = [functions, join(dirname(functions), 'kvs')];
  // What a plugin wrote has a name with a colon, and no file.
  const files = inputs.filter((path) => !/^[a-z]+:/.test(path)).map((path) => resolve(path));
  return files.filter((path) => !ours.some((folder) => path.startsWith(folder + sep)));
}

/**
 * Takes the imports out of a bundle, so that minifying leaves their names alone, and writes them as CloudFront reads
 * them: 'cloudfront' first.
 */
function splitImports(bundle: string): { head: string; body: string } {
  const names = new Map<string, string>();
  // esbuild imports a module once for every file that does, under a name of its own each time.
  const others: string[] = [];
  const use = (module: string, name: string) => {
    const first = names.get(module);
    if (first === undefined) names.set(module, name);
    else others.push(`const ${name}=${first};\n`);
    return first ?? name;
  };
  const parsed = parseCode(bundle);
  let body = bundle;
  for (const node of 'program' in parsed ? parsed.program.body : []) {
    if (node.type !== 'ImportDeclaration') continue;
    const module = String(node.source.value);
    if (module === 'cloudfront' && node.specifiers.some(({ type }) => type !== 'ImportDefaultSpecifier'))
      throw new Error("'cloudfront' has only a default export: import cf from 'cloudfront'");
    for (const specifier of node.specifiers) {
      const local = specifier.local.name;
      if (specifier.type !== 'ImportSpecifier') use(module, local);
      else if (specifier.imported.type === 'Identifier')
        others.push(`const ${local}=${use(module, `__edge_${module}`)}.${specifier.imported.name};\n`);
    }
    // Spaces in its place, so that all else keeps its line and column.
    body = `${body.slice(0, node.start)}${bundle.slice(node.start, node.end).replace(/[^\n]/g, ' ')}${body.slice(node.end)}`;
  }
  for (const [name, module = ''] of body.matchAll(requiredName))
    if (!others.some((line) => line.startsWith(`const ${name}=`)) && names.get(module) !== name) use(module, name);
  const cf = names.get('cloudfront');
  names.delete('cloudfront');
  const lines = [...names].map(([module, name]) => `const ${name}=require('${module}');\n`);
  return { head: `${cf === undefined ? '' : `import ${cf} from 'cloudfront';\n`}${[...lines, ...others].join('')}`, body };
}

/** The map of code that has this many more lines at its beginning. */
function shiftLines(map: SourceMapJson, lines: number): SourceMapJson {
  return { ...map, mappings: ';'.repeat(lines) + map.mappings };
}

/**
 * Drops the closing `export { x as handler }` and gives the function its name: CloudFront looks for a top-level
 * `handler` and knows no export.
 */
function nameHandler(code: string): string {
  const match = /export\s*\{\s*([\w$]+)(?:\s+as\s+handler)?\s*\};?\s*$/.exec(code);
  const script = code.slice(0, match?.index);
  const declared = findDeclarations(script);
  const handler = declared.find(({ name, isFunction }) => isFunction && name === match?.[1]);
  if (match === null || handler === undefined) throw new Error('the entry must export one function, handler, and no other name');
  // A function of the team's own has the name: in the code before minifying, which nothing runs.
  if (match[1] !== 'handler' && declared.some(({ name }) => name === 'handler')) return script;
  return `${script.slice(0, handler.start)}handler${script.slice(handler.end)}`;
}

/** The variables and functions of the top level. */
function findDeclarations(script: string): { name: string; isFunction: boolean; start: number; end: number }[] {
  const parsed = parseCode(script);
  const body = 'program' in parsed ? parsed.program.body : [];
  return body.flatMap((each) => {
    const isFunction = each.type === 'FunctionDeclaration';
    const ids = isFunction ? [each.id] : each.type === 'VariableDeclaration' ? each.declarations.map(({ id }) => id) : [];
    return ids.flatMap((id) => (id?.type === 'Identifier' ? [{ name: id.name, isFunction, start: id.start, end: id.end }] : []));
  });
}

function buildError(cause: unknown): EdgeError {
  const errors = (cause as Partial<esbuild.BuildFailure>).errors ?? [];
  const lines = errors.map(({ text, location }) => (location ? `${location.file}:${location.line}:${location.column + 1}: ${text}` : text));
  return new EdgeError('BUILD_FAILED', lines.length > 0 ? lines.join('\n') : `the build failed: ${messageOf(cause)}`, {
    cause,
    hint: `functions/ is written in the dialect of ${pageOf('decisions/002-syntax-gate.md')}: CloudFront cannot run what esbuild cannot convert`,
  });
}
