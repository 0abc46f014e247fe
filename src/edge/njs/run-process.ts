import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

export interface ProcessResult {
  stdout: string;
  stderr: string;
  /** Undefined when a signal ended it. */
  exitCode: number | undefined;
  /** True when it was killed because it wrote nothing for too long, or did not end in time. */
  timedOut: boolean;
}

export interface ProcessLimits {
  /** Milliseconds that may pass without output before it is killed, a quarter more at most. */
  silenceMs: number;
  /** Milliseconds until it is killed in any case; default: no limit. */
  maxMs?: number;
  /** KiB of address space. */
  maxKiB: number;
  /** Seconds of processor time: an endless loop ends even when this process cannot end it any more. */
  maxCpuSeconds: number;
  /** Ends it, and rejects. */
  signal?: AbortSignal;
  /** Its whole environment; default: an empty one. */
  env?: Readonly<Record<string, string>>;
  /** Folder to run in; default: this process's. */
  cwd?: string;
}

/**
 * Arguments of every njs process: -s no file system, -u no code from text. It runs other teams' functions: always use
 * these.
 */
export const sandbox: readonly string[] = ['-s', '-u'];

/** Bytes that a process may write to its output file, and to standard error. */
const maxOutputBytes = 64 * 1_048_576;
const maxErrorBytes = 1_048_576;

/**
 * Runs a program to its end, with no input and an empty environment; rejects only when it cannot be started or was
 * aborted. Its output goes through a file of the caller's: on a pipe every line would wake this process, which doubles
 * the cost of thousands of short lines.
 */
export async function runProcess(
  command: string,
  args: readonly string[],
  outputFile: string,
  limits: ProcessLimits,
): Promise<ProcessResult> {
  const output = await open(outputFile, 'w+');
  try {
    const ended = await waitFor(command, args, output, limits);
    // By its name: the handle shares its place in the file with the program.
    return { ...ended, stdout: await readFile(outputFile, 'utf8') };
  } finally {
    await output.close();
  }
}

function waitFor(
  command: string,
  args: readonly string[],
  output: FileHandle,
  limits: ProcessLimits,
): Promise<Omit<ProcessResult, 'stdout'>> {
  return new Promise((resolve, reject) => {
    const { silenceMs, maxMs = Number.POSITIVE_INFINITY, maxKiB, maxCpuSeconds, signal, cwd, env = {} } = limits;
    // Ctrl-C reaches the whole process group: only this process decides what it means, or a cut run would look like a
    // failing function. A shell counts files in blocks of 512 bytes, and would add PWD to the empty environment.
    const script = `trap '' INT TERM HUP; unset PWD OLDPWD; ulimit -t ${maxCpuSeconds}; ulimit -v ${maxKiB}; ulimit -f ${maxOutputBytes / 512}; ulimit -c 0; exec "$0" "$@"`;
    const child = spawn('/bin/sh', ['-c', script, command, ...args], {
      stdio: ['ignore', output.fd, 'pipe'],
      env,
      ...(cwd !== undefined && { cwd }),
      killSignal: 'SIGKILL',
      ...(signal && { signal }),
    });
    const stderr: Buffer[] = [];
    let errorBytes = 0;
    child.stderr?.on('data', (chunk: Buffer) => {
      errorBytes += chunk.length;
      if (errorBytes <= maxErrorBytes) stderr.push(chunk);
      else child.kill('SIGKILL');
    });
    const startedAt = performance.now();
    let timedOut = false;
    let size = 0;
    let quietChecks = 0;
    const timer = setInterval(async () => {
      const grown = (await output.stat()).size;
      quietChecks = grown === size ? quietChecks + 1 : 0;
      size = grown;
      if (quietChecks < 4 && performance.now() - startedAt < maxMs) return;
      timedOut = true;
      child.kill('SIGKILL');
    }, silenceMs / 4);
    child.on('error', (cause) => {
      clearInterval(timer);
      reject(cause);
    });
    child.on('close', (code) => {
      clearInterval(timer);
      resolve({ stderr: Buffer.concat(stderr).toString('utf8'), exitCode: code ?? undefined, timedOut });
    });
  });
}

/** The first executable file of that name in the folders of a PATH variable; undefined when there is none. */
export function findExecutable(name: string, path: string | undefined): string | undefined {
  for (const folder of (path ?? '').split(delimiter)) {
    if (folder === '') continue;
    const file = join(folder, name);
    if (isExecutable(file)) return file;
  }
  return undefined;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
