import { relative } from 'node:path';
import type { Host } from '../src/cli/host.ts';
import { packageFile } from '../src/package-files.ts';
import { nearestName } from '../src/text/nearest-name.ts';
import { escapeForeign } from '../src/text/terminal-text.ts';
import { type Program, setProgram, typed } from '../src/text/typed.ts';
import { commandGroups, commands } from './commands.ts';

/** Starts the command that the first argument names; what follows are its own arguments. */
export async function main(argv: readonly string[], program: Program): Promise<void> {
  setProgram(program, program === 'npm run' ? 'docs' : relative('.', packageFile('docs')));
  const [given = '', ...args] = argv;
  if (given === '--version' || given === '-v' || given === '-V') return console.log(await readVersion());
  // `help failover` is `failover --help`.
  const asksHelp = given === 'help' || given === '--help' || given === '-h';
  const name = asksHelp ? (args.find((word) => !word.startsWith('-')) ?? '') : given;
  if (asksHelp && name === '') return console.log(formatCommands());
  // `function-publish`, as its module is called, was the only name that scripts/run.mjs took before.
  const found = [name, name.replace('-', ':')].map((each) => (Object.hasOwn(commands, each) ? commands[each] : undefined)).find(Boolean);
  if (found === undefined) return refuse(name, args.includes('--json'));
  const [{ run }, { processHost }, { default: command }] = await Promise.all([
    import('../src/cli/run.ts'),
    import('../src/cli/host.ts'),
    found.load(),
  ]);
  // Its other fields stay getters: reading stdin opens it.
  const host: Host = Object.create(processHost, { argv: { value: asksHelp ? ['--help'] : args } });
  await run(command, host);
}

function refuse(name: string, json: boolean): void {
  const names = Object.keys(commands);
  const near = nearestName(name, names);
  const message =
    name === '' ? 'no command is given' : name.startsWith('-') ? `a command must come before ${name}` : `unknown command "${name}"`;
  const hint = `${near === undefined ? '' : `did you mean ${near}? `}commands: ${names.join(', ')}`;
  if (json) console.log(escapeForeign(JSON.stringify({ error: { code: 'USAGE', message, hint } })));
  else console.error(escapeForeign(`error: ${message}\nhint: ${hint}`));
  process.exitCode = 2;
}

/** All commands in their groups, as `--help` prints them. */
export function formatCommands(): string {
  const column = Math.max(...Object.keys(commands).map((name) => name.length)) + 4;
  return [
    'Edge routing and failover for CloudFront.',
    '',
    `usage: ${typed('<command> -- [options]')}`,
    ...commandGroups.flatMap((group) => [
      '',
      `${group}:`,
      ...Object.entries(commands).flatMap(([name, entry]) => (entry.group === group ? [`  ${name.padEnd(column)}${entry.does}`] : [])),
    ]),
    '',
    'options of every command:',
    `  --config file${' '.repeat(column - 13)}the configuration, instead of the nearest edge.config.ts`,
    `  --cwd folder${' '.repeat(column - 12)}the folder to work in`,
    `  --env name${' '.repeat(column - 10)}the environment of edge.config.ts`,
    `  --json${' '.repeat(column - 6)}one JSON document on stdout`,
    `  --verbose${' '.repeat(column - 9)}also records as they are stored`,
    `  --help${' '.repeat(column - 6)}the options of a command, with examples`,
    '',
    'examples:',
    ...['init -- --local', 'drill', 'failover -- status', 'function:publish -- --help'].map((line) => `  ${typed(line)}`),
  ].join('\n');
}

async function readVersion(): Promise<string> {
  const { readFile } = await import('node:fs/promises');
  return (JSON.parse(await readFile(packageFile('package.json'), 'utf8')) as { version: string }).version;
}
