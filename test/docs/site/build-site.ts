// The pages of the repository as a searchable site of plain files.
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import MiniSearch from 'minisearch';
import { globSync } from 'tinyglobby';
import { formatPaletteCss, formatPrintCss } from '../../../src/text/palette.ts';
import { readSidebar } from './sidebar.ts';
import { renderPage, type SitePage } from './site-page.ts';
import { formatSitePage } from './site-template.ts';

/** What the site and its search have. The decisions and the changelog are pages, too. */
const sources = ['*.md', 'docs/**/*.md', 'local/*.md', 'examples/**/*.md', '!**/node_modules/**'];
const here = fileURLToPath(new URL('.', import.meta.url));

export interface BuiltSite {
  pages: number;
  bytes: number;
  /** Links that lead nowhere, as `page → target`. */
  broken: string[];
}

/** Writes the site to a folder. It has no absolute address, so it works below any path, and as files. */
export async function buildSite(out: string): Promise<BuiltSite> {
  await rm(out, { recursive: true, force: true });
  const pages = new Map<string, SitePage>();
  for (const path of globSync(sources).sort()) pages.set(path, renderPage(path, await readFile(path, 'utf8')));
  const sidebar = readSidebar(await readFile('docs/README.md', 'utf8'));

  const copies = new Map<string, string>();
  for (const page of pages.values()) for (const file of page.files) copies.set(file.path, file.copy);
  const written = [
    ...[...pages.values()].map((page) => [page.address, formatSitePage(page, sidebar)] as const),
    ['site.css', `${formatPaletteCss()}${await readFile(join(here, 'site.css'), 'utf8')}${formatPrintCss()}`],
    ['site.js', await bundle('site-search.js')],
    ['search-index.js', `globalThis.siteIndex=${JSON.stringify(await indexOf([...pages.values()]))};`],
  ] as const;
  let bytes = 0;
  for (const [path, text] of written) {
    await mkdir(dirname(join(out, path)), { recursive: true });
    await writeFile(join(out, path), text);
    bytes += Buffer.byteLength(text);
  }
  for (const [from, to] of copies) {
    await mkdir(dirname(join(out, to)), { recursive: true });
    await copyFile(from, join(out, to));
  }
  return { pages: pages.size, bytes, broken: findBroken(pages) };
}

/** Links to pages and headings that the site does not have. Links to files are checked by copying them. */
function findBroken(pages: ReadonlyMap<string, SitePage>): string[] {
  const ids = new Map([...pages.values()].map(({ address, headings }) => [address, new Set(headings.map(({ id }) => id))]));
  return [...pages.values()].flatMap(({ path, address, links }) =>
    links
      .filter(({ to, heading }) => {
        const known = ids.get(to || address);
        return known === undefined || (heading !== '' && !known.has(heading));
      })
      .map(({ to, heading }) => `${path} → ${to}${heading === '' ? '' : `#${heading}`}`),
  );
}

/** One entry for each heading of a page, so that a search leads to the place and not to the page alone. */
async function indexOf(pages: readonly SitePage[]): Promise<MiniSearch> {
  const search = new MiniSearch<{ id: string; page: string; heading: string; text: string }>(searchOptions);
  search.addAll(
    pages.flatMap((page) =>
      page.sections.map(({ id, heading, text }) => ({
        id: id === '' ? page.address : `${page.address}#${id}`,
        page: page.title,
        heading,
        text,
      })),
    ),
  );
  return search;
}

const searchOptions = { fields: ['page', 'heading', 'text'], storeFields: ['page', 'heading'] };

async function bundle(file: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(here, file)],
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    write: false,
  });
  return outputFiles[0]?.text ?? '';
}
