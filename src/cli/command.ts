import { wrapText } from '../text/terminal-text.ts';
import { typed } from '../text/typed.ts';
import type { Io } from './io.ts';
import type { Options, Values } from './option.ts';

/** A word of the command line that is not an option. */
interface Positional {
  name: string;
  /** Everything after an optional one is optional, too. */
  optional?: boolean;
  /** The last one may be given more than once. */
  repeats?: boolean;
  /** The words it may be; any when absent. */
  choices?: readonly string[];
}

/** One command. `--help` and `--json` belong to every command and are not declared. */
export interface Command<O extends Options> {
  /** What follows `npm run `, or the program's name, such as `failover -- <status|to> [origin]`. */
  usage: string;
  /** One sentence: what the command does. */
  summary: string;
  /** The same in lines that can be pasted. */
  examples: readonly string[];
  options: O;
  positionals?: readonly Positional[];
  /**
   * A long-running command with child processes: it ends when its parent process does. Default false; under npm every
   * command does.
   */
  endsWithParent?: boolean;
  /** Returns the exit code, 0 when it returns nothing; a failure is thrown as an EdgeError. */
  main(given: { values: Values<O>; positionals: readonly string[] }, io: Io): Promise<void> | Promise<number>;
}

/** What a module of scripts/ exports. */
export function defineCommand<const O extends Options>(command: Command<O>): Command<O> {
  return command;
}

/** The npm script's name, the first word of its usage. */
export function scriptName(command: { usage: string }): string {
  return command.usage.split(' ')[0] ?? command.usage;
}

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
    ...wrapText(`usage: ${typed(command.usage)}`, width, 4),
    '',
    'options:',
    ...names.flatMap(([name, summary]) => describeOption(name, summary, column)),
    '',
    `examples:`,
    ...command.examples.flatMap((example) => breakCommand(typed(example))),
    ...(command.examples.length === 0 ? [`  ${typed(scriptName(command))}`] : []),
  ].join('\n');
}

/** A command on lines that a shell joins: a long one breaks before options only, never within a quoted word. */
function breakCommand(line: string): string[] {
  const lines: string[] = [];
  for (const part of line.split(/ (?=--[a-z])/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + part.length + 1 <= width - 2) lines[lines.length - 1] = `${last} ${part}`;
    else lines.push(last === undefined ? `  ${part}` : `      ${part}`);
  }
  return lines.map((text, index) => (index < lines.length - 1 ? `${text} \\` : text));
}

function describeOption(name: string, summary: string, column: number): string[] {
  const lines = wrapText(summary, width - column);
  const head = `  ${name}`;
  if (head.length > column - 2) return [head, ...lines.map((line) => ' '.repeat(column) + line)];
  return lines.map((line, index) => (index === 0 ? head : '').padEnd(column) + line);
}
