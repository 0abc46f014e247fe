import type { SourceModule } from './read-modules.ts';

/** Names that two files may export, and why. */
const allowed: Readonly<Record<string, string>> = {
  handler: 'CloudFront and Lambda both fix the name of the function that they call',
};

/** An operation of AWS has its name where it is called and where the local cloud answers it. */
const isOperation = (path: string) => path.startsWith('src/aws/') || path.startsWith('local/aws/operations/');

/** A door has the name by which its user knows what it opens; where it opens it, the inner name is the same. */
const isDoor = (path: string) => path.startsWith('api/');

/** `name: file file` of each name that several files export. */
export function findDuplicateNames(modules: readonly SourceModule[]): string[] {
  const files = new Map<string, Set<string>>();
  for (const { path, exports } of modules.filter((module) => !isDoor(module.path)))
    for (const name of exports) files.set(name, (files.get(name) ?? new Set()).add(path));
  return [...files]
    .filter(([name, paths]) => paths.size > 1 && !(name in allowed) && ![...paths].every(isOperation))
    .map(([name, paths]) => `${name}: ${[...paths].join(' ')}`);
}
