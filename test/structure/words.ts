import { readFileSync } from 'node:fs';
import { type AnyNode, parse } from 'acorn';
import { transform } from 'esbuild';
import type { SourceModule } from './read-modules.ts';

const root = new URL('../../', import.meta.url);

/**
 * Words that the project's English avoids, whole: a reader whose first language is another one must look them up or
 * read them twice.
 */
const unwanted: readonly RegExp[] = [
  /\bmend(?:s|ed|ing)?\b/i,
  /\bsoundings?\b/i,
  /\b(?:a|the|each|every|one|bad|good|last|first|next|three|of) looks?\b(?! (?:at|for|like|up)\b)/i,
  /\b(?:tells?|told|telling)\b/i,
  /\bstands?\b/i,
  /\bheld against\b/i,
  /(?<!\bthere )\bis no (?!longer\b|more\b|less\b)/i,
  /\b(?:everybody|nobody|somebody|anybody)(?:’s|'s)?\b/i,
  /(?:^|[;:,(] |\b(?:for|from|of|to|by|only|names|and|than) )who (?:is|are|was|were|has|have|had|does|do|can|may|must|takes?|knows?|reads?|waits?)\b/i,
  /\b(?:is|are|be|was|were|goes|went) well\b/i,
  /\b(?:is|are|falls?|fell) ill\b/i,
  /\bby itself\b|\bsays? of itself\b/i,
  /\bway home\b/i,
  /\bso (?:long|many)\b(?! as\b)|\bsuch an? one\b/i,
  /\brelieved\b/i,
  /\bholds? still\b/i,
  /\bstand-?ins?\b|\blook-ups?\b/i,
  /\bwhoever\b|\bshall\b|\banew\b|\bin vain\b|\bbut for\b|\bnothing but\b|\botherwise than\b|\bat the least\b/i,
];

/** Places that may have such a word, each with its reason. */
const allowed: readonly { path: string; why: string }[] = [
  { path: 'test/structure/words.ts', why: 'has the patterns' },
  { path: 'test/unit/structure.test.ts', why: 'plants such words, to see that they are found' },
];

/** `place: …words around it…` for each unwanted word in the strings of these files. */
export async function findWordsInStrings(modules: readonly SourceModule[]): Promise<string[]> {
  const perFile = await Promise.all(
    modules.filter(isChecked).map(async ({ path, text }) => {
      const { code } = await transform(text, { loader: 'ts', format: 'esm', legalComments: 'none' });
      return listStrings(parse(code, { ecmaVersion: 'latest', sourceType: 'module' })).flatMap((string) => findWords(path, string));
    }),
  );
  return perFile.flat();
}

/** The same for comments, which only people who read the code see. */
export function findWordsInComments(modules: readonly SourceModule[]): string[] {
  return modules
    .filter(isChecked)
    .flatMap(({ path, text }) => [...text.matchAll(/^\s*(?:\/\/|\/?\*).*|\s\/\/ .*/gm)].flatMap(([comment]) => findWords(path, comment)));
}

/** The same for files read as plain text: Markdown, HTML without its styles and scripts, YAML, shell and JavaScript. */
export function findWordsInPages(paths: readonly string[]): string[] {
  return paths.flatMap((path) => {
    const whole = readFileSync(new URL(path, root), 'utf8').replace(/<(style|script)[\s\S]*?<\/\1>|\]\([^)]*\)/g, ' ');
    // The change log names the old words that it replaced.
    const text = ['CHANGELOG.md', 'docs/upgrading.md'].includes(path) ? whole.replace(/`[^`]*`/g, ' ') : whole;
    return text.split(/\n(?=\s*(?:$|[#|*-]|\d+\.))/m).flatMap((part) => findWords(path, part.replace(/\s+/g, ' ')));
  });
}

const maxWords = 40;

/** Sentences of pages that a reader must hold too long, without code, links' addresses and lists of links. */
export function findLongSentences(pages: readonly { path: string; text: string }[]): string[] {
  return pages.flatMap(({ path, text }) => {
    const prose = text.replace(/```[\s\S]*?```|^ {4}.*$|\]\([^)]*\)|\*\*/gm, ' ');
    const parts = prose.split(/\n\s*\n|\n(?=\s*(?:[-|#]|\d+\. ))|\||·/);
    const sentences = parts.flatMap((part) => part.replace(/\s+/g, ' ').split(/(?<=[.!?:;]) /));
    return sentences.filter((sentence) => sentence.split(' ').length > maxWords).map((sentence) => `${path}: ${sentence.slice(0, 100)}…`);
  });
}

export function readPage(path: string): { path: string; text: string } {
  return { path, text: readFileSync(new URL(path, root), 'utf8') };
}

const isChecked = ({ path }: SourceModule) => !allowed.some((place) => place.path === path);

function findWords(path: string, text: string): string[] {
  return unwanted.flatMap((word) =>
    [...text.matchAll(new RegExp(word, 'gi'))].map((found) => {
      const from = Math.max(0, found.index - 30);
      return `${path}: …${text.slice(from, found.index + found[0].length + 30).replace(/\s+/g, ' ')}…`;
    }),
  );
}

/** Literals of a program without those that name a module. */
function listStrings(program: AnyNode): string[] {
  const strings: string[] = [];
  const visit = (node: unknown, key: string) => {
    if (Array.isArray(node)) for (const item of node) visit(item, key);
    else if (isNode(node)) {
      if (node.type === 'Literal' && typeof node.value === 'string' && key !== 'source') strings.push(node.value);
      else if (node.type === 'TemplateLiteral') strings.push(node.quasis.map(({ value }) => value.cooked ?? '').join('…'));
      for (const [name, child] of Object.entries(node)) if (node.type !== 'TemplateLiteral' || name !== 'quasis') visit(child, name);
    }
  };
  visit(program, '');
  return strings;
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}
