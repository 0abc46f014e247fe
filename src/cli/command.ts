import type { Io } from './io.ts';
import type { Options, Values } from './option.ts';

/** A word of the command line that is no option. */
interface Positional {
  name: string;
  /** Everything after an optional one is optional, too. */
  optional?: boolean;
  /** The last one may be given more than once. */
  repeats?: boolean;
  /** The words it may be; any when absent. */
  choices?: readonly string[];
}

/** One npm script. `--help` and `--json` belong to every command and are not declared. */
export interface Command<O extends Options> {
  /** What follows `npm run `, such as `failover -- <status|to> [origin]`. */
  usage: string;
  /** One sentence: what the command does. */
  summary: string;
  /** What follows `npm run ` in lines that work as they stand. */
  examples: readonly string[];
  options: O;
  positionals?: readonly Positional[];
  /** It runs on and has started processes of its own: it ends when whoever started it does. Default false; under npm every command does. */
  endsWithParent?: boolean;
  /** Returns the exit code, 0 when it returns nothing; a failure is thrown as an EdgeError. */
  main(given: { values: Values<O>; positionals: readonly string[] }, io: Io): Promise<void> | Promise<number>;
}

/** The npm script's name, the first word of its usage. */
export function scriptName(command: { usage: string }): string {
  return command.usage.split(' ')[0] ?? command.usage;
}
