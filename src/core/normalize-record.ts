import { holdDownFor, rememberOut } from './decide.ts';
import { type LiveRecord, parseLiveRecord } from './live-record.ts';
import type { FailbackPolicy } from './policy.ts';
import type { OriginMemory } from './state-record.ts';

/**
 * The live record with times that make sense now. It has no time in the future (the clock was set back, or another
 * writer's runs ahead), no hold-down longer than its length, and no override that has ended. An origin that is out for
 * no recorded reason counts as taken out just now. A record that stays in memory is normalized again before each
 * decision, and kept as this returns it.
 */
export function normalizeRecord(live: LiveRecord, policy: FailbackPolicy, now: number): LiveRecord {
  const seconds = Math.floor(now / 1_000);
  const origins: Record<string, OriginMemory> = {};
  for (const [id, memory] of Object.entries(live.state.origins)) origins[id] = normalizeMemory(memory, policy, now);
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

function normalizeMemory(memory: OriginMemory, policy: FailbackPolicy, now: number): OriginMemory {
  const { since, movedAt, heldUntil } = memory;
  return {
    ...memory,
    since: Math.min(since, now),
    ...(movedAt === undefined ? {} : { movedAt: Math.min(movedAt, now) }),
    ...(heldUntil === undefined ? {} : { heldUntil: Math.min(heldUntil, now + holdDownFor(memory.flaps ?? 1, policy)) }),
  };
}

/**
 * The normalized record from values as read now. `known` is what was in memory before: it has origins that the state
 * had no room for. For a record changed by hand, now is the time of the change, since no other is recorded.
 */
export function learnRecord(
  values: ReadonlyMap<string, string>,
  known: LiveRecord | undefined,
  policy: FailbackPolicy,
  now: number,
  origins?: readonly string[],
): LiveRecord {
  const fresh = parseLiveRecord(values, now, origins);
  // No writer since: the record in memory has the same times, corrected if the clock was set back.
  if (known !== undefined && known.state.sequence === fresh.state.sequence && known.text === fresh.text)
    return normalizeRecord({ ...fresh, state: known.state }, policy, now);
  return normalizeRecord({ ...fresh, state: { ...fresh.state, origins: learnOrigins(fresh, known, policy, now) } }, policy, now);
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
