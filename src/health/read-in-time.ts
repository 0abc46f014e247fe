import type { Clock } from './clock.ts';
import { flipKeys } from './flip.ts';
import type { FlagStore } from './key-change.ts';

/** Record and state as the store holds them. Rejects when it has not answered after so long, whatever the store's own patience. */
export async function readInTime(store: FlagStore, timeoutMs: number, clock: Clock): Promise<ReadonlyMap<string, string>> {
  const done = new AbortController();
  const late = clock.sleep(timeoutMs, done.signal).then(() => {
    throw new Error(`no answer within ${timeoutMs} ms`);
  });
  late.catch(() => undefined);
  try {
    const { values } = await Promise.race([store.read(flipKeys), late]);
    return values;
  } finally {
    done.abort();
  }
}
