// The health record: what the edge reads on every request, and what the flipper and the operator write.
//
//   ok                                    every origin takes all its viewers
//   singapore=25                          Singapore keeps a quarter of its viewers
//   singapore=0@1764003600;singapore=25   until that epoch second it serves no viewer, then a quarter

/** One entry of the record. */
export interface HealthEntry {
  origin: string;
  /** Percent of its own viewers that the origin keeps, 0 to 100. */
  weight: number;
  /** Epoch second from which the entry is skipped; absent when it never expires. */
  until?: number;
}

/**
 * The number of the flip that wrote the record, as a label in front of it: `#=0@000417;ok`, `#=0@000417;singapore=0`.
 * The number is that of the audit entry, in six digits. An edge function that logs its decisions takes the label off by
 * its length; every other one reads an entry that expired in 1970.
 */
const labelPattern = /^#=0@(\d{6});/;

/** Of `#=0@000417;`. */
export const labelLength = 11;

/** A record that begins with a label sorts before this text, and every other one after it. */
export const labelEnd = '$';

/** The number of the flip that wrote the record; undefined for a record that does not name it. */
export function recordSequence(text: string): number | undefined {
  const found = labelPattern.exec(text);
  return found === null ? undefined : Number(found[1]);
}

/** The record without the number of its flip. */
export function withoutSequence(text: string): string {
  return labelPattern.test(text) ? text.slice(labelLength) : text;
}

/** The record with the number of its flip; without it where the number has more digits. */
export function withSequence(text: string, sequence: number): string {
  const digits = String(sequence).padStart(6, '0');
  return /^\d{6}$/.test(digits) ? `#=0@${digits};${text}` : text;
}

/** The record when every origin takes all its viewers. */
export const okRecord = 'ok';

/**
 * Digits of an expiry: the year 33658, so that every expiry is a time that a Date holds. More digits, such as
 * milliseconds, make no entry.
 */
const maxUntilDigits = 12;

/**
 * Bytes of the longest record: less than a value holds, so that the audit entry that repeats it still has room for its
 * reason.
 */
export const maxRecordBytes = 600;

/** Entries that a record may have: each costs the edge up to 15,000 instructions. */
export const maxEntries = 12;

/**
 * One entry at the beginning of a text, with the `;` behind it (the last may have one too), capturing origin, weight
 * and expiry. Both sides take entry by entry off the text: it is a record when nothing is left of it.
 */
export const entryPattern = /^([#a-z][a-z\d-]*)=(100|[1-9]?\d)(?:@(\d{1,12}))?(?:;|$)/;

/**
 * Characters of the longest record that these origins can need: for each an override with the longest expiry and an
 * automatic entry. The edge counts a longer one as `ok`, so that no value of the store makes it slow.
 */
export function maxRecordLength(origins: readonly string[]): number {
  const needed = origins.map((id) => `${id}=100@${'9'.repeat(maxUntilDigits)};${id}=100;`.length).reduce((sum, length) => sum + length, 0);
  return Math.min(needed, maxRecordBytes);
}

/**
 * The entries in their order, none for `ok`, and without the label; undefined when any part of the text is not an entry
 * or there are too many: the edge then acts as for `ok`. Exception: a text that begins like a label and is not one,
 * which each edge function reads in its own way. With `origins`, those that are configured, also when it is longer than
 * they can need.
 */
export function parseHealthRecord(text: string, origins?: readonly string[]): HealthEntry[] | undefined {
  const entries: HealthEntry[] = [];
  let rest = withoutSequence(text);
  if (rest === okRecord) return entries;
  // Not a label, but in its place: an edge function with an access log takes eleven characters of the record off.
  if (rest === text && text < labelEnd) return undefined;
  // An edge function without an access log counts the label as the rest of the text.
  const most = rest === text ? maxEntries : maxEntries - 1;
  if (origins !== undefined && text.length > maxRecordLength(origins)) return undefined;
  for (let entry = entryPattern.exec(rest); entry !== null; entry = entryPattern.exec(rest)) {
    // No destructuring: the edge's build reads this file, and CloudFront has none.
    const origin = entry[1] ?? '';
    const weight = Number(entry[2]);
    entries.push(entry[3] === undefined ? { origin, weight } : { origin, weight, until: Number(entry[3]) });
    rest = rest.slice(entry[0].length);
  }
  return rest !== '' || entries.length === 0 || entries.length > most ? undefined : entries;
}

/**
 * The text of these entries; `ok` for none. The caller keeps overrides first and the text within a key's value limit.
 */
export function formatHealthRecord(entries: readonly HealthEntry[]): string {
  if (entries.length === 0) return okRecord;
  return entries.map((entry) => `${entry.origin}=${entry.weight}${entry.until === undefined ? '' : `@${entry.until}`}`).join(';');
}

/**
 * The weight in force for an origin at an epoch second: that of its first entry that has not expired, 100 without one.
 */
export function weightAt(entries: readonly HealthEntry[], origin: string, nowSeconds: number): number {
  const entry = entries.find((candidate) => candidate.origin === origin && (candidate.until === undefined || candidate.until > nowSeconds));
  return entry === undefined ? 100 : entry.weight;
}
