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

/**
 * One entry with the `;` behind it (the last may have one too), capturing origin, weight and expiry. A text is a record when replacing every match leaves nothing: readers
 * on both sides do just that, the edge without building a list. Sticky, so that reading ends at the first thing that is no entry: searched for entries, 1 KB of letters
 * costs the edge 11.6 million instructions.
 */
export const entryPattern = /([a-z][a-z\d-]*)=(100|[1-9]?\d)(?:@(\d+))?(?:;|$)/gy;

/** The entries in the order they stand, none for `ok`; undefined when any part of the text is not an entry: the edge then acts as for `ok`. */
export function parseHealthRecord(text: string): HealthEntry[] | undefined {
  const entries: HealthEntry[] = [];
  if (text === okRecord) return entries;
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
