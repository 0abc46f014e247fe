import { posix } from 'node:path';
import type { SidebarGroup } from './sidebar.ts';
import type { SitePage } from './site-page.ts';

const name = 'Edge routing and failover for CloudFront';

/** A whole page: all addresses are relative to it. */
export function formatSitePage(page: SitePage, sidebar: readonly SidebarGroup[]): string {
  const to = (address: string) => posix.relative(posix.dirname(page.address), address) || posix.basename(address);
  const title = page.address === 'index.html' ? name : `${escapeText(page.title)} · ${name}`;
  const groups = sidebar.map(
    (group) =>
      `<h2>${escapeText(group.title)}</h2><ul>${group.entries
        .map(({ title, address }) => {
          const current = address === page.address ? ' aria-current="page"' : '';
          return `<li><a href="${to(address)}"${current}>${escapeText(title)}</a></li>`;
        })
        .join('')}</ul>`,
  );
  const parts = page.headings.filter(({ level }) => level === 2);
  const outline =
    parts.length < 2
      ? ''
      : `<nav class="outline" aria-label="On this page"><h2>On this page</h2><ul>${parts
          .map(({ id, text }) => `<li><a href="#${id}">${escapeText(text)}</a></li>`)
          .join('')}</ul></nav>`;
  return `<!doctype html>
<html lang="en" data-root="${to('index.html').replace(/index\.html$/, '')}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${to('site.css')}">
</head>
<body>
<a class="skip" href="#content">Skip to the page</a>
<header>
<a class="name" href="${to('index.html')}">cloudfront-edge-failover</a>
<a href="${to('docs/index.html')}">Docs</a>
<a href="${to('docs/runbook.html')}">Runbook</a>
<a href="${to('docs/commands.html')}">Commands</a>
<a href="${to('CHANGELOG.html')}">Changes</a>
<search><input type="search" placeholder="Search the docs ( / )" aria-label="Search the docs" aria-controls="found" autocomplete="off">
<div id="found" role="region" aria-label="Search results" hidden></div></search>
</header>
<div class="columns">
<nav class="sidebar" aria-label="All pages"><details><summary>All pages</summary>${groups.join('')}</details></nav>
<main id="content">
${page.html}</main>
${outline}
</div>
<script src="${to('site.js')}" defer></script>
</body>
</html>
`;
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
