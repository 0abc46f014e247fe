import { tokenizer, tokTypes } from 'acorn';
import { readImports } from './read-imports.ts';

/**
 * Why a source's imports cannot be run: one after the first lines, or `import()`, which V8 would take, and which would lead out of everything that a function is shut
 * up in. Undefined when there is none. A source that is not even made of tokens is left to the engine's own SyntaxError.
 */
export function findLateImport(code: string): string | undefined {
  const { body } = readImports(code);
  if (!/\bimport\b/.test(body)) return undefined;
  try {
    for (const token of tokenizer(body, { ecmaVersion: 'latest', locations: true })) {
      if (token.type === tokTypes._import)
        return `import stands in the first lines only, one default import a line; found in ${token.loc?.start.line}`;
    }
  } catch {
    return undefined;
  }
  return undefined;
}
