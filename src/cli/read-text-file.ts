import { readFile } from 'node:fs/promises';
import { EdgeError } from './errors.ts';

/** A file that the command line named, as text. CONFIG_MISSING with this hint when it cannot be read. */
export async function readTextFile(file: string, hint = 'is the path right?'): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new EdgeError('CONFIG_MISSING', `${file} cannot be read: ${(cause as Error).message}`, { cause, hint });
  }
}
