import { hostname } from 'node:os';
import { EdgeError } from '../errors.ts';
import type { Io } from './io.ts';

/** What a write changes, and where. */
export interface WriteTarget {
  isLocal: boolean;
  /** Such as `store edge-health` or `distribution E123`. */
  resource: string;
  /** Its ARN or that of its store, which has the account; absent before it exists. */
  arn?: string | undefined;
}

/** `the local cloud, store edge-health`, or `AWS account 111122223333 (profile prod), store edge-health`; the account where the ARN or the environment names it. */
export function nameTarget({ isLocal, resource, arn }: WriteTarget, env: Io['env']): string {
  if (isLocal) return `the local cloud, ${resource}`;
  const account = arn?.split(':')[4] || env['AWS_ACCOUNT_ID'];
  const profile = env['AWS_PROFILE'];
  return `AWS${account ? ` account ${account}` : ''}${profile ? ` (profile ${profile})` : ''}, ${resource}`;
}

/**
 * Prints where the write goes and returns whether to write: at once with `yes`, else as the operator answers. USAGE without a terminal to ask in.
 */
export async function askToWrite(io: Io, yes: boolean, what: string, target: string): Promise<boolean> {
  io.stderr(`target  ${target}`);
  if (yes) return true;
  if (!io.isTerminal)
    throw new EdgeError('USAGE', 'no terminal to confirm in; nothing was changed', { hint: 'pass --yes to write without asking' });
  return io.confirm(`${what} (${target})?`);
}

/** Whom the audit names without `--by`: `ann@laptop`. */
export function nameOperator({ USER, LOGNAME }: Readonly<Record<string, string | undefined>>): string {
  return `${USER || LOGNAME || 'unknown'}@${hostname()}`;
}
