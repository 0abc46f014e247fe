import type { STSClient } from '@aws-sdk/client-sts';

/**
 * Whom AWS takes this process for, such as `111122223333:assumed-role/operator/ann`; undefined when that cannot be known within `timeoutMs`. For the
 * record beside the name that people give themselves: nothing may depend on it.
 */
export async function readCallerIdentity(openClient: () => Promise<STSClient>, timeoutMs: number): Promise<string | undefined> {
  const signal = AbortSignal.timeout(timeoutMs);
  const late = new Promise<undefined>((resolve) => signal.addEventListener('abort', () => resolve(undefined), { once: true }));
  return Promise.race([ask(openClient, signal).catch(() => undefined), late]);
}

async function ask(openClient: () => Promise<STSClient>, signal: AbortSignal): Promise<string | undefined> {
  const [client, { GetCallerIdentityCommand }] = await Promise.all([openClient(), import('@aws-sdk/client-sts')]);
  const { Arn } = await client.send(new GetCallerIdentityCommand({}), { abortSignal: signal });
  return Arn?.replace(/^arn:aws[a-z-]*:(?:sts|iam)::/, '');
}
