import { existsSync, statSync } from 'node:fs';
import { posix } from 'node:path';
import MarkdownIt from 'markdown-it';

export interface SitePage {
  /** In the repository. */
  path: string;
  /** In the site. */
  address: string;
  title: string;
  html: string;
  headings: { id: string; level: number; text: string }[];
  /** The page's text, cut at its headings; the first one has no id. */
  sections: { id: string; heading: string; text: string }[];
  links: { to: string; heading: string }[];
  /** Files that the page shows or links to, and where their copies are. */
  files: { path: string; copy: string }[];
}

/** Where the site has a page: README.md is the index of its folder. */
export function addressOf(path: string): string {
  return path.replace(/(^|\/)README\.md$/, '$1index.md').replace(/\.md$/, '.html');
}

export function renderPage(path: string, source: string): SitePage {
  const markdown = new MarkdownIt({ html: false, linkify: false });
  const tokens = markdown.parse(source.replace(/^<!--.*?-->\n/gms, ''), {});
  const page: SitePage = { path, address: addressOf(path), title: path, html: '', headings: [], sections: [], links: [], files: [] };
  const ids = new Map<string, number>();
  let section = { id: '', heading: '', text: '' };
  page.sections.push(section);

  for (const [place, token] of tokens.entries()) {
    if (token.type === 'heading_open') {
      const text = plainText(tokens[place + 1]?.children ?? []);
      const id = uniqueId(text, ids);
      token.attrSet('id', id);
      page.headings.push({ id, level: Number(token.tag.slice(1)), text });
      if (token.tag === 'h1') page.title = text;
      section = { id: token.tag === 'h1' ? '' : id, heading: text, text: '' };
      page.sections.push(section);
    }
    if (token.type === 'fence' || token.type === 'code_block') section.text += ` ${token.content}`;
    if (token.type !== 'inline') continue;
    if (tokens[place - 1]?.type !== 'heading_open') section.text += ` ${plainText(token.children ?? [])}`;
    for (const [at, child] of (token.children ?? []).entries()) {
      if (child.type === 'link_open') {
        const href = followLink(page, String(child.attrGet('href') ?? ''));
        if (href !== undefined) child.attrSet('href', href);
        else for (const end of [child, token.children?.slice(at).find(({ type }) => type === 'link_close')]) if (end) end.type = 'text';
      }
      if (child.type === 'image') child.attrSet('src', followFile(page, String(child.attrGet('src') ?? ''), ''));
    }
  }
  markdown.renderer.rules['code_block'] = (all, place) => formatCode(all[place]?.content ?? '', markdown.utils.escapeHtml);
  markdown.renderer.rules['fence'] = markdown.renderer.rules['code_block'];
  markdown.renderer.rules['table_open'] = () => '<div class="table" tabindex="0"><table>\n';
  markdown.renderer.rules['table_close'] = () => '</table></div>\n';
  page.html = markdown.renderer.render(tokens, markdown.options, {});
  page.sections = page.sections.filter(({ text, heading }) => text.trim() !== '' || heading !== '');
  return page;
}

/** The address of a link's target in the site, from the page; undefined for a folder that has no page. */
function followLink(page: SitePage, target: string): string | undefined {
  if (/^[a-z]+:/.test(target)) return target;
  const [path = '', heading = ''] = target.split('#');
  if (path === '') {
    page.links.push({ to: page.address, heading });
    return target;
  }
  const file = posix.join(posix.dirname(page.path), path);
  if (existsSync(file) && statSync(file).isDirectory())
    return existsSync(`${file}/README.md`) ? followLink(page, `${path}/README.md`) : undefined;
  if (!file.endsWith('.md')) return followFile(page, path, '.txt');
  page.links.push({ to: addressOf(file), heading });
  return `${posix.relative(posix.dirname(page.address), addressOf(file))}${heading === '' ? '' : `#${heading}`}`;
}

/** A file of the repository is copied; with `.txt`, so that every server shows it as text. */
function followFile(page: SitePage, target: string, suffix: string): string {
  const path = posix.join(posix.dirname(page.path), target);
  const copy = `${path}${suffix}`;
  if (existsSync(path)) page.files.push({ path, copy });
  else page.links.push({ to: path, heading: '' });
  return posix.relative(posix.dirname(page.address), copy);
}

/** Commands differ in colour from their output, and a button copies them. */
function formatCode(text: string, escapeText: (text: string) => string): string {
  const lines = text.trimEnd().split('\n');
  const isCommand = (line: string) => /^(\$ )?(npm|npx|aws|curl|docker|sudo|openssl|git|terraform|cdk|node|apt-get) /.test(line);
  const html = lines.map((line) => (isCommand(line) ? `<b>${escapeText(line)}</b>` : escapeText(line))).join('\n');
  return `<pre${lines.some(isCommand) ? ' class="commands"' : ''} tabindex="0"><code>${html}</code></pre>\n`;
}

/** As GitHub names headings in addresses. */
function uniqueId(text: string, taken: Map<string, number>): string {
  const id = text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-');
  const count = taken.get(id) ?? 0;
  taken.set(id, count + 1);
  return count === 0 ? id : `${id}-${count}`;
}

function plainText(tokens: readonly { type: string; content: string }[]): string {
  return tokens.map(({ type, content }) => (type === 'softbreak' ? ' ' : content)).join('');
}
