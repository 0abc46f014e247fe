import { auditKey, requestsKey, stateKey } from '../../kvs/keys.ts';
import { parseAuditEntry } from '../core/audit.ts';
import type { FlagStore, KeyChange, StoreSnapshot } from '../core/flag-store.ts';
import { findRequest, type RemoteRequest, type RequestOutcome, rememberRequest } from '../core/requests.ts';
import { parseStateRecord } from '../core/state-record.ts';
import { EdgeError } from '../errors.ts';

/** The request was done before: by an earlier delivery, or by one that ran at the same time. */
export class AlreadyDone extends Error {
  readonly outcome: RequestOutcome;

  constructor(outcome: RequestOutcome) {
    super('the request was done before');
    this.outcome = outcome;
  }
}

export interface OnceStore extends FlagStore {
  /**
   * Notes that the request led to no flip, for its next delivery. Throws AlreadyDone when another delivery was faster.
   */
  remember(outcome: RequestOutcome): Promise<void>;
}

/**
 * The store for one request: a flip is written together with the request's id, so that there is no moment between them.
 * Reads and writes throw AlreadyDone for a request that is known, and CONFLICT for another one under the same id.
 */
export function openOnceStore(store: FlagStore, request: RemoteRequest): OnceStore {
  const check = (snapshot: StoreSnapshot) => {
    const found = findRequest(snapshot, request);
    if (found === 'other-content')
      throw new EdgeError('CONFLICT', `the requestId ${JSON.stringify(request.id)} was used for another action`, {
        hint: 'nothing was written; each action needs an id of its own',
      });
    if (found !== undefined) throw new AlreadyDone(found.outcome);
  };
  const withRequest = (snapshot: StoreSnapshot, change: KeyChange, outcome: RequestOutcome): KeyChange => ({
    ...change,
    puts: [...change.puts, { key: requestsKey, value: rememberRequest(snapshot, request, outcome) }],
  });
  return {
    ...store,
    read: async (keys) => {
      const snapshot = await store.read([...new Set([...keys, requestsKey])]);
      check(snapshot);
      return snapshot;
    },
    update: (keys, change) =>
      store.update([...new Set([...keys, requestsKey])], (snapshot) => {
        check(snapshot);
        const wanted = change(snapshot);
        return wanted && withRequest(snapshot, wanted, sequenceOf(wanted));
      }),
    remember: async (outcome) => {
      await store.update([requestsKey], (snapshot) => {
        check(snapshot);
        return withRequest(snapshot, { puts: [], deletes: [] }, outcome);
      });
    },
  };
}

function sequenceOf({ puts }: KeyChange): number {
  return parseStateRecord(puts.find(({ key }) => key === stateKey)?.value).sequence;
}

/** What the flip of this number wrote, by the audit; only the number once the audit has gone round. */
export async function readFlip(store: FlagStore, sequence: number): Promise<object> {
  const key = auditKey(sequence);
  const { values } = await store.read([key]);
  const entry = parseAuditEntry(values.get(key) ?? '');
  const written = { written: true, sequence, propagationMs: null };
  if (entry?.sequence !== sequence) return written;
  return { ...written, ...(entry.from !== undefined && { from: entry.from }), to: entry.to };
}
