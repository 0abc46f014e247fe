import { auditKey } from '../../kvs/keys.ts';
import { parseAuditEntry, readRing } from '../core/audit.ts';
import type { Decision } from '../core/decide.ts';
import type { FlagStore, KeyChange, StoreSnapshot } from '../core/flag-store.ts';
import { type FlipContext, FlipRefused, flipKeys, planFlip } from '../core/flip.ts';
import { EdgeError } from '../errors.ts';
import { messageOf } from '../text/message-of.ts';
import type { Clock } from './clock.ts';
import { type Found, type KeptFlag, maxSkewMs, sequenceOf } from './flag-memory.ts';

/** A store for shadow mode: writes stay here and are read back, until another writer changes the real store. */
export function openShadowStore(store: FlagStore): FlagStore {
  let shadow: { etag: string; values: ReadonlyMap<string, string> } | undefined;

  async function read(keys: readonly string[]): Promise<StoreSnapshot> {
    const real = await store.read(keys);
    if (shadow?.etag !== real.etag) shadow = undefined;
    const values = new Map(real.values);
    for (const key of keys) {
      const value = shadow?.values.get(key);
      if (value !== undefined) values.set(key, value);
    }
    return { etag: real.etag, values };
  }

  return {
    read,
    list: (maxPages) => store.list(maxPages),
    update: async (keys, change) => {
      const snapshot = await read(keys);
      const written: KeyChange | undefined = change(snapshot);
      if (written === undefined) return { written, attempts: 0 };
      const puts = written.puts.map(({ key, value }) => [key, value] as const);
      shadow = { etag: snapshot.etag, values: new Map([...(shadow?.values ?? []), ...puts]) };
      return { written, attempts: 1 };
    },
  };
}

/** A process that is ending waits no longer than this for a read. */
const lastReadMs = 5_000;

/**
 * The audit entry of this sequence number, which shows whether the ring is complete; a store without flips has none.
 * `isFirst`: a flipper that has just started also reads the entry after it. A higher number there shows that the state
 * was put back from a backup: then it reads the whole ring.
 */
export async function readNewestAudit(
  store: FlagStore,
  known: ReadonlyMap<string, string>,
  sequence: number,
  isFirst: boolean,
): Promise<{ values: ReadonlyMap<string, string>; keys: readonly string[] }> {
  const wanted = [...(sequence > 0 ? [sequence] : []), ...(isFirst ? [sequence + 1] : [])];
  const keys = wanted.map(auditKey).filter((key) => !known.has(key));
  if (keys.length === 0) return { values: new Map(), keys };
  const { values } = await store.read(keys);
  const next = parseAuditEntry(values.get(auditKey(sequence + 1)) ?? '');
  return next === undefined || next.sequence <= sequence ? { values, keys } : { values: await readRing(store), keys };
}

/**
 * How long each read of a written flip may take, and the pause between them. A slow store shows the write all the same.
 */
const readBackTimeoutsMs = [5_000, 20_000, 60_000];
const readBackPauseMs = 500;

/** Reads record and state several times, as long as the caller wants more. */
export async function* readBack(
  store: FlagStore,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<{ snapshot?: StoreSnapshot; problem?: string }> {
  for (const [index, timeoutMs] of readBackTimeoutsMs.entries()) {
    if (index > 0) await clock.sleep(readBackPauseMs, signal);
    yield await readInTime(store, timeoutMs, clock, signal).then(
      (snapshot) => ({ snapshot }),
      (error: unknown) => ({ problem: messageOf(error) }),
    );
  }
}

/**
 * Record and state as the store holds them. Rejects after `timeoutMs`, or soon after `signal`, however long the store
 * itself would wait.
 */
async function readInTime(store: FlagStore, timeoutMs: number, clock: Clock, signal: AbortSignal): Promise<StoreSnapshot> {
  const done = new AbortController();
  // Not AbortSignal.any, and each abort with a reason: a signal and an exception for each read were a tenth of a
  // prediction.
  const cut = new AbortController();
  const end = () => cut.abort('ended');
  if (signal.aborted) end();
  else signal.addEventListener('abort', end, { once: true });
  const wait = async () => {
    await clock.sleep(timeoutMs, cut.signal);
    if (signal.aborted) await clock.sleep(Math.min(timeoutMs, lastReadMs), done.signal);
    throw new Error(`no answer within ${timeoutMs} ms`);
  };
  const late = wait();
  late.catch(() => undefined);
  try {
    return await Promise.race([store.read(flipKeys), late]);
  } finally {
    signal.removeEventListener('abort', end);
    cut.abort('read');
    done.abort('read');
  }
}

/** How long an ended override stays in the record when it is not known whether this clock is right. */
const unsureKeepMs = 24 * 3_600_000;

/**
 * What the keeper writes: the flip that was decided, else what puts damage right, else a note of a record changed by
 * hand, or a lost write again. Undefined when there is nothing to write.
 */
export function planKeeperWrite(
  snapshot: StoreSnapshot,
  found: Found,
  decision: Decision,
  { written, unverified }: KeptFlag,
  context: Pick<FlipContext, 'at' | 'by' | 'origins' | 'namesFlips'> & { skewMs: number | undefined },
): KeyChange | undefined {
  const { live, damage, isBehind } = found;
  const isLost = isBehind && written?.sequence === live.state.sequence;
  // The store has what was there before our write: the same again makes the flip that was decided and reported.
  const isRepeatable = isLost && !live.edited && sequenceOf(snapshot.values) === written.sequence - 1;
  if (decision.action === 'hold' && unverified && isRepeatable) return { puts: written.puts, deletes: [] };
  const memory = live.state.origins;
  const [flip, reason] =
    decision.action === 'flip'
      ? ([{ kind: 'automatic', weights: decision.weights, memory: decision.memory }, decision.reason] as const)
      : damage !== undefined
        ? ([{ kind: 'restore', memory }, `missing or damaged in the store: ${damage.keys.join(', ')}`] as const)
        : ([{ kind: 'edit', memory }, 'the health record was changed by hand'] as const);
  const change = planOrReport(
    { etag: snapshot.etag, values: found.values },
    flip,
    // A store that shows less than it held may merely be read late: the audit goes on from what is known.
    { ...context, reason, found: isBehind ? undefined : damage?.found, keepEndedMs: keepEndedMs(context.skewMs) },
  );
  if (change === undefined || !isLost) return change;
  // The audit is complete only with the entry that was lost.
  const lost = written.puts.filter(({ key, value }) => parseAuditEntry(value) !== undefined && !change.puts.some((put) => put.key === key));
  return { ...change, puts: [...change.puts, ...lost] };
}

/** A refusal is reported with its code, as the store's own errors are. */
function planOrReport(...args: Parameters<typeof planFlip>): KeyChange | undefined {
  try {
    return planFlip(...args);
  } catch (error) {
    throw error instanceof FlipRefused ? new EdgeError(error.code, error.message, { cause: error }) : error;
  }
}

function keepEndedMs(skewMs: number | undefined): number {
  return skewMs === undefined ? unsureKeepMs : Math.min(unsureKeepMs, maxSkewMs + 2 * Math.abs(skewMs));
}
