import { cutText } from '../../kvs/cut-text.ts';
import {
  formatHealthRecord,
  type HealthEntry,
  maxRecordBytes,
  okRecord,
  parseHealthRecord,
  withoutSequence,
  withSequence,
} from '../../kvs/health-record.ts';
import { auditKey, healthKey, stateKey } from '../../kvs/keys.ts';
import { type AuditEntry, formatAuditEntry } from './audit.ts';
import type { KeyChange, StoreSnapshot } from './flag-store.ts';
import { edgeSeconds, effectiveWeights, type LiveRecord, overrideInForce, parseLiveRecord } from './live-record.ts';
import { formatStateRecord, type OriginMemory, type Override, type StateRecord, type Weights } from './state-record.ts';
import { hashRecord } from './stored-schema.ts';

/** The keys that a snapshot for `planFlip` must have been read with. */
export const flipKeys: readonly string[] = [healthKey, stateKey];

/** No override lasts longer: a forgotten override causes an outage sooner or later. */
export const maxOverrideMs = 72 * 3_600_000;

export type Flip =
  /** The flipper's: replaces the automatic weights, keeps every override. `memory` goes into the state. */
  | { kind: 'automatic'; weights: Weights; memory: Readonly<Record<string, OriginMemory>> }
  /**
   * The operator's: replaces the override in force, keeps the automatic weights below. `until` is epoch milliseconds,
   * rounded up to a second.
   */
  | { kind: 'override'; weights: Weights; until: number; breakGlass?: string }
  /** Ends the override; automation goes on from its own weights. */
  | { kind: 'clear' }
  /** Notes a record that was changed by hand, and leaves its weights as they are. */
  | { kind: 'edit'; memory?: Readonly<Record<string, OriginMemory>> }
  /** Puts the snapshot's own record and state back into a store that has lost them. */
  | { kind: 'restore'; memory?: Readonly<Record<string, OriginMemory>> };

/** A flip that must not be written. `code` is one of `EdgeError`'s, for callers that report it as one. */
export class FlipRefused extends Error {
  override readonly name = 'FlipRefused';
  readonly code: 'USAGE' | 'ORIGIN_UNKNOWN' | 'QUOTA';
  readonly hint: string | undefined;

  constructor(code: FlipRefused['code'], message: string, { hint }: { hint?: string } = {}) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

export interface FlipContext {
  /** Epoch milliseconds. */
  at: number;
  reason: string;
  /** Who: a person's name, or the flipper's. */
  by: string;
  /** Every origin of edge.config.ts. */
  origins: readonly string[];
  /** Writes the number of the flip into the record, where there is room for it. Default false. */
  namesFlips?: boolean | undefined;
  /** The health record in the store, when it is damaged and the snapshot holds the values to go on from. */
  found?: string | undefined;
  /**
   * How long an override that has ended by `at` stays in the record, where the edge skips it. Default 0. Automation
   * gives what its clock may be ahead, so that it deletes no override that is in force for the edge.
   */
  keepEndedMs?: number | undefined;
}

/**
 * The one write that makes a flip: health record, state and audit entry together. Undefined when there is nothing to
 * write. Pure, for `FlagStore.update`. Throws USAGE for weights or an expiry that no flip may have and for leaving
 * every origin at 0 without `breakGlass`; ORIGIN_UNKNOWN; QUOTA for a record too long to keep.
 */
export function planFlip(snapshot: StoreSnapshot, flip: Flip, context: FlipContext): KeyChange | undefined {
  const { origins } = context;
  const live = parseLiveRecord(snapshot.values, context.at, origins);
  check(live, flip, context);
  const automatic = flip.kind === 'automatic' ? flip.weights : live.automatic;
  const plain = formatRecord(
    live,
    flip,
    automaticEntries(automatic, origins),
    edgeSeconds(context.at - (context.keepEndedMs ?? 0)),
    origins,
  );
  if (!isWritable(plain, origins))
    throw new FlipRefused('QUOTA', `the health record would be ${Buffer.byteLength(plain)} bytes long, and the edge would ignore it`, {
      hint: 'too many origins are out at once, their ids are too long, or the record has entries of origins that edge.config.ts does not have',
    });
  // Also replaces a record that the edge cannot read, or that has ended entries.
  if (flip.kind === 'clear' && live.overrides.length === 0 && plain === withoutSequence(live.text)) return undefined;
  if (flip.kind === 'automatic' && origins.every((origin) => (automatic[origin] ?? 100) === (live.automatic[origin] ?? 100)))
    return undefined;
  if (flip.kind === 'edit' && !live.edited) return undefined;

  const sequence = live.state.sequence + 1;
  const named = context.namesFlips === true ? withSequence(plain, sequence) : plain;
  const record = isWritable(named, origins) ? named : plain;
  const reason = cutText(context.reason, 300);
  const by = cutText(context.by, 80);
  const from = context.found ?? live.text;
  const entry: AuditEntry = {
    sequence,
    at: context.at,
    kind: flip.kind,
    from,
    to: record,
    reason,
    by,
    until: flip.kind === 'override' ? wholeSecond(flip.until) : undefined,
    breakGlass: flip.kind === 'override' && flip.breakGlass !== undefined ? cutText(flip.breakGlass, 200) : undefined,
    edited: live.edited || from !== live.text ? true : undefined,
  };
  return {
    puts: [
      { key: healthKey, value: record },
      { key: stateKey, value: formatStateRecord(nextState(live, flip, entry)) },
      { key: auditKey(sequence), value: formatAuditEntry(entry) },
    ],
    deletes: [],
  };
}

function check(live: LiveRecord, flip: Flip, { at, origins }: FlipContext): void {
  if (flip.kind !== 'override' && flip.kind !== 'automatic') return;
  for (const [origin, weight] of Object.entries(flip.weights)) {
    if (!origins.includes(origin))
      throw new FlipRefused('ORIGIN_UNKNOWN', `unknown origin "${origin}"`, { hint: `origins: ${origins.join(', ')}` });
    if (!Number.isInteger(weight) || weight < 0 || weight > 100)
      throw new FlipRefused('USAGE', `a weight must be a whole number from 0 to 100, got ${weight} for ${origin}`);
  }
  if (flip.kind === 'override') {
    if (!(flip.until > at) || flip.until > at + maxOverrideMs)
      throw new FlipRefused('USAGE', 'an override must end in the future, at most 72 hours from now', { hint: 'for example --for 2h' });
    if (Object.keys(flip.weights).length === 0) throw new FlipRefused('USAGE', 'an override must name at least one origin');
  }
  const isDeadEnd = (weights: Weights) => origins.every((origin) => weights[origin] === 0);
  const after = flip.kind === 'override' ? { ...live.automatic, ...flip.weights } : effectiveWeights({ ...live, automatic: flip.weights });
  const allowed = flip.kind === 'override' ? flip.breakGlass !== undefined : isDeadEnd(effectiveWeights(live));
  if ((isDeadEnd(after) && !allowed) || (flip.kind === 'automatic' && isDeadEnd(flip.weights)))
    throw new FlipRefused('USAGE', 'this would leave every origin at weight 0', {
      hint: 'the edge would then send viewers to their first origin, healthy or not; --break-glass "why" forces it',
    });
}

/**
 * Overrides that have ended are kept by automation as long as there is room for them. A record written by hand may hold
 * more than an automatic flip leaves room for: then the first entry in force of each configured origin is kept, so that
 * a dead origin can still be left.
 */
function formatRecord(
  live: LiveRecord,
  flip: Flip,
  automatic: readonly HealthEntry[],
  keptSince: number,
  origins: readonly string[],
): string {
  if (flip.kind === 'override' || flip.kind === 'clear') return formatHealthRecord([...nextOverrides(flip), ...automatic]);
  const kept = live.timed.filter(({ until = 0 }) => until > keptSince);
  const first = live.overrides.filter(
    ({ origin }, index) => origins.includes(origin) && live.overrides.findIndex((entry) => entry.origin === origin) === index,
  );
  const records = [kept, live.overrides, first].map((overrides) => formatHealthRecord([...overrides, ...automatic]));
  return records.find((record) => isWritable(record, origins)) ?? records[0] ?? okRecord;
}

/** Not longer than we keep, and one that the edge obeys. */
function isWritable(record: string, origins: readonly string[]): boolean {
  return Buffer.byteLength(record) <= maxRecordBytes && parseHealthRecord(record, origins) !== undefined;
}

function nextOverrides(flip: Extract<Flip, { kind: 'override' | 'clear' }>): readonly HealthEntry[] {
  if (flip.kind === 'clear') return [];
  const until = edgeSeconds(wholeSecond(flip.until));
  return Object.entries(flip.weights).map(([origin, weight]) => ({ origin, weight, until }));
}

/**
 * In the order of the configuration, so that the same weights always give the same text; an origin that is no longer
 * configured is dropped.
 */
function automaticEntries(weights: Weights, origins: readonly string[]): HealthEntry[] {
  return origins.flatMap((origin) => {
    const weight = weights[origin] ?? 100;
    return weight === 100 ? [] : [{ origin, weight }];
  });
}

function nextState(live: LiveRecord, flip: Flip, entry: AuditEntry): StateRecord {
  const memory = flip.kind === 'override' || flip.kind === 'clear' ? undefined : flip.memory;
  const { at, kind, from, to, reason, by } = entry;
  return {
    sequence: entry.sequence,
    recordHash: hashRecord(to),
    automaticAt: flip.kind === 'automatic' ? entry.at : live.state.automaticAt,
    origins: memory ?? live.state.origins,
    override: nextOverride(live, flip, entry),
    lastFlip: { at, kind, from, to, reason, by },
  };
}

function nextOverride(live: LiveRecord, flip: Flip, { at, reason, by }: AuditEntry): Override | undefined {
  if (flip.kind === 'clear') return undefined;
  if (flip.kind === 'override') return { weights: flip.weights, until: wholeSecond(flip.until), reason, by, notedAt: at };
  const kept = overrideInForce(live);
  return kept && { ...kept, notedAt: kept.notedAt ?? at };
}

function wholeSecond(at: number): number {
  return Math.ceil(at / 1_000) * 1_000;
}
