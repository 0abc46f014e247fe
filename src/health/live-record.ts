import { type HealthEntry, okRecord, parseHealthRecord } from '../../kvs/health-record.ts';
import { healthKey, stateKey } from '../../kvs/keys.ts';
import { hashRecord, type Override, parseStateRecord, type StateRecord, type Weights } from './state-record.ts';

/** What the store holds at one moment, as everybody who writes it must see it. */
export interface LiveRecord {
  /** The health record as it stands; `ok` when the key is missing. */
  text: string;
  /** Entries that expire and are in force, in their order. */
  overrides: readonly HealthEntry[];
  /** Weights below 100 that do not expire: the automatic layer, which counts again when an override ends. */
  automatic: Weights;
  state: StateRecord;
  /** The record is not what the last flip wrote: somebody changed it by hand. It counts all the same. */
  edited: boolean;
}

/** Reads `health` and `state` from a snapshot's values; `now` (epoch milliseconds) tells which entries have expired. */
export function parseLiveRecord(values: ReadonlyMap<string, string>, now: number): LiveRecord {
  const text = values.get(healthKey) ?? okRecord;
  const state = parseStateRecord(values.get(stateKey));
  const overrides: HealthEntry[] = [];
  const automatic: Record<string, number> = {};
  // The edge lets the first entry left for an origin win, so nothing after an entry without expiry can count.
  for (const entry of parseHealthRecord(text) ?? []) {
    if (entry.origin in automatic || isExpired(entry, now)) continue;
    if (entry.until === undefined) automatic[entry.origin] = entry.weight;
    else overrides.push(entry);
  }
  for (const [origin, weight] of Object.entries(automatic)) if (weight === 100) delete automatic[origin];
  const edited = state.sequence === 0 ? text !== okRecord : state.recordHash !== hashRecord(text);
  return { text, overrides, automatic, state, edited };
}

/** Epoch seconds as the edge counts them. */
export function edgeSeconds(now: number): number {
  return Math.floor(now / 1_000);
}

/** The override in force, its reason and author from the state; an override written by hand has neither. Undefined when there is none. */
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
  const weights: Record<string, number> = {};
  for (const entry of live.overrides) weights[entry.origin] ??= entry.weight;
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
