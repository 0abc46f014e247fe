import { findRescue, type Rescue } from './find-rescue.ts';
import { rememberOut, settle } from './hold-down.ts';
import { type LiveRecord, overriddenWeights } from './live-record.ts';
import type { Evidence } from './origin-track.ts';
import type { FlipPolicy } from './policy.ts';
import type { OriginMemory, Weights } from './state-record.ts';

/** Why nothing is moved: `steady` when nothing should be, otherwise what stands in the way. */
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

export interface Move {
  origin: string;
  from: number;
  to: number;
  why: string;
  /** An override holds the origin: the move counts when that ends, and no viewer moves before. */
  isBelowOverride?: true;
}

export type Decision =
  | {
      action: 'flip';
      /** `protect` takes traffic off an origin that fails, `return` brings some home. */
      kind: 'protect' | 'return';
      /** The automatic weights below 100 after the flip. */
      weights: Weights;
      memory: Readonly<Record<string, OriginMemory>>;
      moves: readonly Move[];
      reason: string;
    }
  | { action: 'hold'; reason: HoldReason; origin?: string };

/** Intervals after which a result that was not confirmed is old: its process may have been paused meanwhile. */
const maxAgeIntervals = 3;

/**
 * What automation does now. Pure: the caller supplies the time and applies the decision.
 *
 * Taking traffic off a failing origin never waits for `minFlipIntervalMs`: such a flip only lowers weights, and an origin lowered is not raised again within
 * that time, so that flippers that disagree cannot toss traffic to and fro. Bringing traffic back always waits for it.
 */
export function decide(live: LiveRecord, evidence: Readonly<Record<string, Evidence>>, policy: FlipPolicy, now: number): Decision {
  const plan = new Plan(settle(live, policy.failover, now), evidence, policy, now);
  plan.takeOutUnhealthy();
  plan.abortRamps();
  const kind = plan.hasMoves ? 'protect' : 'return';
  if (!plan.hasMoves) plan.bringHome();
  return plan.decision(kind);
}

class Plan {
  readonly #live: LiveRecord;
  readonly #evidence: Readonly<Record<string, Evidence>>;
  readonly #policy: FlipPolicy;
  readonly #now: number;
  readonly #pinned: Weights;
  readonly #moves: Move[] = [];
  readonly #unconfirmed = new Set<string>();
  #held: { reason: HoldReason; origin: string } | undefined;

  constructor(live: LiveRecord, evidence: Readonly<Record<string, Evidence>>, policy: FlipPolicy, now: number) {
    this.#live = live;
    this.#policy = policy;
    this.#now = now;
    this.#pinned = overriddenWeights(live);
    this.#evidence = this.#confirm(evidence);
  }

  /** The evidence with old proof taken for none: after a pause no origin gains viewers before it has been probed again. */
  #confirm(evidence: Readonly<Record<string, Evidence>>): Readonly<Record<string, Evidence>> {
    const { intervalMs, timeoutMs } = this.#policy.health;
    const oldestAt = this.#now - maxAgeIntervals * intervalMs - timeoutMs;
    const isOld = ({ verdict, confirmedAt }: Evidence) => verdict === 'healthy' && confirmedAt !== undefined && confirmedAt < oldestAt;
    if (!Object.values(evidence).some(isOld)) return evidence;
    return Object.fromEntries(
      Object.entries(evidence).map(([id, each]) => {
        if (!isOld(each)) return [id, each];
        this.#unconfirmed.add(id);
        return [id, { ...each, verdict: 'unknown', since: this.#now }];
      }),
    );
  }

  get hasMoves(): boolean {
    return this.#moves.length > 0;
  }

  takeOutUnhealthy(): void {
    for (const origin of this.#policy.origins) {
      if (this.#evidence[origin]?.verdict !== 'unhealthy') continue;
      if (this.#weight(origin) > 0 || this.#isDeadEnd(origin)) this.#takeOut(origin, 'unhealthy');
      else if ((this.#pinned[origin] ?? 0) > 0) this.#holdBelowOverride(origin);
    }
  }

  /** Any bad look on the way home ends it at once; the look counts until the weight has moved, so that a failed write cannot forget it. */
  abortRamps(): void {
    for (const origin of this.#policy.origins) {
      const weight = this.#weight(origin);
      const { verdict, lastBadAt } = this.#evidence[origin] ?? {};
      const movedAt = this.#live.state.origins[origin]?.movedAt ?? 0;
      if (weight === 0 || weight === 100 || verdict === 'unhealthy' || lastBadAt === undefined || lastBadAt <= movedAt) continue;
      this.#takeOut(origin, 'bad probe on the way home');
    }
  }

  bringHome(): void {
    const { failover } = this.#policy;
    for (const origin of this.#policy.origins) {
      const weight = this.#weight(origin);
      if (weight === 100) continue;
      const { verdict, failing } = this.#evidence[origin] ?? { failing: true };
      const { movedAt = 0, heldUntil = 0 } = this.#live.state.origins[origin] ?? {};
      const next = failover.ramp.find((step) => step > weight) ?? 100;
      if (this.#unconfirmed.has(origin)) this.#hold('not-confirmed', origin);
      else if (verdict !== 'healthy') this.#hold('not-healthy', origin);
      else if (failing) this.#hold('not-clean', origin);
      else if (next > (this.#pinned[origin] ?? 100)) this.#hold('override', origin);
      else if (weight === 0 && this.#now < heldUntil) this.#hold('hold-down', origin);
      else if (weight > 0 && this.#now < movedAt + failover.rampStepMs) this.#hold('ramp-step', origin);
      else if (this.#isWithinInterval(this.#live.state.automaticAt)) this.#hold('min-interval', origin);
      else this.#move(origin, next, weight === 0 ? 'healthy, hold-down over' : 'healthy on the way home');
    }
  }

  decision(kind: 'protect' | 'return'): Decision {
    if (this.#moves.length === 0)
      return this.#held === undefined ? { action: 'hold', reason: 'steady' } : { action: 'hold', ...this.#held };
    const weights: Record<string, number> = {};
    const memory: Record<string, OriginMemory> = {};
    for (const origin of this.#policy.origins) {
      if (this.#weight(origin) < 100) weights[origin] = this.#weight(origin);
      memory[origin] = this.#remember(origin);
    }
    const reason = this.#moves.map(({ origin, from, to, why }) => `${origin} ${from} to ${to}: ${why}`).join('; ');
    return { action: 'flip', kind, weights, memory, moves: this.#moves, reason };
  }

  #takeOut(origin: string, what: string): void {
    const why = this.#evidence[origin]?.why;
    const moves: Move[] = [];
    let blocked: HoldReason | undefined;
    const isDead = this.#evidence[origin]?.verdict === 'unhealthy';
    let [waits, isPartial] = [false, false];
    for (const rescue of this.#rescues(origin)) {
      const objection = this.#objection(origin, rescue);
      if (objection !== undefined) {
        blocked = firstOf(hopes, objection, blocked);
        // For a bad probe alone no order's viewers may be worse off.
        waits ||= !isDead || rescue.unproven.some((id) => this.#isYoung(id));
      } else if (rescue.to !== undefined) {
        if (this.#weight(rescue.to) < 100) moves.push(this.#moveOf(rescue.to, 100, 'proven, takes over'));
        for (const id of rescue.unproven) if (this.#weight(id) > 0) moves.push(this.#moveOf(id, 0, 'nothing is known about it'));
        isPartial ||= rescue.isPartial === true;
        if (this.#weight(origin) > 0) moves.push(this.#moveOf(origin, 0, `${what}${why === undefined ? '' : ` (${why})`}`));
      }
    }
    // One order with a proven origin is enough to go, unless another order's viewers would land where the answer is still coming in.
    if (waits) this.#hold(isDead ? 'fallback-unproven' : (blocked ?? 'panic'), origin);
    // The override leaves some viewers without an origin that would take them.
    else if (moves.length === 0) this.#hold(blocked ?? (isPartial || origin in this.#pinned ? 'override' : 'panic'), origin);
    else for (const move of moves) if (!this.#moves.some((made) => made.origin === move.origin)) this.#moves.push(move);
  }

  /** An operator's weight keeps viewers on an origin that is taken out below it. */
  #holdBelowOverride(origin: string): void {
    const hasRescue = this.#rescues(origin).some(({ to }) => to !== undefined);
    this.#hold(hasRescue ? 'override' : 'panic', origin);
  }

  #objection(leaving: string, { to, blocked, unproven }: Rescue): HoldReason | undefined {
    if (to === undefined) return blocked;
    const raises = this.#weight(to) < 100;
    // Below an operator's weight only the leaving origin moves: what others carry now must not change for a day that has not come.
    if (leaving in this.#pinned && (raises || unproven.length > 0)) return 'override';
    if (raises && this.#weight(to) === 0 && this.#isWithinInterval(this.#live.state.origins[to]?.movedAt)) return 'min-interval';
    const isDead = this.#evidence[leaving]?.verdict === 'unhealthy';
    const mayGo = (id: string) => isDead && !this.#isYoung(id);
    return unproven.every(mayGo) ? undefined : 'fallback-unproven';
  }

  /** Still in the time that proving takes. Past it, an unproven origin must not stand between a dead origin's viewers and a proven one. */
  #isYoung(origin: string): boolean {
    const { fastIntervalMs, timeoutMs, healthyThreshold } = this.#policy.health;
    return this.#now - (this.#evidence[origin]?.since ?? this.#now) < healthyThreshold * fastIntervalMs + timeoutMs;
  }

  #rescues(leaving: string): Rescue[] {
    const isPinned = leaving in this.#pinned;
    const weights: Record<string, number> = {};
    for (const id of this.#policy.origins) weights[id] = isPinned ? this.#weight(id) : this.#effective(id);
    const view = { evidence: this.#evidence, weights, pinned: isPinned ? {} : this.#pinned };
    const rescues = this.#policy.orders.filter((order) => order.includes(leaving)).map((order) => findRescue(order, leaving, view));
    // Orders in which it has no viewers have nothing to gain, and no say unless it has none anywhere.
    const carrying = rescues.filter(({ carries }) => carries);
    return carrying.length > 0 ? carrying : rescues;
  }

  /** The edge sends those of an order's viewers whom no weight takes to its first origin, and where none is at 100 there are some. */
  #isDeadEnd(origin: string): boolean {
    return this.#policy.orders.some((order) => order[0] === origin && order.every((id) => this.#effective(id) < 100));
  }

  #weight(origin: string): number {
    return this.#moves.find((move) => move.origin === origin)?.to ?? this.#live.automatic[origin] ?? 100;
  }

  #effective(origin: string): number {
    return this.#pinned[origin] ?? this.#weight(origin);
  }

  #isWithinInterval(at: number | undefined): boolean {
    return at !== undefined && this.#now - at < this.#policy.failover.minFlipIntervalMs;
  }

  #move(origin: string, to: number, why: string): void {
    this.#moves.push(this.#moveOf(origin, to, why));
  }

  #moveOf(origin: string, to: number, why: string): Move {
    return { origin, from: this.#weight(origin), to, why, ...(origin in this.#pinned ? { isBelowOverride: true as const } : {}) };
  }

  #hold(reason: HoldReason, origin: string): void {
    if (firstOf(precedence, reason, this.#held?.reason) !== this.#held?.reason) this.#held = { reason, origin };
  }

  #remember(origin: string): OriginMemory {
    const move = this.#moves.find((made) => made.origin === origin);
    const { verdict, since } = this.#evidence[origin] ?? { verdict: 'unknown' as const, since: this.#now };
    const memory: OriginMemory = { ...this.#live.state.origins[origin], verdict, since };
    if (move === undefined) return memory;
    if (move.to > 0) return { ...memory, movedAt: this.#now };
    if (verdict === 'unknown') return { ...memory, movedAt: this.#now, heldUntil: this.#now };
    return rememberOut(memory, this.#policy.failover, this.#now);
  }
}

function firstOf(ranking: readonly HoldReason[], a: HoldReason, b: HoldReason | undefined): HoldReason {
  return b === undefined || ranking.indexOf(a) < ranking.indexOf(b) ? a : b;
}

/** When an origin's orders are blocked for different reasons, the one that may pass soonest is told. */
const hopes: readonly HoldReason[] = ['min-interval', 'override', 'fallback-unproven', 'panic'];

/** When several origins are, what an operator should hear first. */
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
