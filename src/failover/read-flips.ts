import { auditKey, auditPlaces, stateKey } from '../../kvs/keys.ts';
import type { FlagStore } from '../core/flag-store.ts';
import { flipKeys } from '../core/flip.ts';
import { parseStateRecord } from '../core/state-record.ts';

/**
 * Record, state and at least the last `count` flips, by their keys. One API call as long as the store has no more than 50 keys; in a larger one, which code of many
 * published versions or a team's own keys make, they are read by their names, so that nothing else in the store can hide them.
 */
export async function readFlips(store: FlagStore, count = auditPlaces): Promise<ReadonlyMap<string, string>> {
  const { values: listed, complete } = await store.list(1);
  if (complete) return listed;
  const { values: current } = await store.read(flipKeys);
  const { sequence } = parseStateRecord(current.get(stateKey));
  const newest = Array.from({ length: Math.min(count, auditPlaces, sequence) }, (_, back) => auditKey(sequence - back));
  const { values: flips } = await store.read(newest.filter((key) => !listed.has(key)));
  return new Map([...listed, ...current, ...flips]);
}
