import { holdDownFor, settle } from './hold-down.ts';
import { type LiveRecord, parseLiveRecord } from './live-record.ts';
import type { FailbackPolicy } from './policy.ts';
import type { OriginMemory } from './state-record.ts';

/**
 * The live record as read now, with what is known besides: memory of origins that the state had no room for, and for a record changed by hand the time
 * at which that was noticed, since nobody wrote down when it happened. `known` is what was in memory before.
 */
export function learnRecord(
  values: ReadonlyMap<string, string>,
  known: LiveRecord | undefined,
  policy: FailbackPolicy,
  now: number,
  origins?: readonly string[],
): LiveRecord {
  const fresh = parseLiveRecord(values, now, origins);
  // Nobody has written since: what is in memory has the same times, and has put them right if the clock was set back.
  if (known !== undefined && known.state.sequence === fresh.state.sequence && known.text === fresh.text)
    return settle({ ...fresh, state: known.state }, policy, now);
  return settle({ ...fresh, state: { ...fresh.state, origins: learnOrigins(fresh, known, policy, now) } }, policy, now);
}

function learnOrigins(fresh: LiveRecord, known: LiveRecord | undefined, policy: FailbackPolicy, now: number): Record<string, OriginMemory> {
  const origins: Record<string, OriginMemory> = { ...fresh.state.origins };
  for (const [id, memory] of Object.entries(known?.state.origins ?? {}))
    if (known?.automatic[id] === fresh.automatic[id]) origins[id] ??= memory;
  if (!fresh.edited) return origins;
  for (const id of Object.keys(fresh.automatic)) {
    const memory = origins[id] ?? { verdict: 'unknown', since: now };
    const flaps = memory.flaps ?? 1;
    origins[id] = { ...memory, movedAt: now, flaps, heldUntil: now + holdDownFor(flaps, policy) };
  }
  return origins;
}
