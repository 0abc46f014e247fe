import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { build } from 'esbuild';
import { buildWorld } from './build-world.ts';

/** A file of the page, ready to be sent. */
export interface Asset {
  type: string;
  body: Buffer;
  /** The same, compressed. */
  packed: Buffer;
}

const pageFolder = new URL('./page/', import.meta.url);

type Assets = Readonly<Record<string, Promise<Asset>>>;

let built: Assets | undefined;

/** Every file of the page by path, built once per process: the page in some tens of milliseconds, then the map. */
export function buildAssets(): Assets {
  built ??= startAssets();
  return built;
}

function startAssets(): Assets {
  const html = readFile(new URL('index.html', pageFolder));
  const icon = readFile(new URL('icon.svg', pageFolder));
  const compiled = compilePage();
  const pick = async (ending: string) => (await compiled).find(({ path }) => path.endsWith(ending))?.contents ?? new Uint8Array();
  const assets = {
    '/': pack('text/html; charset=utf-8', html),
    '/icon.svg': pack('image/svg+xml', icon),
    '/page.js': pack('text/javascript; charset=utf-8', pick('.js')),
    '/page.css': pack('text/css; charset=utf-8', pick('.css')),
    '/world.json': pack('application/json', compiled.then(drawWorld)),
  };
  // A failure is reported to the request for the file; until then it must not count as unhandled.
  for (const asset of Object.values(assets)) asset.catch(() => undefined);
  return assets;
}

async function compilePage() {
  const { outputFiles } = await build({
    entryPoints: { page: fileURLToPath(new URL('main.ts', pageFolder)), style: fileURLToPath(new URL('page.css', pageFolder)) },
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

async function drawWorld(): Promise<Uint8Array> {
  return Buffer.from(JSON.stringify(await buildWorld()));
}

async function pack(type: string, contents: Promise<Uint8Array>): Promise<Asset> {
  const body = Buffer.from(await contents);
  return { type, body, packed: await promisify(gzip)(body) };
}
