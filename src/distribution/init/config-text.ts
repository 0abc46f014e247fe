import type { EdgeConfigInput } from '../../config/edge-config.ts';

export interface FileTexts {
  /** The module that exports defineEdgeConfig. */
  importFrom: string;
  /** What the file is, in lines. */
  title: readonly string[];
  /** A line before a value, by its path such as `origins.singapore`. */
  comments: Readonly<Record<string, string>>;
}

/** Columns of a line that is kept whole. */
const width = 100;
const indent = '  ';

/** The text of an edge.config.ts that exports this configuration. */
export function formatConfigFile(config: EdgeConfigInput, { importFrom, title, comments }: FileTexts): string {
  const value = formatValue(config, '', '', 'export default defineEdgeConfig('.length, comments);
  return [
    `import { defineEdgeConfig } from ${quote(importFrom)};`,
    '',
    '/**',
    ...title.map((line) => ` * ${inOneLine(line.replaceAll('*/', '* /'))}`),
    ' */',
    `export default defineEdgeConfig(${value});`,
    '',
  ].join('\n');
}

function formatValue(value: unknown, path: string, margin: string, before: number, comments: FileTexts['comments']): string {
  if (typeof value === 'string') return quote(value);
  if (value === null || typeof value !== 'object') return String(value);
  const isList = Array.isArray(value);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  const [open, close] = isList ? ['[', ']'] : ['{ ', ' }'];
  if (entries.length === 0) return isList ? '[]' : '{}';
  const pathOf = (key: string) => (path === '' ? key : `${path}.${key}`);
  const nameOf = (key: string) => (isList ? '' : `${formatKey(key)}: `);
  const isOpen = path === '' || Object.keys(comments).some((at) => at.startsWith(`${path}.`));
  const whole = `${open}${entries.map(([key, item]) => nameOf(key) + formatValue(item, pathOf(key), '', -Infinity, {})).join(', ')}${close}`;
  if (!isOpen && margin.length + before + whole.length + 1 <= width) return whole;
  const inner = margin + indent;
  const lines = entries.flatMap(([key, item]) => {
    const comment = comments[pathOf(key)];
    const text = formatValue(item, pathOf(key), inner, nameOf(key).length, comments);
    return [...(comment === undefined ? [] : [`${inner}// ${inOneLine(comment)}`]), `${inner}${nameOf(key)}${text},`];
  });
  return [open.trim(), ...lines, margin + close.trim()].join('\n');
}

/** Without line ends and control characters: the text may be that of a saved file. */
function inOneLine(text: string): string {
  return text.replace(/[\s\p{C}]+/gu, ' ');
}

function formatKey(key: string): string {
  // As a plain key it would set the object's prototype.
  if (key === '__proto__') return `['__proto__']`;
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : quote(key);
}

/** In single quotes; what would end the text or the line is escaped. */
function quote(text: string): string {
  const body = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'");
  return `'${body.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')}'`;
}
