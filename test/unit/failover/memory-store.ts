import type { FlagStore } from '../../../src/health/key-change.ts';

/** A store in memory that keeps the contract of FlagStore; `beforeWrite` plays the other writers. */
export function memoryStore(initial: Record<string, string> = {}, beforeWrite: (values: Map<string, string>) => void = () => undefined) {
  const values = new Map(Object.entries(initial));
  const calls: string[] = [];
  const pick = (keys: readonly string[]) => new Map([...values].filter(([key]) => keys.includes(key)));
  const store: FlagStore = {
    read: async (keys) => {
      calls.push('read');
      return { etag: 'E1', values: pick(keys) };
    },
    list: async (maxPages) => {
      calls.push('list');
      return { values: new Map([...values].slice(0, maxPages * 50)), complete: values.size <= maxPages * 50 };
    },
    update: async (keys, change) => {
      calls.push('update');
      beforeWrite(values);
      const written = change({ etag: 'E1', values: pick(keys) });
      for (const { key, value } of written?.puts ?? []) values.set(key, value);
      for (const key of written?.deletes ?? []) values.delete(key);
      return { written, attempts: 1 };
    },
  };
  return { store, values, calls };
}
