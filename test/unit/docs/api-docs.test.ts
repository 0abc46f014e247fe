import { readFileSync } from 'node:fs';
import { globSync } from 'tinyglobby';
import { expect, it } from 'vitest';
import { writeApiPage } from '../../docs/api-page.ts';
import { type Declared, readDoors } from '../../docs/read-doors.ts';

const page = readFileSync('docs/api.md', 'utf8');
const doors = readDoors();

// `npm run docs docs/api.md` writes it.
it('docs/api.md is that of the doors’ types and comments', () => {
  expect(page).toBe(writeApiPage(page));
});

/**
 * The promise of docs/decisions/020-doors.md. A difference is a change of the public surface: one that breaks a caller
 * needs a new major version. `npx vitest run test/unit/docs/api-docs.test.ts -u` takes it.
 */
it.each(doors)('the surface of cloudfront-edge-failover/$name is the promised one', async ({ name, exports, behind }) => {
  const lines = (list: readonly Declared[]) => list.map(({ name: exported, text }) => `${exported}: ${text}`);
  const surface = [...lines(exports), '', 'named by these, and not exported:', ...lines(behind), ''].join('\n');
  await expect(surface).toMatchFileSnapshot(`../../fixtures/doors/${name}.txt`);
});

it.each(doors)('the example of cloudfront-edge-failover/$name is one that the tests run', ({ example }) => {
  const texts = globSync(['examples/**/*.ts', '!**/node_modules/**']).map((file) => readFileSync(file, 'utf8'));
  expect(example).not.toBe('');
  expect(texts.filter((text) => text.includes(example))).toHaveLength(1);
});

it('every exported function has its comment, and every member of a type whose name is not enough', () => {
  const silent = doors.flatMap(({ name, exports }) =>
    exports.filter(({ kind, comment }) => kind === 'function' && comment === '').map((each) => `${name}: ${each.name}`),
  );
  expect(silent).toEqual([]);
});

it('a function with another parameter, and a type with another field, change the surface', () => {
  const local = doors.find(({ name }) => name === 'local');
  const texts = Object.fromEntries((local?.exports ?? []).map(({ name, text }) => [name, text]));
  expect(texts['createTestHarness']).toBe('function createTestHarness(options: TestHarnessOptions): Promise<TestHarness>');
  expect(texts['ViewerRequest']).toContain('country?: string | undefined;');
});
