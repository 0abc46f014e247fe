import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { buildPage } from '../local/console/build-page.ts';
import { bundleWorker } from '../local/runtime/open-workerd.ts';

/** For scripts/build.mjs: what the sources compile when a command starts, as files that the package ships. */
export async function writeAssets(folder: string): Promise<void> {
  const files = Object.entries(buildPage()).map(([name, contents]) => [join('console', name), contents] as const);
  for (const [name, contents] of [...files, ['worker.js', bundleWorker()] as const]) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), await contents);
  }
}
