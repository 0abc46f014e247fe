import type { Aws } from '../aws/clients.ts';
import { findKeyValueStoreArn } from '../aws/find-key-value-store.ts';
import { waitForStore } from '../aws/key-value-store-control.ts';
import type { PollOptions } from '../aws/poll.ts';
import { EdgeError } from '../errors.ts';
import { storeTimeoutMs } from '../store/create-store.ts';

/** ARN of the store as findKeyValueStoreArn finds it, once it is READY; a new store takes about half a minute. */
export async function findReadyStore(
  aws: Aws,
  name: string,
  given: string | undefined,
  waiting: Partial<PollOptions> = {},
): Promise<string> {
  try {
    return await findKeyValueStoreArn(aws, name, given);
  } catch (error) {
    if (!(error instanceof EdgeError) || error.code !== 'NOT_READY') throw error;
    const { arn } = await waitForStore(await aws.cloudFront(), name, { timeoutMs: storeTimeoutMs, ...waiting });
    return arn;
  }
}
