import { type HealthEntry, okRecord, parseHealthRecord } from '../../kvs/health-record.ts';
import { healthKey, stateKey } from '../../kvs/keys.ts';
import { type AuditEntry, auditHistory } from './audit.ts';
import {
  freshState,
  isStateReadable,
  type OriginMemory,
  type Override,
  parseStateRecord,
  type StateRecord,
  type Weights,
} from './state-record.ts';
import { hashRecord } from './stored-schema.ts';

/** What the store holds at one moment, as each of its writers must see it. */
export interface LiveRecord {
  /** The health record as written; `ok` when the key is missing. */
  text: string;
  /** Entries that expire and are in force, in their order. */
  overrides: readonly HealthEntry[];
  /**
   * Every entry that expires, in its order, those of the last day included that have ended by this clock, which may be
   * ahead.
   */
  timed: readonly HealthEntry[];
  /** Weights below 100 that do not expire: the automatic layer, which counts again when an override ends. */
  automatic: Weights;
  state: StateRecord;
  /** The record is not what the last flip wrote: it was changed by hand. It counts all the same. */
  edited: boolean;
}

/** A clock may be ahead by this much without costing an override that is in force for the edge. */
const endedGraceMs = 24 * 3_600_000;

/** No configuration allows a longer hold-down; a state that names a later end is damaged. */
const longestHoldDownMs = 24 * 3_600_000;

/**
 * Reads `health` and `state` from a snapshot's values; `now` (epoch milliseconds) decides which entries have expired.
 * Audit entries among the values explain the record when the state is missing, unreadable or older than they are. With
 * `origins`, those that are configured, a record longer than they can need has no entries, as at the edge.
 */
export function parseLiveRecord(values: ReadonlyMap<string, string>, now: number, origins?: readonly string[]): LiveRecord {
  const text = values.get(healthKey) ?? okRecord;
  const state = readState(values, now);
  const timed: HealthEntry[] = [];
  const automatic: Record<string, number> = {};
  // The edge lets the first entry left for an origin win, so nothing after an entry without expiry can count.
  for (const entry of parseHealthRecord(text, origins) ?? []) {
    if (entry.origin in automatic) continue;
    if (entry.until === undefined) automatic[entry.origin] = entry.weight;
    else if (!isExpired(entry, now - endedGraceMs)) timed.push(entry);
  }
  for (const [origin, weight] of Object.entries(automatic)) if (weight === 100) delete automatic[origin];
  const overrides = timed.filter((entry) => !isExpired(entry, now));
  const edited = state.sequence === 0 ? text !== okRecord : state.recordHash !== hashRecord(text);
  return { text, overrides, timed, automatic, state, edited };
}

function readState(values: ReadonlyMap<string, string>, now: number): StateRecord {
  const text = values.get(stateKey);
  const written = parseStateRecord(text);
  const [newest] = auditHistory(values);
  const isWhole = isStateReadable(text) && (newest === undefined || newest.sequence <= written.sequence);
  const state = isWhole || newest === undefined ? written : stateFromAudit(values, Math.max(written.sequence, newest.sequence));
  return { ...state, origins: mapValues(state.origins, (memory) => capHoldDown(memory, now)) };
}

/** What the audit ring knows of a lost state. */
function stateFromAudit(values: ReadonlyMap<string, string>, sequence: number): StateRecord {
  const history = auditHistory(values);
  const [newest] = history;
  if (newest === undefined) return { ...freshState, sequence };
  const { at, kind, to, reason, by } = newest;
  const last = history.find((entry) => entry.kind === 'override' || entry.kind === 'clear');
  return {
    sequence,
    recordHash: newest.sequence === sequence ? hashRecord(to) : undefined,
    origins: {},
    override: last && overrideOf(last),
    lastFlip: { at, kind, to, reason, by },
  };
}

/** The override that an audit entry wrote. */
function overrideOf({ to, at, until, reason, by }: AuditEntry): Override | undefined {
  const entries = (parseHealthRecord(to) ?? []).filter((entry) => entry.until !== undefined && !isExpired(entry, at));
  return until === undefined ? undefined : { weights: firstWeights(entries), until, reason, by, notedAt: at };
}

function capHoldDown(memory: OriginMemory, now: number): OriginMemory {
  const { heldUntil } = memory;
  return heldUntil === undefined ? memory : { ...memory, heldUntil: Math.min(heldUntil, now + longestHoldDownMs) };
}

function mapValues<T>(record: Readonly<Record<string, T>>, map: (value: T) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}

/** Epoch seconds as the edge counts them. */
export function edgeSeconds(now: number): number {
  return Math.floor(now / 1_000);
}

/**
 * The override in force, its reason and author from the state; an override written by hand has neither. Undefined when
 * there is none.
 */
export function overrideInForce(live: LiveRecord): Override | undefined {
  if (live.overrides.length === 0) return undefined;
  const weights = overriddenWeights(live);
  const until = Math.max(...live.overrides.map((entry) => entry.until ?? 0)) * 1_000;
  const known = live.state.override;
  if (known !== undefined && known.until === until && sameWeights(known.weights, weights)) return known;
  return { weights, until, reason: 'written by hand', by: 'unknown' };
}

/** The weights that the override holds now, origin by origin. */
export function overriddenWeights(live: LiveRecord): Weights {
  return firstWeights(live.overrides);
}

function firstWeights(entries: readonly HealthEntry[]): Weights {
  const weights: Record<string, number> = {};
  for (const entry of entries) weights[entry.origin] ??= entry.weight;
  return weights;
}

/** What the edge uses now: the override's weights over the automatic ones; an origin that is not named keeps 100. */
export function effectiveWeights(live: LiveRecord): Weights {
  return { ...live.automatic, ...overriddenWeights(live) };
}

function isExpired(entry: HealthEntry, now: number): boolean {
  return entry.until !== undefined && entry.until <= edgeSeconds(now);
}

function sameWeights(a: Weights, b: Weights): boolean {
  const ids = Object.keys(a);
  return ids.length === Object.keys(b).length && ids.every((id) => a[id] === b[id]);
}
