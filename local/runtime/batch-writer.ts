import type { FunctionSource, RunInput, StoreView, Sweep } from '../../src/edge/execution.ts';
import { readImports } from '../../src/edge/gate/parse-code.ts';
import { formatPairs } from '../../src/edge/judge/event-values.ts';
import type { Batch, WireRun } from './wire.ts';

/** The most sources and snapshots in workerd; the least recently used is dropped first. */
const maxSources = 64;
const maxStores = 16;

/** Writes batches for one workerd and remembers what it has. */
export interface BatchWriter {
  write(inputs: readonly RunInput[], now: number): string;
  writeSweep(sweep: Sweep): string;
}

export function openBatchWriter(): BatchWriter {
  const sources = openLedger(maxSources);
  const stores = openLedger(maxStores);
  function describe(inputs: readonly RunInput[], now: number): Batch {
    const batch: Batch = { sources: [], stores: [], forgetSources: [], forgetStores: [], runs: [] };
    for (const input of inputs) {
      const source = sourceOf(input.source, batch);
      batch.runs.push(describeRun(input, source, input.store && storeOf(input.store, batch), now));
    }
    return batch;
  }

  function sourceOf({ sha256, code }: FunctionSource, batch: Batch): number {
    const source = sources.note(sha256);
    if (source.isNew) {
      const { body, imports } = readImports(code);
      batch.sources.push({ id: source.id, body, imports });
    }
    return source.id;
  }

  function storeOf(view: StoreView, batch: Batch): number {
    const { values, version, createdAt = epoch, updatedAt = epoch } = view;
    // Without a version the content is the identity, because a caller may change its map between runs.
    const store = stores.note(version ?? JSON.stringify([createdAt, updatedAt, ...values]));
    if (store.isNew) batch.stores.push({ id: store.id, entries: [...values], createdAt, updatedAt });
    return store.id;
  }

  /** What to forget is chosen last: a batch may use more than is kept. */
  function format(batch: Batch): string {
    batch.forgetSources = sources.overflow();
    batch.forgetStores = stores.overflow();
    return JSON.stringify(batch);
  }

  return {
    write: (inputs, now) => format(describe(inputs, now)),
    writeSweep: ({ sources: swept, events, store, now }) => {
      const batch = describe([], now);
      batch.sweep = {
        sources: swept.map((source) => sourceOf(source, batch)),
        store: storeOf(store, batch),
        now,
        events: events.map((event) => {
          const raw = formatPairs(event.request.querystring, '&');
          return raw === '' ? { event } : { event, raw };
        }),
      };
      return format(batch);
    },
  };
}

const epoch = '1970-01-01T00:00:00.000Z';

function describeRun(input: RunInput, source: number, store: number | undefined, now: number): WireRun {
  const run: WireRun = { source, now: input.now ?? now, event: input.event };
  if (store !== undefined) run.store = store;
  if (input.store?.failReads === true) run.failReads = true;
  if (input.edgeLocation !== undefined && input.event.context.eventType === 'viewer-request') run.edgeLocation = input.edgeLocation;
  const raw = input.rawQueryString ?? formatPairs(input.event.request.querystring, '&');
  if (input.rawQueryString !== undefined || raw !== '') run.rawQueryString = raw;
  return run;
}

interface Ledger {
  note(key: string): { id: number; isNew: boolean };
  /** Forgets the ids beyond the limit and returns them, the oldest first. */
  overflow(): number[];
}

function openLedger(limit: number): Ledger {
  const ids = new Map<string, number>();
  let next = 0;
  return {
    note: (key) => {
      const known = ids.get(key);
      if (known !== undefined) {
        ids.delete(key);
        ids.set(key, known);
        return { id: known, isNew: false };
      }
      next += 1;
      ids.set(key, next);
      return { id: next, isNew: true };
    },
    overflow: () => {
      const gone: number[] = [];
      for (const [key, id] of ids) {
        if (ids.size <= limit) break;
        ids.delete(key);
        gone.push(id);
      }
      return gone;
    },
  };
}
