import { describe, expect, it } from 'vitest';
import { auditKey, healthKey, stateKey } from '../../../kvs/keys.ts';
import { auditHistory, replayAudit } from '../../../src/core/audit.ts';
import type { FlagStore, StoreSnapshot } from '../../../src/core/flag-store.ts';
import { flipKeys, planFlip } from '../../../src/core/flip.ts';
import { parseStateRecord } from '../../../src/core/state-record.ts';
import { EdgeError } from '../../../src/errors.ts';
import { dayOne } from '../core/policy.ts';
import { downIn, Simulation } from './simulation.ts';

const second = 1_000;
const minute = 60_000;
const well = downIn({});
const outage = downIn({ singapore: [[60, 1e9]] });
const edgeSecond = dayOne / 1_000;

const sequenceOf = (simulation: Simulation) => parseStateRecord(simulation.store.values.get(stateKey)).sequence;

/** A change as another tool makes it: one write, keys removed or replaced. */
function damage(simulation: Simulation, change: Readonly<Record<string, string | undefined>>): void {
  for (const [key, value] of Object.entries(change)) {
    if (value === undefined) simulation.store.remove(key);
    else simulation.store.put(key, value);
  }
}

async function operate(simulation: Simulation, weights: Record<string, number>, forMs: number): Promise<void> {
  const { clock, store, policy } = simulation;
  const until = clock.now() + forMs;
  const written = store
    .client()
    .update(flipKeys, (snapshot) =>
      planFlip(
        snapshot,
        { kind: 'override', weights, until },
        { at: clock.now(), reason: 'maintenance', by: 'ana', origins: policy.origins },
      ),
    );
  await clock.run(200);
  await written;
}

const everyKey = (simulation: Simulation) => Object.fromEntries([...simulation.store.values.keys()].map((key) => [key, undefined]));

describe('a store that another tool wipes or damages', () => {
  const damages: { what: string; of: (simulation: Simulation) => Record<string, string | undefined> }[] = [
    { what: 'every key deleted', of: everyKey },
    { what: 'record and state deleted', of: () => ({ [healthKey]: undefined, [stateKey]: undefined }) },
    { what: 'all deleted, the record declared as ok', of: (simulation) => ({ ...everyKey(simulation), [healthKey]: 'ok' }) },
    {
      what: 'all deleted, record and state seeded',
      of: (simulation) => ({ ...everyKey(simulation), [healthKey]: 'ok', [stateKey]: '{"sequence":0,"origins":{}}' }),
    },
    { what: 'the record deleted', of: () => ({ [healthKey]: undefined }) },
    { what: 'the record in another format', of: () => ({ [healthKey]: '{"version":2,"weights":{"singapore":0}}' }) },
    { what: 'the record cut off', of: () => ({ [healthKey]: 'singapore=' }) },
    { what: 'an end that no calendar has', of: () => ({ [healthKey]: 'singapore=100@99999999999999' }) },
    { what: 'a record longer than the edge reads', of: () => ({ [healthKey]: Array(20).fill('singapore=100').join(';') }) },
    { what: 'record and state garbage', of: () => ({ [healthKey]: '\u0000\uffff', [stateKey]: '\u0000' }) },
    { what: 'the state of another version', of: () => ({ [healthKey]: 'ok', [stateKey]: '{"version":3,"flips":[]}' }) },
  ];

  it.each(damages)('$what in an outage: no viewer is on the dead origin for longer than a recheck, and it is reported', async ({ of }) => {
    const simulation = new Simulation({ world: outage });
    simulation.start();
    await simulation.clock.run(300 * second);
    const before = sequenceOf(simulation);
    damage(simulation, of(simulation));
    await simulation.clock.run(61 * second);
    expect(simulation.weight('singapore')).toBe(0);
    expect(sequenceOf(simulation)).toBe(before + 1);
    expect(simulation.of('store-damaged')).toHaveLength(1);
    expect(simulation.of('restore')).toMatchObject([{ sequence: before + 1, record: 'singapore=0' }]);
    await simulation.clock.run(5 * minute);
    expect(simulation.of('store-damaged')).toHaveLength(1);
    expect(auditHistory(simulation.store.values)[0]).toMatchObject({ sequence: before + 1, kind: 'restore', to: 'singapore=0' });
    const { origins } = parseStateRecord(simulation.store.values.get(stateKey));
    expect(origins['singapore']).toMatchObject({ verdict: 'unhealthy', flaps: 1 });
  });

  it.each(damages)('$what during the drain of a healthy origin: the override is in force again', async ({ of }) => {
    const simulation = new Simulation({ world: well });
    simulation.start();
    await simulation.clock.run(30 * second);
    await operate(simulation, { europe: 0 }, 60 * minute);
    await simulation.clock.run(2 * minute);
    expect(simulation.weight('europe')).toBe(0);
    damage(simulation, of(simulation));
    await simulation.clock.run(61 * second);
    expect(simulation.weight('europe')).toBe(0);
    expect(simulation.of('store-damaged')).toMatchObject([{ override: { by: 'ana', reason: 'maintenance' } }]);
    expect(parseStateRecord(simulation.store.values.get(stateKey)).override).toMatchObject({ by: 'ana', reason: 'maintenance' });
    await simulation.clock.run(60 * minute);
    expect(simulation.weight('europe')).toBe(100);
  });

  it.each([
    { what: 'the state deleted', change: { [stateKey]: undefined } },
    { what: 'the state garbage', change: { [stateKey]: 'x' } },
    { what: 'the record deleted', change: { [healthKey]: undefined } },
    { what: 'record and state deleted', change: { [healthKey]: undefined, [stateKey]: undefined } },
    { what: 'a sequence number that no counter reaches', change: { [stateKey]: '{"sequence":9007199254740991,"origins":{}}' } },
  ])('$what while no flipper runs: the next one goes on from the audit', async ({ change }) => {
    const simulation = new Simulation({ world: well });
    await operate(simulation, { europe: 100 }, 10 * minute);
    await operate(simulation, { europe: 25, singapore: 100 }, 60 * minute);
    const record = simulation.record();
    damage(simulation, change);
    simulation.start();
    await simulation.clock.run(5 * second);
    expect(simulation.record()).toBe(record);
    expect(sequenceOf(simulation)).toBe(3);
    expect(simulation.of('store-damaged')).toHaveLength(1);
    expect(auditHistory(simulation.store.values).map(({ sequence }) => sequence)).toEqual([3, 2, 1]);
    expect(replayAudit(auditHistory(simulation.store.values))).toEqual({ record, gaps: [] });
    expect(parseStateRecord(simulation.store.values.get(stateKey)).override).toMatchObject({
      by: 'ana',
      weights: { europe: 25, singapore: 100 },
    });
  });

  it('in which only the newest audit entry is damaged is reported, and the ring goes on', async () => {
    const simulation = new Simulation({ world: outage });
    simulation.start();
    await simulation.clock.run(300 * second);
    damage(simulation, { [auditKey(1)]: undefined });
    await simulation.clock.run(61 * second);
    expect(simulation.of('store-damaged')).toMatchObject([{ keys: [auditKey(1)] }]);
    expect(auditHistory(simulation.store.values).map(({ sequence, to }) => [sequence, to])).toEqual([[2, 'singapore=0']]);
  });

  it('keeps what an operator wrote into the wiped store before any flipper noticed', async () => {
    const simulation = new Simulation({ world: well });
    simulation.start();
    for (let flips = 0; flips < 3; flips++) await operate(simulation, { europe: 100 }, minute);
    await simulation.clock.run(5 * minute);
    damage(simulation, everyKey(simulation));
    await operate(simulation, { singapore: 0 }, 60 * minute);
    expect(sequenceOf(simulation)).toBe(1);
    await simulation.clock.run(2 * minute);
    expect(simulation.weight('singapore')).toBe(0);
    expect(sequenceOf(simulation)).toBe(4);
    expect(parseStateRecord(simulation.store.values.get(stateKey)).override).toMatchObject({ by: 'ana', weights: { singapore: 0 } });
  });

  it('with several flippers is restored once', async () => {
    const simulation = new Simulation({ world: outage });
    for (let index = 0; index < 3; index++) simulation.start();
    await simulation.clock.run(300 * second);
    damage(simulation, everyKey(simulation));
    await simulation.clock.run(5 * minute);
    expect(simulation.of('restore')).toHaveLength(1);
    expect(sequenceOf(simulation)).toBe(2);
  });

  it('is noticed within 15 minutes by a flipper that is alone and asks no more often', async () => {
    const base = new Simulation({ world: well });
    const failover = { ...base.policy.failover, peerCheckMs: 0 };
    const simulation = new Simulation({ world: well, policy: { ...base.policy, failover } });
    simulation.start();
    await operate(simulation, { europe: 0 }, 60 * minute);
    await simulation.clock.run(16 * minute);
    damage(simulation, everyKey(simulation));
    await simulation.clock.run(15 * minute + 5 * second);
    expect(simulation.weight('europe')).toBe(0);
  });

  it('leaves a record that says nothing harmful to a store without flips', async () => {
    const simulation = new Simulation({ world: well });
    simulation.start();
    await simulation.clock.run(5 * minute);
    expect(simulation.store.writes).toEqual([]);
    expect(simulation.of('store-damaged')).toEqual([]);
  });
});

describe('an override whose end no calendar has', () => {
  it.each(['europe=100@99999999999999', 'singapore=100@1764003600000000000', 'nowhere=0@99999999999999'])(
    '%s holds nothing and stops nothing: a dead origin is left',
    async (record) => {
      const simulation = new Simulation({ world: outage });
      simulation.store.put(healthKey, record);
      simulation.start();
      await simulation.clock.run(90 * second);
      expect(simulation.weight('singapore')).toBe(0);
      expect(simulation.of('store-failed')).toEqual([]);
    },
  );
});

describe('a clock that is ahead', () => {
  it.each([1, 3, 12])('by %i hours deletes no override that the edge still keeps', async (hours) => {
    const simulation = new Simulation({ world: outage });
    const until = edgeSecond + hours * 3_600 - 180;
    simulation.store.put(healthKey, `europe=50@${until}`);
    simulation.clock.jump(hours * 3_600_000);
    simulation.start();
    await simulation.clock.run(90 * second);
    expect(simulation.record()).toBe(`europe=50@${until};singapore=0`);
  });

  it('is reported once when the store answers with another time', async () => {
    const simulation = new Simulation({ world: well });
    let skewMs = 31_000;
    simulation.start({ store: { ...simulation.store.client(), clockSkewMs: () => skewMs } });
    await simulation.clock.run(10 * minute);
    expect(simulation.of('clock-skew')).toMatchObject([{ skewMs: 31_000 }]);
    skewMs = 100;
    await simulation.clock.run(2 * minute);
    skewMs = -45_000;
    await simulation.clock.run(2 * minute);
    expect(simulation.of('clock-skew').map((event) => event.skewMs)).toEqual([31_000, -45_000]);
  });
});

describe('a write', () => {
  /** A store that acknowledges its first writes and forgets them. */
  function forgetful(simulation: Simulation, lost: number): FlagStore {
    const client = simulation.store.client();
    return {
      ...client,
      update: async (keys, change) => {
        if (lost <= 0) return client.update(keys, change);
        const written = change(await client.read(keys));
        if (written !== undefined) lost--;
        return { written, attempts: 1 };
      },
    };
  }

  it.each([1, 2, 4])('that is acknowledged and lost %i times is written again until it is there, and reported once', async (lost) => {
    const simulation = new Simulation({ world: outage });
    simulation.start({ store: forgetful(simulation, lost) });
    await simulation.clock.run(90 * second);
    expect(simulation.written.map(([, record]) => record)).toEqual(['singapore=0']);
    // Three reads half a second apart each time, then a pause that doubles.
    expect(simulation.written[0]?.[0]).toBeLessThan((72 + 1.5 * lost + (lost > 1 ? 2 ** (lost - 2) : 0)) * second);
    expect(simulation.of('flip')).toHaveLength(1);
    expect(simulation.of('verified')).toHaveLength(1);
    expect(replayAudit(auditHistory(simulation.store.values))).toEqual({ record: 'singapore=0', gaps: [] });
  });

  /** A store whose first write lands while its answer and the next `darkMs` are lost. */
  function darkAfterWrite(simulation: Simulation, darkMs: number): FlagStore {
    const client = simulation.store.client();
    let darkUntil = Number.NEGATIVE_INFINITY;
    let isFirst = true;
    const lit = async <T>(call: () => Promise<T>): Promise<T> => {
      if (simulation.clock.monotonic() < darkUntil) throw new EdgeError('ENDPOINT_UNREACHABLE', 'no answer');
      return call();
    };
    return {
      read: (keys) => lit(() => client.read(keys)),
      list: (pages) => lit(() => client.list(pages)),
      update: (keys, change) =>
        lit(async () => {
          const done = await client.update(keys, change);
          if (!isFirst || done.written === undefined) return done;
          isFirst = false;
          darkUntil = simulation.clock.monotonic() + darkMs;
          throw new EdgeError('ENDPOINT_UNREACHABLE', 'no answer');
        }),
    };
  }

  it.each([0, 40 * second, 30 * minute])('whose answer is lost, and then %i ms of the store, is reported exactly once', async (darkMs) => {
    const simulation = new Simulation({ world: outage });
    simulation.start({ store: darkAfterWrite(simulation, darkMs) });
    await simulation.clock.run(40 * minute);
    expect(simulation.of('flip')).toMatchObject([{ sequence: 1, from: 'ok', to: 'singapore=0', kind: 'protect' }]);
    expect(simulation.written.map(([, record]) => record)).toEqual(['singapore=0']);
  });

  it('is reported even when another flipper has written since', async () => {
    const simulation = new Simulation({ world: outage });
    simulation.start({ store: darkAfterWrite(simulation, 5 * minute) });
    await simulation.clock.run(90 * second);
    await operate(simulation, { europe: 100 }, 60 * minute);
    await simulation.clock.run(10 * minute);
    expect(simulation.of('flip').map(({ sequence }) => sequence)).toEqual([1]);
  });

  it('of its own is not forgotten because a reader is behind', async () => {
    let isBad = false;
    const simulation = new Simulation({
      world: (origin, at) => (isBad && origin === 'singapore' ? { opinion: 'bad' } : downIn({ singapore: [[60, 120]] })(origin, at)),
    });
    const client = simulation.store.client();
    let stale: StoreSnapshot | undefined;
    const laggingStore: FlagStore = {
      ...client,
      read: async (keys) => {
        const fresh = await client.read(keys);
        return stale === undefined ? fresh : { ...fresh, values: stale.values };
      },
      update: (keys, change) =>
        client.update(keys, (snapshot) => change(stale === undefined ? snapshot : { ...snapshot, values: stale.values })),
    };
    simulation.start({ store: laggingStore });
    let before = await Promise.all([client.read(flipKeys), simulation.clock.run(100)]).then(([snapshot]) => snapshot);
    while (simulation.record() !== 'singapore=10') {
      const reading = client.read(flipKeys);
      await simulation.clock.run(second);
      if (simulation.record() !== 'singapore=10') before = await reading;
    }
    stale = before;
    isBad = true;
    await simulation.clock.run(12 * second);
    expect(simulation.record()).toBe('singapore=0');
    stale = undefined;
    await simulation.clock.run(minute);
    expect(replayAudit(auditHistory(simulation.store.values)).gaps).toEqual([]);
  });
});

describe('a store whose values are read late under its newest ETag', () => {
  it.each([2, 10, 25])('by %i seconds is written again a few times with growing pauses, not without one', async (lagS) => {
    const simulation = new Simulation({ world: outage });
    const client = simulation.store.client();
    const shown: { at: number; values: ReadonlyMap<string, string> }[] = [{ at: 0, values: new Map() }];
    const late = (snapshot: StoreSnapshot): StoreSnapshot => {
      const at = simulation.clock.monotonic() - lagS * second;
      return { ...snapshot, values: shown.findLast((each) => each.at <= at)?.values ?? new Map() };
    };
    simulation.start({
      store: {
        ...client,
        read: async (keys) => late(await client.read(keys)),
        update: async (keys, change) => {
          const done = await client.update(keys, (snapshot) => change(late(snapshot)));
          shown.push({ at: simulation.clock.monotonic(), values: new Map(simulation.store.values) });
          return done;
        },
      },
    });
    await simulation.clock.run(3 * minute);
    expect(new Set(simulation.written.map(([, record]) => record))).toEqual(new Set(['singapore=0']));
    expect(simulation.written.length).toBeLessThanOrEqual(8);
    expect(simulation.of('flip')).toHaveLength(1);
  });
});

describe('the next failure of the store', () => {
  it.each(['the origin recovers', 'another flipper flips'])(
    'is retried as soon as the first when the need ended because %s',
    async (why) => {
      const world = downIn({
        singapore:
          why === 'the origin recovers'
            ? [
                [60, 130],
                [1_000, 1e9],
              ]
            : [
                [60, 300],
                [1_000, 1e9],
              ],
      });
      const simulation = new Simulation({ world });
      simulation.start();
      await simulation.clock.run(50 * second);
      simulation.store.fault = 'down';
      await simulation.clock.run(70 * second);
      if (why !== 'the origin recovers') {
        simulation.store.fault = undefined;
        simulation.start();
        await simulation.clock.run(10 * second);
      } else await simulation.clock.run(60 * second);
      simulation.store.fault = undefined;
      await simulation.clock.run(800 * second);
      const before = simulation.of('store-failed').length;
      simulation.store.fault = 'down';
      await simulation.clock.run(60 * second);
      expect(simulation.of('store-failed')[before]?.retryInMs).toBeLessThanOrEqual(250);
    },
  );
});

describe('another flipper’s flip', () => {
  it.each([1, 2])('is seen within a minute by %i others, which bring the origin home when it dies', async (others) => {
    const simulation = new Simulation({ world: well });
    for (let index = 0; index < others; index++) simulation.start();
    const lone = simulation.start({ world: outage });
    await simulation.clock.run(90 * second);
    expect(simulation.record()).toBe('singapore=0');
    lone.stop();
    const flippedAt = simulation.of('flip')[0]?.at ?? 0;
    await simulation.clock.run(60 * second);
    expect(simulation.of('record').filter(({ record, at }) => record === 'singapore=0' && at <= flippedAt + minute)).toHaveLength(others);
    await simulation.clock.run(20 * minute);
    expect(simulation.record()).toBe('ok');
  });
});
