import type { FlagStore } from '../../health/key-change.ts';
import { readHistory, writeVersion } from './publish-history.ts';
import type { PublishRecord } from './publish-record.ts';
import type { Candidate } from './release-code.ts';
import type { Stage } from './stage.ts';

/** The versions that are recorded; none when nothing records them. */
export async function readKnownVersions(store: FlagStore | undefined): Promise<PublishRecord[]> {
  return store === undefined ? [] : readHistory(store);
}

/** The record of the code that is LIVE, whatever its comment says. */
export function findLiveRecord(live: Stage | undefined, known: readonly PublishRecord[]): PublishRecord | undefined {
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

export interface KeepOptions {
  candidate: Candidate;
  version: number;
  live: Stage | undefined;
  by: string;
  now: () => number;
  store: FlagStore | undefined;
  known: readonly PublishRecord[];
}

/**
 * Records the version before it becomes LIVE, so that whatever is LIVE can be brought back; and first what is LIVE now, unless it is there
 * already. Says what was done.
 */
export async function keepVersions({ candidate, version, live, by, now, store, known }: KeepOptions): Promise<string> {
  if (store === undefined) return 'nowhere: this version cannot be rolled back';
  const found = live !== undefined && findLiveRecord(live, known) === undefined ? live : undefined;
  const before = live === undefined ? undefined : (findLiveRecord(live, known)?.version ?? live.published?.version ?? version - 1);
  if (found !== undefined && before !== undefined) {
    const { published, code, sha256 } = found;
    const { by: author = 'somebody', at = now(), revision } = published ?? {};
    await writeVersion(store, { record: { ...describe(before, code, sha256, at, author, revision), found: true }, code }, known);
  }
  const record = {
    ...describe(version, candidate.code, candidate.sha256, now(), by, candidate.revision),
    ...(before !== undefined && { before }),
    ...(candidate.of !== undefined && { of: candidate.of }),
  };
  await writeVersion(store, { record, code: candidate.code }, known);
  return `v${version}${found === undefined ? '' : `, and what is LIVE as v${before}`}`;
}

function describe(version: number, code: Uint8Array, sha256: string, at: number, by: string, revision: string | undefined) {
  return { version, sha256, bytes: code.length, at: Math.floor(at / 1_000), by, ...(revision !== undefined && { revision }) };
}
