import { cutText } from '../../kvs/cut-text.ts';
import { auditKey, auditPlaces, stateKey } from '../../kvs/keys.ts';
import { maxValueBytes } from '../../kvs/limits.ts';
import type { FlagStore, StoreSnapshot } from './flag-store.ts';
import { type FlipKind, iso, isStateReadable } from './state-record.ts';
import { auditSchema, parseJson, remembering } from './stored-schema.ts';

/** One flip as the audit ring keeps it, under `auditKey(sequence)`. Times are epoch milliseconds. */
export interface AuditEntry {
  sequence: number;
  at: number;
  kind: FlipKind;
  /** The health record before; absent when there was no room for it. */
  from?: string | undefined;
  /** The health record after, exactly as written. */
  to: string;
  reason: string;
  by: string;
  /** End of an override. */
  until?: number | undefined;
  /** Why an unsafe move was forced. */
  breakGlass?: string | undefined;
  /** Set when the record had been changed by hand since the entry before; `from` is what was there. */
  edited?: true | undefined;
}

/** The entry; undefined for a value that is none. */
export const parseAuditEntry = remembering((text: string): AuditEntry | undefined => auditSchema.safeParse(parseJson(text)).data);

/** One line of JSON within a value's limit: long texts are cut first, then `from` is left out; `to` is always whole. */
export function formatAuditEntry(entry: AuditEntry): string {
  const { from: _, ...withoutFrom } = entry;
  for (const candidate of [entry, withTexts(entry, 160), withTexts(entry, 60), withTexts(withoutFrom, 60)]) {
    const text = JSON.stringify({ ...candidate, at: iso(candidate.at), until: iso(candidate.until) });
    if (Buffer.byteLength(text) <= maxValueBytes) return text;
  }
  return JSON.stringify({ ...withTexts(withoutFrom, 20), at: iso(entry.at), until: iso(entry.until) });
}

/** The flips found among a store's keys, the newest first. */
export function auditHistory(values: ReadonlyMap<string, string>): AuditEntry[] {
  const entries: AuditEntry[] = [];
  for (const [key, text] of values) {
    const entry = key.startsWith('audit/') ? parseAuditEntry(text) : undefined;
    if (entry !== undefined) entries.push(entry);
  }
  return entries.sort((a, b) => b.sequence - a.sequence || b.at - a.at);
}

/**
 * The health record that these flips, the newest first, lead to: undefined without flips. `gaps` lists the sequence
 * numbers whose `from` is not what the flip before left although no edit by hand was noted; it is empty when the audit
 * is complete.
 */
export function replayAudit(history: readonly AuditEntry[]): { record: string | undefined; gaps: number[] } {
  const gaps: number[] = [];
  let before: AuditEntry | undefined;
  for (const entry of history.toReversed()) {
    const follows =
      before === undefined ||
      (entry.sequence === before.sequence + 1 && (entry.edited === true || entry.from === undefined || entry.from === before.to));
    if (!follows) gaps.push(entry.sequence);
    before = entry;
  }
  return { record: before?.to, gaps };
}

function withTexts<T extends { reason: string; by: string; breakGlass?: string | undefined }>(entry: T, maxBytes: number): T {
  return {
    ...entry,
    reason: cutText(entry.reason, maxBytes),
    by: cutText(entry.by, 40),
    breakGlass: entry.breakGlass && cutText(entry.breakGlass, maxBytes),
  };
}

/** Times that an update begins again because the store changed while the ring was read. */
const maxTries = 4;

const ringKeys = Array.from({ length: auditPlaces }, (_, place) => auditKey(place));

/**
 * The store with a memory for flips: when `state` is wanted and is missing or unreadable, the snapshot has the audit
 * entries as well. The sequence number and an override go on from there. Costs calls only then.
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
