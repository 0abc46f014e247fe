import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pid } from 'node:process';

/** Writes a file, its folder included, as a whole or not at all: whoever reads it meanwhile sees the old text or the new one. Rejects as node:fs does. */
export async function writeWholeFile(path: string, text: string): Promise<void> {
  const draft = `${path}.${pid}.new`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(draft, text);
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw error;
  }
}
