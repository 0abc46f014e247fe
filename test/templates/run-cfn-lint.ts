import { execFile } from 'node:child_process';
import { EdgeError } from '../../src/errors.ts';

export interface CfnLintOptions {
  env: Readonly<Record<string, string | undefined>>;
  signal?: AbortSignal;
}

interface Match {
  Filename: string;
  Level: string;
  Message: string;
  Rule: { Id: string };
  Location: { Start: { LineNumber: number } };
}

/** W3002: a path that only `aws cloudformation package` understands, which is how infra/flipper.yaml is deployed. */
const ignored = 'W3002';

/** Asks cfn-lint, AWS's own linter of templates; resolves to what it finds, warnings included. TOOL_MISSING when it does not run. */
export async function runCfnLint(cfnLint: string, files: readonly string[], { env, signal }: CfnLintOptions): Promise<string[]> {
  const args = ['--format', 'json', '--ignore-checks', ignored, '--', ...files];
  const { stdout, stderr } = await new Promise<{ stdout: string; stderr: string }>((resolve, reject) => {
    // Its exit code is 0 to 14 by what it found.
    execFile(cfnLint, args, { env, ...(signal && { signal }) }, (error, out, talk) =>
      error?.name === 'AbortError' ? reject(error) : resolve({ stdout: out, stderr: talk }),
    );
  });
  return readMatches(stdout, stderr).map(
    ({ Filename, Location, Level, Rule, Message }) =>
      `${Filename}:${Location.Start.LineNumber}: ${Level.toLowerCase()} ${Rule.Id}: ${Message}`,
  );
}

function readMatches(stdout: string, stderr: string): Match[] {
  try {
    return JSON.parse(stdout) as Match[];
  } catch (cause) {
    const line = stderr.trim().split('\n').at(-1) || 'it says nothing';
    throw new EdgeError('TOOL_MISSING', `cfn-lint is on PATH and does not run: ${line}`, { cause, hint: 'try cfn-lint --version' });
  }
}
