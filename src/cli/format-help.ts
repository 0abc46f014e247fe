import { wrapText } from '../text/wrap-text.ts';
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
    ...wrapText(command.summary, width),
    '',
    ...wrapText(`usage: npm run ${command.usage}`, width, 4),
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
  const lines = wrapText(summary, width - column);
  const head = `  ${name}`;
  if (head.length > column - 2) return [head, ...lines.map((line) => ' '.repeat(column) + line)];
  return lines.map((line, index) => (index === 0 ? head : '').padEnd(column) + line);
}
