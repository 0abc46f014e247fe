import { createHash } from 'node:crypto';
import { parseHealthRecord, weightAt } from '../../../kvs/health-record.ts';
import { healthKey } from '../../../kvs/keys.ts';
import { planFlip } from '../../../src/core/flip.ts';
import type { SignalSource } from '../../../src/core/signal.ts';
import { listAudiences } from '../../../src/core/viewer-shares.ts';
import { MemoryStore, VirtualClock } from '../../../src/predict/simulation.ts';
import type { EdgeAnswer } from '../../../src/probe/edge-view.ts';
import type { RehearsalRequest } from '../../../src/rehearse/plan-rehearsal.ts';
import { type RehearsalHooks, type RehearsalResult, type RehearsalTools, rehearse } from '../../../src/rehearse/rehearse.ts';

const origins = ['singapore', 'europe'];
export const start = 1_764_000_000_000;

const order = origins;
const audiences = listAudiences({
  defaultOrder: order,
  routes: [
    { countries: ['US', 'IN'], order },
    { countries: ['DE'], order: ['europe', 'singapore'] },
  ],
});

export const request: RehearsalRequest = {
  origin: 'singapore',
  steps: [1, 5, 25, 100],
  holdMs: 25_000,
  verifyMs: 60_000,
  marginMs: 30_000,
  bounds: { maxErrorPercent: 5, maxLatencyMs: 500 },
};

type Health = 'good' | 'bad' | 'slow' | 'flaky';

/** Two origins, a store and an edge behind it, in virtual time. */
export function openWorld({
  propagationMs = 5_000,
  isLocal = true,
  here = 'home',
}: {
  propagationMs?: number;
  isLocal?: boolean;
  here?: 'home' | 'elsewhere';
} = {}) {
  const clock = new VirtualClock(start);
  const store = new MemoryStore(clock);
  store.put(healthKey, 'ok');
  const client = store.client();
  const stop = new AbortController();
  const health: Record<string, Health> = { singapore: 'good', europe: 'good' };
  const world = { clock, store, client, stop, health, isEdgeStuck: false, alarm: 'good' as 'good' | 'bad' | 'none' };
  let turn = 0;
  const isBad = (id: string) => health[id] === 'bad' || (health[id] === 'flaky' && turn++ % 4 === 0);

  const probe = async (id: string) => {
    await clock.sleep(20);
    return { opinion: isBad(id) ? ('bad' as const) : ('good' as const), latencyMs: health[id] === 'slow' ? 900 : 40 };
  };
  const sourceOf = (id: string): SignalSource => ({ name: 'http', required: false, isFresh: true, probe: () => probe(id) });

  const served = () => {
    if (world.isEdgeStuck) return 'ok';
    const seen = store.writes.filter(({ at }) => at <= clock.monotonic() - propagationMs);
    return seen.at(-1)?.record ?? 'ok';
  };
  const ask = async (country: string | undefined, ip = '192.0.2.3'): Promise<EdgeAnswer> => {
    await clock.sleep(10);
    const entries = parseHealthRecord(served()) ?? [];
    const bucket = (createHash('md5').update(ip).digest()[0] ?? 0) / 2.56 + 0.01;
    const mine = country === 'DE' || (!isLocal && here === 'elsewhere') ? ['europe', 'singapore'] : order;
    const left = mine.filter((id) => weightAt(entries, id, clock.now() / 1_000) > bucket);
    const origin = (left.length > 0 ? left : mine).find((id) => health[id] !== 'bad') ?? mine[0] ?? '';
    return health[origin] === 'bad' ? { problem: 'answered 503 without a region', failed: true } : { origins: [origin], status: 200 };
  };

  const tools: RehearsalTools = {
    store: client,
    edge: { url: 'http://edge', canChooseCountry: isLocal, ask },
    origins,
    audiences,
    by: 'ann',
    reason: 'a test',
    signals: Object.fromEntries(origins.map((id) => [id, [sourceOf(id)]])),
    alarm: {
      name: 'alarm',
      required: true,
      isFresh: false,
      probe: async () => ({ opinion: world.alarm, latencyMs: 5, detail: 'ALARM: 5xx' }),
    },
    proveOrigin: async (id) => ((await probe(id)).opinion === 'bad' ? { kind: 'bad', problem: 'status: 503' } : { kind: 'good' }),
    everyMs: 1_000,
    settleMs: 20_000,
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    sleep: (ms, signal) => clock.sleep(ms, signal),
    signal: stop.signal,
  };

  /** Runs until the rehearsal ends, at most this long; undefined when it has not. */
  const run = async (
    changed: Partial<RehearsalRequest> = {},
    forMs = 3_600_000,
    hooks: Partial<RehearsalHooks> = {},
  ): Promise<RehearsalResult | { error: unknown } | undefined | 'declined'> => {
    let ended: RehearsalResult | { error: unknown } | undefined | 'declined';
    rehearse({ ...request, ...changed }, tools, {
      show: () => undefined,
      confirm: async () => true,
      note: () => undefined,
      progress: () => undefined,
      stepDone: () => undefined,
      ...hooks,
    }).then(
      (result) => {
        ended = result ?? 'declined';
      },
      (error: unknown) => {
        ended = { error };
      },
    );
    await clock.run(forMs, () => ended !== undefined);
    return ended;
  };

  return {
    ...world,
    world,
    tools,
    run,
    /** What another writer does, without latency. */
    write: (flip: Parameters<typeof planFlip>[1], by: string) => {
      const change = planFlip({ etag: '', values: store.values }, flip, { at: clock.now(), reason: 'theirs', by, origins });
      for (const { key, value } of change?.puts ?? []) store.put(key, value);
    },
    record: () => store.values.get(healthKey) ?? 'ok',
    weight: (at: number) => weightAt(parseHealthRecord(store.values.get(healthKey) ?? 'ok') ?? [], 'singapore', at / 1_000),
    /** Another writer's weights are theirs: the operator of these tests writes 30, the flipper 50. */
    hasOurs: (at: number) => {
      const entries = parseHealthRecord(store.values.get(healthKey) ?? 'ok') ?? [];
      return entries.some(({ origin, weight, until = 0 }) => origin === 'singapore' && weight !== 30 && until > at / 1_000);
    },
    /** After some time of the simulation. */
    after: (ms: number, act: () => void) => void clock.sleep(ms).then(act),
  };
}
