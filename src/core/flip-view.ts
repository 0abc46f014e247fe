import { type LiveRecord, overriddenWeights } from './live-record.ts';
import type { Evidence } from './origin-track.ts';
import type { FlipPolicy } from './policy.ts';
import type { Weights } from './state-record.ts';

/** Why nothing is moved: `steady` when nothing should be, otherwise what prevents it. */
export type HoldReason =
  | 'steady'
  | 'override'
  | 'panic'
  | 'fallback-unproven'
  | 'min-interval'
  | 'not-healthy'
  | 'not-confirmed'
  | 'not-clean'
  | 'hold-down'
  | 'ramp-step';

/** When several origins are held, the reason that an operator should hear first. */
const precedence: readonly HoldReason[] = [
  'override',
  'panic',
  'fallback-unproven',
  'min-interval',
  'not-healthy',
  'not-confirmed',
  'not-clean',
  'hold-down',
  'ramp-step',
  'steady',
];

export interface Move {
  origin: string;
  from: number;
  to: number;
  why: string;
  /** An override holds the origin: the move counts when that ends, and no viewer moves before. */
  isBelowOverride?: true;
}

/**
 * All that one decision goes by, and the moves that it has come to so far. Each step of a decision returns a new view.
 */
export interface FlipView {
  readonly live: LiveRecord;
  readonly evidence: Readonly<Record<string, Evidence>>;
  /** Healthy origins whose evidence is too old to count. */
  readonly unconfirmed: ReadonlySet<string>;
  readonly policy: FlipPolicy;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Weights that an override holds. */
  readonly pinned: Weights;
  readonly moves: readonly Move[];
  readonly held?: { readonly reason: HoldReason; readonly origin: string };
}

/** After this many intervals an unconfirmed result is old: its process may have been paused meanwhile. */
const maxAgeIntervals = 3;

/** Old proof counts as none: after a pause no origin gains viewers before it has been probed again. */
export function viewOf(live: LiveRecord, known: Readonly<Record<string, Evidence>>, policy: FlipPolicy, now: number): FlipView {
  const oldestAt = now - maxAgeIntervals * policy.health.intervalMs - policy.health.timeoutMs;
  const isOld = ({ verdict, confirmedAt }: Evidence) => verdict === 'healthy' && confirmedAt !== undefined && confirmedAt < oldestAt;
  const old = Object.entries(known).filter(([, each]) => isOld(each));
  const aged = old.map(([id, each]) => [id, { ...each, verdict: 'unknown', since: now }] as const);
  const evidence = old.length === 0 ? known : { ...known, ...Object.fromEntries(aged) };
  return { live, evidence, unconfirmed: new Set(old.map(([id]) => id)), policy, now, pinned: overriddenWeights(live), moves: [] };
}

/** The origin's automatic weight, with the moves so far. */
export function weightIn({ moves, live }: FlipView, origin: string): number {
  return moves.find((move) => move.origin === origin)?.to ?? live.automatic[origin] ?? 100;
}

/** The weight that counts at the edge: the override's, else the automatic one. */
export function effectiveIn(view: FlipView, origin: string): number {
  return view.pinned[origin] ?? weightIn(view, origin);
}

export function moveIn(view: FlipView, origin: string, to: number, why: string): Move {
  return { origin, from: weightIn(view, origin), to, why, ...(origin in view.pinned ? { isBelowOverride: true as const } : {}) };
}

/** The view with these moves; the first move of an origin counts. */
export function withMoves(view: FlipView, added: readonly Move[]): FlipView {
  const moves = [...view.moves];
  for (const move of added) if (!moves.some(({ origin }) => origin === move.origin)) moves.push(move);
  return { ...view, moves };
}

export function withHold(view: FlipView, reason: HoldReason, origin: string): FlipView {
  const isNews = view.held === undefined || precedence.indexOf(reason) < precedence.indexOf(view.held.reason);
  return isNews ? { ...view, held: { reason, origin } } : view;
}

/** Within the time in which no flip may go in the opposite direction of one made at `at`. */
export function isWithinInterval({ now, policy }: FlipView, at: number | undefined): boolean {
  return at !== undefined && now - at < policy.failover.minFlipIntervalMs;
}
