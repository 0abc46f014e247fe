import { cutText } from '../../kvs/cut-text.ts';
import { maxValueBytes } from '../../kvs/limits.ts';
import { type FlipKind, iso } from './state-record.ts';
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
 * The health record that these flips, the newest first, lead to: undefined without flips. `gaps` lists the sequence numbers whose `from` is not what the
 * flip before left although no edit by hand was noted; it is empty when the audit is complete.
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
