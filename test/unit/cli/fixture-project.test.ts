import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

// A team edits edge.config.ts and distribution.json in the root: the tests must not depend on what they hold.
it('reads no edge.config.ts and no distribution.json but those of the fixture project', () => {
  const files = readdirSync('test', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  expect(files.length).toBeGreaterThan(200);
  const readers = files.filter((file) => {
    const text = readFileSync(join('test', file), 'utf8');
    return /from '(\.\.\/)+edge\.config\.ts'|(?:read\w*|File\w*)\('distribution\.json'/.test(text);
  });
  expect(readers).toEqual([]);
});
