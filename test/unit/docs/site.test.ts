import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import MiniSearch from 'minisearch';
import { globSync } from 'tinyglobby';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type BuiltSite, buildSite } from '../../docs/site/build-site.ts';

let out: string;
let site: BuiltSite;
let pages: Map<string, string>;

beforeAll(async () => {
  out = await mkdtemp(join(tmpdir(), 'edge-site-'));
  site = await buildSite(out);
  pages = new Map(globSync('**/*.html', { cwd: out }).map((path) => [path, readFileSync(join(out, path), 'utf8')]));
}, 60_000);
afterAll(() => rm(out, { recursive: true, force: true }));

it('the site has every page, and no link of it leads nowhere', () => {
  expect(site.broken).toEqual([]);
  expect(pages.size).toBe(site.pages);
  expect([...pages.keys()]).toEqual(expect.arrayContaining(['index.html', 'docs/index.html', 'docs/runbook.html', 'local/index.html']));
});

it('every address is relative and leads to a file, so that the site works below any path', () => {
  const wrong = [...pages].flatMap(([page, text]) =>
    [...text.matchAll(/ (?:href|src)="([^"#]+)[^"]*"/g)]
      .map(([, target = '']) => target)
      .filter((target) => !/^(https:|data:,)/.test(target) && !existsSync(join(out, dirname(page), decodeURI(target))))
      .map((target) => `${page} → ${target}`),
  );
  expect(wrong).toEqual([]);
});

it('no page loads anything from another host', () => {
  const loaded = [...pages.values()].flatMap((text) => [
    ...text.matchAll(/<(?:script|img|link)[^>]*(?:src|href)="(?:https?:)?\/\/[^"]*"/g),
  ]);
  expect(loaded).toEqual([]);
  expect(readFileSync(join(out, 'site.css'), 'utf8')).not.toMatch(/url\(|@import/);
});

it('the search finds a word of a page, and leads to its heading', () => {
  const text = readFileSync(join(out, 'search-index.js'), 'utf8');
  const index = JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1));
  const search = MiniSearch.loadJS(index, { fields: ['page', 'heading', 'text'], storeFields: ['page', 'heading'] });
  const found = (query: string) => search.search(query, { prefix: true, combineWith: 'AND' }).map(({ id }) => id as string);
  expect(found('whom to notify')).toContain('docs/runbook.html#whom-to-notify');
  expect(found('holdDown')).toContain('docs/config.html#failover');
});
