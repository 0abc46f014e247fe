import { setTimeout as sleepFor } from 'node:timers/promises';
import type { FlagStore, KeyChange, StoreSnapshot } from '../core/flag-store.ts';
import { EdgeError } from '../errors.ts';

const maxWrites = 3;
const pauseMs = 1_000;

/**
 * `store.update`, read back: the first UpdateKeys after a store was created can be acknowledged and lost (sst#6894). Writes again while none of it is in
 * force; AWS after the third time. Returns the change that was written, undefined when there was nothing to write.
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
