import { formatHealthRecord, okRecord, parseHealthRecord } from '../../kvs/health-record.ts';
import { auditKey, healthKey, stateKey } from '../../kvs/keys.ts';
import { auditHistory, parseAuditEntry } from './audit.ts';
import { flipKeys } from './flip.ts';
import { edgeSeconds, type LiveRecord, parseLiveRecord } from './live-record.ts';
import { formatStateRecord, isStateReadable, parseStateRecord, type StateRecord } from './state-record.ts';
import { hashRecord } from './stored-schema.ts';

/** What another tool removed from the store or spoiled in it. */
export interface Damage {
  /** Missing, unreadable, or older than what they held. */
  keys: readonly string[];
  /** The health record in the store, as the edge takes it: `ok` when the key is missing. */
  found: string;
}

/** A store as read, and what to go on from. */
export interface Recovered {
  /** Record and state to go on from: those in the store as long as they make sense. */
  values: ReadonlyMap<string, string>;
  /** The store shows less than it is known to have held: a reader that is behind, a write that was lost, or damage. */
  isBehind: boolean;
  damage?: Damage;
}

/**
 * Judges what was read by what was known before (`known`: health and state as last seen or written) and by the audit
 * entries among the values. A readable health record counts. Exceptions: an older one, and the plain `ok` of a store
 * whose state is gone with the rest. Pure.
 */
export function recoverValues(
  found: ReadonlyMap<string, string>,
  known: ReadonlyMap<string, string> | undefined,
  now: number,
  asked: readonly string[] = [],
  origins?: readonly string[],
): Recovered {
  const text = found.get(healthKey);
  const isRecord = text !== undefined && parseHealthRecord(text, origins) !== undefined;
  const isState = isStateReadable(found.get(stateKey));
  const live = parseLiveRecord(found, now, origins);
  const shown = parseLiveRecord(only(flipKeys, found), now, origins);
  const before = parseStateRecord(known?.get(stateKey));
  const isShort = shown.state.sequence < before.sequence;
  const isBegunAnew = isNewer(shown.state, before);
  const isBehind = isShort && !isBegunAnew;
  // A store without a flip yet has neither key.
  const isUsed = Math.max(live.state.sequence, before.sequence) > 0;
  // An override in force that is not noted yet is an operator's, whatever the clocks of its writers said.
  const isForeign = shown.overrides.length > 0 && text !== known?.get(healthKey) && text !== before.lastFlip?.from;
  const isOld = before.sequence > 0 && !isBegunAnew && !isForeign && (isShort ? !shown.edited : !isState && text === okRecord);
  const keys: string[] = [];
  if (isRecord ? isOld && text !== known?.get(healthKey) : isUsed || text !== undefined) keys.push(healthKey);
  if (isState ? isShort || shown.state.sequence < live.state.sequence : isUsed || found.has(stateKey)) keys.push(stateKey);
  const audit = auditKey(live.state.sequence);
  if (keys.length === 0 && asked.includes(audit) && parseAuditEntry(found.get(audit) ?? '')?.sequence !== live.state.sequence)
    keys.push(audit);
  if (keys.length === 0) return { values: found, isBehind };

  const isKnown = known !== undefined && before.sequence >= live.state.sequence;
  const record = isRecord && !isOld ? text : isKnown ? (known.get(healthKey) ?? okRecord) : lastRecord(live, found);
  // The number goes on from the highest that was ever seen, even when another writer has begun a new count meanwhile.
  const override = isForeign && shown.state.override ? { override: shown.state.override } : {};
  const state =
    isKnown && !isBegunAnew ? { ...before, ...override } : { ...live.state, sequence: Math.max(live.state.sequence, before.sequence) };
  const values = new Map([
    [healthKey, record],
    [stateKey, formatStateRecord(state)],
  ]);
  return { values, isBehind, damage: { keys, found: text ?? okRecord } };
}

function only(keys: readonly string[], values: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map([...values].filter(([key]) => keys.includes(key)));
}

/** Written after the other, although its number is smaller: by a writer that found the store empty. */
function isNewer({ lastFlip }: StateRecord, before: StateRecord): boolean {
  return lastFlip !== undefined && before.lastFlip !== undefined && lastFlip.at > before.lastFlip.at;
}

/**
 * The record before it was lost: the last flip's by the state or the audit, or else the override that the state
 * describes.
 */
function lastRecord({ state }: LiveRecord, values: ReadonlyMap<string, string>): string {
  const { lastFlip, recordHash, override, sequence } = state;
  if (lastFlip !== undefined && hashRecord(lastFlip.to) === recordHash) return lastFlip.to;
  const newest = auditHistory(values).find((entry) => entry.sequence === sequence);
  if (newest !== undefined) return newest.to;
  if (override === undefined) return okRecord;
  const until = edgeSeconds(override.until);
  return formatHealthRecord(Object.entries(override.weights).map(([origin, weight]) => ({ origin, weight, until })));
}
