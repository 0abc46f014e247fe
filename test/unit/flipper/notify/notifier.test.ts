import { describe, expect, it } from 'vitest';
import { runFlipper } from '../../../../src/flipper/flipper.ts';
import type { FlipperEvent } from '../../../../src/flipper/flipper-event.ts';
import { type Channel, type DeliveryFailure, type Notification, openNotifier } from '../../../../src/flipper/notify/notifier.ts';
import { VirtualClock } from '../../../../src/predict/simulation.ts';
import { dayOne } from '../../core/policy.ts';
import { downIn, Simulation } from '../simulation.ts';
import { flipEvent } from './flip-event.ts';

const broken: DeliveryFailure = { detail: 'status 503', isFinal: false };

/** A channel with these answers, attempt by attempt, the last answer for ever. */
function openFakeChannel(clock: VirtualClock, answers: (DeliveryFailure | undefined | 'hang')[] = [undefined]) {
  const sent: { notification: Notification; at: number }[] = [];
  const channel: Channel = {
    name: 'fake',
    send: async (notification) => {
      sent.push({ notification, at: clock.monotonic() });
      const answer = answers[Math.min(sent.length, answers.length) - 1];
      return answer === 'hang' ? new Promise<never>(() => undefined) : answer;
    },
  };
  return { channel, sent };
}

function open(...answers: Parameters<typeof openFakeChannel>[1][]) {
  const clock = new VirtualClock(dayOne);
  const fakes = answers.map((each) => openFakeChannel(clock, each));
  const told: FlipperEvent[] = [];
  const notifier = openNotifier({
    channels: fakes.map(({ channel }) => channel),
    by: 'flipper@test:1',
    log: (event) => told.push(event),
    clock,
    random: () => 1,
  });
  return { clock, notifier, told, sent: fakes.map(({ sent }) => sent), take: (event: FlipperEvent) => notifier.take(event, clock.now()) };
}

const panic: FlipperEvent = { event: 'hold', reason: 'panic', origin: 'singapore' };
const failed: FlipperEvent = { event: 'store-failed', code: 'THROTTLED', message: 'slow down', retryInMs: 250 };
const titles = (sent: { notification: Notification }[] | undefined) => sent?.map(({ notification }) => notification.title);

describe('a notifier', () => {
  it('reports a flip on every channel at once', async () => {
    const { clock, take, sent, told } = open([undefined], [undefined]);
    take(flipEvent);
    await clock.run(0);
    expect(sent.map((each) => each.length)).toEqual([1, 1]);
    expect(sent[0]?.[0]?.notification).toEqual({
      id: `flipper@test:1/${dayOne}/flip`,
      of: 'flip',
      title: 'Failover: singapore 100 to 0',
      lines: [
        expect.stringMatching(/^03:00:00 UTC {2}flipped singapore 100 % → 0 %: unhealthy.* \(#12, 0\.1s\)$/),
        'reported by flipper@test:1, times are UTC',
        'npm run failover -- status shows where viewers go now',
      ],
      event: { ...flipEvent, at: '2026-03-01T03:00:00.000Z' },
    });
    expect(told).toContainEqual({ event: 'notified', channel: 'fake', of: 'flip', attempts: 1, durationMs: 0 });
  });

  it('tries again with growing pauses, and then logs that no message got through', async () => {
    const { clock, take, sent, told } = open([broken]);
    take(flipEvent);
    await clock.run(120_000);
    expect(sent[0]?.map(({ at }) => at)).toEqual([0, 1_000, 3_000, 7_000, 15_000, 31_000]);
    expect(told).toEqual([{ event: 'notify-failed', channel: 'fake', of: 'flip', attempts: 6, detail: 'status 503' }]);
  });

  it('does not try again what is final, and waits as long as it is asked to', async () => {
    const final = open([{ ...broken, isFinal: true }]);
    final.take(flipEvent);
    await final.clock.run(120_000);
    expect(final.sent[0]).toHaveLength(1);

    const patient = open([{ ...broken, retryAfterMs: 20_000 }, undefined]);
    patient.take(flipEvent);
    await patient.clock.run(120_000);
    expect(patient.sent[0]?.map(({ at }) => at)).toEqual([0, 20_000]);
    expect(patient.told).toMatchObject([{ event: 'notified', attempts: 2, durationMs: 20_000 }]);
  });

  it('keeps the order on each channel, and a dead one holds up no other', async () => {
    const { clock, take, sent } = open(['hang'], [broken, undefined]);
    take(flipEvent);
    take({ ...flipEvent, sequence: 13 });
    await clock.run(10_000);
    expect(sent[0]).toHaveLength(1);
    expect(sent[1]?.map(({ notification }) => notification.event['sequence'])).toEqual([12, 12, 13]);
  });

  it('drops the oldest of more than 50 that wait', async () => {
    const { clock, take, told, notifier } = open(['hang']);
    for (let sequence = 0; sequence <= 60; sequence++) take({ ...flipEvent, sequence });
    await clock.run(0);
    expect(told.filter(({ event }) => event === 'notify-failed')).toHaveLength(10);
    const drained = notifier.drain(2_000);
    await clock.run(2_000);
    await drained;
  });

  it('drains as soon as everything is delivered', async () => {
    const { clock, take, notifier } = open([broken, undefined]);
    take(flipEvent);
    let isDrained = false;
    const drained = notifier.drain(60_000).then(() => {
      isDrained = true;
    });
    await clock.run(900);
    expect(isDrained).toBe(false);
    await clock.run(200);
    await drained;
  });

  it('reports nothing after its end, for which nothing waits', async () => {
    const { clock, take, sent, notifier } = open([undefined]);
    take(panic);
    take(failed);
    const closed = notifier.close(60_000);
    await clock.run(0);
    await closed;
    await clock.run(60_000);
    expect(sent).toEqual([[]]);
  });

  it('sends no message for what passes without action', async () => {
    const { clock, take, sent } = open([undefined]);
    take(panic);
    take(failed);
    await clock.run(14_000);
    take({ event: 'hold', reason: 'steady' });
    take({ event: 'record', record: 'ok', edited: false });
    await clock.run(60_000);
    expect(sent[0]).toEqual([]);
  });

  it('reports once that no healthy origin is left, or the store is out of reach, for 15 seconds', async () => {
    const { clock, take, sent } = open([undefined]);
    take(panic);
    take(failed);
    await clock.run(10_000);
    take({ event: 'hold', reason: 'fallback-unproven', origin: 'singapore' });
    take(failed);
    await clock.run(6_000);
    take(panic);
    await clock.run(60_000);
    expect(titles(sent[0])).toEqual([
      'singapore is unhealthy, and there is no healthy origin to fail over to',
      'The flipper cannot reach the key-value store',
    ]);
    take(flipEvent);
    take(panic);
    await clock.run(16_000);
    expect(titles(sent[0])?.slice(2)).toEqual([
      'Failover: singapore 100 to 0',
      'singapore is unhealthy, and there is no healthy origin to fail over to',
    ]);
  });

  it('reports the second outage of the store as the first, whatever ended the first', async () => {
    const endings: FlipperEvent[] = [
      { event: 'hold', reason: 'steady' },
      { event: 'record', record: 'singapore=0', edited: false },
      { event: 'verified', sequence: 3, durationMs: 20 },
    ];
    for (const ending of endings) {
      const { clock, take, sent } = open([undefined]);
      for (let outage = 0; outage < 2; outage++) {
        for (let failures = 0; failures < 10; failures++) {
          take(failed);
          await clock.run(10_000);
        }
        take(ending);
        await clock.run(900_000);
      }
      expect(titles(sent[0])).toEqual(Array(2).fill('The flipper cannot reach the key-value store'));
    }
  });

  it('reports once that an override keeps viewers on an unhealthy origin, and nothing of one that holds a healthy origin', async () => {
    const { clock, take, sent } = open([undefined]);
    take({ event: 'hold', reason: 'override', origin: 'singapore', verdict: 'healthy' });
    await clock.run(60_000);
    expect(sent[0]).toEqual([]);
    const dead: FlipperEvent = { event: 'hold', reason: 'override', origin: 'singapore', verdict: 'unhealthy' };
    take(dead);
    await clock.run(20_000);
    const [move] = flipEvent.moves;
    take({ ...flipEvent, moves: move === undefined ? [] : [{ ...move, isBelowOverride: true }] });
    take(dead);
    await clock.run(60_000);
    expect(sent[0]?.map(({ notification }) => notification.of)).toEqual(['hold', 'flip']);
    expect(titles(sent[0])?.[0]).toContain('singapore is unhealthy, and an override');
    expect(titles(sent[0])?.[1]).toMatch(/^No viewers moved: singapore 100 to 0/);
  });

  it.each<{ event: FlipperEvent; title?: string }>([
    {
      event: { event: 'store-damaged', keys: ['health', 'state'], found: 'ok', record: 'singapore=0' },
      title: 'The key-value store is damaged (health, state): restoring: singapore 0 %',
    },
    { event: { event: 'clock-skew', skewMs: -61_000 }, title: "The flipper's clock is wrong by 61 s" },
    { event: { event: 'restore', sequence: 3, record: 'singapore=0' } },
    {
      event: { ...flipEvent, kind: 'return', moves: [{ origin: 'singapore', from: 0, to: 10, why: '' }] },
      title: 'Failback: singapore 0 to 10',
    },
    { event: { event: 'edit', sequence: 3, record: 'singapore=50' }, title: 'The health record was changed by hand: singapore 50 %' },
    { event: { event: 'verdict', origin: 'singapore', from: 'healthy', to: 'unhealthy' } },
    { event: { event: 'probe', origin: 'singapore', signal: 'http', opinion: 'bad', latencyMs: 3 } },
    { event: { event: 'verified', sequence: 3, durationMs: 20 } },
    { event: { event: 'notify-failed', channel: 'sns', of: 'flip', attempts: 6, detail: '' } },
  ])('reports $event.event: $title', async ({ event, title }) => {
    const { clock, take, sent } = open([undefined]);
    take(event);
    await clock.run(60_000);
    expect(titles(sent[0])).toEqual(title === undefined ? [] : [title]);
  });
});

describe('a flipper with a notifier whose channel never answers', () => {
  it('flips as fast as without', async () => {
    const written = async (isTold: boolean) => {
      const simulation = new Simulation({ world: downIn({ singapore: [[60, 120]] }) });
      const { clock, policy } = simulation;
      const { channel, sent } = openFakeChannel(clock, ['hang']);
      const notifier = openNotifier({ channels: [channel], by: 'flipper', log: () => undefined, clock });
      const stop = new AbortController();
      const ended = runFlipper({
        mode: 'watch',
        shadow: false,
        by: 'flipper',
        policy,
        signals: Object.fromEntries(policy.origins.map((origin) => [origin, [simulation.source(origin)]])),
        store: simulation.store.client(),
        log: isTold ? notifier.take : () => undefined,
        signal: stop.signal,
        clock,
        random: () => 0.5,
      });
      await clock.run(1_200_000);
      stop.abort();
      await ended;
      return { written: simulation.written, sent: sent.length };
    };
    const [told, untold] = [await written(true), await written(false)];
    expect(told.written).toEqual(untold.written);
    expect([told.written.length, told.sent, untold.sent]).toEqual([5, 1, 0]);
  });
});
