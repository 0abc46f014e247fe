import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const root = new URL('../../../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');

/**
 * The rows of the tables that compare with the real service: what, there, here, and the test as
 * `folder/file: part of its name`.
 */
const rows = read('local/README.md')
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .filter((cells) => cells.length === 6 && !/^(-+|What)$/.test(cells[1] ?? ''))
  .map((cells) => ({ what: cells[1] ?? '', test: (cells[4] ?? '').replace(/ · case .*/, '') }));

it('has rows to check', () => {
  expect(rows.length).toBeGreaterThan(40);
});

it.each(rows)('names a test that exists: $what', ({ test }) => {
  const at = test.indexOf(': ');
  expect(read(`test/${test.slice(0, at)}.test.ts`)).toContain(test.slice(at + 2));
});
