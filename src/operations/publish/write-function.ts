import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pid } from 'node:process';
import { EdgeError } from '../../cli/errors.ts';

/** Where the built function is written: the very bytes that are published. */
export const functionFile = 'dist/functions/origin-router.js';

/** Writes a file as a whole or not at all: whoever reads it meanwhile sees the old bytes or the new ones. */
export async function writeFunction(path: string, code: string): Promise<void> {
  const draft = `${path}.${pid}.new`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(draft, code);
    await rename(draft, path);
  } catch (cause) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw new EdgeError('BUILD_FAILED', `cannot write ${path}: ${(cause as Error).message}`, { cause, hint: 'check its folder' });
  }
}
