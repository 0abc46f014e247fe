import { describe, expect, it } from 'vitest';
import { type FlipperLambdaOptions, openFlipperLambda } from '../../../../src/flipper/lambda/flipper-lambda.ts';
import type { Channel } from '../../../../src/flipper/notify/notifier.ts';
import { downIn, Simulation, type World } from '../simulation.ts';

const second = 1_000;
const minute = 60 * second;
const schedule = { run: 'watch' };
const alarmOn = {
  source: 'aws.cloudwatch',
  'detail-type': 'CloudWatch Alarm State Change',
  detail: { alarmName: 'singapore-5xx', state: { value: 'ALARM' } },
};

/** A function on a simulated schedule: each environment is a handler with a memory of its own. */
function open(world: World, given: Partial<FlipperLambdaOptions> = {}) {
  const simulation = new Simulation({ world });
  const { clock, policy, store } = simulation;
  const lines: Record<string, unknown>[] = [];
  let environments = 0;
  const environment = () =>
    openFlipperLambda({
      name: 'edge-flipper',
      by: `flipper@lambda:${++environments}`,
      shadow: false,
      policy,
      signals: Object.fromEntries(policy.origins.map((origin) => [origin, [simulation.source(origin)]])),
      openStore: async () => store.client(),
      channels: [],
      write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>),
      clock,
      random: () => 0.5,
      ...given,
    });
  const invoke = async (handler: ReturnType<typeof environment>, event: unknown = schedule, timeMs = 58 * second) => {
    const endsAt = clock.monotonic() + timeMs;
    const ended = handler(event, { getRemainingTimeInMillis: () => endsAt - clock.monotonic() });
    ended.catch(() => undefined);
    await clock.run(timeMs);
    return ended;
  };
  /** Invocations a minute apart in one environment. */
  const runFor = async (handler: ReturnType<typeof environment>, minutes: number) => {
    const reports = [];
    for (let index = 0; index < minutes; index++) {
      reports.push(await invoke(handler));
      await clock.run(2 * second);
    }
    return reports;
  };
  const of = (event: string) => lines.filter((line) => line['event'] === event);
  return { simulation, clock, store, lines, of, environment, invoke, runFor };
}

describe('the flipper as a Lambda', () => {
  it('probes for 50 seconds of each minute and asks the store at the cold start, then with one call a minute', async () => {
    const { store, environment, runFor, of, simulation } = open(() => ({ opinion: 'good' }));
    const reports = await runFor(environment(), 30);
    expect(store.calls).toBeLessThanOrEqual(6 + 30);
    expect(store.writes).toEqual([]);
    expect(reports.at(-1)).toEqual({
      mode: 'watch',
      trigger: 'schedule',
      succeeded: true,
      verdicts: { singapore: 'healthy', europe: 'healthy' },
      held: 'steady',
      durationMs: 50_000,
    });
    expect(of('run')).toHaveLength(30);
    expect(of('probe')).toEqual([]);
    expect(simulation.record()).toBe('ok');
  });

  it('fails over, stays out for the hold-down and ramps home across invocations, like a process that never stops', async () => {
    const { simulation, environment, runFor, store } = open(downIn({ singapore: [[90, 200]] }));
    await runFor(environment(), 20);
    expect(simulation.written.map(([, record]) => record)).toEqual(['singapore=0', 'singapore=10', 'singapore=25', 'singapore=50', 'ok']);
    const [[first = 0] = [], [second_ = 0] = []] = simulation.written;
    expect(first - 90_000).toBeLessThan(13 * second);
    expect(second_ - first).toBeGreaterThanOrEqual(300 * second);
    expect(store.calls).toBeLessThanOrEqual(62);
  });

  it('detects within 23 seconds an outage that begins when it has just stopped probing', async () => {
    for (const at of [48, 50, 55, 59]) {
      const { simulation, environment, runFor } = open(downIn({ singapore: [[at, 1e9]] }));
      await runFor(environment(), 3);
      expect((simulation.written[0]?.[0] ?? Number.NaN) - at * second).toBeLessThan(23 * second);
    }
  });

  it('acts on an alarm at once, in an environment of its own beside the scheduled one', async () => {
    const { simulation, clock, environment, invoke, runFor } = open(downIn({ singapore: [[75, 1e9]] }));
    const scheduled = runFor(environment(), 3);
    await clock.run(78 * second);
    const report = await invoke(environment(), alarmOn, 10 * second);
    expect(report).toMatchObject({ mode: 'once', trigger: 'alarm', alarm: 'singapore-5xx', state: 'ALARM', succeeded: true });
    await clock.run(3 * minute);
    await scheduled;
    expect(simulation.written.map(([, record]) => record)).toEqual(['singapore=0']);
    expect(simulation.written[0]?.[0]).toBeLessThan(84 * second);
  });

  it('says once why nothing is moved, not in each invocation', async () => {
    const { environment, runFor, of } = open(() => ({ opinion: 'bad' }));
    await runFor(environment(), 4);
    expect(of('hold').map(({ reason }) => reason)).toEqual(['steady', 'fallback-unproven', 'panic']);
  });

  it('looks each minute whether a dead origin is still out, and takes it out again', async () => {
    const { simulation, store, environment, runFor } = open(downIn({ singapore: [[60, 1e9]] }));
    const handler = environment();
    await runFor(handler, 4);
    const calls = store.calls;
    await runFor(handler, 10);
    expect(store.calls - calls).toBe(10 * 2);
    store.put('health', 'ok');
    const [report] = await runFor(handler, 1);
    expect(report?.succeeded).toBe(true);
    expect(simulation.record()).toBe('singapore=0');
  });

  it('learns everything again when it was asleep for more than two minutes', async () => {
    const { simulation, store, clock, environment, invoke, runFor } = open(downIn({ europe: [[65, 200]] }));
    const handler = environment();
    await runFor(handler, 1);
    store.fault = 'down';
    await invoke(handler);
    store.fault = undefined;
    await clock.run(10 * minute);
    const calls = store.calls;
    // By what it knew it would take Europe, long well again, out before its first probe.
    await invoke(handler);
    // Record, state, ETag, and the audit ring, since the state is missing.
    expect(store.calls - calls).toBe(6);
    expect(simulation.written).toEqual([]);
    expect(simulation.record()).toBe('ok');
  });

  it.each([30, 66, 108, 118])('moves no viewers to an origin by evidence from before a freeze of %i s', async (frozenS) => {
    // Out and proven again; its hold-down is over while the environment is frozen, and by then the origin hangs.
    let hangsFrom = Number.POSITIVE_INFINITY;
    const { simulation, clock, environment, invoke, runFor } = open((origin, at) =>
      origin === 'singapore' && at >= hangsFrom ? { opinion: 'bad', afterMs: 3_000 } : downIn({ singapore: [[20, 60]] })(origin, at),
    );
    const handler = environment();
    await runFor(handler, 4);
    const heldUntil = (simulation.written[0]?.[0] ?? 0) + 300 * second;
    while (clock.monotonic() < heldUntil - frozenS * second) await invoke(handler, schedule, 10 * second);
    hangsFrom = clock.monotonic();
    await clock.run(frozenS * second + 5 * second);
    await runFor(handler, 3);
    expect(simulation.written.map(([, record]) => record)).toEqual(['singapore=0']);
  });

  it('sees within a minute of being awake what another environment flipped, and brings it home', async () => {
    const { simulation, clock, environment, runFor, of } = open(() => ({ opinion: 'good' }));
    const warm = environment();
    await runFor(warm, 2);
    simulation.start({ world: downIn({ singapore: [[0, 1e9]] }), mode: 'once' });
    await clock.run(30 * second);
    expect(simulation.record()).toBe('singapore=0');
    await runFor(warm, 1);
    expect(of('record').at(-1)).toMatchObject({ record: 'singapore=0' });
    await runFor(warm, 20);
    expect(simulation.record()).toBe('ok');
  });

  it('puts back after hours of sleep what another tool removed meanwhile', async () => {
    const { simulation, clock, store, environment, runFor, of } = open(downIn({ singapore: [[20, 1e9]] }));
    const handler = environment();
    await runFor(handler, 2);
    for (const key of [...store.values.keys()]) store.remove(key);
    await clock.run(120 * minute);
    await runFor(handler, 1);
    expect(simulation.record()).toBe('singapore=0');
    expect(of('store-damaged')).toHaveLength(1);
    expect(of('restore')).toMatchObject([{ sequence: 2 }]);
  });

  it('reports no run as a success while it cannot reach the store, and goes on afterwards', async () => {
    const { simulation, store, environment, runFor, of } = open(downIn({ singapore: [[70, 1e9]] }));
    const handler = environment();
    await runFor(handler, 1);
    store.fault = 'down';
    const [down] = await runFor(handler, 1);
    expect(down?.succeeded).toBe(false);
    store.fault = undefined;
    const [back] = await runFor(handler, 1);
    expect(back?.succeeded).toBe(true);
    expect(simulation.record()).toBe('singapore=0');
    expect(of('store-failed').length).toBeGreaterThan(3);
  });

  it('ends in time with its metrics when a call hangs, and the next invocation works', async () => {
    let hangs = true;
    const { environment, invoke, lines, of, clock, store } = open(() => ({ opinion: 'good' }), {
      openStore: () => (hangs ? new Promise(() => undefined) : Promise.resolve(store.client())),
    });
    const handler = environment();
    await expect(invoke(handler)).rejects.toThrow(/nearly over/);
    expect(of('run')[0]).toMatchObject({ succeeded: false, durationMs: 55_000 });
    expect(lines.some((line) => line['SuccessfulRuns'] === 0)).toBe(true);
    hangs = false;
    await clock.run(2 * second);
    expect(await invoke(handler)).toMatchObject({ succeeded: true });
  });

  it('reports in its next run the flip of a write that hung until the function was over', async () => {
    let hangs = false;
    const { simulation, store, clock, environment, invoke, of } = open(downIn({ singapore: [[70, 1e9]] }), {
      openStore: async () => {
        const client = store.client();
        return {
          ...client,
          update: async (keys, change) => {
            const done = await client.update(keys, change);
            return hangs && done.written !== undefined ? new Promise(() => undefined) : done;
          },
        };
      },
    });
    const handler = environment();
    await invoke(handler);
    await clock.run(2 * second);
    hangs = true;
    await expect(invoke(handler)).rejects.toThrow(/nearly over/);
    expect(simulation.record()).toBe('singapore=0');
    expect(of('flip')).toEqual([]);
    hangs = false;
    await clock.run(2 * second);
    await invoke(handler);
    await invoke(handler);
    expect(of('flip')).toMatchObject([{ sequence: 1, to: 'singapore=0' }]);
  });

  it('writes nothing and notifies no channel in its shadow', async () => {
    const sent: string[] = [];
    const channel: Channel = { name: 'fake', send: async ({ of }) => void sent.push(of) };
    const { store, of, environment, runFor } = open(downIn({ singapore: [[70, 1e9]] }), { shadow: true, channels: [channel] });
    await runFor(environment(), 3);
    expect(of('flip')).toMatchObject([{ shadow: true, to: 'singapore=0' }]);
    expect(store.writes).toEqual([]);
    expect(sent).toEqual([]);
  });

  it('lets a receiver that does not answer take two seconds at most', async () => {
    const channel: Channel = { name: 'fake', send: () => new Promise(() => undefined) };
    const { environment, invoke, of } = open(downIn({ singapore: [[0, 1e9]] }), { channels: [channel] });
    await invoke(environment(), schedule);
    expect(of('run')[0]).toMatchObject({ succeeded: true, durationMs: 52_000 });
  });

  it('writes what CloudWatch makes metrics of', async () => {
    const { environment, invoke, lines } = open(downIn({ singapore: [[20, 1e9]] }));
    await invoke(environment());
    const metrics = lines.filter((line) => '_aws' in line);
    expect(metrics.map(({ _aws, ...values }) => values)).toEqual([
      { Flipper: 'edge-flipper', Origin: 'singapore', Healthy: 0, Weight: 0, ProbeLatency: expect.any(Array) },
      { Flipper: 'edge-flipper', Origin: 'europe', Healthy: 1, Weight: 100, ProbeLatency: expect.any(Array) },
      { Flipper: 'edge-flipper', SuccessfulRuns: 1, Flips: 1, StoreFailures: 0, NotificationFailures: 0 },
    ]);
  });
});
