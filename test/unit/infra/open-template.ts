import { readFileSync } from 'node:fs';
import { parseTemplate, type Template } from '../../templates/parse-template.ts';

/** Reads a template of this project; throws when it is none. */
export function openTemplate(path: string): Template {
  const parsed = parseTemplate(readFileSync(path, 'utf8'));
  if ('problems' in parsed) throw new Error(parsed.problems.join('\n'));
  return parsed.template;
}
