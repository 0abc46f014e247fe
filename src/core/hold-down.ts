import type { FailbackPolicy } from './policy.ts';
import type { OriginMemory } from './state-record.ts';

/** How long an origin stays out after being taken out for the n-th time (from 1): doubled each time, up to the cap. */
export function holdDownFor(flaps: number, { holdDownMs, maxHoldDownMs }: FailbackPolicy): number {
  return Math.min(maxHoldDownMs, holdDownMs * 2 ** (flaps - 1));
}

/** What to remember of an origin that is taken out now. Each half-life since the end of the last hold-down forgives one flap. */
export function rememberOut(memory: OriginMemory, policy: FailbackPolicy, now: number): OriginMemory {
  const forgiven = memory.heldUntil === undefined ? 0 : Math.floor(Math.max(0, now - memory.heldUntil) / policy.holdDownHalfLifeMs);
  // Beyond the cap more flaps would only lengthen the time it takes to forgive them.
  const most = Math.ceil(Math.log2(policy.maxHoldDownMs / policy.holdDownMs)) + 1;
  const flaps = Math.min(most, Math.max(0, (memory.flaps ?? 0) - forgiven) + 1);
  return { ...memory, movedAt: now, flaps, heldUntil: now + holdDownFor(flaps, policy) };
}
