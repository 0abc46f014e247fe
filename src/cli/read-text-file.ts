import { readFile, stat } from 'node:fs/promises';
import { EdgeError } from '../errors.ts';

/** A file that the command line named, as text. CONFIG_MISSING with this hint when it cannot be read. */
export async function readTextFile(file: string, hint = 'is the path right?'): Promise<string> {
  try {
    // A pipe that nothing writes to would be waited for without an end, and no signal ends that.
    if ((await stat(file)).isFIFO()) throw new Error('it is a pipe, not a file');
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new EdgeError('CONFIG_MISSING', `${file} cannot be read: ${(cause as Error).message}`, { cause, hint });
  }
}
