import { posix } from 'node:path';
import { addressOf } from './site-page.ts';

export interface SidebarGroup {
  title: string;
  entries: { title: string; address: string }[];
}

/** The groups of docs/README.md: each `##` heading with the first link of each row of its table. */
export function readSidebar(index: string): SidebarGroup[] {
  const [, ...sections] = index.split(/^## /m);
  return sections
    .map((section) => ({
      title: section.split('\n', 1)[0] ?? '',
      entries: [...section.matchAll(/^\| \[([^\]]+)\]\(([^)#]+\.md)\)/gm)].map(([, title = '', target = '']) => ({
        title: title.replaceAll('`', ''),
        address: addressOf(posix.join('docs', target)),
      })),
    }))
    .filter(({ entries }) => entries.length > 0);
}
