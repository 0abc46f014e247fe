import { spawn } from 'node:child_process';
import { runHere } from '../run-here.ts';

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

type Env = Readonly<Record<string, string>>;

/** Starts a command of scripts/ as npm does, without npm. */
export function startScript(script: string, args: readonly string[], env: Env = {}) {
  const child = spawn(process.execPath, ['--no-warnings', 'scripts/run.mjs', script, ...args], { env: { ...inherited(), ...env } });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  const ended = new Promise<Ended>((resolve) => child.on('close', (code) => resolve({ code, ...output })));
  return { child, output, ended };
}

/** The tests run under npm, the command does not: what that npm was given is nothing to it. */
function inherited(): Record<string, string | undefined> {
  const { npm_lifecycle_event: _, ...rest } = process.env;
  return rest;
}

let turn: Promise<unknown> = Promise.resolve();

/**
 * The same command in this process. A process costs a second of the processor and shows only that the command starts
 * and ends as it should: one of a file is enough for that. `isBare`: without this process's own environment; `folder`:
 * the working directory.
 */
export function runScript(
  script: string,
  args: readonly string[],
  env: Env = {},
  { isBare = false, folder }: { isBare?: boolean; folder?: string } = {},
): Promise<Ended> {
  const whole = { ...(isBare ? {} : inherited()), ...env } as Record<string, string>;
  // One after the other: the AWS SDK reads the environment of the process.
  const ended = turn.then(() => withEnv(whole, () => runHere(script, args, { env: whole, folder })));
  turn = ended.catch(() => undefined);
  return ended.then(({ exitCode, stdout, stderr }) => ({ code: exitCode, stdout, stderr }));
}

async function withEnv<T>(env: Env, run: () => Promise<T>): Promise<T> {
  const before = { ...process.env };
  const set = (to: Readonly<Record<string, string | undefined>>) => {
    for (const name of Object.keys(process.env)) if (to[name] === undefined) delete process.env[name];
    Object.assign(process.env, to);
  };
  set(env);
  try {
    return await run();
  } finally {
    set(before);
  }
}

export async function waitUntil(isDone: () => boolean | Promise<boolean>, timeoutMs: number): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!(await isDone()) && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 20));
}
