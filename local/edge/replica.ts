import type { StoreView } from '../../src/edge/execution.ts';
import { hashText, seededRandom } from '../../src/text/seeded-random.ts';
import type { Published } from '../published.ts';

/** How writes reach the edge. AWS promises no figure; scripts/start/propagation-option.ts has the measurements. */
export interface Propagation {
  /** Until a write arrives. Default 2,000. */
  delayMs: number;
  /** Added to the delay: 0 up to this, drawn for each write and location. Default 0. */
  jitterMs: number;
  /** Share of writes at a location, from 0 to 1, that take longer: up to `tailMs`. Default 0. */
  tailShare: number;
  tailMs: number;
  /** An existing key that a write changes is missing for this long before the write arrives. Default 0. */
  missMs: number;
  /** The same seed gives the same run. Default 1. */
  seed: number;
  /** Edge locations, each with its own copy. Default 1. */
  locations: number;
}

const defaultPropagation: Propagation = { delayMs: 2_000, jitterMs: 0, tailShare: 0, tailMs: 0, missMs: 0, seed: 1, locations: 1 };

/** Faults that the operator of a local edge can switch on. */
interface ReplicaFaults {
  /** Every read by a function rejects. */
  failReads: boolean;
  /** An existing key that a write changes is missing for the last quarter of the delay, as one report describes. */
  transientMiss: boolean;
}

/** The edge's own copies of every KeyValueStore, behind the authoritative ones. */
export interface Replica {
  /** Takes the store's present content as arrived, unless the store is watched already. */
  watch(storeArn: string): void;
  /** What a function at this location reads; undefined when no such store has arrived. */
  read(storeArn: string, location: number): StoreView | undefined;
  /** When the latest write will be at every location; undefined when it is there. */
  settlesAt(storeArn: string): number | undefined;
  faults: ReplicaFaults;
  close(): void;
}

interface Copy {
  view: StoreView | undefined;
  /** Writes in propagation, in the order in which they were made and will arrive. */
  pending: { at: number; sentAt: number; view: StoreView | undefined }[];
  random: () => number;
}

/** Of all edges in this process: they may share a runtime, which takes equal versions for equal values. */
let versions = 0;

/** Opens the copies. Writes arrive in order: a short jitter never overtakes a long one. */
export function openReplica(
  published: Published,
  { propagation = {}, now = Date.now }: { propagation?: Partial<Propagation>; now?: () => number } = {},
): Replica {
  const { delayMs, jitterMs, tailShare, tailMs, missMs, seed, locations } = { ...defaultPropagation, ...propagation };
  const stores = new Map<string, Copy[]>();
  const faults: ReplicaFaults = { failReads: false, transientMiss: false };

  const snapshot = (arn: string): StoreView | undefined => {
    const values = published.store(arn);
    return values === undefined ? undefined : { values, version: `${arn} ${++versions}`, updatedAt: new Date(now()).toISOString() };
  };

  const copiesOf = (arn: string): Copy[] => {
    const known = stores.get(arn);
    if (known !== undefined) return known;
    const view = snapshot(arn);
    const copies = Array.from({ length: locations }, (_, location) => ({
      view,
      pending: [],
      random: seededRandom(hashText(`${seed} ${location} ${arn}`)),
    }));
    stores.set(arn, copies);
    return copies;
  };

  const stop = published.subscribe((change) => {
    if (change.kind !== 'store') return;
    // A store not watched so far was created after the edge opened: its first content must propagate too.
    const isNew = !stores.has(change.arn);
    const sentAt = now();
    const copies = copiesOf(change.arn);
    const view = snapshot(change.arn);
    for (const copy of copies) {
      if (isNew) copy.view = undefined;
      const isSlow = tailShare > 0 && copy.random() < tailShare;
      const moreMs = isSlow ? tailMs - delayMs : jitterMs;
      const at = Math.max(sentAt + delayMs + Math.floor(copy.random() * moreMs), copy.pending.at(-1)?.at ?? 0);
      copy.pending.push({ at, sentAt, view });
    }
  });

  const settle = (copy: Copy): void => {
    while (copy.pending[0] !== undefined && copy.pending[0].at <= now()) copy.view = copy.pending.shift()?.view;
  };

  return {
    faults,
    watch: (arn) => void copiesOf(arn),
    read(arn, location) {
      const copy = copiesOf(arn)[location];
      if (copy === undefined) return undefined;
      if (copy.pending.length > 0) settle(copy);
      const view = faults.transientMiss || missMs > 0 ? withoutChanging(copy, now(), faults.transientMiss ? undefined : missMs) : copy.view;
      return view !== undefined && faults.failReads ? { ...view, failReads: true } : view;
    },
    settlesAt(arn) {
      const arrivals = copiesOf(arn).map((copy) => copy.pending.at(-1)?.at ?? 0);
      const last = Math.max(...arrivals);
      return last > now() ? last : undefined;
    },
    close: stop,
  };
}

/**
 * The copy without the keys that the next write changes, for `missMs` before it arrives; by default a quarter of its
 * delay.
 */
function withoutChanging({ view, pending }: Copy, at: number, missMs?: number): StoreView | undefined {
  const next = pending[0];
  if (view === undefined || next === undefined || at < next.at - (missMs ?? (next.at - next.sentAt) / 4)) return view;
  return { values: new Map([...view.values].filter(([key, value]) => next.view?.values.get(key) === value)) };
}
