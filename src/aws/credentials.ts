import type { CloudFrontClient } from '@aws-sdk/client-cloudfront';
import type { STSClient } from '@aws-sdk/client-sts';
import { EdgeError } from '../errors.ts';
import { wrapAwsError } from './aws-error.ts';

/** Properties of the credentials in use; never the credentials themselves. */
export interface CredentialFacts {
  kind: 'long-lived' | 'temporary';
  /** Version of a session token by its first bytes; undefined when unknown. */
  tokenVersion: 1 | 2 | undefined;
  /** Epoch milliseconds; undefined without an expiry. */
  expiresAt: number | undefined;
}

/** Resolves the credentials as a call would. CREDENTIALS when there are none. */
export async function readCredentialFacts(client: CloudFrontClient): Promise<CredentialFacts> {
  try {
    const { sessionToken, expiration } = await client.config.credentials();
    return {
      kind: sessionToken === undefined || sessionToken === '' ? 'long-lived' : 'temporary',
      tokenVersion: readTokenVersion(sessionToken),
      expiresAt: expiration?.getTime(),
    };
  } catch (error) {
    throw wrapAwsError(error, 'find credentials');
  }
}

/**
 * AWS documents two versions of session tokens but not their format. Tokens of the global STS endpoint have been seen
 * to contain `er/aws`, those of regional endpoints `origin_ec`, near the start of the base64: enough for a hint, not
 * for a failure.
 */
export function readTokenVersion(token: string | undefined): 1 | 2 | undefined {
  const head = Buffer.from((token ?? '').slice(0, 24), 'base64').toString('latin1');
  if (head.includes('origin_ec')) return 2;
  return head.includes('er/aws') ? 1 : undefined;
}

/**
 * The identity that AWS sees, such as `111122223333:assumed-role/operator/ann`; undefined when there is no answer
 * within `timeoutMs`. Recorded beside the self-declared name; nothing may depend on it.
 */
export async function readCallerIdentity(openClient: () => Promise<STSClient>, timeoutMs: number): Promise<string | undefined> {
  const signal = AbortSignal.timeout(timeoutMs);
  const late = new Promise<undefined>((resolve) => signal.addEventListener('abort', () => resolve(undefined), { once: true }));
  return Promise.race([ask(openClient, signal).catch(() => undefined), late]);
}

/**
 * USAGE when something is of another account than `accountId` of edge.config.ts: the credentials in use are those of
 * another environment.
 */
export function checkAccount(found: string | undefined, accountId: string | undefined): void {
  if (accountId === undefined || found === accountId) return;
  throw new EdgeError('USAGE', `the credentials are of account ${found}, but edge.config.ts is for account ${accountId}`, {
    hint: 'use the credentials of that account, such as with AWS_PROFILE, or choose another environment with --env',
  });
}

/** The same by the credentials themselves, for what does not exist yet: one call, and none without `accountId`. */
export async function checkCallerAccount(openClient: () => Promise<STSClient>, accountId: string | undefined): Promise<void> {
  if (accountId === undefined) return;
  const identity = await readCallerIdentity(openClient, 5_000);
  if (identity !== undefined) return checkAccount(identity.split(':')[0], accountId);
  throw new EdgeError(
    'ENDPOINT_UNREACHABLE',
    `cannot read the account of the credentials, which must be ${accountId}: there are no credentials, or STS does not answer`,
    {
      hint: 'set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; aws sts get-caller-identity shows the account',
    },
  );
}

async function ask(openClient: () => Promise<STSClient>, signal: AbortSignal): Promise<string | undefined> {
  const [client, { GetCallerIdentityCommand }] = await Promise.all([openClient(), import('@aws-sdk/client-sts')]);
  const { Arn } = await client.send(new GetCallerIdentityCommand({}), { abortSignal: signal });
  return Arn?.replace(/^arn:aws[a-z-]*:(?:sts|iam)::/, '');
}
