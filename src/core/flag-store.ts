/** Values of a KeyValueStore at one ETag; a key that is not there is absent. */
export interface StoreSnapshot {
  etag: string;
  values: ReadonlyMap<string, string>;
}

/** One all-or-nothing write. */
export interface KeyChange {
  puts: { key: string; value: string }[];
  deletes: string[];
}

/**
 * What the flipper and the operator's commands need of a KeyValueStore; src/aws/key-value-store.ts opens the real one.
 */
export interface FlagStore {
  /** These keys at one moment; API calls: one plus one per key. */
  read(keys: readonly string[]): Promise<StoreSnapshot>;
  /** Every key, 50 a page; `complete` is false when `maxPages` cut the list. */
  list(maxPages: number): Promise<{ values: ReadonlyMap<string, string>; complete: boolean }>;
  /**
   * Reads the keys, asks `change` what to write and writes it in one UpdateKeys under the snapshot's ETag. On a
   * conflict it reads again and asks again, bounded and jittered, so `change` must be pure. Undefined from `change`
   * writes nothing. Throws EdgeError CONFLICT when the bound is reached.
   */
  update(
    keys: readonly string[],
    change: (snapshot: StoreSnapshot) => KeyChange | undefined,
  ): Promise<{ written: KeyChange | undefined; attempts: number }>;
  /**
   * How far this machine's clock is ahead of the store's, by its last answer; undefined before one and for a store that
   * does not say.
   */
  clockSkewMs?(): number | undefined;
}
