import { existsSync, readFileSync } from 'node:fs';
import type { SourceModule } from './read-modules.ts';

const root = new URL('../../', import.meta.url);

/**
 * A way through the code: the steps of one section of docs/architecture.md, each a link to the file where it happens.
 */
export interface Walk {
  title: string;
  /** From file to file, as the text goes. */
  hops: string[];
  files: string[];
  problems: string[];
}

/**
 * The sections whose heading begins with `Walk`. A step must exist and be imported by a step before it, unless a
 * process or a network lies between them: such a link says so in its title, `[name](path "over HTTP")`.
 */
export function readWalks(modules: readonly SourceModule[]): Walk[] {
  const page = readFileSync(new URL('docs/architecture.md', root), 'utf8');
  const imports = new Map(modules.map((module) => [module.path, module.imports]));
  return page
    .split(/^#+ (?=\w)/m)
    .filter((section) => section.startsWith('Walk'))
    .map((section) => {
      const links = [...section.matchAll(/\]\(\.\.\/([^) #]+\.(?:ts|mjs|js))(?: "([^"]*)")?\)/g)].map(([, path = '', border]) => ({
        path,
        border,
      }));
      const hops = links.map(({ path }) => path);
      const problems = links.flatMap(({ path, border }, at) => {
        if (!existsSync(new URL(path, root))) return [`${path} does not exist`];
        const before = hops.slice(0, at);
        const isKnown =
          at === 0 || border !== undefined || before.includes(path) || before.some((other) => imports.get(other)?.includes(path));
        return isKnown ? [] : [`${path} is imported by no step before it`];
      });
      return { title: section.split('\n', 1)[0] ?? '', hops, files: [...new Set(hops)], problems };
    });
}
