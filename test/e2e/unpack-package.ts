import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { packTarball } from './pack-tarball.ts';

const run = promisify(execFile);
const ownName = 'cloudfront-edge-failover';

/** A project with the packed package in its node_modules. */
export interface UnpackedPackage {
  folder: string;
  remove(): Promise<void>;
}

/**
 * The package as `npm install` unpacks it, in a project with the examples. Everything else in node_modules is a link to
 * this repository's, so that nothing is downloaded.
 */
export async function unpackPackage(): Promise<UnpackedPackage> {
  const folder = await mkdtemp(join(tmpdir(), 'edge-package-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const modules = join(folder, 'node_modules');
    const own = join(modules, ownName);
    await mkdir(own, { recursive: true });
    await run('tar', ['xzf', (await packTarball()).file, '-C', own, '--strip-components=1']);
    for (const name of await readdir('node_modules')) {
      if (name === ownName || name === '.cache') continue;
      await symlink(resolve('node_modules', name), join(modules, name));
    }
    await cp('examples', join(folder, 'examples'), { recursive: true, filter: (path) => !path.includes('node_modules') });
    return { folder, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}
