import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { EdgeError } from '../errors.ts';
import { messageOf } from '../text/message-of.ts';

/** A file that the command line named, as text. CONFIG_MISSING with this hint when it cannot be read. */
export async function readTextFile(file: string, hint = 'check the path'): Promise<string> {
  try {
    // Reading a pipe without a writer never ends, and no signal ends it.
    if ((await stat(file)).isFIFO()) throw new Error('it is a pipe, not a file');
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new EdgeError('CONFIG_MISSING', `${file} cannot be read: ${messageOf(cause)}`, { cause, hint });
  }
}

/**
 * Writes a file and its folder, as a whole or not at all: a reader sees the old text or the new one. Rejects as node:fs
 * does.
 */
export async function writeWholeFile(path: string, content: string | Uint8Array): Promise<void> {
  // A new file with a name that cannot be guessed: in a shared folder an existing one could be a link to another file.
  const draft = `${path}.${randomUUID()}.new`;
  try {
    await makeFolder(dirname(path));
    await writeFile(draft, content, { flag: 'wx' });
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** Writes the file that a command makes. BUILD_FAILED when the disk refuses it. */
export async function writeMadeFile(path: string, content: string | Uint8Array): Promise<void> {
  await writeWholeFile(path, content).catch((cause: unknown) => {
    throw new EdgeError('BUILD_FAILED', `cannot write ${path}: ${messageOf(cause)}`, { cause, hint: 'check its folder' });
  });
}

/** A folder that a command writes its results to. */
export interface OutputFolder {
  /**
   * Writes one of the files as a whole or not at all, in place of an older one, and returns its path. USAGE when that
   * fails.
   */
  write(name: string, text: string): Promise<string>;
}

/**
 * Creates the folder and checks that these files can be written, before the command does work that would be lost. USAGE
 * when they cannot.
 */
export async function openOutputFolder(folder: string, names: readonly string[]): Promise<OutputFolder> {
  try {
    await makeFolder(folder);
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

/** The folder with those above it. Not by Node's `recursive`, which tries below /proc without end. */
async function makeFolder(folder: string): Promise<void> {
  const made = (path: string) =>
    mkdir(path).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST' || !(await stat(path)).isDirectory()) throw error;
    });
  await made(folder).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' || dirname(folder) === folder) throw error;
    await makeFolder(dirname(folder));
    await made(folder);
  });
}

async function refuseFolder(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) throw new Error(`${path} is a folder`);
}

function notWritable(path: string, cause: unknown): EdgeError {
  return new EdgeError('USAGE', `cannot write to ${path}: ${messageOf(cause)}`, {
    cause,
    hint: 'choose a folder that you may write to',
  });
}
