import type { StoreView } from '../../src/edge/execution.ts';
import type { Published } from '../published.ts';

/** How writes reach the edge. AWS promises no figure; one report measured 26 s at one location, its launch text says a few seconds. */
export interface Propagation {
  /** Until a write arrives. Default 2,000. */
  delayMs: number;
  /** Up to so much more, drawn anew for each write and location. Default 0. */
  jitterMs: number;
  /** The same seed gives the same run. Default 1. */
  seed: number;
  /** Edge locations, each with its own copy. Default 1. */
  locations: number;
}

const defaultPropagation: Propagation = { delayMs: 2_000, jitterMs: 0, seed: 1, locations: 1 };

/** What the operator of a local edge may break. */
interface ReplicaFaults {
  /** Every read of a function rejects. */
  failReads: boolean;
  /** An existing key that a write changes is missing for the last quarter of the delay, as one report saw it. */
  transientMiss: boolean;
}

/** The edge's own copies of every KeyValueStore, behind the authoritative ones. */
export interface Replica {
  /** Takes what is in this store now as arrived, unless it is watched already. */
  watch(storeArn: string): void;
  /** What a function's run at this location sees; undefined when no such store has arrived. */
  read(storeArn: string, location: number): StoreView | undefined;
  /** When the last write so far will be at every location; undefined when all are there already. */
  settlesAt(storeArn: string): number | undefined;
  faults: ReplicaFaults;
  close(): void;
}

interface Copy {
  view: StoreView | undefined;
  /** Writes on their way, in the order in which they were made and will arrive. */
  pending: { at: number; sentAt: number; view: StoreView | undefined }[];
  random: () => number;
}

/** Opens the copies. Writes arrive in order: a short jitter never overtakes a long one. */
export function openReplica(
  published: Published,
  { propagation = {}, now = Date.now }: { propagation?: Partial<Propagation>; now?: () => number } = {},
): Replica {
  const { delayMs, jitterMs, seed, locations } = { ...defaultPropagation, ...propagation };
  const stores = new Map<string, Copy[]>();
  const faults: ReplicaFaults = { failReads: false, transientMiss: false };

  let versions = 0;
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
      random: seededRandom(`${seed} ${location} ${arn}`),
    }));
    stores.set(arn, copies);
    return copies;
  };

  const stop = published.subscribe((change) => {
    if (change.kind !== 'store') return;
    // A store that nobody watched was made after the edge opened: its first content has to travel too.
    const isNew = !stores.has(change.arn);
    const sentAt = now();
    const copies = copiesOf(change.arn);
    const view = snapshot(change.arn);
    for (const copy of copies) {
      if (isNew) copy.view = undefined;
      const at = Math.max(sentAt + delayMs + Math.floor(copy.random() * jitterMs), copy.pending.at(-1)?.at ?? 0);
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
      const view = faults.transientMiss ? withoutChanging(copy, now()) : copy.view;
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

function withoutChanging({ view, pending }: Copy, at: number): StoreView | undefined {
  const next = pending[0];
  if (view === undefined || next === undefined || at < next.at - (next.at - next.sentAt) / 4) return view;
  return { values: new Map([...view.values].filter(([key, value]) => next.view?.values.get(key) === value)) };
}

/** mulberry32, seeded by an FNV-1a hash of the text: small, and the same on every machine. */
function seededRandom(text: string): () => number {
  let state = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) state = Math.imul(state ^ text.charCodeAt(index), 0x01000193);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
