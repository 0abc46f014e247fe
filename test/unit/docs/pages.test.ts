import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { globSync } from 'tinyglobby';
import { expect, it } from 'vitest';

// What a reader follows must lead somewhere: links, their headings, and every page that a text names.

const pages = new Map(
  globSync(['*.md', 'docs/**/*.md', 'local/*.md', 'examples/**/*.md', '!**/node_modules/**', '!docs/conformance/**']).map((path) => [
    path,
    readFileSync(path, 'utf8'),
  ]),
);

it('every link leads to a file, and to a heading of it', () => {
  const broken = [...pages].flatMap(([page, text]) =>
    [...text.matchAll(/\]\((?!https?:)([^)\s]+)[^)]*\)/g)].flatMap(([, target = '']) => {
      const [path = '', heading] = target.split('#');
      const file = path === '' ? page : join(dirname(page), path);
      if (!existsSync(file)) return [`${page} → ${target}`];
      return heading === undefined || headingsOf(pages.get(file) ?? '').includes(heading) ? [] : [`${page} → ${target}`];
    }),
  );
  expect(broken).toEqual([]);
});

it('every page that a text names is a link', () => {
  const plain = [...pages].flatMap(([page, text]) => {
    const prose = text
      .replace(/^ {4}.*$/gm, '')
      .replace(/^#.*$/gm, '')
      .replace(/\[[^\]]*\]\([^)]*\)/g, '');
    return [...prose.matchAll(/[\w./-]*[\w-]+\.md\b/g)].map(([name]) => `${page}: ${name}`);
  });
  expect(plain).toEqual([]);
});

it('docs/README.md lists every page and every decision', () => {
  const index = pages.get('docs/README.md') ?? '';
  const listed = [...index.matchAll(/\]\(([^)#]+)/g)].map(([, target = '']) => join('docs', target));
  const unlisted = [...pages.keys()].filter((page) => page.startsWith('docs/') && page !== 'docs/README.md' && !listed.includes(page));
  expect(unlisted).toEqual([]);
});

// Two branches that add to the changelog are merged by keeping the lines of both.
it('the changelog has each entry once, under one of its groups', () => {
  const [, open = ''] = (pages.get('CHANGELOG.md') ?? '').split(/^## /m);
  const groups = open.split(/^### /m);
  expect(groups[0]?.match(/^- /gm)).toBeNull();
  const entries = groups.flatMap((group) => group.split(/\n(?=- )/).slice(1)).map((entry) => entry.replace(/\s+/g, ' ').trim());
  expect(entries.filter((entry, index) => entries.indexOf(entry) !== index)).toEqual([]);
});

/** The headings of a page as GitHub names them in addresses. */
function headingsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-'),
  );
}
