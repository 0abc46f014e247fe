import { chdir, cwd } from 'node:process';
import { commands } from '../scripts/commands.ts';
import { run } from '../src/cli/run.ts';
import { fakeHost } from './unit/cli/fake-host.ts';

/**
 * Runs a command in this process, in `folder`. A process of its own costs most of a second, and shows only that the
 * command can be started: one test of a file is enough for that.
 */
export async function runHere(
  name: string,
  args: readonly string[],
  { env, folder = cwd() }: { env: Record<string, string>; folder?: string | undefined },
): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const entry = commands[name];
  if (entry === undefined) throw new Error(`no command is called ${name}`);
  const host = { ...fakeHost([...args], { env }), now: Date.now };
  const before = cwd();
  chdir(folder);
  try {
    await run((await entry.load()).default, host);
  } finally {
    chdir(before);
  }
  return { exitCode: host.codes.at(-1) ?? 0, stdout: host.out(), stderr: host.err() };
}
