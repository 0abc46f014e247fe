import { readFileSync } from 'node:fs';

interface Override {
  includes: string[];
  linter: { rules: { style?: { noRestrictedImports?: { options: { patterns: { group: string[] }[] } } } } };
}

const { overrides } = JSON.parse(readFileSync(new URL('../../biome.json', import.meta.url), 'utf8')) as { overrides: Override[] };

/**
 * Whether biome.json refuses this import in that file: the last of its lists that includes the file decides, as in
 * Biome.
 */
export function isRefusedByLinter(file: string, specifier: string): boolean {
  const lists = overrides.filter(
    ({ includes, linter }) => linter.rules.style?.noRestrictedImports !== undefined && isMatch(includes, file),
  );
  const patterns = lists.at(-1)?.linter.rules.style?.noRestrictedImports?.options.patterns ?? [];
  return patterns.some(({ group }) => isMatch(group, specifier));
}

/** The last pattern that matches decides; `!` takes out. */
function isMatch(patterns: readonly string[], path: string): boolean {
  return patterns.reduce((so, pattern) => (globOf(pattern.replace(/^!/, '')).test(path) ? !pattern.startsWith('!') : so), false);
}

function globOf(pattern: string): RegExp {
  const parts = pattern.split(/(\*\*\/|\*\*|\*)/).map((part) => {
    if (part === '**/') return '(?:.*/)?';
    if (part === '**') return '.*';
    return part === '*' ? '[^/]*' : part.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('')}$`);
}
