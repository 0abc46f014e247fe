import type { FlagStore, KeyChange, StoreSnapshot } from '../core/flag-store.ts';

/** The store for somebody who only says what they would do: writes stay here and are read back, until somebody else writes the real store. */
export function openShadowStore(store: FlagStore): FlagStore {
  let shadow: { etag: string; values: ReadonlyMap<string, string> } | undefined;

  async function read(keys: readonly string[]): Promise<StoreSnapshot> {
    const real = await store.read(keys);
    if (shadow?.etag !== real.etag) shadow = undefined;
    const values = new Map(real.values);
    for (const key of keys) {
      const value = shadow?.values.get(key);
      if (value !== undefined) values.set(key, value);
    }
    return { etag: real.etag, values };
  }

  return {
    read,
    list: (maxPages) => store.list(maxPages),
    update: async (keys, change) => {
      const snapshot = await read(keys);
      const written: KeyChange | undefined = change(snapshot);
      if (written === undefined) return { written, attempts: 0 };
      const puts = written.puts.map(({ key, value }) => [key, value] as const);
      shadow = { etag: snapshot.etag, values: new Map([...(shadow?.values ?? []), ...puts]) };
      return { written, attempts: 1 };
    },
  };
}
