import type { FlagStore, KeyChange, StoreSnapshot } from '../../src/core/flag-store.ts';

/** The KeyValueStore of a harness, in memory: no write is ever half done, and none can conflict. */
export interface MemoryStore extends FlagStore {
  /** All keys. Each write replaces the map, so that a reader has a snapshot. */
  values(): ReadonlyMap<string, string>;
}

export function openMemoryStore(initial: Readonly<Record<string, string>>, onChange: () => void): MemoryStore {
  let values: ReadonlyMap<string, string> = new Map(Object.entries(initial));
  let version = 0;
  const read = (keys: readonly string[]): StoreSnapshot => ({
    etag: String(version),
    values: new Map(keys.flatMap((key) => (values.has(key) ? [[key, values.get(key) ?? '']] : []))),
  });
  const apply = ({ puts, deletes }: KeyChange): void => {
    const next = new Map(values);
    for (const key of deletes) next.delete(key);
    for (const { key, value } of puts) next.set(key, value);
    values = next;
    version += 1;
    onChange();
  };
  return {
    values: () => values,
    read: async (keys) => read(keys),
    list: async () => ({ values, complete: true }),
    update: async (keys, change) => {
      const written = change(read(keys));
      if (written !== undefined) apply(written);
      return { written, attempts: written === undefined ? 0 : 1 };
    },
  };
}
