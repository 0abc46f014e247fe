import { type Command, scriptName } from './command.ts';
import type { Options } from './option.ts';

const width = 80;

/** The help of a command, no line wider than 80 columns unless a single word is. */
export function formatHelp(command: Omit<Command<Options>, 'main'>): string {
  const names = Object.entries(command.options).map(([name, option]): [string, string] => [
    `--${name}${option.placeholder === undefined ? '' : ` ${option.placeholder}`}`,
    option.summary,
  ]);
  const column = Math.min(30, Math.max(...names.map(([name]) => name.length)) + 4);
  return [
    ...wrap(command.summary, 0),
    '',
    ...wrap(`usage: npm run ${command.usage}`, 4),
    '',
    'options:',
    ...names.flatMap(([name, summary]) => describeOption(name, summary, column)),
    '',
    `examples:`,
    ...command.examples.map((example) => `  npm run ${example}`),
    ...(command.examples.length === 0 ? [`  npm run ${scriptName(command)}`] : []),
  ].join('\n');
}

function describeOption(name: string, summary: string, column: number): string[] {
  const lines = wrap(summary, 0, width - column);
  const head = `  ${name}`;
  if (head.length > column - 2) return [head, ...lines.map((line) => ' '.repeat(column) + line)];
  return lines.map((line, index) => (index === 0 ? head : '').padEnd(column) + line);
}

/** Breaks at spaces; lines after the first are indented. */
function wrap(text: string, indent: number, limit = width): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > limit) {
      lines.push(line);
      line = ' '.repeat(indent) + word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
