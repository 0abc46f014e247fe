import { createHash } from 'node:crypto';
import type { BuildOptions } from 'esbuild';
import { ownDoors } from '../../config/load-module.ts';
import { EdgeError } from '../../errors.ts';
import { packageFile } from '../../package-files.ts';
import { messageOf } from '../../text/message-of.ts';

export interface PackageOptions {
  /** The module that exports `openHandler`, or for a program `runBundled`. */
  entry: string;
  /** In place of edge.config.ts. */
  config: string;
  /** In place of distribution.json; undefined where edge.config.ts says where the origins are. */
  distribution: string | undefined;
}

export interface FlipperPackage {
  zip: Uint8Array;
  /** Of the zip, in hex, for people and file names. */
  sha256: string;
  /** The same in base64, as Lambda calls it: CodeSha256. */
  codeSha256: string;
  bundleBytes: number;
}

/** The file in the zip, CommonJS by its name whatever lies around it; the function's handler is `index.handler`. */
const fileName = 'index.cjs';

/**
 * A zip for Lambda with one file in it: the handler and everything it imports, the AWS SDK included, so that it does
 * not change under us. The same input gives the same bytes on every machine: no paths, no times, and a compressor of
 * our own, since zlib's output differs between builds of Node.
 */
export async function packageFlipper({ entry, config, distribution }: PackageOptions): Promise<FlipperPackage> {
  const { zipSync } = await import('fflate');
  const contents = await bundle(
    [
      `import { openHandler } from ${JSON.stringify(entry)};`,
      `import config from ${JSON.stringify(config)};`,
      distribution === undefined ? 'const distribution = null;' : `import distribution from ${JSON.stringify(distribution)};`,
      'export const handler = openHandler(config, distribution);',
    ],
    {
      outfile: fileName,
      // CommonJS: parts of the SDK and of undici call require, which an ES module lacks.
      format: 'cjs',
      // The SDK's ES modules: half the size, and one copy of what its packages share.
      mainFields: ['module', 'main'],
      // Names stay, so that a stack in the log can be read; whitespace goes, and with it comments that hold paths.
      minifyWhitespace: true,
      minifySyntax: true,
    },
  );
  const zip = zipSync({
    // The time is of this machine's zone, in which zip counts; what is written is the same everywhere. Lambda runs as
    // another user: all may read.
    [fileName]: [contents, { level: 9, mtime: new Date(1980, 0, 1), os: 3, attrs: (0o100644 << 16) >>> 0 }],
  });
  const hash = createHash('sha256').update(zip).digest();
  return { zip, sha256: hash.toString('hex'), codeSha256: hash.toString('base64'), bundleBytes: contents.length };
}

/**
 * The flipper's program for a container or a machine: one file with edge.config.ts in it, which takes the options of
 * the command.
 */
export function bundleFlipper({ entry, config }: Pick<PackageOptions, 'entry' | 'config'>): Promise<Uint8Array> {
  return bundle(
    [`import { runBundled } from ${JSON.stringify(entry)};`, `import config from ${JSON.stringify(config)};`, 'await runBundled(config);'],
    {
      outfile: 'flipper.mjs',
      format: 'esm',
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    },
  );
}

/** What these lines import, the AWS SDK included, as one file. */
async function bundle(lines: readonly string[], options: BuildOptions): Promise<Uint8Array> {
  const { build } = await import('esbuild');
  const built = await build({
    stdin: { contents: lines.join('\n'), resolveDir: packageFile('') },
    absWorkingDir: packageFile(''),
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node20',
    legalComments: 'none',
    charset: 'utf8',
    logLevel: 'silent',
    // Compiles edge.config.ts, which the bundle has in it.
    external: ['esbuild'],
    // The native signer is 44 MB of binaries for seven platforms; this one is plain JavaScript.
    alias: { '@aws-sdk/signature-v4-crt': '@aws-sdk/signature-v4a' },
    plugins: [ownDoors((path) => ({ path }))],
    ...options,
  }).catch((cause: unknown) => {
    throw new EdgeError('BUILD_FAILED', `cannot bundle the flipper: ${firstLine(cause)}`, {
      cause,
      hint: 'an editor or tsc shows errors of this kind',
    });
  });
  const [output] = built.outputFiles ?? [];
  if (output === undefined) throw new Error('esbuild wrote nothing');
  return output.contents;
}

function firstLine(error: unknown): string {
  const { errors } = error as { errors?: { text: string; location?: { file: string; line: number } | null }[] };
  const [first] = errors ?? [];
  if (first === undefined) return messageOf(error);
  return `${first.location ? `${first.location.file}:${first.location.line}: ` : ''}${first.text}`;
}
