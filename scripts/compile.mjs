// Compiles the commands and the doors of api/ for `npm run` and for the package. Packages stay outside; what two commands share is one file.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** Into `outdir`; `dist` is the same folder as the package names it, or undefined when the code uses the sources beside it. */
export async function compile(outdir, dist) {
  const api = join(root, 'api');
  const doors = existsSync(api) ? readdirSync(api).filter((file) => file.endsWith('.ts')) : [];
  return build({
    absWorkingDir: root,
    entryPoints: {
      main: 'scripts/main.ts',
      'lambda-handler': 'scripts/lambda-handler.ts',
      'flipper-program': 'scripts/flipper-program.ts',
      ...(dist !== undefined && {
        'harness-worker': 'api/harness/worker.ts',
        'cdk-build': 'api/cdk/build-edge.ts',
        'api/client': 'client/retrying-fetch.ts',
      }),
      ...(dist !== undefined && Object.fromEntries(doors.map((file) => [`api/${file.slice(0, -3)}`, `api/${file}`]))),
    },
    outdir,
    chunkNames: 'parts/[name]-[hash]',
    bundle: true,
    splitting: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    sourcemap: dist === undefined,
    // The sources are beside the maps, and each start reads these.
    sourcesContent: false,
    define: dist === undefined ? {} : { edgeDist: JSON.stringify(dist) },
    metafile: true,
    logLevel: 'silent',
  });
}
