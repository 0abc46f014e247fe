import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';
import { EdgeError } from '../../errors.ts';
import { messageOf } from '../../text/message-of.ts';

export interface PackageOptions {
  /** The module that exports `handler`. */
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

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The file in the zip, CommonJS by its name whatever lies around it; the function's handler is `index.handler`. */
const fileName = 'index.cjs';

/**
 * A zip for Lambda with one file in it: the handler and everything it imports, the AWS SDK included, so that it does not change under us. The same input gives the
 * same bytes on every machine: no paths, no times, and a compressor of our own, since zlib's output differs between builds of Node.
 */
export async function packageFlipper({ entry, config, distribution }: PackageOptions): Promise<FlipperPackage> {
  const [{ build }, { zipSync }] = await Promise.all([import('esbuild'), import('fflate')]);
  const built = await build({
    entryPoints: [entry],
    absWorkingDir: root,
    bundle: true,
    write: false,
    outfile: fileName,
    platform: 'node',
    // CommonJS: parts of the SDK and of undici call require, which an ES module lacks.
    format: 'cjs',
    target: 'node20',
    // The SDK's ES modules: half the size, and one copy of what its packages share.
    mainFields: ['module', 'main'],
    // Names stay, so that a stack in the log can be read; whitespace goes, and with it comments that hold paths.
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
    charset: 'utf8',
    logLevel: 'silent',
    // The native signer is 44 MB of binaries for seven platforms; this one is plain JavaScript.
    alias: { '@aws-sdk/signature-v4-crt': '@aws-sdk/signature-v4a' },
    plugins: [replaceFiles({ 'edge.config.ts': config, 'distribution.json': distribution })],
  }).catch((cause: unknown) => {
    throw new EdgeError('BUILD_FAILED', `cannot bundle the flipper: ${firstLine(cause)}`, {
      cause,
      hint: 'npm run types may show the cause',
    });
  });
  const [output] = built.outputFiles;
  if (output === undefined) throw new Error('esbuild wrote nothing');
  const zip = zipSync({
    // The time is of this machine's zone, in which zip counts; what is written is the same everywhere. Lambda runs as another user: all may read.
    [fileName]: [output.contents, { level: 9, mtime: new Date(1980, 0, 1), os: 3, attrs: (0o100644 << 16) >>> 0 }],
  });
  const hash = createHash('sha256').update(zip).digest();
  return { zip, sha256: hash.toString('hex'), codeSha256: hash.toString('base64'), bundleBytes: output.contents.length };
}

/** Another environment has another configuration; the handler imports both files by their names in the root. */
function replaceFiles(files: Readonly<Record<string, string | undefined>>): Plugin {
  return {
    name: 'replace-files',
    setup: ({ onResolve, onLoad }) => {
      for (const [name, path] of Object.entries(files))
        onResolve({ filter: new RegExp(`^\\.\\./${name.replaceAll('.', '\\.')}$`) }, ({ importer, kind }) =>
          kind === 'import-statement' && importer.endsWith('lambda-handler.ts')
            ? path === undefined
              ? { path: name, namespace: 'absent' }
              : { path }
            : undefined,
        );
      onLoad({ filter: /./, namespace: 'absent' }, () => ({ contents: 'null', loader: 'json' }));
    },
  };
}

function firstLine(error: unknown): string {
  const { errors } = error as { errors?: { text: string; location?: { file: string; line: number } | null }[] };
  const [first] = errors ?? [];
  if (first === undefined) return messageOf(error);
  return `${first.location ? `${first.location.file}:${first.location.line}: ` : ''}${first.text}`;
}
