import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Writes a file, its folder included, as a whole or not at all: whoever reads it meanwhile sees the old text or the new one. Rejects as node:fs does. */
export async function writeWholeFile(path: string, text: string): Promise<void> {
  // A name that cannot be guessed, and never a file that is there: in a shared folder it could be a link to another one.
  const draft = `${path}.${randomUUID()}.new`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(draft, text, { flag: 'wx' });
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw error;
  }
}
