import type { Readable } from 'node:stream';
import { readNpmArguments } from './npm-arguments.ts';

/** A stream that a command writes to. */
export interface Output {
  write(text: string, done?: (error?: Error | null) => void): boolean;
  on(event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown;
  isTTY?: boolean;
  columns?: number;
}

/** The process as a command sees it; tests put their own in its place. */
export interface Host {
  argv: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
  /** What npm took between the script's name and `--`; empty without npm. */
  npmArguments?: readonly string[];
  stdin: Readable & { isTTY?: boolean };
  stdout: Output;
  stderr: Output;
  onSignal(listener: (signal: 'SIGINT' | 'SIGTERM') => void): void;
  exit(code: number): void;
  now(): number;
}

/** The real process. */
export const processHost: Host = {
  argv: process.argv.slice(2),
  env: process.env,
  get npmArguments() {
    return readNpmArguments(process.env, process.ppid);
  },
  // A getter: merely touching process.stdin opens it.
  get stdin() {
    return process.stdin;
  },
  stdout: process.stdout,
  stderr: process.stderr,
  onSignal: (listener) => {
    process.on('SIGINT', () => listener('SIGINT'));
    process.on('SIGTERM', () => listener('SIGTERM'));
  },
  exit: (code) => process.exit(code),
  now: Date.now,
};
