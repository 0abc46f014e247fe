import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { writeLlms } from '../../docs/llms.ts';

const read = (path: string) => readFileSync(path, 'utf8');
const text = read('llms.txt');
const targets = [...text.matchAll(/\]\(([^)#]+)/g)].map(([, target = '']) => target);

// `npm run docs llms.txt` writes it.
it('llms.txt is made from README.md and docs/README.md as they are', () => {
  expect(text).toBe(writeLlms(read('README.md'), read('docs/README.md')));
});

it('llms.txt has a title, a summary, and a link to every page of the documentation', () => {
  expect(text).toMatch(/^# [^\n]+\n\n> [^\n]+\n\n- \[/);
  expect(targets.filter((target) => !existsSync(target))).toEqual([]);
  const pages = [...read('docs/README.md').matchAll(/\]\(([\w-]+\.md|decisions\/[\w-]+\.md)/g)].map(([, page]) => `docs/${page}`);
  expect(pages.length).toBeGreaterThan(30);
  expect(pages.filter((page) => !targets.includes(page))).toEqual([]);
});
