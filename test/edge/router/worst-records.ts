import fc from 'fast-check';
import { maxValueBytes } from '../../../kvs/limits.ts';

const partialEntries = (count: number) => Array.from({ length: count }, (_, n) => `${String.fromCharCode(97 + n)}=1`).join(';');

/** The dearest of those below, of its kind each, and the longest value that a store can have. */
export const dearestRecords = [
  partialEntries(13),
  'a=1@9;'.repeat(12),
  `${partialEntries(11)};x`,
  `${'a'.repeat(70)}=1;b=1`,
  ';'.repeat(maxValueBytes),
];

/**
 * Records that make the edge do as much as it can be made to do, and texts that are almost one: npm run bench -- router
 * counts all.
 */
const worstRecords = [
  partialEntries(12),
  `${partialEntries(12)};`,
  partialEntries(13),
  'a=1;'.repeat(19),
  'a=1;'.repeat(256),
  'a=1@9;'.repeat(12),
  'a=1@9;'.repeat(170),
  ';'.repeat(maxValueBytes),
  `${'a'.repeat(maxValueBytes - 2)}=x`,
  `${'a'.repeat(70)}=1;b=1`,
  'a=x;'.repeat(maxValueBytes / 4),
  'a@'.repeat(maxValueBytes / 2),
  `${partialEntries(11)};x`,
  `a=1@${'9'.repeat(1_000)}`,
  '😀'.repeat(maxValueBytes / 4),
];

/** Many short entries of different origins: partial, expired and in force, some with an end that spoils the whole. */
const dearRecord = fc
  .array(
    fc.tuple(
      fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz', 'europe', 'singapore'),
      fc.constantFrom('1', '50', '0', '1@1', '9@9999999999'),
    ),
    { minLength: 8, maxLength: 30 },
  )
  .chain((entries) => fc.constantFrom('', ';', ';x', '=').map((end) => entries.map((entry) => entry.join('=')).join(';') + end));

export const allRecords = (): string[] => [...worstRecords, ...fc.sample(dearRecord, { numRuns: 4, seed: 20_261_130 })];
