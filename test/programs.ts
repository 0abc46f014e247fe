import { describe } from 'vitest';
import { findExecutable } from '../src/edge/njs/run-process.ts';

/** Programs that some tests need beside Node, and how Debian installs them. */
export const programs = {
  njs: 'apt-get install njs',
  valgrind: 'apt-get install valgrind',
  chromium: 'apt-get install chromium',
} as const;

export type Program = keyof typeof programs;

/** Path of a program, undefined when it is not on PATH. */
export function pathOf(program: Program): string | undefined {
  return findExecutable(program, process.env['PATH']);
}

/** What publishing needs where njs is missing: the tests that are not about njs go on without it. */
export const withoutNjs: readonly string[] = pathOf('njs') === undefined ? ['--without-njs'] : [];

/** Set where a run must be complete, in .ci/run: a missing program is then an error. */
const isStrict = process.env['EDGE_TEST_STRICT'] === '1';

/**
 * A suite that needs programs: skipped without them, with its name saying which, so that the last lines of the run can
 * count it.
 */
export function describeWith(needed: readonly Program[], name: string, suite: () => void): void {
  const missing = needed.filter((program) => pathOf(program) === undefined);
  if (missing.length > 0 && isStrict) throw new Error(missing.map((program) => `${program} is missing: ${programs[program]}`).join('; '));
  describe.skipIf(missing.length > 0)(missing.length > 0 ? `${name} [needs ${missing.join(', ')}]` : name, suite);
}
