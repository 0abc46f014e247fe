import type { KeyChange, StoreSnapshot } from '../core/flag-store.ts';
import { type Flip, type FlipContext, FlipRefused, planFlip } from '../core/flip.ts';
import { effectiveWeights, type LiveRecord, parseLiveRecord } from '../core/live-record.ts';
import type { Weights } from '../core/state-record.ts';
import { type Audience, type AudienceMove, listGainers, listMoves } from '../core/viewer-shares.ts';
import { EdgeError } from '../errors.ts';

/** What is known about an origin before viewers are sent to it. */
export interface Proof {
  verdict: 'healthy' | 'unhealthy' | 'unknown';
  /** For people: `healthy since …`, `answered 503 just now`. */
  evidence: string;
}

/** A flip thought through: what it writes, whom it moves, and what speaks against it. */
export interface FailoverPlan {
  live: LiveRecord;
  /** Of every origin, before and after. */
  before: Weights;
  after: Weights;
  moves: AudienceMove[];
  /** Reasons against, each a sentence without its full stop; none when the flip is safe. */
  dangers: string[];
  /** What the operator should know and nothing is refused for, each a sentence without its full stop. */
  notes: string[];
}

export interface FailoverContext {
  /** Epoch milliseconds. */
  at: number;
  by: string;
  reason: string;
  origins: readonly string[];
  audiences: readonly Audience[];
  /** An origin that is not there is unknown. */
  proofs: ReadonlyMap<string, Proof>;
}

/** The write that makes the flip, as `planFlip`; a refusal is the operator's error. */
export function planWrite(snapshot: StoreSnapshot, flip: Flip, context: FlipContext): KeyChange | undefined {
  try {
    return planFlip(snapshot, flip, context);
  } catch (error) {
    if (!(error instanceof FlipRefused)) throw error;
    const { code, message, hint } = error;
    throw new EdgeError(code, message, hint === undefined ? {} : { hint });
  }
}

/** What the flip would do to this snapshot; undefined when there is nothing to do. Pure. */
export function planFailover(snapshot: StoreSnapshot, flip: Flip, context: FailoverContext): FailoverPlan | undefined {
  const { at, origins, audiences, proofs } = context;
  // A dead end is a danger to be shown with the others, not yet an error: planFlip is asked as if it had been accepted.
  const change = planWrite(snapshot, flip.kind === 'override' ? { breakGlass: '', ...flip } : flip, context);
  if (change === undefined) return undefined;
  const live = parseLiveRecord(snapshot.values, at, origins);
  const written = new Map([...snapshot.values, ...change.puts.map(({ key, value }): [string, string] => [key, value])]);
  const before = fullWeights(live, origins);
  const after = fullWeights(parseLiveRecord(written, at, origins), origins);
  const moves = listMoves(audiences, before, after);
  const dangers: string[] = [];
  if (origins.every((origin) => after[origin] === 0)) dangers.push('every origin would be at weight 0');
  const notes: string[] = [];
  const raised = flip.kind === 'override' ? origins.filter((origin) => (flip.weights[origin] ?? 0) > (before[origin] ?? 100)) : [];
  for (const origin of new Set([...listGainers(moves), ...raised])) {
    const proof = proofs.get(origin);
    const evidence = proof === undefined ? '' : ` (${proof.evidence})`;
    if (proof?.verdict !== 'healthy') dangers.push(`${origin} is ${proof?.verdict ?? 'unknown'}${evidence}`);
    else if (live.state.origins[origin]?.verdict === 'unhealthy')
      notes.push(`${origin} answers, though the flipper does not trust it${evidence}`);
  }
  return { live, before, after, moves, dangers, notes };
}

/** Throws ORIGIN_UNHEALTHY when something speaks against an override that was not given its `--break-glass`. */
export function checkDangers({ dangers }: FailoverPlan, flip: Flip): void {
  if (dangers.length === 0 || flip.kind !== 'override' || flip.breakGlass !== undefined) return;
  throw new EdgeError('ORIGIN_UNHEALTHY', `refused: ${dangers.join('; ')}`, {
    hint: 'npm run failover -- status shows the verdicts; --break-glass "why" does it all the same and the audit keeps it',
  });
}

function fullWeights(live: LiveRecord, origins: readonly string[]): Weights {
  const weights = effectiveWeights(live);
  return Object.fromEntries(origins.map((origin) => [origin, weights[origin] ?? 100]));
}
