import { publishCodeKey, publishKey, publishPlaces } from '../../kvs/keys.ts';
import type { FlagStore } from '../core/flag-store.ts';
import { EdgeError } from '../errors.ts';
import { unpackCode } from './pack-code.ts';
import { linkOf, type PublishRecord, parsePublishRecord } from './publish-record.ts';
import type { Stage } from './stage.ts';

/** A record as it was read. */
export interface StoredRecord extends PublishRecord {
  /** See `linkOf`. */
  link: string;
}

/** A version that is to be kept: its record, the record's text and the code in pieces. */
export interface VersionEntry {
  record: PublishRecord;
  text: string;
  pieces: readonly string[];
}

const recordKeys = Array.from({ length: publishPlaces }, (_, place) => publishKey(place));

/** The last versions, the newest first. Nothing here is attested: anyone who may write the store may have written it. */
export async function readHistory(store: FlagStore): Promise<StoredRecord[]> {
  const { values } = await store.read(recordKeys);
  return recordKeys
    .flatMap((key): StoredRecord[] => {
      const text = values.get(key) ?? '';
      const record = parsePublishRecord(text);
      return record === undefined ? [] : [{ ...record, link: linkOf(text) }];
    })
    .sort((a, b) => b.version - a.version);
}

/**
 * The records that LIVE's comment attests, the newest first: its own, the one that this names, and so on to the first that is missing or changed.
 * Only a publisher can write that comment. Empty when LIVE was published by an older package or other means, or its record was changed.
 */
export function listAttested(live: Stage | undefined, known: readonly StoredRecord[]): StoredRecord[] {
  const attested: StoredRecord[] = [];
  let link = live?.published?.link;
  while (link !== undefined) {
    const record = known.find((each) => each.link === link);
    if (record === undefined || (attested.length === 0 && record.sha256 !== live?.sha256)) break;
    attested.push(record);
    link = record.after;
  }
  return attested;
}

/** Keeps a version and its code, all of it or nothing. CONFLICT when its place no longer has what `known` has: another release is under way. */
export async function writeVersion(
  store: FlagStore,
  { record, text, pieces }: VersionEntry,
  known: readonly StoredRecord[],
): Promise<void> {
  const key = publishKey(record.version);
  const expected = known.find((other) => publishKey(other.version) === key)?.link;
  await store.update([key], ({ values }) => {
    const found = values.get(key) ?? '';
    if (found === text) return undefined;
    const there = parsePublishRecord(found);
    if (there !== undefined && linkOf(found) !== expected)
      throw new EdgeError('CONFLICT', `version ${there.version} was just recorded by ${there.by}: another release is under way`, {
        hint: 'npm run function:history shows what is LIVE; then run it again',
      });
    return {
      puts: [{ key, value: text }, ...pieces.map((value, piece) => ({ key: publishCodeKey(record.version, piece), value }))],
      deletes: Array.from({ length: Math.max(0, (there?.pieces ?? 0) - pieces.length) }, (_, extra) =>
        publishCodeKey(record.version, pieces.length + extra),
      ),
    };
  });
}

/** The very bytes of a version, compared with its record's SHA-256. NOT_FOUND when they are no longer there as a whole. */
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
