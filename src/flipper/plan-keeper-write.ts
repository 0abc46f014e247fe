import { parseAuditEntry } from '../core/audit.ts';
import type { Decision } from '../core/decide.ts';
import type { KeyChange, StoreSnapshot } from '../core/flag-store.ts';
import { type FlipContext, FlipRefused, planFlip } from '../core/flip.ts';
import { EdgeError } from '../errors.ts';
import { type Found, type KeptFlag, maxSkewMs, sequenceOf } from './flag-memory.ts';

/** How long an ended override stays in the record when it is not known whether this clock is right. */
const unsureKeepMs = 24 * 3_600_000;

/**
 * What the keeper writes: the flip that was decided, else what puts damage right, else a note of a record changed by hand, or a lost write again.
 * Undefined when there is nothing to write.
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
