import { randomUUID } from 'node:crypto';
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EdgeError } from '../errors.ts';
import { writeWholeFile } from './write-whole-file.ts';

/** A folder that a command writes its results to. */
export interface OutputFolder {
  /** Writes one of the files as a whole or not at all, in place of an older one, and returns its path. USAGE when that fails. */
  write(name: string, text: string): Promise<string>;
}

/** Makes the folder and proves that these files can be put there, before the command has done work that would be lost. USAGE when they cannot. */
export async function openOutputFolder(folder: string, names: readonly string[]): Promise<OutputFolder> {
  try {
    await mkdir(folder, { recursive: true });
    for (const name of names) await refuseFolder(join(folder, name));
    const probe = join(folder, `.${randomUUID()}.new`);
    await writeFile(probe, '', { flag: 'wx' });
    await rm(probe);
  } catch (cause) {
    throw notWritable(folder, cause);
  }
  return {
    async write(name, text) {
      const path = join(folder, name);
      await writeWholeFile(path, text).catch((cause: unknown) => {
        throw notWritable(path, cause);
      });
      return path;
    },
  };
}

async function refuseFolder(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) throw new Error(`${path} is a folder`);
}

function notWritable(path: string, cause: unknown): EdgeError {
  return new EdgeError('USAGE', `cannot write to ${path}: ${(cause as Error).message}`, {
    cause,
    hint: 'name a folder that is yours, or one that is not there yet',
  });
}
