import type { FlagStore } from '../core/flag-store.ts';
import { packCode } from './pack-code.ts';
import { listAttested, readHistory, type StoredRecord, type VersionEntry, writeVersion } from './publish-history.ts';
import { formatPublishRecord, linkOf, type PublishRecord } from './publish-record.ts';
import type { Candidate } from './release-code.ts';
import type { Stage } from './stage.ts';

/** The versions that are recorded; none when nothing records them. */
export async function readKnownVersions(store: FlagStore | undefined): Promise<StoredRecord[]> {
  return store === undefined ? [] : readHistory(store);
}

/** The record of the code that is LIVE, whatever its comment says. */
export function findLiveRecord<R extends PublishRecord>(live: Stage | undefined, known: readonly R[]): R | undefined {
  const same = known.filter(({ sha256 }) => sha256 === live?.sha256);
  return same.find(({ version }) => version === live?.published?.version) ?? same[0];
}

/** The number the next publication gets: one more than LIVE's, so that a version that never became LIVE gives its number away again. */
export function nextVersion(live: Stage | undefined, known: readonly PublishRecord[]): number {
  const published = live?.published?.version ?? findLiveRecord(live, known)?.version;
  if (published !== undefined) return published + 1;
  const highest = Math.max(0, ...known.map(({ version }) => version));
  // LIVE without a record is recorded first.
  return live === undefined ? highest + 1 : highest + 2;
}

export interface PlanVersionOptions {
  candidate: Candidate;
  live: Stage | undefined;
  known: readonly StoredRecord[];
  by: string;
  /** Epoch milliseconds. */
  at: number;
  nonce: string;
}

/** What one release is going to record. */
export interface PlannedVersion {
  version: number;
  /** Of the new record; goes into the function's comment. */
  link: string;
  entry: VersionEntry;
  /** The record of what is LIVE now, when the store has none that LIVE attests. */
  found: VersionEntry | undefined;
}

/**
 * The record of the next version, linked to that of what is LIVE now. Where the store's record of LIVE is not the one that LIVE attests, a new one is
 * made from LIVE itself, and the chain begins there: nothing is taken over from a record that anyone may have written but two numbers.
 */
export function planVersion({ candidate, live, known, by, at, nonce }: PlanVersionOptions): PlannedVersion {
  const version = nextVersion(live, known);
  const [attested] = listAttested(live, known);
  const found = live === undefined || attested !== undefined ? undefined : recordLive(live, known, version, at);
  const before = attested?.version ?? found?.record.version;
  const after = attested?.link ?? (found && linkOf(found.text));
  const entry = enter(candidate.code, {
    ...describe(version, candidate.sha256, at, by, candidate.revision),
    ...(before !== undefined && { before }),
    ...(after !== undefined && { after }),
    nonce,
    ...(candidate.of !== undefined && { of: candidate.of }),
  });
  return { version, link: linkOf(entry.text), entry, found };
}

/** Records the version before it becomes LIVE, so that whatever is LIVE can be brought back; and first what is LIVE now. Says what was done. */
export async function keepVersions(
  { version, entry, found }: PlannedVersion,
  store: FlagStore | undefined,
  known: readonly StoredRecord[],
): Promise<string> {
  if (store === undefined) return 'nowhere: this version cannot be rolled back';
  if (found !== undefined) await writeVersion(store, found, known);
  await writeVersion(store, entry, known);
  return `v${version}${found === undefined ? '' : `, and what is LIVE as v${found.record.version}`}`;
}

function recordLive(live: Stage, known: readonly StoredRecord[], next: number, now: number): VersionEntry {
  const { published, code, sha256 } = live;
  const claimed = findLiveRecord(live, known);
  const { by = claimed?.by ?? 'unknown', at = now, revision } = published ?? {};
  const version = published?.version ?? claimed?.version ?? next - 1;
  return enter(code, {
    ...describe(version, sha256, at, by, revision),
    ...(claimed?.before !== undefined && { before: claimed.before }),
    ...(claimed?.of !== undefined && { of: claimed.of }),
    ...((claimed === undefined || claimed.found) && { found: true as const }),
  });
}

function describe(version: number, sha256: string, at: number, by: string, revision: string | undefined) {
  return { version, sha256, at: Math.floor(at / 1_000), by, ...(revision !== undefined && { revision }) };
}

function enter(code: Uint8Array, facts: Omit<PublishRecord, 'pieces' | 'bytes'>): VersionEntry {
  const pieces = packCode(code);
  const record = { ...facts, bytes: code.length, pieces: pieces.length };
  return { record, text: formatPublishRecord(record), pieces };
}
