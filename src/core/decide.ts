import {
  effectiveIn,
  type FlipView,
  type HoldReason,
  isWithinInterval,
  type Move,
  moveIn,
  viewOf,
  weightIn,
  withHold,
  withMoves,
} from './flip-view.ts';
import { rememberOut } from './hold-down.ts';
import type { LiveRecord } from './live-record.ts';
import type { Evidence } from './origin-track.ts';
import type { FlipPolicy } from './policy.ts';
import type { OriginMemory, Weights } from './state-record.ts';
import { holdBelowOverride, takeOut } from './take-out.ts';

export type Decision =
  | {
      action: 'flip';
      /** `protect` takes traffic off a failing origin, `return` brings some home. */
      kind: 'protect' | 'return';
      /** The automatic weights below 100 after the flip. */
      weights: Weights;
      memory: Readonly<Record<string, OriginMemory>>;
      moves: readonly Move[];
      reason: string;
    }
  | { action: 'hold'; reason: HoldReason; origin?: string };

/**
 * What automation does now. Pure: the caller supplies the time and applies the decision. `live` must have passed normalizeRecord at that time.
 *
 * A flip that takes traffic off a failing origin never waits for `minFlipIntervalMs`: it only lowers weights, and an origin that was lowered is
 * not raised again within that time, so that flippers that disagree cannot toss traffic to and fro. A flip that brings traffic back always waits.
 */
export function decide(live: LiveRecord, evidence: Readonly<Record<string, Evidence>>, policy: FlipPolicy, now: number): Decision {
  const view = abortRamps(protect(viewOf(live, evidence, policy, now)));
  if (view.moves.length > 0) return flip(view, 'protect');
  const home = bringHome(view);
  if (home.moves.length > 0) return flip(home, 'return');
  return home.held === undefined ? { action: 'hold', reason: 'steady' } : { action: 'hold', ...home.held };
}

/** Takes every unhealthy origin out. */
function protect(view: FlipView): FlipView {
  return eachOrigin(view, (before, origin) => {
    if (before.evidence[origin]?.verdict !== 'unhealthy') return before;
    if (weightIn(before, origin) > 0 || isDeadEnd(before, origin)) return takeOut(before, origin, 'unhealthy');
    return (before.pinned[origin] ?? 0) > 0 ? holdBelowOverride(before, origin) : before;
  });
}

/** Any bad probe during failback ends it at once. The probe counts until the weight has moved, so that a failed write cannot forget it. */
function abortRamps(view: FlipView): FlipView {
  return eachOrigin(view, (before, origin) => {
    const weight = weightIn(before, origin);
    const { verdict, lastBadAt } = before.evidence[origin] ?? {};
    const movedAt = before.live.state.origins[origin]?.movedAt ?? 0;
    const isReturning = weight > 0 && weight < 100 && verdict !== 'unhealthy';
    return isReturning && lastBadAt !== undefined && lastBadAt > movedAt ? takeOut(before, origin, 'bad probe during failback') : before;
  });
}

/** Raises every origin that may have its next step of the ramp. */
function bringHome(view: FlipView): FlipView {
  return eachOrigin(view, (before, origin) => {
    const weight = weightIn(before, origin);
    if (weight === 100) return before;
    const next = before.policy.failover.ramp.find((step) => step > weight) ?? 100;
    const obstacle = findObstacle(before, origin, weight, next);
    if (obstacle !== undefined) return withHold(before, obstacle, origin);
    return withMoves(before, [moveIn(before, origin, next, weight === 0 ? 'healthy, hold-down over' : 'healthy during failback')]);
  });
}

/** Why the origin must not have its next step now. */
function findObstacle(view: FlipView, origin: string, weight: number, next: number): HoldReason | undefined {
  const { live, now, policy } = view;
  const { verdict, failing } = view.evidence[origin] ?? { failing: true };
  const { movedAt = 0, heldUntil = 0 } = live.state.origins[origin] ?? {};
  if (view.unconfirmed.has(origin)) return 'not-confirmed';
  if (verdict !== 'healthy') return 'not-healthy';
  if (failing) return 'not-clean';
  if (next > (view.pinned[origin] ?? 100)) return 'override';
  if (weight === 0 && now < heldUntil) return 'hold-down';
  if (weight > 0 && now < movedAt + policy.failover.rampStepMs) return 'ramp-step';
  return isWithinInterval(view, live.state.automaticAt) ? 'min-interval' : undefined;
}

function flip(view: FlipView, kind: 'protect' | 'return'): Decision {
  const { moves, policy } = view;
  const below = policy.origins.map((origin) => [origin, weightIn(view, origin)] as const).filter(([, weight]) => weight < 100);
  const memory = Object.fromEntries(policy.origins.map((origin) => [origin, remember(view, origin)]));
  const reason = moves.map(({ origin, from, to, why }) => `${origin} ${from} to ${to}: ${why}`).join('; ');
  return { action: 'flip', kind, weights: Object.fromEntries(below), memory, moves, reason };
}

function remember({ live, evidence, moves, policy, now }: FlipView, origin: string): OriginMemory {
  const move = moves.find((made) => made.origin === origin);
  const { verdict, since } = evidence[origin] ?? { verdict: 'unknown' as const, since: now };
  const memory: OriginMemory = { ...live.state.origins[origin], verdict, since };
  if (move === undefined) return memory;
  if (move.to > 0) return { ...memory, movedAt: now };
  if (verdict === 'unknown') return { ...memory, movedAt: now, heldUntil: now };
  return rememberOut(memory, policy.failover, now);
}

/** The edge sends viewers that no weight takes to their order's first origin; an order without an origin at 100 has some. */
function isDeadEnd(view: FlipView, origin: string): boolean {
  return view.policy.orders.some((order) => order[0] === origin && order.every((id) => effectiveIn(view, id) < 100));
}

function eachOrigin(view: FlipView, step: (view: FlipView, origin: string) => FlipView): FlipView {
  return view.policy.origins.reduce(step, view);
}
