import { writeWholeFile } from '../cli/write-whole-file.ts';
import { EdgeError } from '../errors.ts';

/** Where the built function is written: the very bytes that are published. */
export const functionFile = 'dist/functions/origin-router.js';

/** Writes the built function as a whole or not at all. */
export async function writeFunction(path: string, code: string): Promise<void> {
  try {
    await writeWholeFile(path, code);
  } catch (cause) {
    throw new EdgeError('BUILD_FAILED', `cannot write ${path}: ${(cause as Error).message}`, { cause, hint: 'check its folder' });
  }
}
