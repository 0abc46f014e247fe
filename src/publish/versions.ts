import { createHash } from 'node:crypto';
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib';
import { z } from 'zod';
import { publishCodeKey, publishKey, publishPlaces } from '../../kvs/keys.ts';
import { maxFunctionBytes, maxKeysPerUpdate, maxValueBytes } from '../../kvs/limits.ts';
import type { FlagStore } from '../core/flag-store.ts';
import { EdgeError } from '../errors.ts';
import { typed } from '../text/typed.ts';
import type { Candidate } from './publish-tools.ts';
import { describeStage, hashCode, type Stage } from './stage.ts';

// Published versions in the key-value store: their records, their code, and which of them LIVE attests.
// See docs/decisions/003-publish-record.md.

const schema = z.object({
  version: z.int().min(1),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: z.int().min(1),
  /** As `git describe` names it, `+` behind it for uncommitted changes. */
  revision: z.string().optional(),
  /** Epoch seconds. */
  at: z.int(),
  by: z.string(),
  /** The version that was LIVE until then. */
  before: z.int().optional(),
  /** The link of that version's record: the chain that LIVE's comment attests. Absent where the chain begins. */
  after: z.string().optional(),
  /** Distinguishes two releases of the same code, author and second. */
  nonce: z.string().optional(),
  /** The version whose code a rollback brought back. */
  of: z.int().optional(),
  /** Code that was found LIVE without a record, kept before it was replaced. */
  found: z.literal(true).optional(),
  /** Keys that hold the code. */
  pieces: z.int().min(1).max(maxKeysPerUpdate),
});

/** One published version, as the key-value store keeps it; see docs/decisions/003-publish-record.md. */
export type PublishRecord = z.output<typeof schema>;

/** The value of the record's key. */
export function formatPublishRecord(record: PublishRecord): string {
  return JSON.stringify(record);
}

/** The record; undefined for anything else. */
export function parsePublishRecord(text: string): PublishRecord | undefined {
  try {
    const parsed = schema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/**
 * 132 bits of the SHA-256 of a record's text. LIVE's comment holds the link of LIVE's own record, and each record holds
 * the link of the one before it: a writer of the store who cannot publish can neither change nor add a linked record.
 */
export function linkOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}

/** Code as values of the key-value store: compressed, in base64, cut to what a value holds. */
export function packCode(code: Uint8Array): string[] {
  const text = brotliCompressSync(code).toString('base64');
  const pieces: string[] = [];
  for (let from = 0; from < text.length; from += maxValueBytes) pieces.push(text.slice(from, from + maxValueBytes));
  return pieces;
}

/** The code of these pieces; undefined unless it has this SHA-256. */
export function unpackCode(pieces: readonly string[], sha256: string): Uint8Array | undefined {
  try {
    const code = brotliDecompressSync(Buffer.from(pieces.join(''), 'base64'), { maxOutputLength: maxFunctionBytes });
    return hashCode(code) === sha256 ? code : undefined;
  } catch {
    return undefined;
  }
}

/** A record as it was read. */
export interface StoredRecord extends PublishRecord {
  /** See `linkOf`. */
  link: string;
}

/** A version that is to be kept: its record, the record's text and the code in pieces. */
interface VersionEntry {
  record: PublishRecord;
  text: string;
  pieces: readonly string[];
}

const recordKeys = Array.from({ length: publishPlaces }, (_, place) => publishKey(place));

/** The last versions, the newest first; none without a store. Anyone who may write the store may have written them. */
export async function readHistory(store: FlagStore | undefined): Promise<StoredRecord[]> {
  if (store === undefined) return [];
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
 * The records that LIVE's comment attests, the newest first: its own, the one that this names, and so on to the first
 * that is missing or changed. Only a publisher can write that comment. Empty when LIVE was published by an older
 * package or other means, or its record was changed.
 */
export function listAttested(live: Pick<Stage, 'sha256' | 'published'> | undefined, known: readonly StoredRecord[]): StoredRecord[] {
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

/** Writes a version and its code, all or nothing. CONFLICT when its place has changed since `known` was read. */
async function writeVersion(store: FlagStore, { record, text, pieces }: VersionEntry, known: readonly StoredRecord[]): Promise<void> {
  const key = publishKey(record.version);
  const expected = known.find((other) => publishKey(other.version) === key)?.link;
  await store.update([key], ({ values }) => {
    const found = values.get(key) ?? '';
    if (found === text) return undefined;
    const there = parsePublishRecord(found);
    if (there !== undefined && linkOf(found) !== expected)
      throw new EdgeError('CONFLICT', `${there.by} has just recorded version ${there.version}: another release is in progress`, {
        hint: `${typed('function:history')} shows what is LIVE; then run it again`,
      });
    return {
      puts: [{ key, value: text }, ...pieces.map((value, piece) => ({ key: publishCodeKey(record.version, piece), value }))],
      deletes: Array.from({ length: Math.max(0, (there?.pieces ?? 0) - pieces.length) }, (_, extra) =>
        publishCodeKey(record.version, pieces.length + extra),
      ),
    };
  });
}

/** The exact bytes of a version, checked against its record's SHA-256. NOT_FOUND when a piece is missing or changed. */
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

/** The record of the code that is LIVE, whatever its comment says. */
export function findLiveRecord<R extends PublishRecord>(live: Stage | undefined, known: readonly R[]): R | undefined {
  const same = known.filter(({ sha256 }) => sha256 === live?.sha256);
  return same.find(({ version }) => version === live?.published?.version) ?? same[0];
}

/** One more than LIVE's number, so that the number of a version that never became LIVE is used again. */
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
 * The record of the next version, linked to that of what is LIVE now. Where LIVE does not attest its record in the
 * store, a new one is made from LIVE itself, and the chain begins there: of the old record only two numbers are kept.
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

/**
 * Records what is LIVE now, if it is not recorded, and the new version before it becomes LIVE. Returns what was done.
 */
export async function keepVersions(
  { version, entry, found }: PlannedVersion,
  store: FlagStore | undefined,
  known: readonly StoredRecord[],
): Promise<string> {
  if (store === undefined) return 'not recorded: a rollback to this version is not possible';
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
      owner: describeStage(live, now),
      attests: live.published?.link !== undefined,
    },
  };
}
