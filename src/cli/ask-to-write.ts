import { EdgeError } from '../errors.ts';
import type { Io } from './io.ts';

/** What a write changes, and where. */
export interface WriteTarget {
  isLocal: boolean;
  /** Such as `store edge-health` or `distribution E123`. */
  resource: string;
  /** ARN of it, or of its store, for the account; absent before there is one. */
  arn?: string | undefined;
}

/** `the local cloud, store edge-health`, or `AWS account 111122223333 (profile prod), store edge-health`; the account as far as anything names it. */
export function nameTarget({ isLocal, resource, arn }: WriteTarget, env: Io['env']): string {
  if (isLocal) return `the local cloud, ${resource}`;
  const account = arn?.split(':')[4] || env['AWS_ACCOUNT_ID'];
  const profile = env['AWS_PROFILE'];
  return `AWS${account ? ` account ${account}` : ''}${profile ? ` (profile ${profile})` : ''}, ${resource}`;
}

/**
 * Says where the write goes, and returns whether it may be made: at once with `yes`, else as the person at the terminal answers. USAGE without a terminal
 * to ask in.
 */
export async function askToWrite(io: Io, yes: boolean, what: string, target: string): Promise<boolean> {
  io.stderr(`target  ${target}`);
  if (yes) return true;
  if (!io.isTerminal)
    throw new EdgeError('USAGE', 'no terminal to confirm in; nothing was changed', { hint: 'pass --yes to write without asking' });
  return io.confirm(`${what} (${target})?`);
}
