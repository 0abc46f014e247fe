import { describe, expect, it } from 'vitest';
import { openReplica, type Propagation } from '../../../../local/edge/replica.ts';
import type { Published, PublishedChange } from '../../../../local/published.ts';
import { describePropagation, type PropagationProfile, propagationOption } from '../../../../scripts/start/propagation-option.ts';

const arn = 'arn:aws:cloudfront::123456789012:key-value-store/one';

function rig(propagation: Partial<Propagation>) {
  let values: ReadonlyMap<string, string> | undefined;
  let tell: (change: PublishedChange) => void = () => {};
  let time = 1_000_000;
  const published: Published = {
    distribution: () => undefined,
    liveFunction: () => undefined,
    store: () => values,
    subscribe(listener) {
      tell = listener;
      return () => {};
    },
  };
  return {
    replica: openReplica(published, { propagation, now: () => time }),
    put(entries: Record<string, string>) {
      values = new Map(Object.entries(entries));
      tell({ kind: 'store', arn });
    },
    setBefore(entries: Record<string, string>) {
      values = new Map(Object.entries(entries));
    },
    pass(ms: number) {
      time += ms;
    },
  };
}

const valueAt = ({ replica }: ReturnType<typeof rig>, location = 0, key = 'health') => replica.read(arn, location)?.values.get(key);

describe('the edge’s copy of a store', () => {
  it('has what was there when it was opened', () => {
    const one = rig({ delayMs: 500 });
    one.setBefore({ health: 'ok' });
    one.replica.watch(arn);
    expect(valueAt(one)).toBe('ok');
  });

  it('does not know a store made later until its first content has arrived', () => {
    const one = rig({ delayMs: 500 });
    one.put({ health: 'ok' });
    expect(one.replica.read(arn, 0)).toBeUndefined();
    one.pass(500);
    expect(valueAt(one)).toBe('ok');
  });

  it('takes about as long as was measured of CloudFront in the profile aws, and at the tail 75 s', () => {
    const { value: profile } = propagationOption.parse('aws') as { value: PropagationProfile };
    const one = rig({ ...profile.propagation, locations: 200 });
    one.setBefore({ health: 'ok' });
    one.replica.watch(arn);
    one.put({ health: 'singapore=0' });
    const arrived = () =>
      Array.from({ length: 200 }, (_, location) => valueAt(one, location)).filter((value) => value === 'singapore=0').length;
    one.pass(27_999);
    expect(arrived()).toBe(0);
    one.pass(5_001);
    expect(arrived()).toBeGreaterThan(170);
    expect(arrived()).toBeLessThan(200);
    one.pass(42_000);
    expect(arrived()).toBe(200);
  });

  it('misses the key that changes for a moment before the change arrives, for the time in its settings', () => {
    const one = rig({ delayMs: 1_000, missMs: 100 });
    one.setBefore({ health: 'ok', other: 'kept' });
    one.replica.watch(arn);
    one.put({ health: 'singapore=0', other: 'kept' });
    one.pass(899);
    expect(valueAt(one)).toBe('ok');
    one.pass(1);
    expect([valueAt(one), valueAt(one, 0, 'other')]).toEqual([undefined, 'kept']);
    one.pass(100);
    expect(valueAt(one)).toBe('singapore=0');
  });

  it('shows a write after the delay, not before', () => {
    const one = rig({ delayMs: 500 });
    one.setBefore({ health: 'ok' });
    one.replica.watch(arn);
    one.put({ health: 'singapore=0' });
    one.pass(499);
    expect(valueAt(one)).toBe('ok');
    one.pass(1);
    expect(valueAt(one)).toBe('singapore=0');
  });

  it('hands out one and the same snapshot between two writes', () => {
    const one = rig({ delayMs: 0 });
    one.put({ health: 'ok' });
    expect(one.replica.read(arn, 0)?.values).toBe(one.replica.read(arn, 0)?.values);
  });

  it('never shows an older write after a newer one, whatever the jitter', () => {
    const one = rig({ delayMs: 100, jitterMs: 1_000, seed: 7 });
    one.setBefore({ health: '0' });
    one.replica.watch(arn);
    for (let write = 1; write <= 50; write++) {
      one.put({ health: String(write) });
      one.pass(10);
    }
    let last = 0;
    for (let step = 0; step < 200; step++) {
      const seen = Number(valueAt(one));
      expect(seen).toBeGreaterThanOrEqual(last);
      last = seen;
      one.pass(10);
    }
    expect(last).toBe(50);
  });

  const arrivals = (seed: number) => {
    const one = rig({ delayMs: 100, jitterMs: 1_000, seed, locations: 3 });
    one.setBefore({ health: 'old' });
    one.replica.watch(arn);
    one.put({ health: 'new' });
    return [0, 1, 2].map((location) => {
      const again = rig({ delayMs: 100, jitterMs: 1_000, seed, locations: 3 });
      again.setBefore({ health: 'old' });
      again.replica.watch(arn);
      again.put({ health: 'new' });
      for (let ms = 0; ms <= 1_100; ms++) {
        if (valueAt(again, location) === 'new') return ms;
        again.pass(1);
      }
      return Number.NaN;
    });
  };

  it('arrives at each location in its own time, the same for the same seed', () => {
    const first = arrivals(1);
    expect(new Set(first).size).toBe(3);
    expect(arrivals(1)).toEqual(first);
    expect(arrivals(2)).not.toEqual(first);
    for (const ms of first) expect(ms).toBeGreaterThanOrEqual(100);
  });

  it('knows when the last write will be everywhere', () => {
    const one = rig({ delayMs: 500 });
    expect(one.replica.settlesAt(arn)).toBeUndefined();
    one.put({ health: 'ok' });
    expect(one.replica.settlesAt(arn)).toBe(1_000_500);
    one.pass(500);
    expect(one.replica.settlesAt(arn)).toBeUndefined();
  });

  it('names no moment at which an earlier write is still under way', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const one = rig({ delayMs: 100, jitterMs: 1_000, seed, locations: 2 });
      for (let write = 1; write <= 5; write++) one.put({ health: String(write) });
      one.pass((one.replica.settlesAt(arn) ?? 0) - 1_000_000);
      expect([valueAt(one, 0), valueAt(one, 1)]).toEqual(['5', '5']);
    }
  });

  it('misses a changing key shortly before its new value arrives, when asked to, and no other key', () => {
    const one = rig({ delayMs: 400 });
    one.setBefore({ health: 'ok', other: 'same' });
    one.replica.watch(arn);
    one.replica.faults.transientMiss = true;
    one.put({ health: 'singapore=0', other: 'same' });
    one.pass(299);
    expect(valueAt(one)).toBe('ok');
    one.pass(1);
    expect(valueAt(one)).toBeUndefined();
    expect(valueAt(one, 0, 'other')).toBe('same');
    one.pass(100);
    expect(valueAt(one)).toBe('singapore=0');
  });

  it('fails every read when asked to', () => {
    const one = rig({ delayMs: 0 });
    one.put({ health: 'ok' });
    one.replica.faults.failReads = true;
    expect(one.replica.read(arn, 0)?.failReads).toBe(true);
  });
});

describe('--propagation', () => {
  it.each([
    { text: 'fast', name: 'fast', typicalMs: 2_000 },
    { text: 'aws', name: 'aws', typicalMs: 30_000 },
    { text: '10s', name: 'custom', typicalMs: 10_000 },
    { text: '0s', name: 'custom', typicalMs: 0 },
    { text: '0', name: 'custom', typicalMs: 0 },
  ])('takes $text', ({ text, name, typicalMs }) => {
    expect(propagationOption.parse(text)).toMatchObject({ value: { name, typicalMs } });
  });

  it('refuses anything else, and is fast when absent', () => {
    expect(propagationOption.parse('slow')).toHaveProperty('problem');
    expect(propagationOption.absent.name).toBe('fast');
  });

  it('labels quick times with what CloudFront takes', () => {
    expect(describePropagation(propagationOption.absent)).toMatch(/^fast: .*30s.*75s|1m 15s/);
  });
});
