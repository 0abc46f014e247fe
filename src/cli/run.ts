import { explainStray } from '../config/load-module.ts';
import { EdgeError } from '../errors.ts';
import { messageOf, messageOrStackOf } from '../text/message-of.ts';
import { chooseColour, paint } from '../text/terminal-text.ts';
import type { Command } from './command.ts';
import { formatHelp } from './command.ts';
import { type Host, type Output, processHost, type StopSignal } from './host.ts';
import { type Io, openIo } from './io.ts';
import { flag, type Options, text } from './option.ts';
import { parseArguments } from './parse-arguments.ts';

const every = {
  config: text('the configuration, instead of the nearest edge.config.ts; or EDGE_CONFIG', { placeholder: 'file' }),
  cwd: text('the folder to work in, instead of this one', { placeholder: 'folder' }),
  env: text('the environment of edge.config.ts, instead of EDGE_ENV', { placeholder: 'name' }),
  json: flag('print one JSON document on stdout, errors included'),
  verbose: flag('also print records as they are stored'),
  help: flag('print this text'),
};

/** Packages that are not installed with this one, and the command that brings each. */
const optionalPackages: Readonly<Record<string, string>> = {
  '@aws-sdk/client-iam': 'npm install --save-dev @aws-sdk/client-iam @aws-sdk/client-lambda',
  '@aws-sdk/client-lambda': 'npm install --save-dev @aws-sdk/client-iam @aws-sdk/client-lambda',
  autocannon: 'npm install --save-dev autocannon',
  'aws-cdk-lib': 'npm install --save-dev aws-cdk-lib constructs',
};

/**
 * npm passes Ctrl-C on to a child that has already received it from the terminal: two signals this close are one
 * keypress.
 */
const sameKeypressMs = 300;

const stopCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/**
 * Runs a command: parses the arguments, calls main, prints errors and ends the process. Exit codes: 0 done, 1 failed, 2
 * misused, 130, 143 and 129 ended by Ctrl-C, SIGTERM and SIGHUP. The first signal aborts `io.signal`, a second one ends
 * the process at once. A main that returns after the first one ends with its own code. The end of npm counts as
 * SIGTERM: npm passes signals to a shell only, which ends and leaves this process behind.
 */
export async function run<O extends Options>(command: Command<O>, host: Host = processHost): Promise<void> {
  const stop = new AbortController();
  let firstAt: number | undefined;
  // Read before the arguments are parsed, since their errors are printed as JSON, too.
  const json = host.argv.includes('--json');
  const io = openIo(host, json, stop.signal);
  for (const output of [host.stdout, host.stderr])
    output.on('error', (error) => {
      if (io.outlivesReaders) return;
      // The reader has closed the pipe, as `head` does.
      if (error.code === 'EPIPE') host.exit(0);
      else throw error;
    });
  const end = (signal: StopSignal) => {
    io.stopCode = stopCodes[signal];
    firstAt = host.now();
    stop.abort(new EdgeError('INTERRUPTED', signal === 'SIGINT' ? 'interrupted' : `ended by ${signal}`));
  };
  host.onSignal((signal) => {
    if (firstAt === undefined) end(signal);
    else if (host.now() - firstAt > sameKeypressMs) host.exit(io.stopCode);
  });
  const reportStray = (thrown: unknown): boolean => {
    const error = explainStray(thrown);
    if (error !== undefined) printError(error, io, host);
    return error !== undefined;
  };
  host.onStray?.((thrown) => {
    if (!reportStray(thrown)) return false;
    host.exit(2);
    return true;
  });
  host.onExitCall?.(reportStray);
  if (command.endsWithParent || host.env['npm_lifecycle_event'] !== undefined)
    host.onOrphaned(() => {
      if (firstAt === undefined) end('SIGTERM');
    });
  let code: number;
  try {
    code = await runMain({ ...command, options: { ...command.options, ...every } }, host, io);
  } catch (thrown) {
    const error = stop.signal.aborted && isAbort(thrown) ? stop.signal.reason : (explainMissingPackage(thrown) ?? thrown);
    printError(error, io, host);
    if (!(error instanceof EdgeError)) code = 1;
    else code = error.code === 'INTERRUPTED' ? io.stopCode : error.exitCode;
  }
  await Promise.all([flushed(host.stdout), flushed(host.stderr)]);
  host.exit(code);
}

/** What `--help` prints, with the options of every command. */
export function formatWholeHelp(command: Command<Options>): string {
  return formatHelp({ ...command, options: { ...command.options, ...every } });
}

async function runMain<O extends Options>(command: Command<O>, host: Host, io: Io): Promise<number> {
  if (host.argv.includes('--help') || host.argv.includes('-h')) {
    io.stdout(formatHelp(command));
    return 0;
  }
  const given = parseArguments(command, host.argv, host.env, host.npmArguments);
  const { env, config, cwd } = given.values as Partial<Record<string, string>>;
  if (cwd !== undefined) changeFolder(cwd, host);
  if (env !== undefined) io.env = { ...io.env, EDGE_ENV: env };
  if (config !== undefined) io.env = { ...io.env, EDGE_CONFIG: config };
  return (await command.main(given, io)) ?? 0;
}

function changeFolder(folder: string, host: Host): void {
  try {
    host.chdir(folder);
  } catch (cause) {
    throw new EdgeError('USAGE', `--cwd ${folder}: it is not a folder that can be entered`, { cause });
  }
}

function printError(error: unknown, io: Io, host: Host): void {
  const red = (text: string) => paint(chooseColour(host.env, host.stderr.isTTY === true), 'red', text);
  if (io.json) io.stdout(JSON.stringify({ error: describe(error) }));
  if (!(error instanceof EdgeError)) {
    io.stderr(`${red('bug:')} ${messageOrStackOf(error)}`);
    if (error instanceof Error && error.cause !== undefined) io.stderr(`caused by: ${String(error.cause)}`);
  } else if (!io.json) {
    io.stderr(`${red('error:')} ${error.message}`);
    if (error.hint !== undefined) io.stderr(`hint: ${error.hint}`);
  }
}

function describe(error: unknown): { code: string; message: string; hint: string | null } {
  if (error instanceof EdgeError) return { code: error.code, message: error.message, hint: error.hint ?? null };
  return { code: 'BUG', message: messageOf(error), hint: null };
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

/** Ending the process would cut off what a pipe has not taken yet. */
function flushed(output: Output): Promise<void> {
  return new Promise((resolve) => {
    output.write('', () => resolve());
  });
}

/** The error to print when a package was not found, in place of a stack; undefined for any other error. */
function explainMissingPackage(error: unknown): EdgeError | undefined {
  if (!(error instanceof Error) || !/^(ERR_)?MODULE_NOT_FOUND$/.test(String((error as NodeJS.ErrnoException).code))) return undefined;
  const [, path] = /^Cannot find (?:package|module) '([^'.][^']*)'/.exec(error.message) ?? [];
  if (path === undefined) return undefined;
  const name = /^(?:.*[\\/]node_modules[\\/])?((?:@[^\\/]+[\\/])?[^\\/]+)/.exec(path)?.[1] ?? path;
  const install = optionalPackages[name];
  return new EdgeError('TOOL_MISSING', `the package ${name} is not installed`, {
    cause: error,
    hint: install ?? '`npm install` again: an earlier one did not end, or is older than this version',
  });
}
