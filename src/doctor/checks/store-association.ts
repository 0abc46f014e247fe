import type { StoreDescription } from '../../aws/key-value-store-control.ts';
import { defineCheck, type Finding, fail, ok } from '../check.ts';

interface Facts {
  functionName: string;
  storeName: string;
  store: Pick<StoreDescription, 'arn' | 'status' | 'isReady'> | undefined;
  /** Undefined when the function is not LIVE. */
  live: { keyValueStoreArn: string | undefined } | undefined;
}

/** LIVE reads the store that the flipper writes. */
export const storeAssociationCheck = defineCheck<Facts>({
  id: 'store-association',
  why: 'Without it every read fails at the edge, which then acts as if all were well: no failover reaches anybody.',
  gather: async ({ config, store, liveFunction }) => {
    const [found, live] = await Promise.all([store(), liveFunction()]);
    return { functionName: config.functionName, storeName: config.keyValueStoreName, store: found, live };
  },
  judge: judgeStoreAssociation,
});

export function judgeStoreAssociation({ functionName, storeName, store, live }: Facts): readonly Finding[] {
  const publish = 'npm run function:publish sends the association each time';
  if (store === undefined) return [fail(`there is no key-value store ${storeName}`, 'npm run kvs:apply, then npm run function:publish')];
  if (!store.isReady) return [fail(`key-value store ${storeName} is ${store.status.toLowerCase()}, not ready`, 'wait, then run it again')];
  if (live === undefined) return [fail(`${functionName} was never published`, publish)];
  if (live.keyValueStoreArn === undefined) return [fail(`LIVE ${functionName} is associated with no key-value store`, publish)];
  if (live.keyValueStoreArn !== store.arn)
    return [fail(`LIVE ${functionName} reads ${live.keyValueStoreArn}, while ${storeName} is ${store.arn}`, publish)];
  return [ok(`LIVE ${functionName} reads ${storeName}`)];
}
