import { createHash } from 'node:crypto';
import { z } from 'zod';
import { maxKeysPerUpdate } from '../../kvs/limits.ts';

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
  /** Tells two releases of the same code, author and second apart. */
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
 * The name of a record's very text: 132 bits of its SHA-256. LIVE's comment holds that of LIVE's own record, a record that of the one before it;
 * who can write the store but not publish can neither change a linked record nor add one.
 */
export function linkOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}
