import {
  effectiveIn,
  type FlipView,
  type HoldReason,
  isWithinInterval,
  type Move,
  moveIn,
  weightIn,
  withHold,
  withMoves,
} from './flip-view.ts';

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
export function takeOut(view: FlipView, origin: string, what: string): FlipView {
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
  // One order with a proven origin is enough to move, unless another order's viewers would go to an origin that is still being probed.
  if (waits) return withHold(view, isDead ? 'fallback-unproven' : (blocked ?? 'panic'), origin);
  // Without a move: the override leaves some viewers without an origin that would take them.
  if (moves.length === 0) return withHold(view, blocked ?? (isPartial || origin in view.pinned ? 'override' : 'panic'), origin);
  return withMoves(view, moves);
}

/** The view for an origin that is out already while an operator's weight keeps viewers on it. */
export function holdBelowOverride(view: FlipView, origin: string): FlipView {
  const hasRescue = rescuesOf(view, origin).some(({ to }) => to !== undefined);
  return withHold(view, hasRescue ? 'override' : 'panic', origin);
}

function findObjection(view: FlipView, leaving: string, { to, blocked, unproven }: Rescue): HoldReason | undefined {
  if (to === undefined) return blocked;
  const raises = weightIn(view, to) < 100;
  // Below an operator's weight only the leaving origin moves: what others carry now must not change for a time that may never come.
  if (leaving in view.pinned && (raises || unproven.length > 0)) return 'override';
  if (raises && weightIn(view, to) === 0 && isWithinInterval(view, view.live.state.origins[to]?.movedAt)) return 'min-interval';
  const isDead = view.evidence[leaving]?.verdict === 'unhealthy';
  return unproven.every((id) => isDead && !isYoung(view, id)) ? undefined : 'fallback-unproven';
}

/** Still in the time that proof takes. After it, an unproven origin must not keep a dead origin's viewers from a proven one. */
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
 * The proven origin that takes an order's viewers once `leaving` and every unhealthy origin are out of it: the first one at 100, else the first
 * that may be raised to 100, else the first that an operator holds at a weight between. Never an unhealthy or unproven one.
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
  // An operator who holds an origin up vouches for it.
  const unproven = untilThen.filter((id) => !isProven(id) && gains(id) && !(id in pinned));
  // A dead origin that an operator holds up keeps these viewers: no origin behind it can take them. Viewers of an origin that is not dead must
  // not go to a dead one at all.
  const catches = (id: string) => isDead(id) && isBehind(id) && (isDead(leaving) ? pinned[id] === 100 : weight(id) > 0);
  const carries = !order.slice(0, order.indexOf(leaving)).some(isFull);
  const caught = to === undefined ? undefined : order.slice(0, order.indexOf(to)).find(catches);
  if (caught !== undefined) return { blocked: caught in pinned ? 'override' : 'fallback-unproven', carries, unproven };
  if (to !== undefined) return { to, carries, unproven, ...(part === undefined ? {} : { isPartial: true as const }) };
  if (proven.length > 0) return { blocked: 'override', carries, unproven };
  return { blocked: others.length > 0 ? 'fallback-unproven' : 'panic', carries, unproven };
}
