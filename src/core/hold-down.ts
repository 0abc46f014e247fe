import type { LiveRecord } from './live-record.ts';
import type { FailbackPolicy } from './policy.ts';
import type { OriginMemory } from './state-record.ts';

/** How long an origin stays out after being taken out for the n-th time (from 1): doubled each time, up to the cap. */
export function holdDownFor(flaps: number, { holdDownMs, maxHoldDownMs }: FailbackPolicy): number {
  return Math.min(maxHoldDownMs, holdDownMs * 2 ** (flaps - 1));
}

/** What to remember of an origin that is taken out now. Each half-life since the end of the last hold-down forgives one flap. */
export function rememberOut(memory: OriginMemory, policy: FailbackPolicy, now: number): OriginMemory {
  const forgiven = memory.heldUntil === undefined ? 0 : Math.floor(Math.max(0, now - memory.heldUntil) / policy.holdDownHalfLifeMs);
  // Beyond the cap more flaps would change nothing but the time it takes to forgive them.
  const most = Math.ceil(Math.log2(policy.maxHoldDownMs / policy.holdDownMs)) + 1;
  const flaps = Math.min(most, Math.max(0, (memory.flaps ?? 0) - forgiven) + 1);
  return { ...memory, movedAt: now, flaps, heldUntil: now + holdDownFor(flaps, policy) };
}

/**
 * The live record with times that make sense now: none in the future (the clock was set back, or another writer's runs ahead), a hold-down never longer
 * than its length, overrides that ended dropped, and an origin that is out for reasons nobody wrote down held as if it had been taken out just now.
 * Whoever keeps a record in memory keeps what this returns.
 */
export function settle(live: LiveRecord, policy: FailbackPolicy, now: number): LiveRecord {
  const seconds = Math.floor(now / 1_000);
  const origins: Record<string, OriginMemory> = {};
  for (const [id, memory] of Object.entries(live.state.origins)) origins[id] = settleMemory(memory, policy, now);
  for (const id of Object.keys(live.automatic)) {
    const memory = origins[id] ?? { verdict: 'unknown', since: now };
    if (memory.movedAt === undefined) origins[id] = rememberOut(memory, policy, now);
  }
  const { automaticAt } = live.state;
  return {
    ...live,
    overrides: live.overrides.filter(({ until }) => until === undefined || until > seconds),
    state: { ...live.state, origins, ...(automaticAt === undefined ? {} : { automaticAt: Math.min(automaticAt, now) }) },
  };
}

function settleMemory(memory: OriginMemory, policy: FailbackPolicy, now: number): OriginMemory {
  const { since, movedAt, heldUntil } = memory;
  return {
    ...memory,
    since: Math.min(since, now),
    ...(movedAt === undefined ? {} : { movedAt: Math.min(movedAt, now) }),
    ...(heldUntil === undefined ? {} : { heldUntil: Math.min(heldUntil, now + holdDownFor(memory.flaps ?? 1, policy)) }),
  };
}
