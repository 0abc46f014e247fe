import { healthKey } from '../../kvs/keys.ts';
import type { FlagStore, KeyChange, StoreSnapshot } from '../core/flag-store.ts';
import { EdgeError } from '../errors.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** What is wrong with the store at the moment. */
export type StoreFault = 'down' | 'slow' | 'throttled' | 'conflicting';

export interface Write {
  /** Elapsed milliseconds of the simulation. */
  at: number;
  record: string;
  change: KeyChange;
}

/** A KeyValueStore in memory: an ETag for the whole, API calls counted, faults on demand. Each client is a FlagStore of its own. */
export class MemoryStore {
  readonly values = new Map<string, string>();
  readonly writes: Write[] = [];
  calls = 0;
  fault: StoreFault | undefined;
  #version = 1;
  readonly #clock: VirtualClock;
  readonly #latencyMs: number;

  constructor(clock: VirtualClock, latencyMs = 30) {
    this.#clock = clock;
    this.#latencyMs = latencyMs;
  }

  /** A write without a check, as in the AWS console. */
  put(key: string, value: string): void {
    this.#apply({ puts: [{ key, value }], deletes: [] });
  }

  /** Another tool deletes a key, as Terraform does with those that it does not list. */
  remove(key: string): void {
    this.#apply({ puts: [], deletes: [key] });
  }

  client(): FlagStore {
    const read = async (keys: readonly string[]): Promise<StoreSnapshot> => {
      await this.#call(1 + keys.length);
      const values = keys
        .map((key) => [key, this.values.get(key)] as const)
        .filter((entry): entry is [string, string] => entry[1] !== undefined);
      return { etag: String(this.#version), values: new Map(values) };
    };
    return {
      read,
      list: async () => {
        await this.#call(1);
        return { values: new Map(this.values), complete: true };
      },
      update: async (keys, change) => {
        for (let attempts = 1; attempts <= 5; attempts++) {
          const snapshot = await read(keys);
          const wanted = change(snapshot);
          if (wanted === undefined) return { written: undefined, attempts: attempts - 1 };
          await this.#call(1);
          if (snapshot.etag === String(this.#version) && this.fault !== 'conflicting') {
            this.#apply(wanted);
            return { written: wanted, attempts };
          }
          await this.#clock.sleep(50 * attempts);
        }
        throw new EdgeError('CONFLICT', 'another tool writes all the time');
      },
    };
  }

  async #call(calls: number): Promise<void> {
    this.calls += calls;
    await this.#clock.sleep(this.fault === 'slow' ? 4_000 : this.#latencyMs);
    if (this.fault === 'down') throw new EdgeError('ENDPOINT_UNREACHABLE', 'no answer');
    if (this.fault === 'throttled') throw new EdgeError('THROTTLED', 'too many requests');
  }

  #apply(change: KeyChange): void {
    for (const { key, value } of change.puts) this.values.set(key, value);
    for (const key of change.deletes) this.values.delete(key);
    this.#version += 1;
    this.writes.push({ at: this.#clock.monotonic(), record: this.values.get(healthKey) ?? 'ok', change });
  }
}
