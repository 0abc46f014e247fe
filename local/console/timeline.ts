import type { TimelineEntry } from './wire.ts';

/** Entries that are kept. */
const keptEntries = 200;

/** What happened, the oldest first, up to a bound. */
export class Timeline {
  #entries: TimelineEntry[] = [];
  #lastId = 0;
  #toldId = 0;

  add(entry: Omit<TimelineEntry, 'id'>): void {
    this.#lastId += 1;
    this.#entries.push({ id: this.#lastId, ...entry });
    if (this.#entries.length > keptEntries) this.#entries.shift();
  }

  /** What has been added since this was last asked. */
  takeNew(): TimelineEntry[] {
    const added = this.#entries.filter(({ id }) => id > this.#toldId);
    this.#toldId = this.#lastId;
    return added;
  }

  all(): readonly TimelineEntry[] {
    return this.#entries;
  }
}
