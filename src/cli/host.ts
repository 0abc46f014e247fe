import { readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { readNpmArguments } from './npm-arguments.ts';

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
