import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { builtFile } from '../../src/package-files.ts';

/** A file of the page, ready to be sent. */
export interface Asset {
  type: string;
  body: Buffer;
  /** The same, compressed. */
  packed: Buffer;
}

const types = {
  'index.html': 'text/html; charset=utf-8',
  'icon.svg': 'image/svg+xml',
  'page.js': 'text/javascript; charset=utf-8',
  'page.css': 'text/css; charset=utf-8',
  'world.json': 'application/json',
} as const;

type Assets = Readonly<Record<string, Promise<Asset>>>;

let assets: Assets | undefined;

/** Every file of the page by path, built or read once per process. */
export function buildAssets(): Assets {
  assets ??= startAssets();
  return assets;
}

function startAssets(): Assets {
  const built = builtFile('assets/console');
  const page = built === undefined ? import('./build-page.ts').then(({ buildPage }) => buildPage()) : undefined;
  const readPart = async (name: string) => (page === undefined ? readFile(join(built ?? '', name)) : ((await page)[name] ?? Buffer.of()));
  const started = Object.entries(types).map(([name, type]): [string, Promise<Asset>] => [
    name === 'index.html' ? '/' : `/${name}`,
    pack(type, readPart(name)),
  ]);
  // A failure is reported to the request for the file; until then it must not count as unhandled.
  for (const [, asset] of started) asset.catch(() => undefined);
  return Object.fromEntries(started);
}

async function pack(type: string, contents: Promise<Uint8Array>): Promise<Asset> {
  const body = Buffer.from(await contents);
  return { type, body, packed: await promisify(gzip)(body) };
}
