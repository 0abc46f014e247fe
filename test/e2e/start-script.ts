import { spawn } from 'node:child_process';

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Starts a command of scripts/ as npm does, without npm. */
export function startScript(script: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  // The tests run under npm, the command does not: what that npm was given is nothing to it.
  const { npm_lifecycle_event: _, ...inherited } = process.env;
  const child = spawn(process.execPath, ['--no-warnings', 'scripts/run.mjs', script, ...args], {
    env: { ...inherited, ...env },
  });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  const ended = new Promise<Ended>((resolve) => child.on('close', (code) => resolve({ code, ...output })));
  return { child, output, ended };
}

export async function waitUntil(isDone: () => boolean | Promise<boolean>, timeoutMs: number): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!(await isDone()) && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 20));
}
