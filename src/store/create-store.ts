import { setTimeout as sleepFor } from 'node:timers/promises';
import { healthKey, stateKey } from '../../kvs/keys.ts';
import { seed } from '../../kvs/seed.ts';
import type { Aws } from '../aws/clients.ts';
import { openKeyValueStore } from '../aws/key-value-store.ts';
import { createEmptyStore, describeStore, findKeyValueStoreArn, waitForStore } from '../aws/open-flag-store.ts';
import type { PollOptions } from '../aws/retry.ts';
import type { FlagStore, KeyChange, StoreSnapshot } from '../core/flag-store.ts';
import { EdgeError } from '../errors.ts';

export interface CreateStoreOptions extends Partial<PollOptions> {
  /** `keyValueStoreName` of edge.config.ts. */
  name: string;
  /** `keyPrefix` of edge.config.ts. */
  keyPrefix?: string | undefined;
}

export interface CreatedStore {
  arn: string;
  store: FlagStore;
  /** It did not exist before. */
  isNew: boolean;
  /** Keys that were missing and now have their first value. */
  seeded: readonly string[];
}

export const storeComment = 'Health of the origins, read by the edge router on every request';
/** Five times the 35 s that one live run took. */
export const storeTimeoutMs = 180_000;

/**
 * Makes sure that the store exists, is READY and has a health record and a state. Keeps what exists; safe to repeat.
 */
export async function createStore(aws: Aws, { name, keyPrefix, ...waiting }: CreateStoreOptions): Promise<CreatedStore> {
  const [control, data] = await Promise.all([aws.cloudFront(), aws.keyValueStore()]);
  const existing = await describeStore(control, name);
  const known = existing ?? (await createEmptyStore(control, name, storeComment));
  const ready = known.isReady ? known : await waitForStore(control, name, { timeoutMs: storeTimeoutMs, ...waiting });
  const store = openKeyValueStore(data, ready.arn, { keyPrefix, ...(waiting.signal && { signal: waiting.signal }) });
  return { arn: ready.arn, store, isNew: existing === undefined, seeded: await seedStore(store, waiting.sleep) };
}

/** Writes the missing keys of the seed in one call, under the store's ETag: a record written meanwhile wins. */
export async function seedStore(store: FlagStore, sleep?: PollOptions['sleep']): Promise<readonly string[]> {
  const seeding = writeAndReadBack(
    store,
    [healthKey, stateKey],
    ({ values }) => {
      const puts = seed.filter(({ key }) => !values.has(key));
      return puts.length === 0 ? undefined : { puts: [...puts], deletes: [] };
    },
    sleep,
  );
  return ((await seeding)?.puts ?? []).map(({ key }) => key);
}

/** The store's ARN, as findKeyValueStoreArn finds it, once it is READY; a new store takes about half a minute. */
export async function awaitStoreArn(
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

const maxWrites = 3;
const pauseMs = 1_000;

/**
 * `store.update`, read back: the first UpdateKeys after a store was created can be acknowledged and lost (sst#6894).
 * Writes again while none of it is in force; AWS after the third time. Returns the change that was written, undefined
 * when there was nothing to write.
 */
export async function writeAndReadBack(
  store: FlagStore,
  keys: readonly string[],
  change: (snapshot: StoreSnapshot) => KeyChange | undefined,
  sleep: (ms: number) => Promise<void> = (ms) => sleepFor(ms),
): Promise<KeyChange | undefined> {
  let last: KeyChange | undefined;
  for (let made = 0; made < maxWrites; made++) {
    let before: StoreSnapshot['values'] = new Map();
    const { written } = await store.update(keys, (snapshot) => {
      before = snapshot.values;
      return change(snapshot);
    });
    if (written === undefined) return last;
    last = written;
    // All or nothing: one key shows the whole. A third value is a later writer's.
    const key = written.puts[0]?.key ?? written.deletes[0] ?? '';
    const isLost = async () => (await store.read([key])).values.get(key) === before.get(key);
    if (!(await isLost())) return written;
    await sleep(pauseMs);
    if (!(await isLost())) return written;
  }
  throw new EdgeError('AWS', `the key-value store acknowledged ${maxWrites} writes and has none of them`, {
    hint: 'wait a minute, then run it again: it continues where it stopped',
  });
}
