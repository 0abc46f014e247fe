// The health record: what the edge reads on every request, and what the flipper and the operator write.
// This file runs at the edge too, so it keeps to CloudFront's dialect: no destructuring, spread, for-of or default parameters.
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

const entryPattern = /^([a-z][a-z0-9-]{0,62})=(100|[1-9]?[0-9])(?:@([1-9][0-9]{0,9}))?$/;

/** The entries in the order they stand, none for `ok`; undefined when any part of the text is not an entry: readers then act as for `ok`. */
export function parseHealthRecord(text: string): HealthEntry[] | undefined {
  const entries: HealthEntry[] = [];
  if (text === okRecord) return entries;
  const parts = text.split(';');
  for (let i = 0; i < parts.length; i++) {
    const match = entryPattern.exec(parts[i] as string);
    if (match === null) return undefined;
    const entry: HealthEntry = { origin: match[1] as string, weight: Number(match[2]) };
    if (match[3] !== undefined) entry.until = Number(match[3]);
    entries.push(entry);
  }
  return entries;
}

/** The text of these entries; `ok` for none. The caller keeps overrides first and the text within a key's value limit. */
export function formatHealthRecord(entries: HealthEntry[]): string {
  if (entries.length === 0) return okRecord;
  return entries.map((entry) => `${entry.origin}=${entry.weight}${entry.until === undefined ? '' : `@${entry.until}`}`).join(';');
}

/** The weight in force for an origin at an epoch second: the first entry that has not expired, 100 without one. */
export function weightAt(entries: HealthEntry[], origin: string, nowSeconds: number): number {
  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i] as HealthEntry;
    if (entry.origin === origin && (entry.until === undefined || entry.until > nowSeconds)) return entry.weight;
  }
  return 100;
}
