import { maxValueBytes } from '../../kvs/limits.ts';
import { cutText } from '../text/cut-text.ts';
import { type FlipKind, isFlipKind, isObject, iso, parseSequence, parseTime } from './state-record.ts';

/** One flip as the audit ring keeps it, under `auditKey(sequence)`. Times are epoch milliseconds. */
export interface AuditEntry {
  sequence: number;
  at: number;
  kind: FlipKind;
  /** The health record before; absent when there was no room for it. */
  from?: string;
  /** The health record after, exactly as written. */
  to: string;
  reason: string;
  by: string;
  /** End of an override. */
  until?: number;
  /** Why an unsafe move was made all the same. */
  breakGlass?: string;
  /** Set when the record had been changed by hand since the entry before; `from` is what stood there. */
  edited?: true;
}

/** The entry, or undefined for a value that is none. */
export function parseAuditEntry(text: string): AuditEntry | undefined {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(raw) || raw['sequence'] !== parseSequence(raw['sequence']) || !isFlipKind(raw['kind']) || typeof raw['to'] !== 'string')
    return undefined;
  const at = parseTime(raw['at']);
  const until = parseTime(raw['until']);
  if (at === undefined) return undefined;
  return {
    sequence: raw['sequence'] as number,
    at,
    kind: raw['kind'],
    ...(typeof raw['from'] === 'string' ? { from: raw['from'] } : {}),
    to: raw['to'],
    reason: typeof raw['reason'] === 'string' ? raw['reason'] : '',
    by: typeof raw['by'] === 'string' ? raw['by'] : '',
    ...(until === undefined ? {} : { until }),
    ...(typeof raw['breakGlass'] === 'string' ? { breakGlass: raw['breakGlass'] } : {}),
    ...(raw['edited'] === true ? { edited: true as const } : {}),
  };
}

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
 * flip before left although no edit by hand was noted; it is empty when the audit tells the whole story.
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

function withTexts<T extends { reason: string; by: string; breakGlass?: string }>(entry: T, maxBytes: number): T {
  return {
    ...entry,
    reason: cutText(entry.reason, maxBytes),
    by: cutText(entry.by, 40),
    ...(entry.breakGlass === undefined ? {} : { breakGlass: cutText(entry.breakGlass, maxBytes) }),
  };
}
