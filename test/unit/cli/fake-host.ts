import { PassThrough } from 'node:stream';
import type { Host, Output, StopSignal } from '../../../src/cli/host.ts';

/** A process that is none: what was written, the exit codes, and a way to send signals and set the clock. */
export interface FakeHost extends Host {
  out(): string;
  err(): string;
  codes: number[];
  /** Those that it changed to. */
  folders: string[];
  clock: { now: number };
  signal(name: StopSignal): void;
  /** Ends its parent. */
  orphan(): void;
  breakPipe(code?: string): void;
}

export function fakeHost(argv: string[], options: { terminal?: boolean; env?: Record<string, string>; columns?: number } = {}): FakeHost {
  const stdout = fakeOutput(options);
  const stderr = fakeOutput(options);
  const codes: number[] = [];
  const folders: string[] = [];
  const listeners: ((signal: StopSignal) => void)[] = [];
  const orphaned: (() => void)[] = [];
  const clock = { now: 1_764_000_000_000 };
  return {
    argv,
    env: options.env ?? {},
    stdin: Object.assign(new PassThrough(), { isTTY: options.terminal === true }),
    stdout,
    stderr,
    chdir: (folder) => {
      folders.push(folder);
    },
    folders,
    onSignal: (listener) => listeners.push(listener),
    onOrphaned: (listener) => orphaned.push(listener),
    orphan: () => {
      for (const listener of orphaned) listener();
    },
    exit: (code) => codes.push(code),
    now: () => clock.now,
    out: () => stdout.text,
    err: () => stderr.text,
    codes,
    clock,
    signal: (name) => {
      for (const listener of listeners) listener(name);
    },
    breakPipe: (code = 'EPIPE') => stdout.fail(Object.assign(new Error(`write ${code}`), { code })),
  };
}

function fakeOutput({ terminal, columns }: { terminal?: boolean; columns?: number }) {
  const listeners: ((error: NodeJS.ErrnoException) => void)[] = [];
  const output = {
    text: '',
    write(text: string, done?: (error?: Error | null) => void) {
      output.text += text;
      done?.();
      return true;
    },
    on(_: 'error', listener: (error: NodeJS.ErrnoException) => void) {
      listeners.push(listener);
    },
    fail(error: NodeJS.ErrnoException) {
      for (const listener of listeners) listener(error);
    },
    ...(terminal === undefined ? {} : { isTTY: terminal }),
    ...(columns === undefined ? {} : { columns }),
  } satisfies Output & Record<string, unknown>;
  return output;
}
