import { publishCodeKey, publishKey, publishPlaces } from '../../../kvs/keys.ts';
import { EdgeError } from '../../cli/errors.ts';
import type { FlagStore } from '../../health/key-change.ts';
import { packCode, unpackCode } from './pack-code.ts';
import { formatPublishRecord, type PublishRecord, parsePublishRecord } from './publish-record.ts';

const recordKeys = Array.from({ length: publishPlaces }, (_, place) => publishKey(place));

/** The last versions, the newest first. */
export async function readHistory(store: FlagStore): Promise<PublishRecord[]> {
  return listRecords((await store.read(recordKeys)).values);
}

/**
 * Keeps a version and its code, all of it or nothing. CONFLICT when its place has another version than in `known`: somebody else publishes
 * at the same time.
 */
export async function writeVersion(
  store: FlagStore,
  version: { record: Omit<PublishRecord, 'pieces'>; code: Uint8Array },
  known: readonly PublishRecord[],
): Promise<void> {
  const pieces = packCode(version.code);
  const record: PublishRecord = { ...version.record, pieces: pieces.length };
  const key = publishKey(record.version);
  const expected = known.find((other) => publishKey(other.version) === key);
  await store.update([key], ({ values }) => {
    const there = parsePublishRecord(values.get(key) ?? '');
    if (there?.sha256 === record.sha256 && there.version === record.version) return undefined;
    if (there !== undefined && (there.version !== expected?.version || there.sha256 !== expected.sha256))
      throw new EdgeError('CONFLICT', `${there.by} publishes at the same time: version ${there.version} is theirs`, {
        hint: 'npm run function:history shows what is LIVE; then run it again',
      });
    return {
      puts: [
        { key, value: formatPublishRecord(record) },
        ...pieces.map((value, piece) => ({ key: publishCodeKey(record.version, piece), value })),
      ],
      deletes: Array.from({ length: Math.max(0, (there?.pieces ?? 0) - pieces.length) }, (_, extra) =>
        publishCodeKey(record.version, pieces.length + extra),
      ),
    };
  });
}

/** The very bytes of a version. NOT_FOUND when they are no longer there as a whole. */
export async function readVersionCode(store: FlagStore, record: PublishRecord): Promise<Uint8Array> {
  const keys = Array.from({ length: record.pieces }, (_, piece) => publishCodeKey(record.version, piece));
  const { values } = await store.read(keys);
  const code = unpackCode(
    keys.map((key) => values.get(key) ?? ''),
    record.sha256,
  );
  if (code !== undefined) return code;
  throw new EdgeError('NOT_FOUND', `the code of version ${record.version} is no longer in the key-value store`, {
    hint: `check out ${record.revision ?? 'its revision'} and publish it`,
  });
}

function listRecords(values: ReadonlyMap<string, string>): PublishRecord[] {
  return recordKeys.flatMap((key) => parsePublishRecord(values.get(key) ?? '') ?? []).sort((a, b) => b.version - a.version);
}
