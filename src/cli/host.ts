import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Environment } from '../config/environments.ts';

/** A stream that a command writes to. */
export interface Output {
  write(text: string, done?: (error?: Error | null) => void): boolean;
  on(event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown;
  isTTY?: boolean;
  columns?: number;
}

/** Signals that ask a command to end. */
export type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/** The process as a command sees it; tests replace it. */
export interface Host {
  argv: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
  /** The options that npm took before `--`; empty without npm, undefined when npm left no record. */
  npmArguments?: readonly string[] | undefined;
  stdin: Readable & { isTTY?: boolean };
  stdout: Output;
  stderr: Output;
  /** Throws when it cannot be entered. */
  chdir(folder: string): void;
  onSignal(listener: (signal: StopSignal) => void): void;
  /** Called once when the process that started this one has ended. */
  onOrphaned(listener: () => void): void;
  exit(code: number): void;
  /**
   * An error that nothing waits for. The listener returns whether it has reported it; otherwise Node ends the process
   * with its stack.
   */
  onStray?(listener: (thrown: unknown) => boolean): void;
  /**
   * A call of process.exit by other code than this program's. The listener returns whether it has reported it as a
   * failure.
   */
  onExitCall?(listener: (call: Error) => boolean): void;
  now(): number;
}

const orphanCheckMs = 250;
const ancestors = ancestry();
const exit = process.exit.bind(process);

/**
 * The parent process; under npm, which may start a shell in between, also the parent of that shell, where /proc names
 * it.
 */
function ancestry(): string {
  const { ppid } = process;
  if (process.env['npm_lifecycle_event'] === undefined) return String(ppid);
  try {
    const [, name = '', above] = /\((.*)\) \S+ (\d+)/s.exec(readFileSync(`/proc/${ppid}/stat`, 'latin1')) ?? [];
    return /^(ba|da|k|z)?sh$/.test(name) ? `${ppid} ${above}` : String(ppid);
  } catch {
    return String(ppid);
  }
}

/** The real process. */
export const processHost: Host = {
  argv: process.argv.slice(2),
  env: process.env,
  get npmArguments() {
    return readNpmArguments(process.env, process.ppid);
  },
  // A getter, since reading process.stdin opens it.
  get stdin() {
    return process.stdin;
  },
  stdout: process.stdout,
  stderr: process.stderr,
  chdir: (folder) => process.chdir(folder),
  onSignal: (listener) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => listener(signal));
  },
  onOrphaned: (listener) => {
    const timer = setInterval(() => {
      if (ancestry() === ancestors) return;
      clearInterval(timer);
      listener();
    }, orphanCheckMs);
    timer.unref();
  },
  exit: (code) => exit(code),
  onStray: (listener) => {
    const report = (thrown: unknown) => {
      if (listener(thrown)) return;
      process.off('uncaughtException', report);
      process.nextTick(() => {
        throw thrown;
      });
    };
    process.on('uncaughtException', report);
  },
  onExitCall: (listener) => {
    process.exit = (code) => exit(listener(new Error('calls process.exit')) ? 2 : code);
  },
  now: Date.now,
};

/** How many parents are searched for npm: shells, npm itself, an outer npm whose script ran this one, wrappers. */
const generations = 16;
const headBytes = 8_192;
/** A log that began earlier than this before the command is of another run. */
const recentMs = 60_000;

/**
 * The options that npm took for itself, as npm recorded them, an outer npm's `--local` included; empty when npm was not
 * used, undefined when npm left no record. npm takes every option before `--`: `--local` is its short form of
 * `--no-global`, of which nothing reaches the script. npm overwrites its own argv, so its debug log is read: on Linux
 * those that the npm processes above this one hold open, elsewhere the newest that names this script.
 */
export function readNpmArguments(env: Environment, parent: number): readonly string[] | undefined {
  const script = env['npm_lifecycle_event'];
  if (script === undefined) return [];
  const open = openLogs(parent);
  // Without npm's logs an older file would be of a run that has ended.
  const logs = open ?? (env['npm_config_logs_max'] === '0' ? [] : recentLogs(env));
  const own = logs.findIndex((text) => parseNpmLog(text, script) !== undefined);
  if (own < 0) return undefined;
  // Of the options that an outer npm took, only the place to write is meant for this script, too.
  const outer = open === undefined ? [] : logs.slice(own + 1).flatMap((text) => wordsOf(text) ?? []);
  return [...(parseNpmLog(logs[own] ?? '', script) ?? []), ...outer.filter((word) => word === '--no-global')];
}

/**
 * The words before `--` without the command and the script's name, in a debug log of npm; undefined when the log is of
 * another command.
 */
export function parseNpmLog(text: string, script: string): string[] | undefined {
  const words = wordsOf(text);
  // npm writes options down where they were given: before the command as well.
  const command = words?.find((word) => !word.startsWith('-'));
  if (words === undefined || command === undefined) return undefined;
  // Both `npx` and `npm exec` call the script so; of the former npm records `--` before the program's name.
  if (script === 'npx') return /^(exec|x)$/.test(command) ? words.filter((word) => word.startsWith('-')) : undefined;
  const isShort = command === script && ['start', 'test', 'stop', 'restart'].includes(script);
  const at = words.indexOf(script, isShort ? 0 : words.indexOf(command) + 1);
  return at < 0 ? undefined : words.filter((_, index) => index !== at && (isShort || index !== words.indexOf(command)));
}

function wordsOf(text: string): string[] | undefined {
  const [, line] = /^\d+ verbose argv (.*)$/m.exec(text) ?? [];
  if (line === undefined) return undefined;
  const words = [...line.matchAll(/"(?:[^"\\]|\\.)*"/g)].map(([word]) => unquote(word));
  const end = words.indexOf('--');
  return end < 0 ? words : words.slice(0, end);
}

function unquote(word: string): string {
  try {
    return JSON.parse(word) as string;
  } catch {
    return word.slice(1, -1);
  }
}

/**
 * The heads of the debug logs that the processes above hold open, the nearest first; undefined where the system does
 * not show it.
 */
function openLogs(parent: number): string[] | undefined {
  const found: string[] = [];
  let pid = parent;
  for (let generation = 0; generation < generations && pid > 1; generation++) {
    try {
      for (const fd of readdirSync(`/proc/${pid}/fd`)) {
        const path = `/proc/${pid}/fd/${fd}`;
        if (/[/\\]\d{4}-[^/\\]*-debug-\d+\.log$/.test(linkOf(path))) found.push(readHead(path));
      }
      pid = Number(
        readFileSync(`/proc/${pid}/stat`, 'utf8')
          .replace(/^.*\) /s, '')
          .split(' ')[1],
      );
    } catch {
      return generation === 0 ? undefined : found;
    }
  }
  return found;
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function recentLogs(env: Environment): string[] {
  const folder = join(env['npm_config_cache'] ?? '', '_logs');
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('-debug-0.log'))
      .sort()
      .slice(-3)
      .reverse()
      .map((name) => join(folder, name))
      .filter((path) => Date.now() - statSync(path).mtimeMs < recentMs)
      .map(readHead);
  } catch {
    return [];
  }
}

function readHead(file: string): string {
  try {
    return readFileSync(file, 'utf8').slice(0, headBytes);
  } catch {
    return '';
  }
}
