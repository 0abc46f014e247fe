import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Where scripts/build.mjs puts what the package ships, from the package's folder; not defined where the code runs from
 * its sources.
 */
declare const edgeDist: string;

let folder: string | undefined;

/**
 * A file of this package by its path in the package's folder. Code is compiled to other folders than its source has, so
 * no module looks beside itself.
 */
export function packageFile(path: string): string {
  folder ??= findFolder(dirname(fileURLToPath(import.meta.url)));
  return join(folder, path);
}

/**
 * What the build of the package made of a source; undefined where the code runs from its sources, which may be newer
 * than a build.
 */
export function builtFile(path: string): string | undefined {
  return typeof edgeDist === 'undefined' ? undefined : packageFile(join(edgeDist, path));
}

function findFolder(from: string): string {
  if (existsSync(join(from, 'package.json'))) return from;
  const parent = dirname(from);
  if (parent === from) throw new Error('the package.json of this package is missing');
  return findFolder(parent);
}
