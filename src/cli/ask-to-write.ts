import { hostname } from 'node:os';
import { EdgeError } from '../errors.ts';
import type { Io, NamedTarget } from './io.ts';

/** What a write changes, and where. */
export interface WriteTarget {
  isLocal: boolean;
  /** Such as `store edge-health` or `distribution E123`. */
  resource: string;
  /** Its ARN or that of its store, which has the account; absent before it exists. */
  arn?: string | undefined;
}

/** The account where the ARN or the environment names it; the environment of edge.config.ts as EDGE_ENV has it. */
export function describeTarget({ isLocal, resource, arn }: WriteTarget, env: Io['env']): NamedTarget {
  return {
    local: isLocal,
    account: isLocal ? null : arn?.split(':')[4] || env['AWS_ACCOUNT_ID'] || null,
    profile: isLocal ? null : env['AWS_PROFILE'] || null,
    environment: env['EDGE_ENV'] || null,
    // A given ARN decides, not the name: the plan must show which store that is.
    resource:
      arn !== undefined && !isLocal && arn === env['EDGE_KVS_ARN'] && resource.startsWith('store ')
        ? `${resource} (${arn.split('/')[1]})`
        : resource,
  };
}

/**
 * `the local cloud, store edge-health`, or
 * `AWS account 111122223333 (profile ops), environment prod, store edge-health`.
 */
export function formatTarget({ local, account, profile, environment, resource }: NamedTarget): string {
  const where = local ? 'the local cloud' : `AWS${account ? ` account ${account}` : ''}${profile ? ` (profile ${profile})` : ''}`;
  return `${where}${environment ? `, environment ${environment}` : ''}, ${resource}`;
}

/** Names the target in the JSON result and, on stderr, above a plan. Returns its text. */
export function showTarget(io: Io, target: WriteTarget, isPrinted = true): string {
  const named = describeTarget(target, io.env);
  io.setTarget(named);
  const text = formatTarget(named);
  if (isPrinted) io.stderr(`target  ${text}`);
  return text;
}

/**
 * Prints where the write goes and returns whether to write: at once with `yes`, else as the operator answers. USAGE
 * without a terminal to ask in.
 */
export async function askToWrite(io: Io, yes: boolean, what: string, target: string): Promise<boolean> {
  io.stderr(`target  ${target}`);
  return yes || confirmOnTerminal(io, `${what} (${target})?`, 'changed', 'write');
}

/** What the operator answers. USAGE without a terminal to ask in: what was not `done`, and what --yes would `start`. */
export function confirmOnTerminal(io: Io, question: string, done: string, start: string): Promise<boolean> {
  if (io.isTerminal) return io.confirm(question);
  throw new EdgeError('USAGE', `no terminal to confirm in; nothing was ${done}`, { hint: `pass --yes to ${start} without asking` });
}

/** The author in the audit without `--by`: `ann@laptop`. */
export function nameOperator({ USER, LOGNAME }: Readonly<Record<string, string | undefined>>): string {
  return `${USER || LOGNAME || 'unknown'}@${hostname()}`;
}
