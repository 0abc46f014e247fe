import type { Verdict } from '../../core/state-record.ts';
import { type Clock, systemClock } from '../clock.ts';
import { type FlipperEvent, type FlipperLog, storeAnswers } from '../flipper-event.ts';
import type { Channel } from './notification.ts';
import { buildNotification, type Notification } from './notification.ts';

export interface Notifier {
  /** Takes every event of a flipper and sends those worth a notification. Returns at once, never throws. */
  take: FlipperLog;
  /** Resolves when everything is delivered or given up, or after `timeoutMs`; what is left is still tried. */
  drain(timeoutMs: number): Promise<void>;
}

export interface NotifierOptions {
  channels: readonly Channel[];
  /** The flipper's name. */
  by: string;
  /** Takes `notified` and `notify-failed`. */
  log: FlipperLog;
  /** Default: the system's. */
  clock?: Clock;
  /** Default: Math.random. */
  random?: () => number;
}

/** Attempts per notification and channel, with pauses that double: half a minute in all, or a minute and a half when every one times out. */
const maxAttempts = 6;
const firstPauseMs = 1_000;

/** Notifications that wait for one channel. Beyond it the oldest is dropped: the latest matter most. */
const maxWaiting = 50;

/** How long something that may pass lasts before it is reported. */
const lastingMs = 15_000;

/** Reported as soon as they happen. */
const atOnce: ReadonlySet<FlipperEvent['event']> = new Set(['flip', 'edit', 'long-override', 'store-damaged', 'clock-skew']);

/** After this long without a failure the next one is another outage, even when the store was not used in between. */
const storeOutageGapMs = 180_000;

const never = new AbortController().signal;

/** Each channel has a queue of its own, in order, so that a dead one delays neither the others nor the flipper. */
export function openNotifier({ channels, by, log, clock = systemClock, random = Math.random }: NotifierOptions): Notifier {
  const outlets = channels.map((channel) => new Outlet(channel, log, clock, random));
  const send = (event: FlipperEvent, at: number) => {
    const notification = buildNotification(event, at, by);
    for (const outlet of outlets) outlet.add(notification);
  };
  const verdicts = new Map<string, Verdict>();
  const stuck = new Lasting(send, clock, Number.POSITIVE_INFINITY);
  const store = new Lasting(send, clock, storeOutageGapMs);
  return {
    take: (event, at) => {
      if (atOnce.has(event.event)) send(event, at);
      if (event.event === 'verdict') verdicts.set(event.origin, event.to);
      if (event.event === 'hold' && isStuck(event, verdicts)) stuck.begin(event, at);
      else if (event.event === 'hold' || (event.event === 'flip' && !event.moves.some(({ isBelowOverride }) => isBelowOverride)))
        stuck.end();
      if (event.event === 'store-failed') store.begin(event, at);
      else if (storeAnswers.has(event.event)) store.end();
    },
    drain: async (timeoutMs) => {
      const done = new AbortController();
      await Promise.race([Promise.all(outlets.map((outlet) => outlet.idle)), clock.sleep(timeoutMs, done.signal)]);
      done.abort();
    },
  };
}

/** An origin is unhealthy and its viewers cannot be moved. */
function isStuck({ reason, origin, verdict }: Extract<FlipperEvent, { event: 'hold' }>, verdicts: ReadonlyMap<string, Verdict>): boolean {
  if (reason === 'panic' || reason === 'fallback-unproven') return true;
  return reason === 'override' && (verdict ?? verdicts.get(origin ?? '')) === 'unhealthy';
}

/** Something that is reported once, when it has lasted for a while. */
class Lasting {
  readonly #send: FlipperLog;
  readonly #clock: Clock;
  readonly #gapMs: number;
  #ended: AbortController | undefined;
  #lastAt = Number.NEGATIVE_INFINITY;

  /** It has ended when it was not reported again for `gapMs`. */
  constructor(send: FlipperLog, clock: Clock, gapMs: number) {
    this.#send = send;
    this.#clock = clock;
    this.#gapMs = gapMs;
  }

  begin(event: FlipperEvent, at: number): void {
    const now = this.#clock.monotonic();
    if (now - this.#lastAt > this.#gapMs) this.end();
    this.#lastAt = now;
    if (this.#ended !== undefined) return;
    const ended = new AbortController();
    this.#ended = ended;
    this.#clock.sleep(lastingMs, ended.signal).then(() => {
      if (!ended.signal.aborted) this.#send(event, at);
    });
  }

  end(): void {
    this.#ended?.abort();
    this.#ended = undefined;
  }
}

class Outlet {
  /** Resolves when nothing waits. */
  idle: Promise<void> = Promise.resolve();
  readonly #channel: Channel;
  readonly #log: FlipperLog;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #waiting: Notification[] = [];
  #isBusy = false;

  constructor(channel: Channel, log: FlipperLog, clock: Clock, random: () => number) {
    this.#channel = channel;
    this.#log = log;
    this.#clock = clock;
    this.#random = random;
  }

  add(notification: Notification): void {
    this.#waiting.push(notification);
    const dropped = this.#waiting.length > maxWaiting ? this.#waiting.shift() : undefined;
    if (dropped !== undefined) this.#fail(dropped, 0, 'too many are waiting');
    if (!this.#isBusy) this.idle = this.#work();
  }

  async #work(): Promise<void> {
    this.#isBusy = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) await this.#deliver(next);
    this.#isBusy = false;
  }

  async #deliver(notification: Notification): Promise<void> {
    const startedAt = this.#clock.monotonic();
    for (let attempts = 1; ; attempts++) {
      const failure = await this.#channel.send(notification);
      if (failure === undefined) {
        const durationMs = Math.round(this.#clock.monotonic() - startedAt);
        const { name: channel } = this.#channel;
        return this.#log({ event: 'notified', channel, of: notification.of, attempts, durationMs }, this.#clock.now());
      }
      if (failure.isFinal || attempts === maxAttempts) return this.#fail(notification, attempts, failure.detail);
      const pauseMs = firstPauseMs * 2 ** (attempts - 1) * (0.5 + this.#random() / 2);
      await this.#clock.sleep(Math.max(pauseMs, failure.retryAfterMs ?? 0), never);
    }
  }

  #fail({ of }: Notification, attempts: number, detail: string): void {
    this.#log({ event: 'notify-failed', channel: this.#channel.name, of, attempts, detail }, this.#clock.now());
  }
}
