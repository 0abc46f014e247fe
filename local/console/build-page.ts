import { readFile } from 'node:fs/promises';
import { build } from 'esbuild';
import { packageFile } from '../../src/package-files.ts';
import { formatPaletteCss } from '../../src/text/palette.ts';
import { buildWorld } from './build-world.ts';

const pageFolder = 'local/console/page';

/** The files of the page by name: the page in some tens of milliseconds, then the map. */
export function buildPage(): Readonly<Record<string, Promise<Uint8Array>>> {
  const compiled = compilePage();
  const pick = async (ending: string) => (await compiled).find(({ path }) => path.endsWith(ending))?.contents ?? new Uint8Array();
  return {
    'index.html': readFile(packageFile(`${pageFolder}/index.html`)),
    'icon.svg': readFile(packageFile(`${pageFolder}/icon.svg`)),
    'page.js': pick('.js'),
    'page.css': pick('.css').then((css) => Buffer.concat([Buffer.from(formatPaletteCss().replace(/\n */g, '')), css])),
    'world.json': compiled.then(async () => Buffer.from(JSON.stringify(await buildWorld()))),
  };
}

async function compilePage() {
  const { outputFiles } = await build({
    entryPoints: { page: packageFile(`${pageFolder}/main.ts`), style: packageFile(`${pageFolder}/page.css`) },
    outdir: 'out',
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: ['chrome110', 'firefox110', 'safari16'],
    charset: 'utf8',
    legalComments: 'none',
    tsconfigRaw: {},
    logLevel: 'silent',
  });
  return outputFiles;
}
