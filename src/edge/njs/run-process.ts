import { spawn } from 'node:child_process';

export interface ProcessResult {
  stdout: string;
  stderr: string;
  /** Undefined when a signal ended it. */
  exitCode: number | undefined;
  /** True when it was killed for having written nothing for too long. */
  timedOut: boolean;
}

export interface ProcessLimits {
  /** Milliseconds that may pass without output before it is killed. */
  silenceMs: number;
  /** KiB of address space; default: no limit. */
  maxKiB?: number;
  signal?: AbortSignal;
}

/** Runs a program to its end, with no input and an empty environment; rejects only when it cannot be started or was aborted. */
export function runProcess(command: string, args: readonly string[], limits: ProcessLimits): Promise<ProcessResult> {
  return new Promise((resolve, reject) => {
    const { silenceMs, maxKiB, signal } = limits;
    const limited = maxKiB === undefined ? args : ['-c', `ulimit -v ${maxKiB}; exec "$0" "$@"`, command, ...args];
    const child = spawn(maxKiB === undefined ? command : '/bin/sh', limited, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {},
      killSignal: 'SIGKILL',
      ...(signal && { signal }),
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, silenceMs);
    child.stdout.on('data', (chunk: Buffer) => {
      stdout.push(chunk);
      timer.refresh();
    });
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.on('error', (cause) => {
      clearTimeout(timer);
      reject(cause);
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      const text = (chunks: Buffer[]): string => Buffer.concat(chunks).toString('utf8');
      resolve({ stdout: text(stdout), stderr: text(stderr), exitCode: code ?? undefined, timedOut });
    });
  });
}
