import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { z } from 'zod';

/**
 * More flips than any store sees: a larger number is damage, and counting on from it would leave what a number can
 * hold.
 */
const maxSequence = 1_000_000_000_000;

export const sequenceSchema = z.int().min(0).max(maxSequence);

/** ISO 8601 in the store, epoch milliseconds here. */
const time = z
  .string()
  .transform(Date.parse)
  .refine((at) => !Number.isNaN(at));
const weights = z.record(z.string(), z.int().min(0).max(100)).readonly();
/** Explanations never make a value unreadable. */
const note = z.string().catch('');

/** What cannot be read is left out. */
function optional<T extends z.ZodType>(schema: T) {
  return schema.optional().catch(undefined);
}

/** Kinds of writes: `edit` notes a record changed by hand, `restore` puts back what another tool removed or spoiled. */
const flipKind = z.enum(['automatic', 'override', 'clear', 'edit', 'restore']);

const originMemory = z.object({
  verdict: z.enum(['healthy', 'unhealthy', 'unknown']),
  since: time,
  movedAt: optional(time),
  flaps: optional(sequenceSchema.min(1)),
  heldUntil: optional(time),
});

const override = z.object({ weights, until: time, reason: note, by: note, notedAt: optional(time) });

const flip = z.object({ at: time, kind: flipKind, from: optional(z.string()), to: z.string(), reason: note, by: note });

/**
 * The value of the key `state`. The live health record is the truth and this only explains it, so that each field may
 * fail alone.
 */
export const stateSchema = z.object({
  sequence: sequenceSchema.catch(0),
  recordHash: optional(z.string()),
  automaticAt: optional(time),
  origins: z
    .record(z.string(), optional(originMemory))
    .catch({})
    .transform((all): Record<string, z.infer<typeof originMemory>> => {
      return Object.fromEntries(Object.entries(all).flatMap(([id, memory]) => (memory === undefined ? [] : [[id, memory]])));
    }),
  override: optional(override),
  lastFlip: optional(flip),
});

/** What every state of ours has, whatever else is damaged. */
export const numberedSchema = z.object({ sequence: sequenceSchema });

/** The value of a key `audit/NN`. */
export const auditSchema = flip.extend({
  sequence: sequenceSchema,
  until: optional(time),
  breakGlass: optional(z.string()),
  edited: optional(z.literal(true)),
});

const wholeSeconds = z
  .int()
  .min(0)
  .max(999_999_999_999)
  .transform((seconds) => seconds * 1_000);
/** The value of the key `remote/reports`: an opinion a row, each of which may fail alone. */
export const reportsSchema = z.array(
  z
    .tuple([z.string(), z.string(), z.enum(['h', 'u']), wholeSeconds, wholeSeconds, note.optional()])
    .transform(([origin, source, opinion, at, until, reason = '']) => ({
      origin,
      source,
      opinion: opinion === 'h' ? ('healthy' as const) : ('unhealthy' as const),
      at,
      until,
      reason,
    }))
    .optional()
    .catch(undefined),
);

/** The value of the key `remote/requests`: id, content and what became of it. */
export const requestsSchema = z.array(
  z
    .tuple([z.string(), z.string(), z.union([sequenceSchema, z.string()])])
    .optional()
    .catch(undefined),
);

/** A value is read at each step and seldom changes. */
const maxRemembered = 256;

/** The same function of a text, which remembers its last results: callers must not change them. */
export function remembering<Text extends string | undefined, Value>(find: (text: Text) => Value): (text: Text) => Value {
  const known = new Map<Text, { value: Value }>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found.value;
    if (known.size >= maxRemembered) known.clear();
    const value = find(text);
    known.set(text, { value });
    return value;
  };
}

/** The value's JSON; undefined for text that is none. */
export function parseJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}

/** The fingerprint of a health record: the first 8 hex digits of its SHA-256. */
export const hashRecord = remembering((text: string) => bytesToHex(sha256(utf8ToBytes(text)).subarray(0, 4)));
