import type { Evidence } from './origin-track.ts';
import type { Weights } from './state-record.ts';

/** Where an order's viewers can go when an origin is taken out of it, or why they cannot. */
export interface Rescue {
  /** A proven origin that then takes whoever is left over; absent when `blocked` says why there is none. */
  to?: string;
  /** An operator holds `to` at a weight between: it takes that share of the viewers, and no origin takes the rest. */
  isPartial?: true;
  blocked?: 'override' | 'fallback-unproven' | 'panic';
  /** The leaving origin has viewers of this order now: none at 100 stands before it. */
  carries: boolean;
  /** Origins about which nothing is known and on which viewers would land. */
  unproven: readonly string[];
}

export interface RescueView {
  evidence: Readonly<Record<string, Evidence>>;
  /** Weights as they would count; an origin that is not named has 100. */
  weights: Weights;
  /** Weights held by an operator: never changed. */
  pinned: Weights;
}

/**
 * The proven origin that takes an order's viewers once `leaving` and every unhealthy origin are out of it: the first one at 100, else the first that may be
 * raised to 100, else the first that an operator holds at a weight between. Never an unhealthy or unproven one.
 */
export function findRescue(order: readonly string[], leaving: string, { evidence, weights, pinned }: RescueView): Rescue {
  const usable = (id: string) => id !== leaving && evidence[id]?.verdict !== 'unhealthy';
  const isProven = (id: string) => evidence[id]?.verdict === 'healthy';
  const isFull = (id: string) => (weights[id] ?? 100) === 100;
  const others = order.filter(usable);
  const proven = others.filter(isProven);
  const whole = proven.find(isFull) ?? proven.find((id) => (pinned[id] ?? 100) === 100);
  const part = whole === undefined ? proven.find((id) => (pinned[id] ?? 0) > 0) : undefined;
  const to = whole ?? part;
  // Who stands before the leaving origin has these viewers already; only those behind it would gain any.
  const isBehind = (id: string) => order.indexOf(id) > order.indexOf(leaving);
  const untilThen = whole === undefined ? others : others.slice(0, others.indexOf(whole));
  // The edge sends those whom no weight takes to the order's first origin, whatever its weight.
  const isLastResort = (id: string) => whole === undefined && id === order[0];
  const gains = (id: string) => isLastResort(id) || (isFull(id) && isBehind(id));
  // An operator who holds an origin up vouches for it.
  const unproven = untilThen.filter((id) => !isProven(id) && gains(id) && !(id in pinned));
  // A dead origin that an operator holds up keeps catching these viewers: nothing behind it can take them. Viewers of an origin that is not dead must not
  // land on a dead one at all.
  const isDead = (id: string) => evidence[id]?.verdict === 'unhealthy';
  const catches = (id: string) => isDead(id) && isBehind(id) && (isDead(leaving) ? pinned[id] === 100 : (weights[id] ?? 100) > 0);
  const carries = !order.slice(0, order.indexOf(leaving)).some(isFull);
  const caught = to === undefined ? undefined : order.slice(0, order.indexOf(to)).find(catches);
  if (caught !== undefined) return { blocked: caught in pinned ? 'override' : 'fallback-unproven', carries, unproven };
  if (to !== undefined) return { to, carries, unproven, ...(part === undefined ? {} : { isPartial: true as const }) };
  if (proven.length > 0) return { blocked: 'override', carries, unproven };
  return { blocked: others.length > 0 ? 'fallback-unproven' : 'panic', carries, unproven };
}
