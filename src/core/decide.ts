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
import type { LiveRecord } from './live-record.ts';
import type { Evidence } from './origin-track.ts';
import type { FailbackPolicy, FlipPolicy } from './policy.ts';
import type { OriginMemory, Weights } from './state-record.ts';

export type Decision =
  | {
      action: 'flip';
      /** `protect` takes traffic off a failing origin, `return` brings some of it back. */
      kind: 'protect' | 'return';
      /** The automatic weights below 100 after the flip. */
      weights: Weights;
      memory: Readonly<Record<string, OriginMemory>>;
      moves: readonly Move[];
      reason: string;
    }
  | { action: 'hold'; reason: HoldReason; origin?: string };

/**
 * What automation does now. Pure: the caller supplies the time and applies the decision. `live` must have passed
 * normalizeRecord at that time.
 *
 * A flip that takes traffic off a failing origin never waits for `minFlipIntervalMs`: it only lowers weights, and a
 * lowered origin is not raised again within that time. So flippers that disagree cannot move traffic back and forth. A
 * flip that brings traffic back always waits.
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

/**
 * Any bad probe during failback ends it at once. The probe counts until the weight has moved, so that a failed write
 * cannot forget it.
 */
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

/**
 * The edge sends viewers that no weight takes to their order's first origin; an order without an origin at 100 has
 * some.
 */
function isDeadEnd(view: FlipView, origin: string): boolean {
  return view.policy.orders.some((order) => order[0] === origin && order.every((id) => effectiveIn(view, id) < 100));
}

function eachOrigin(view: FlipView, step: (view: FlipView, origin: string) => FlipView): FlipView {
  return view.policy.origins.reduce(step, view);
}

/** Where an order's viewers can go when an origin is taken out of it, or why they cannot. */
interface Rescue {
  /** A proven origin that then takes the remaining viewers; absent when `blocked` says why there is none. */
  to?: string;
  /** An operator holds `to` at a weight between: it takes that share of the viewers, and no origin takes the rest. */
  isPartial?: true;
  blocked?: 'override' | 'fallback-unproven' | 'panic';
  /** The leaving origin has viewers of this order now: no origin before it is at 100. */
  carries: boolean;
  /** Unproven origins to which viewers would go. */
  unproven: readonly string[];
}

/** When an origin's orders are blocked for different reasons, the one that may pass soonest is reported. */
const hopes: readonly HoldReason[] = ['min-interval', 'override', 'fallback-unproven', 'panic'];

/** The view with the origin at 0 and all its viewers on proven origins, or with the reason why it must keep them. */
function takeOut(view: FlipView, origin: string, what: string): FlipView {
  const { verdict, why } = view.evidence[origin] ?? {};
  const isDead = verdict === 'unhealthy';
  const moves: Move[] = [];
  let blocked: HoldReason | undefined;
  let [waits, isPartial] = [false, false];
  for (const rescue of rescuesOf(view, origin)) {
    const objection = findObjection(view, origin, rescue);
    if (objection !== undefined) {
      blocked = blocked === undefined || hopes.indexOf(objection) < hopes.indexOf(blocked) ? objection : blocked;
      // For a bad probe alone no order's viewers may be worse off.
      waits ||= !isDead || rescue.unproven.some((id) => isYoung(view, id));
    } else if (rescue.to !== undefined) {
      if (weightIn(view, rescue.to) < 100) moves.push(moveIn(view, rescue.to, 100, 'healthy, takes over'));
      // With a part alone, most of their viewers would land on the order's first origin, whatever its health.
      if (!rescue.isPartial) for (const id of rescue.unproven) if (weightIn(view, id) > 0) moves.push(moveIn(view, id, 0, 'not proven'));
      isPartial ||= rescue.isPartial === true;
      if (weightIn(view, origin) > 0) moves.push(moveIn(view, origin, 0, `${what}${why === undefined ? '' : ` (${why})`}`));
    }
  }
  // One order with a proven origin is enough to move, unless another order's viewers would go to an origin that is
  // still being probed.
  if (waits) return withHold(view, isDead ? 'fallback-unproven' : (blocked ?? 'panic'), origin);
  // Without a move: the override leaves some viewers without an origin that would take them.
  if (moves.length === 0) return withHold(view, blocked ?? (isPartial || origin in view.pinned ? 'override' : 'panic'), origin);
  return withMoves(view, moves);
}

/** The view for an origin that is out already while an operator's weight keeps viewers on it. */
function holdBelowOverride(view: FlipView, origin: string): FlipView {
  const hasRescue = rescuesOf(view, origin).some(({ to }) => to !== undefined);
  return withHold(view, hasRescue ? 'override' : 'panic', origin);
}

function findObjection(view: FlipView, leaving: string, { to, blocked, unproven }: Rescue): HoldReason | undefined {
  if (to === undefined) return blocked;
  const raises = weightIn(view, to) < 100;
  // Below an operator's weight only the leaving origin moves: what others carry now must not change for a time that may
  // never come.
  if (leaving in view.pinned && (raises || unproven.length > 0)) return 'override';
  if (raises && weightIn(view, to) === 0 && isWithinInterval(view, view.live.state.origins[to]?.movedAt)) return 'min-interval';
  const isDead = view.evidence[leaving]?.verdict === 'unhealthy';
  return unproven.every((id) => isDead && !isYoung(view, id)) ? undefined : 'fallback-unproven';
}

/**
 * Still in the time that proof takes. After it, an unproven origin must not keep a dead origin's viewers from a proven
 * one.
 */
function isYoung({ policy, evidence, now }: FlipView, origin: string): boolean {
  const { fastIntervalMs, timeoutMs, healthyThreshold } = policy.health;
  return now - (evidence[origin]?.since ?? now) < healthyThreshold * fastIntervalMs + timeoutMs;
}

function rescuesOf(view: FlipView, leaving: string): Rescue[] {
  const rescues = view.policy.orders.filter((order) => order.includes(leaving)).map((order) => findRescue(view, order, leaving));
  // Orders in which it has no viewers have nothing to gain, and count only when it has viewers in none.
  const carrying = rescues.filter(({ carries }) => carries);
  return carrying.length > 0 ? carrying : rescues;
}

/**
 * The proven origin that takes an order's viewers once `leaving` and every unhealthy origin are out of it: the first
 * one at 100, else the first that may be raised to 100, else the first that an operator holds at a weight between.
 * Never an unhealthy or unproven one.
 */
function findRescue(view: FlipView, order: readonly string[], leaving: string): Rescue {
  const { evidence } = view;
  // An origin that leaves below an override leaves when that has ended: then the automatic weights count.
  const isBelow = leaving in view.pinned;
  const pinned = isBelow ? {} : view.pinned;
  const weight = (id: string) => (isBelow ? weightIn(view, id) : effectiveIn(view, id));
  const isProven = (id: string) => evidence[id]?.verdict === 'healthy';
  const isDead = (id: string) => evidence[id]?.verdict === 'unhealthy';
  const isFull = (id: string) => weight(id) === 100;
  const others = order.filter((id) => id !== leaving && !isDead(id));
  const proven = others.filter(isProven);
  const whole = proven.find(isFull) ?? proven.find((id) => (pinned[id] ?? 100) === 100);
  const part = whole === undefined ? proven.find((id) => (pinned[id] ?? 0) > 0) : undefined;
  const to = whole ?? part;
  // Origins before the leaving one have these viewers already; only those behind it would gain any.
  const isBehind = (id: string) => order.indexOf(id) > order.indexOf(leaving);
  const untilThen = whole === undefined ? others : others.slice(0, others.indexOf(whole));
  // The edge sends viewers that no weight takes to the order's first origin, whatever its weight.
  const isLastResort = (id: string) => whole === undefined && id === order[0];
  // A dead origin's viewers are no worse off on a small share of an unproven one.
  const gains = (id: string) => isLastResort(id) || (isBehind(id) && (isDead(leaving) ? isFull(id) : weight(id) > 0));
  // An operator who holds an origin up takes responsibility for it.
  const unproven = untilThen.filter((id) => !isProven(id) && gains(id) && !(id in pinned));
  // A dead origin that an operator holds up keeps these viewers: no origin behind it can take them. Viewers of an
  // origin that is not dead must not go to a dead one at all.
  const catches = (id: string) => isDead(id) && isBehind(id) && (isDead(leaving) ? pinned[id] === 100 : weight(id) > 0);
  const carries = !order.slice(0, order.indexOf(leaving)).some(isFull);
  const caught = to === undefined ? undefined : order.slice(0, order.indexOf(to)).find(catches);
  if (caught !== undefined) return { blocked: caught in pinned ? 'override' : 'fallback-unproven', carries, unproven };
  if (to !== undefined) return { to, carries, unproven, ...(part === undefined ? {} : { isPartial: true as const }) };
  if (proven.length > 0) return { blocked: 'override', carries, unproven };
  return { blocked: others.length > 0 ? 'fallback-unproven' : 'panic', carries, unproven };
}

/** How long an origin stays out after being taken out for the n-th time (from 1): doubled each time, up to the cap. */
export function holdDownFor(flaps: number, { holdDownMs, maxHoldDownMs }: FailbackPolicy): number {
  return Math.min(maxHoldDownMs, holdDownMs * 2 ** (flaps - 1));
}

/**
 * What to remember of an origin that is taken out now. Each half-life since the end of the last hold-down forgives one
 * flap.
 */
export function rememberOut(memory: OriginMemory, policy: FailbackPolicy, now: number): OriginMemory {
  const forgiven = memory.heldUntil === undefined ? 0 : Math.floor(Math.max(0, now - memory.heldUntil) / policy.holdDownHalfLifeMs);
  // Beyond the cap more flaps would only lengthen the time it takes to forgive them.
  const most = Math.ceil(Math.log2(policy.maxHoldDownMs / policy.holdDownMs)) + 1;
  const flaps = Math.min(most, Math.max(0, (memory.flaps ?? 0) - forgiven) + 1);
  return { ...memory, movedAt: now, flaps, heldUntil: now + holdDownFor(flaps, policy) };
}
