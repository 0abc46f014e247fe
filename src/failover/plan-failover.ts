import type { FlagStore, KeyChange, StoreSnapshot } from '../core/flag-store.ts';
import { type Flip, type FlipContext, FlipRefused, flipKeys, planFlip } from '../core/flip.ts';
import { effectiveWeights, type LiveRecord, overrideInForce, parseLiveRecord } from '../core/live-record.ts';
import type { OriginMemory, Weights } from '../core/state-record.ts';
import { type Audience, type AudienceMove, listGainers, listMoves } from '../core/viewer-shares.ts';
import { EdgeError } from '../errors.ts';
import type { OriginProbe } from '../probe/probe-origin.ts';
import { formatDuration, formatTime } from '../text/time.ts';
import { typed } from '../text/typed.ts';
import type { WriteIntent } from './failover-intent.ts';

/** What is known about an origin before viewers are sent to it. */
export interface Proof {
  verdict: 'healthy' | 'unhealthy' | 'unknown';
  /** For people: `healthy since …`, `answered 503 just now`. */
  evidence: string;
}

/** A flip thought through: what it writes, which viewers it moves, and its dangers. */
export interface FailoverPlan {
  flip: Flip;
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

export interface PlanTools {
  store: Pick<FlagStore, 'update' | 'clockSkewMs'>;
  origins: readonly string[];
  audiences: readonly Audience[];
  /** Each record has the number of its flip, for the access log. Default false. */
  namesFlips?: boolean | undefined;
  /** Who writes. */
  by: string;
  now: () => number;
}

/** What a plan is based on: the probes, and the verdicts that were recorded when they were made. */
export interface SeenOrigins {
  probes: ReadonlyMap<string, OriginProbe>;
  memories: OriginMemories;
}

type OriginMemories = Readonly<Record<string, OriginMemory>>;

/** The plan for this snapshot; undefined when there is nothing to do. */
export function planMove(
  snapshot: StoreSnapshot,
  { flip, reason }: WriteIntent,
  { probes, memories }: SeenOrigins,
  { by, origins, audiences }: PlanTools,
  at: number,
): FailoverPlan | undefined {
  const proofs = judgeOrigins(origins, parseLiveRecord(snapshot.values, at, origins).state.origins, probes, at, memories);
  return planFailover(snapshot, flip, { at, by, reason, origins, audiences, proofs });
}

/**
 * Writes what was shown. The flipper may have moved weights meanwhile, so the plan is made again on what the store
 * holds now. CONFLICT when the override is not the one shown any more.
 */
export async function writePlan(
  shown: FailoverPlan,
  intent: WriteIntent,
  seen: SeenOrigins,
  tools: PlanTools,
): Promise<{ at: number; record: LiveRecord }> {
  const { flip, reason } = intent;
  const { store, by, origins, namesFlips, now } = tools;
  const { written } = await store.update(flipKeys, (snapshot) => {
    // Read again in each round: waiting for a yes, or for a slow store, takes from the override's time.
    const at = now();
    refuseEnded(flip, store, at, 'nothing was written');
    const live = parseLiveRecord(snapshot.values, at, origins);
    if (JSON.stringify(live.overrides) !== JSON.stringify(shown.live.overrides))
      throw new EdgeError('CONFLICT', `the override has changed since it was shown: the record is now ${live.text}`, {
        hint: `nothing was written; see ${typed('failover --')} status, then decide again`,
      });
    const plan = planMove(snapshot, intent, seen, tools, at);
    if (plan !== undefined) checkDangers(plan);
    return planWrite(snapshot, flip, { at, reason, by, origins, namesFlips });
  });
  if (written === undefined)
    throw new EdgeError('CONFLICT', 'the override has ended meanwhile: nothing was written', { hint: `${typed('failover --')} status` });
  const at = now();
  refuseEnded(flip, store, at, 'the record was written, but it moves no viewer');
  return { at, record: parseLiveRecord(new Map(written.puts.map(({ key, value }) => [key, value])), at, origins) };
}

/** The store's Date has whole seconds, and an answer takes its time: a smaller difference counts as none. */
export const clockToleranceMs = 30_000;

/** CONFLICT for an override whose end has come: the edge skips such an entry, by its own clock. */
export function refuseEnded(flip: Flip, { clockSkewMs }: Pick<FlagStore, 'clockSkewMs'>, now: number, outcome: string): void {
  if (flip.kind !== 'override') return;
  const { until } = flip;
  const behindMs = -(clockSkewMs?.() ?? 0);
  if (until > now + (behindMs > clockToleranceMs ? behindMs : 0)) return;
  if (until > now)
    throw new EdgeError(
      'CONFLICT',
      `this machine's clock is ${formatDuration(behindMs)} behind, so the override has ended at the edge: ${outcome}`,
      { hint: 'set the clock right, then run it again' },
    );
  throw new EdgeError('CONFLICT', `the override ended at ${formatTime(until, now)}, before it could be in force: ${outcome}`, {
    hint: 'run it again with a longer --for',
  });
}

/** The write that makes the flip, as `planFlip`; a refusal is the operator's error. */
function planWrite(snapshot: StoreSnapshot, flip: Flip, context: FlipContext): KeyChange | undefined {
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
      notes.push(`${origin} answers, but the flipper has it as unhealthy${evidence}`);
  }
  return { flip, live, before, after, moves, dangers, notes };
}

/** Throws ORIGIN_UNHEALTHY when something speaks against an override that was not given its `--break-glass`. */
export function checkDangers({ dangers, flip }: FailoverPlan): void {
  if (dangers.length === 0 || flip.kind !== 'override' || flip.breakGlass !== undefined) return;
  throw new EdgeError('ORIGIN_UNHEALTHY', `refused: ${dangers.join('; ')}`, {
    hint: `${typed('failover --')} status shows the verdicts; --break-glass "why" does it anyway, and the audit keeps the reason`,
  });
}

function fullWeights(live: LiveRecord, origins: readonly string[]): Weights {
  const weights = effectiveWeights(live);
  return Object.fromEntries(origins.map((origin) => [origin, weights[origin] ?? 100]));
}

/**
 * What is known about each origin. The flipper's verdict in the store is as old as its last write, so a fresh probe
 * counts before it, good or bad; without an answer the verdict counts. `probedWith` are the verdicts when the probes
 * were made: a verdict that has changed since is newer than they are.
 */
export function judgeOrigins(
  origins: readonly string[],
  memories: OriginMemories,
  probes: ReadonlyMap<string, OriginProbe>,
  now: number,
  probedWith: OriginMemories = memories,
): Map<string, Proof> {
  return new Map(
    origins.map((origin) => {
      const isNewer = memories[origin]?.verdict !== probedWith[origin]?.verdict;
      return [origin, judgeOrigin(memories[origin], isNewer ? undefined : probes.get(origin), now)];
    }),
  );
}

function judgeOrigin(memory: OriginMemory | undefined, probe: OriginProbe | undefined, now: number): Proof {
  const verdict = memory?.verdict ?? 'unknown';
  const recorded =
    memory === undefined || verdict === 'unknown'
      ? 'no health result recorded yet'
      : `recorded as ${verdict} since ${formatDuration(now - memory.since)}`;
  if (probe === undefined) return { verdict, evidence: recorded };
  if (probe.kind === 'unreached') return { verdict, evidence: `${recorded}; not reached from here: ${probe.problem}` };
  if (probe.kind === 'bad') return { verdict: 'unhealthy', evidence: `just now: ${probe.problem}` };
  return { verdict: 'healthy', evidence: `${recorded}; its health checks just now were good` };
}

/** What the operator should know of a flip that is written. */
export type MoveNote =
  | { kind: 'not-notified'; channel: string; detail: string }
  | { kind: 'not-confirmed'; why: string }
  | { kind: 'expected-by-config'; why: string }
  | { kind: 'origin-fails'; country: string; origins: readonly string[]; status: number };

/** The wait for the edge: before its first check, or after one. */
export type MoveProgress = { kind: 'waiting'; timeoutMs: number } | { kind: 'following'; sinceMs: number; moved: number; viewers: number };

/** What became of a move. */
export type MoveResult =
  | { outcome: 'nothing-to-do'; record: string }
  | { outcome: 'declined'; plan: FailoverPlan }
  | { outcome: 'written'; sequence: number; from: string; to: string; propagationMs: number | null };

/** A plan as plain data, for a page or `--json`. */
export interface PlanDescription {
  weights: { origin: string; before: number; after: number }[];
  /** Percent of an audience's viewers by origin; no countries means all that no route names. */
  moves: { countries: readonly string[]; before: Record<string, number>; after: Record<string, number> }[];
  /** When the override ends, in epoch milliseconds; null for `auto`. */
  until: number | null;
  /** The override that it replaces or ends. */
  ends: { by: string; reason: string } | null;
  dangers: string[];
  notes: string[];
}

export function describeMovePlan({ flip, live, before, after, moves, dangers, notes }: FailoverPlan): PlanDescription {
  const ended = overrideInForce(live);
  return {
    weights: Object.keys(after).map((origin) => ({ origin, before: before[origin] ?? 100, after: after[origin] ?? 100 })),
    moves: moves.map((move) => ({
      countries: move.audience.countries,
      before: Object.fromEntries(move.before),
      after: Object.fromEntries(move.after),
    })),
    until: flip.kind === 'override' ? flip.until : null,
    ends: ended === undefined ? null : { by: ended.by, reason: ended.reason },
    dangers,
    notes,
  };
}
