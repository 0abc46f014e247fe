import { formatTable } from '../text/format-table.ts';
import { formatTime } from '../text/format-time.ts';
import { paint } from '../text/paint.ts';
import { listAttested, type StoredRecord } from './publish-history.ts';
import type { PublishRecord } from './publish-record.ts';
import { findLiveRecord } from './record-versions.ts';
import { describeOwner, type Stage } from './stage.ts';

/** The recorded versions and which of them is LIVE. */
export interface FunctionHistory {
  /** The newest first. */
  versions: (PublishRecord & { live: boolean; attested: boolean })[];
  /** Undefined when nothing is LIVE. */
  live: { sha256: string; version: number | undefined; owner: string; attests: boolean } | undefined;
}

/** Puts together what is recorded and what is LIVE. */
export function joinHistory(
  known: readonly (PublishRecord & Partial<StoredRecord>)[],
  live: Stage | undefined,
  now: number,
): FunctionHistory {
  const attested: readonly PublishRecord[] = listAttested(live, known as readonly StoredRecord[]);
  const record = attested[0] ?? findLiveRecord(live, known);
  return {
    versions: known.map((version) => ({ ...version, live: version === record, attested: attested.includes(version) })),
    live: live && {
      sha256: live.sha256,
      version: record?.version,
      owner: describeOwner(live, now),
      attests: live.published?.link !== undefined,
    },
  };
}

/** The history for people. */
export function formatHistory({ versions, live }: FunctionHistory, { now, colour }: { now: number; colour: boolean }): string[] {
  const liveVersion = versions.find((version) => version.live)?.version;
  const rows = versions.map(({ version, at, by, revision, sha256, bytes, of, found, attested, live: isLive }) => [
    `v${version}`,
    formatTime(at * 1_000, now),
    by,
    revision ?? '-',
    sha256.slice(0, 12),
    String(bytes),
    [
      ...(isLive ? [paint(colour, 'green', 'LIVE')] : []),
      ...(liveVersion !== undefined && version > liveVersion ? ['never LIVE'] : []),
      ...(of === undefined ? [] : [`the code of v${of}`]),
      ...(found ? ['found LIVE, published by other means'] : []),
      ...(attested || live?.attests !== true || (liveVersion !== undefined && version > liveVersion) ? [] : ['not attested']),
    ].join(', '),
  ]);
  const strange = live !== undefined && live.version === undefined ? [`LIVE is not recorded: ${live.owner}`] : [];
  if (rows.length === 0) return [...strange, live === undefined ? 'nothing was published yet' : 'no version is recorded'];
  const head = ['version', 'when', 'by', 'revision', 'sha256', 'bytes', ''].map((title) => paint(colour, 'dim', title));
  return [...formatTable([head, ...rows], [5]), ...strange];
}
