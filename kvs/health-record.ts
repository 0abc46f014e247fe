import { maxValueBytes } from './limits.ts';

// The health record: what the edge reads on every request, and what the flipper and the operator write.
//
//   ok                                    every origin takes all its viewers
//   singapore=25                          Singapore keeps a quarter of its viewers
//   singapore=0@1764003600;singapore=25   until that epoch second it takes nobody, then a quarter

/** One entry of the record. */
export interface HealthEntry {
  origin: string;
  /** Percent of its own viewers that the origin keeps, 0 to 100. */
  weight: number;
  /** Epoch second from which the entry is skipped; absent when it never expires. */
  until?: number;
}

/** The record when every origin takes all its viewers. */
export const okRecord = 'ok';

/** Digits of an expiry: the year 33658, so that every expiry is a time that a Date holds. More digits, such as milliseconds, make no entry. */
const maxUntilDigits = 12;

/**
 * One entry with the `;` behind it (the last may have one too), capturing origin, weight and expiry. None in a text of 12 separators: each entry costs the
 * edge up to 15,000 instructions. They are counted at the start of the text only: counted behind each entry, 1 KB costs 170,000 instructions more.
 * A text is a record when replacing every match leaves nothing: readers on both sides do just that, the edge without building a list. Sticky, so that
 * reading ends at the first thing that is no entry: searched for entries, 1 KB of letters costs the edge 11.6 million instructions.
 */
export const entryPattern = /(?!^(?:[^;]*;){12})([a-z][a-z\d-]*)=(100|[1-9]?\d)(?:@(\d{1,12}))?(?:;|$)/gy;

/**
 * Characters of the longest record that these origins can need: for each an override with the longest expiry and an automatic entry. The edge counts a
 * longer one as `ok`, so that no value of the store makes it slow.
 */
export function maxRecordLength(origins: readonly string[]): number {
  const needed = origins.map((id) => `${id}=100@${'9'.repeat(maxUntilDigits)};${id}=100;`.length).reduce((sum, length) => sum + length, 0);
  return Math.min(needed, maxValueBytes);
}

/**
 * The entries in the order they stand, none for `ok`; undefined when any part of the text is not an entry or there are too many: the edge then acts as
 * for `ok`. With `origins`, those that are configured, also when it is longer than they can need.
 */
export function parseHealthRecord(text: string, origins?: readonly string[]): HealthEntry[] | undefined {
  const entries: HealthEntry[] = [];
  if (text === okRecord) return entries;
  if (origins !== undefined && text.length > maxRecordLength(origins)) return undefined;
  const rest = text.replace(entryPattern, (_match, origin: string, weight: string, until: string | undefined) => {
    entries.push(until === undefined ? { origin, weight: Number(weight) } : { origin, weight: Number(weight), until: Number(until) });
    return '';
  });
  return rest === '' && entries.length > 0 ? entries : undefined;
}

/** The text of these entries; `ok` for none. The caller keeps overrides first and the text within a key's value limit. */
export function formatHealthRecord(entries: readonly HealthEntry[]): string {
  if (entries.length === 0) return okRecord;
  return entries.map((entry) => `${entry.origin}=${entry.weight}${entry.until === undefined ? '' : `@${entry.until}`}`).join(';');
}

/** The weight in force for an origin at an epoch second: that of its first entry that has not expired, 100 without one. */
export function weightAt(entries: readonly HealthEntry[], origin: string, nowSeconds: number): number {
  const entry = entries.find((candidate) => candidate.origin === origin && (candidate.until === undefined || candidate.until > nowSeconds));
  return entry === undefined ? 100 : entry.weight;
}
