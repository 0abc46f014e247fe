import { describe, expect, it } from 'vitest';
import type { SignalSource } from '../../../src/core/signal.ts';
import type { Opinion } from '../../../src/core/streak.ts';
import { runFlipper } from '../../../src/flipper/flipper.ts';
import { openOriginsWatch } from '../../../src/flipper/watch-origins.ts';
import { MemoryStore, VirtualClock } from '../../../src/predict/simulation.ts';
import { dayOne, defaults, two } from '../core/policy.ts';
import { Simulation } from '../flipper/simulation.ts';

const relayed = (name: string, opinion: () => Opinion, required = false): SignalSource => ({
  name,
  required,
  isFresh: false,
  thresholds: { unhealthyThreshold: 1, healthyThreshold: 1 },
  probe: async () => ({ opinion: opinion(), latencyMs: 1, ...(opinion() === 'bad' ? { detail: 'ALARM: 5xx' } : {}) }),
});
const fresh = (opinion: () => Opinion): SignalSource => ({
  name: 'http',
  required: false,
  isFresh: true,
  probe: async () => ({ opinion: opinion(), latencyMs: 1 }),
});

async function burst(sources: SignalSource[]) {
  const clock = new VirtualClock(dayOne);
  let looks = 0;
  const watch = openOriginsWatch({
    signals: { singapore: sources },
    health: defaults.health,
    clock,
    random: () => 0.5,
    signal: new AbortController().signal,
    log: ({ event }) => {
      if (event === 'probe') looks += 1;
    },
    onProbe: () => undefined,
  });
  const done = watch.burst();
  await clock.run(20_000);
  await done;
  return { verdict: watch.evidence(clock.now())['singapore']?.verdict, looks };
}

describe('a signal that repeats another system’s verdict', () => {
  it('needs one probe, and no second one in a burst', async () => {
    expect(await burst([relayed('alarm', () => 'bad')])).toEqual({ verdict: 'unhealthy', looks: 1 });
    expect(await burst([relayed('alarm', () => 'good')])).toEqual({ verdict: 'healthy', looks: 1 });
    expect(await burst([relayed('alarm', () => 'none')])).toEqual({ verdict: 'unknown', looks: 1 });
  });

  it.each<{ signals: [Opinion, Opinion, Opinion]; required?: boolean; verdict: string }>([
    { signals: ['good', 'bad', 'bad'], verdict: 'unhealthy' },
    { signals: ['good', 'bad', 'good'], verdict: 'healthy' },
    { signals: ['good', 'bad', 'none'], verdict: 'unknown' },
    { signals: ['good', 'none', 'none'], verdict: 'unknown' },
    { signals: ['good', 'bad', 'none'], required: true, verdict: 'unhealthy' },
    { signals: ['none', 'none', 'bad'], verdict: 'unknown' },
    { signals: ['none', 'bad', 'bad'], verdict: 'unhealthy' },
    { signals: ['none', 'bad', 'none'], required: true, verdict: 'unhealthy' },
  ])('counts beside our own probe as one of several: $signals, required: $required', async ({ signals, required, verdict }) => {
    const [http, route53, alarm] = signals;
    const sources = [fresh(() => http), relayed('route53', () => route53, required), relayed('alarm', () => alarm)];
    expect((await burst(sources)).verdict).toBe(verdict);
  });

  it('counts as not configured where its service is not', async () => {
    const absent = { ...relayed('alarm', () => 'none'), isAbsent: true };
    expect(await burst([fresh(() => 'good'), absent, absent])).toMatchObject({ verdict: 'healthy' });
    expect(await burst([absent])).toMatchObject({ verdict: 'unknown' });
  });

  it('moves traffic at its next probe and names itself', async () => {
    const simulation = new Simulation({ world: () => ({ opinion: 'good' }) });
    let isOn = false;
    const stop = new AbortController();
    const ended = runFlipper({
      mode: 'watch',
      shadow: false,
      by: 'flipper',
      policy: { ...two, health: defaults.health },
      signals: {
        singapore: [relayed('alarm', () => (isOn ? 'bad' : 'good'))],
        europe: [fresh(() => 'good')],
      },
      store: simulation.store.client(),
      log: (event, at) => simulation.events.push({ ...event, at }),
      signal: stop.signal,
      clock: simulation.clock,
      random: () => 0.5,
    });
    await simulation.clock.run(30_000);
    isOn = true;
    await simulation.clock.run(10_500);
    expect(simulation.of('flip')[0]).toMatchObject({ to: 'singapore=0', reason: 'singapore 100 to 0: unhealthy (alarm ALARM: 5xx)' });
    stop.abort();
    await ended;
  });
});

describe('a flipper that goes on from another’s memory', () => {
  const given = (clock: VirtualClock, store: MemoryStore, http: () => Opinion, told: string[]) => ({
    shadow: false,
    by: 'flipper',
    policy: { ...two, health: defaults.health },
    signals: { singapore: [fresh(http)], europe: [fresh(() => 'good')] },
    store: store.client(),
    log: ({ event }: { event: string }) => void told.push(event),
    clock,
    random: () => 0.5,
  });
  async function runFor(clock: VirtualClock, ms: number, options: Omit<Parameters<typeof runFlipper>[0], 'mode' | 'signal'>) {
    const stop = new AbortController();
    const ended = runFlipper({ ...options, mode: 'watch', signal: stop.signal });
    await clock.run(ms);
    stop.abort();
    return ended;
  }

  it('asks the store nothing, and counts the probes of the one before', async () => {
    const clock = new VirtualClock(dayOne);
    const store = new MemoryStore(clock);
    let opinion: Opinion = 'good';
    const told: string[] = [];
    const options = given(clock, store, () => opinion, told);
    const first = await runFor(clock, 21_000, options);
    const calls = store.calls;
    expect(JSON.parse(JSON.stringify(first.memory))).toEqual(first.memory);

    opinion = 'bad';
    const second = await runFor(clock, 1_500, { ...options, from: first.memory });
    expect(second.evidence['singapore']).toMatchObject({ verdict: 'healthy', failing: true });
    expect(store.calls).toBe(calls);
    await clock.run(8_500);
    told.length = 0;
    await runFor(clock, 500, { ...options, from: second.memory });
    expect(store.values.get('health')).toBe('singapore=0');
    expect(told.filter((event) => event === 'record')).toEqual([]);
  });

  it('does not report the same obstacle again', async () => {
    const clock = new VirtualClock(dayOne);
    const store = new MemoryStore(clock);
    const told: string[] = [];
    const options = {
      ...given(clock, store, () => 'bad', told),
      signals: { singapore: [fresh(() => 'bad')], europe: [fresh(() => 'bad')] },
    };
    const { memory, held } = await runFor(clock, 30_000, options);
    expect(held).toBe('panic');
    told.length = 0;
    await runFor(clock, 30_000, { ...options, from: memory });
    expect(told).not.toContain('hold');
  });

  it('begins again for an origin whose signals have changed', async () => {
    const clock = new VirtualClock(dayOne);
    const store = new MemoryStore(clock);
    const options = given(clock, store, () => 'good', []);
    const { memory } = await runFor(clock, 21_000, options);
    const more = { singapore: [fresh(() => 'good'), fresh(() => 'good')], europe: [fresh(() => 'good')] };
    const { evidence } = await runFor(clock, 500, { ...options, signals: more, from: memory });
    expect([evidence['singapore']?.verdict, evidence['europe']?.verdict]).toEqual(['unknown', 'healthy']);
  });

  it('raises no weight on what was known before a pause', async () => {
    const clock = new VirtualClock(dayOne);
    const store = new MemoryStore(clock);
    let opinion: Opinion = 'good';
    const told: string[] = [];
    const options = given(clock, store, () => opinion, told);
    await runFor(clock, 12_000, options);
    opinion = 'bad';
    await runFor(clock, 20_000, options);
    expect(store.values.get('health')).toBe('singapore=0');
    opinion = 'good';
    // The hold-down ends while the process is paused.
    const before = await runFor(clock, 235_000, options);
    expect(store.values.get('health')).toBe('singapore=0');
    await clock.run(108_000);
    const hanging = { ...options, signals: { ...options.signals, singapore: [hangs(clock)] } };
    await runFor(clock, 2_900, { ...hanging, from: before.memory });
    expect(store.values.get('health')).toBe('singapore=0');
    await runFor(clock, 12_000, { ...options, from: before.memory });
    expect(store.values.get('health')).toBe('singapore=10');
  });
});

const hangs = (clock: VirtualClock): SignalSource => ({
  ...fresh(() => 'bad'),
  probe: async (signal) => {
    await clock.sleep(3_000, signal);
    return { opinion: 'bad', latencyMs: 3_000 };
  },
});

it('a minority signal that is stuck keeps no healthy origin out', async () => {
  const clock = new VirtualClock(dayOne);
  const store = new MemoryStore(clock);
  const isDown = () => clock.monotonic() > 60_000 && clock.monotonic() < 200_000;
  const own = () => fresh(() => (isDown() ? 'bad' : 'good'));
  const stop = new AbortController();
  const ended = runFlipper({
    mode: 'watch',
    shadow: false,
    by: 'flipper',
    policy: { ...two, health: defaults.health },
    // It goes off in the outage and stays.
    signals: {
      singapore: [own(), own(), relayed('alarm', () => (clock.monotonic() > 60_000 ? 'bad' : 'good'))],
      europe: [fresh(() => 'good')],
    },
    store: store.client(),
    log: () => undefined,
    signal: stop.signal,
    clock,
    random: () => 0.5,
  });
  await clock.run(80_000);
  expect(store.values.get('health')).toBe('singapore=0');
  await clock.run(20 * 60_000);
  expect(store.values.get('health')).toBe('ok');
  stop.abort();
  await ended;
});
