import type { FlagStore, StoreSnapshot } from '../core/flag-store.ts';
import { flipKeys } from '../core/flip.ts';
import type { Clock } from './clock.ts';

/** A process that is ending waits no longer than this. */
const lastMs = 5_000;

/** Record and state as the store holds them. Rejects when it has not answered after so long, or soon after `signal`, whatever the store's own patience. */
export async function readInTime(store: FlagStore, timeoutMs: number, clock: Clock, signal: AbortSignal): Promise<StoreSnapshot> {
  const done = new AbortController();
  const wait = async () => {
    await clock.sleep(timeoutMs, AbortSignal.any([done.signal, signal]));
    if (signal.aborted) await clock.sleep(Math.min(timeoutMs, lastMs), done.signal);
    throw new Error(`no answer within ${timeoutMs} ms`);
  };
  const late = wait();
  late.catch(() => undefined);
  try {
    return await Promise.race([store.read(flipKeys), late]);
  } finally {
    done.abort();
  }
}
