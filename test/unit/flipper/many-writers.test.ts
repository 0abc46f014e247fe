import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { healthKey } from '../../../kvs/keys.ts';
import { type AuditEntry, auditHistory, parseAuditEntry, replayAudit } from '../../../src/core/audit.ts';
import { type Flip, flipKeys, planFlip } from '../../../src/core/flip.ts';
import { parseLiveRecord } from '../../../src/core/live-record.ts';
import { defaults } from '../core/policy.ts';
import { downIn, Simulation, type World } from './simulation.ts';

const second = 1_000;
const ids = ['singapore', 'europe'];
const origin = fc.constantFrom(...ids);
const spans = fc.array(fc.tuple(fc.integer({ min: 0, max: 1_500 }), fc.integer({ min: 5, max: 200 })), { maxLength: 5 });
const view = fc.record({ singapore: spans, europe: spans });

/** What operators do while the flippers work: `until` seconds hold an override. */
const act = fc.record({
  at: fc.integer({ min: 0, max: 1_500 }),
  what: fc.constantFrom('override', 'override', 'clear', 'by hand', 'restart', 'store down'),
  origin,
  weight: fc.constantFrom(0, 50, 100),
  seconds: fc.integer({ min: 10, max: 400 }),
});

interface History {
  views: { singapore: [number, number][]; europe: [number, number][] }[];
  acts: { at: number; what: string; origin: string; weight: number; seconds: number }[];
  latencyMs: number;
}

const history: fc.Arbitrary<History> = fc.record({
  views: fc.array(view, { minLength: 3, maxLength: 3 }),
  acts: fc.array(act, { maxLength: 12 }).map((acts) => acts.toSorted((a, b) => a.at - b.at)),
  latencyMs: fc.constantFrom(5, 300, 1_500),
});

/** Three flippers, each with its own view of the world, and operators, on one store. */
async function play({ views, acts, latencyMs }: History): Promise<Simulation> {
  const simulation = new Simulation({ world: downIn({}), latencyMs });
  const worlds: World[] = views.map((each) =>
    downIn(
      Object.fromEntries(Object.entries(each).map(([id, list]) => [id, list.map(([from, length]) => [from, from + length] as const)])),
    ),
  );
  const flippers = worlds.map((world) => simulation.start({ world }));
  let elapsed = 0;
  for (const { at, what, origin, weight, seconds } of acts) {
    await simulation.clock.run((at - elapsed) * second);
    elapsed = at;
    if (what === 'override' || what === 'clear') {
      const until = simulation.clock.now() + seconds * second;
      operate(simulation, what === 'clear' ? { kind: what } : { kind: what, weights: { [origin]: weight }, until });
    } else if (what === 'by hand') simulation.store.put(healthKey, weight === 100 ? 'ok' : `${origin}=${weight}`);
    else if (what === 'store down') {
      simulation.store.fault = 'down';
      await simulation.clock.run(5 * second);
      elapsed += 5;
      simulation.store.fault = undefined;
    } else {
      flippers[0]?.stop();
      flippers[0] = simulation.start({ world: worlds[0] ?? downIn({}) });
    }
  }
  await simulation.clock.run((2_000 - elapsed) * second);
  for (const flipper of flippers) flipper.stop();
  await simulation.clock.run(10 * second);
  return simulation;
}

/** An operator's command, beside everything else. */
function operate(simulation: Simulation, flip: Flip): void {
  const { clock, store, policy } = simulation;
  store
    .client()
    .update(flipKeys, (snapshot) =>
      planFlip(snapshot, flip, { at: clock.now(), reason: 'maintenance', by: 'ana', origins: policy.origins }),
    )
    .catch((error: unknown) => expect(['EdgeError', 'FlipRefused']).toContain((error as Error).name));
}

/** Every audit entry that was ever written, the oldest first. */
function entriesOf(simulation: Simulation): AuditEntry[] {
  return simulation.store.writes
    .flatMap(({ change }) => change.puts.map(({ value }) => parseAuditEntry(value)))
    .filter((entry): entry is AuditEntry => entry !== undefined);
}

function weightsOf(record: string, at: number): Record<string, number> {
  return { ...parseLiveRecord(new Map([[healthKey, record]]), at).automatic };
}

type Law = (simulation: Simulation, entries: AuditEntry[]) => void;

const replays: Law = (simulation, entries) => {
  const { record, gaps } = replayAudit(entries.toReversed());
  expect(gaps).toEqual([]);
  expect(entries.map(({ sequence }) => sequence)).toEqual(entries.map((_, index) => index + 1));
  const isLastByHand = simulation.store.writes.at(-1)?.change.puts.length === 1;
  if (record !== undefined && !isLastByHand) expect(record).toBe(simulation.record());
  expect(auditHistory(simulation.store.values).length).toBe(Math.min(32, entries.length));
};

const losesNoOverride: Law = (_, entries) => {
  for (const { kind, at, from = 'ok', to } of entries) {
    if (kind !== 'automatic' && kind !== 'edit') continue;
    const overrides = (record: string) => parseLiveRecord(new Map([[healthKey, record]]), at).overrides;
    expect(overrides(to)).toEqual(overrides(from));
  }
};

/** Bringing home waits after any automatic flip; no weight rises within the delay after any writer has lowered it. */
const keepsMinimumDelay: Law = (_, entries) => {
  const { minFlipIntervalMs } = defaults.failover;
  const loweredAt: Record<string, number> = {};
  let automaticAt = Number.NEGATIVE_INFINITY;
  for (const { kind, at, from = 'ok', to } of entries) {
    if (kind !== 'automatic') continue;
    const [before, after] = [weightsOf(from, at), weightsOf(to, at)];
    const moved = ids.map((id) => ({ id, rise: (after[id] ?? 100) - (before[id] ?? 100) }));
    if (moved.every(({ rise }) => rise >= 0)) expect(at - automaticAt).toBeGreaterThanOrEqual(minFlipIntervalMs);
    for (const { id, rise } of moved) {
      if (rise > 0) expect(at - (loweredAt[id] ?? Number.NEGATIVE_INFINITY)).toBeGreaterThanOrEqual(minFlipIntervalMs);
      if (rise < 0) loweredAt[id] = at;
    }
    automaticAt = at;
  }
};

const leavesSomebodyUp: Law = (_, entries) => {
  for (const { kind, at, to } of entries)
    if (kind === 'automatic') expect(ids.some((id) => (weightsOf(to, at)[id] ?? 100) === 100)).toBe(true);
};

describe('several flippers that disagree, and operators, on one store', () => {
  it('leave an audit that replays to the record, lose no override, keep the minimum delay and always leave an origin up', async () => {
    const kinds: Record<string, number> = {};
    await fc.assert(
      fc.asyncProperty(history, async (given) => {
        const simulation = await play(given);
        const entries = entriesOf(simulation);
        for (const { kind } of entries) kinds[kind] = (kinds[kind] ?? 0) + 1;
        for (const law of [replays, losesNoOverride, keepsMinimumDelay, leavesSomebodyUp]) law(simulation, entries);
      }),
      { numRuns: 15 },
    );
    // Histories in which nothing happens would prove nothing.
    expect(kinds['automatic']).toBeGreaterThan(30);
    expect(kinds['override']).toBeGreaterThan(5);
    expect(kinds['edit']).toBeGreaterThan(0);
  });
});
