import { auditKey, auditPlaces, stateKey } from '../../kvs/keys.ts';
import type { FlagStore, StoreSnapshot } from './flag-store.ts';
import { isStateReadable } from './state-record.ts';

/** Times that an update begins again because the store changed while the ring was read. */
const maxTries = 4;

const ringKeys = Array.from({ length: auditPlaces }, (_, place) => auditKey(place));

/**
 * The store with a memory for flips: when `state` is asked for and is missing or unreadable, the snapshot has the audit entries as well, so that the sequence number
 * and an override go on from there. Costs calls only then.
 */
export function recallAudit(store: FlagStore): FlagStore {
  let recalled: { etag: string; ring: ReadonlyMap<string, string> } | undefined;

  async function recall(etag: string): Promise<void> {
    recalled = { etag, ring: await readRing(store) };
  }
  /** The snapshot with the ring; undefined when the ring of this moment is not known yet. */
  function complete(keys: readonly string[], snapshot: StoreSnapshot): StoreSnapshot | undefined {
    if (!isForgotten(keys, snapshot)) return snapshot;
    return recalled?.etag === snapshot.etag ? { ...snapshot, values: new Map([...recalled.ring, ...snapshot.values]) } : undefined;
  }

  return {
    ...store,
    read: async (keys) => {
      const snapshot = await store.read(keys);
      if (complete(keys, snapshot) === undefined) await recall(snapshot.etag);
      return complete(keys, snapshot) ?? snapshot;
    },
    update: async (keys, change) => {
      for (let tries = 1; ; tries++) {
        let missing: string | undefined;
        const done = await store.update(keys, (snapshot) => {
          const whole = complete(keys, snapshot);
          missing = whole === undefined ? snapshot.etag : undefined;
          // A store that changes all the time is not waited for.
          return whole === undefined && tries < maxTries ? undefined : change(whole ?? snapshot);
        });
        if (missing === undefined || done.written !== undefined || tries === maxTries) return done;
        await recall(missing);
      }
    },
  };
}

/** The whole audit ring. */
export async function readRing(store: FlagStore): Promise<ReadonlyMap<string, string>> {
  try {
    const { values, complete } = await store.list(1);
    if (complete) return new Map([...values].filter(([key]) => ringKeys.includes(key)));
  } catch (error) {
    // A role that may not list can still read each entry by its name.
    if ((error as { code?: unknown }).code !== 'ACCESS_DENIED') throw error;
  }
  return (await store.read(ringKeys)).values;
}

function isForgotten(keys: readonly string[], { values }: StoreSnapshot): boolean {
  return keys.includes(stateKey) && !isStateReadable(values.get(stateKey)) && !ringKeys.some((key) => values.has(key));
}
