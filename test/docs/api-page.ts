import { type Declared, type Door, readDoors } from './read-doors.ts';

const doors = /<!-- doors -->\n[\s\S]*?<!-- end of doors -->/;

/** docs/api.md with a section for each door between its marks. */
export function writeApiPage(page: string): string {
  const sections = readDoors().map(describeDoor);
  return page.replace(doors, () => ['<!-- doors -->', '', ...sections, '<!-- end of doors -->'].join('\n'));
}

function describeDoor({ name, summary, example, exports }: Door): string {
  const functions = exports.filter(({ kind }) => kind !== 'type');
  const types = exports.filter(({ kind }) => kind === 'type');
  return [
    `## cloudfront-edge-failover/${name}`,
    '',
    flatten(summary),
    '',
    ...indent(example),
    ...functions.flatMap(describeFunction),
    ...types.flatMap(describeType),
  ].join('\n');
}

function describeFunction({ name, kind, comment, text }: Declared): string[] {
  return [`### ${kind === 'class' ? `class ${name}` : `${name}()`}`, '', ...indent(breakSignature(text)), flatten(comment), ''];
}

function describeType({ name, comment, text, members }: Declared): string[] {
  const head = [`### type ${name}`, '', ...(comment === '' ? [] : [flatten(comment), ''])];
  if (members.length === 0) return text.includes(' of docs/') ? head : [...head, ...indent(breakUnion(text))];
  const base = /^interface \w+ extends ([^{]+) \{/.exec(text)?.[1];
  return [
    ...head,
    ...(base === undefined
      ? []
      : [
          `All of ${base
            .split(', ')
            .map((each) => `\`${each}\``)
            .join(' and ')}, and:`,
          '',
        ]),
    '| name | type | meaning |',
    '| --- | --- | --- |',
    ...members.map((member) => `| \`${cell(member.name)}\` | \`${cell(member.type)}\` | ${cell(flatten(member.comment))} |`),
    '',
  ];
}

const cell = (text: string) => text.replaceAll('|', '\\|');

/** Paths of pages become links. */
function flatten(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/(?<![\w/`(])docs\/([\w-]+\.md)/g, '[docs/$1]($1)');
}

function indent(code: string): string[] {
  return code === '' ? [] : [...code.split('\n').map((line) => (line === '' ? '' : `    ${line}`)), ''];
}

function breakSignature(text: string): string {
  return text.length <= 120
    ? text
    : text.replace(
        /^(function [^(]*\()(.*)(\): [^)]*)$/,
        (_, head: string, inner: string, tail: string) => `${head}\n  ${splitTop(inner).join(',\n  ')},\n${tail}`,
      );
}

/** At the commas outside of brackets. */
function splitTop(text: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const [at, char] of [...text].entries()) {
    if ('([{<'.includes(char)) depth += 1;
    if (')]}'.includes(char) || (char === '>' && text[at - 1] !== '=')) depth -= 1;
    if (char === ',' && depth === 0) parts.push('');
    else parts[parts.length - 1] += char;
  }
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

function breakUnion(text: string): string {
  return text.length <= 120 ? text : text.replace(/ \| (?=\{)/g, '\n  | ');
}
