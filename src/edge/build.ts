import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import * as esbuild from 'esbuild';
import type { EdgeConfig } from '../config/edge-config.ts';
import { EdgeError } from '../errors.ts';
import { messageOf } from '../text/message-of.ts';
import type { SourceMapJson } from './gate/check-syntax.ts';
import { routesModule } from './routes-module.ts';

/** A built function: the very bytes that are published. */
export interface BuiltFunction {
  code: string;
  bytes: number;
  /** SHA-256 of the bytes, hex. */
  sha256: string;
  /** The code before minification: the same bundle, with the names and lines that a person wrote. */
  readable: string;
  /** Leads from `readable` to the files of functions/ and kvs/. */
  sourceMap: SourceMapJson;
}

// With target es5 esbuild refuses to lower what CloudFront lacks (destructuring, for-of, classes, default parameters, array spread)
// instead of passing it on; these are the newer features that AWS's runtime 2.0 page lists.
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

/** The imports that esbuild leaves in place. CloudFront provides these modules; all but 'cloudfront' are loaded by `require`, as AWS's page shows. */
const provided = ['cloudfront', 'crypto', 'querystring', 'buffer'];

/** Bundles the function for CloudFront: `import cf from 'cloudfront'` first, a top-level `handler`, no export. BUILD_FAILED names file and line. */
export async function buildFunction(config: EdgeConfig, entry = 'functions/origin-router.ts'): Promise<BuiltFunction> {
  try {
    const bundle = await esbuild.build({
      entryPoints: [resolve(entry)],
      bundle: true,
      write: false,
      format: 'esm',
      target: 'es5',
      supported,
      charset: 'utf8',
      legalComments: 'none',
      minifySyntax: true,
      logLevel: 'silent',
      tsconfigRaw: {},
      external: provided,
      plugins: [routes(config)],
      sourcemap: 'external',
      sourcesContent: false,
      outfile: resolve('function.js'),
    });
    const text = (ending: string) => bundle.outputFiles.find(({ path }) => path.endsWith(ending))?.text ?? '';
    const { head, body } = splitImports(text('function.js'));
    // As a module, so that top-level names are shortened too: they are a third of the bytes and of the load.
    const short = await esbuild.transform(body, {
      minify: true,
      treeShaking: true,
      format: 'esm',
      target: 'es5',
      supported,
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

/** Takes the imports out of a bundle, so that minifying leaves their names alone, and writes them as CloudFront reads them: 'cloudfront' first. */
function splitImports(bundle: string): { head: string; body: string } {
  const names = new Map<string, string>();
  // esbuild imports a module once for every file that does, under a name of its own each time.
  const others: string[] = [];
  const body = bundle.replace(/^import (\w+) from "([\w-]+)";\n/gm, (_, name: string, module: string) => {
    const first = names.get(module);
    if (first === undefined) names.set(module, name);
    else others.push(`const ${name}=${first};\n`);
    // An empty line in its place, so that the lines below keep their numbers for the source map.
    return '\n';
  });
  const cf = names.get('cloudfront');
  names.delete('cloudfront');
  const lines = [...names].map(([module, name]) => `const ${name}=require('${module}');\n`);
  return { head: `${cf === undefined ? '' : `import ${cf} from 'cloudfront';\n`}${[...lines, ...others].join('')}`, body };
}

/** The map of code that has this many more lines at its beginning. */
function shiftLines(map: SourceMapJson, lines: number): SourceMapJson {
  return { ...map, mappings: ';'.repeat(lines) + map.mappings };
}

/** Drops the closing `export { x as handler }` and gives the function its name: CloudFront looks for a top-level `handler` and knows no export. */
function nameHandler(code: string): string {
  const match = /export\s*\{\s*([\w$]+)(?:\s+as\s+handler)?\s*\};?\s*$/.exec(code);
  const parts = code.slice(0, match?.index).split(`function ${match?.[1]}(`);
  if (match === null || parts.length !== 2) throw new Error('the entry must export one function, handler, and nothing else');
  return parts.join('function handler(');
}

function buildError(cause: unknown): EdgeError {
  const errors = (cause as Partial<esbuild.BuildFailure>).errors ?? [];
  const lines = errors.map(({ text, location }) => (location ? `${location.file}:${location.line}:${location.column + 1}: ${text}` : text));
  return new EdgeError('BUILD_FAILED', lines.length > 0 ? lines.join('\n') : `the build failed: ${messageOf(cause)}`, {
    cause,
    hint: 'functions/ is written in the dialect of docs/decisions/002-syntax-gate.md: what esbuild cannot lower, CloudFront cannot run',
  });
}
