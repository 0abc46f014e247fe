import type { Verdict } from '../../core/state-record.ts';
import { formatRecord } from '../../text/format-record.ts';
import { formatDuration } from '../../text/time.ts';
import { typed } from '../../text/typed.ts';
import { type Clock, systemClock } from '../clock.ts';
import { type FlipperEvent, type FlipperLog, storeAnswers } from '../flipper-event.ts';
import { formatEventJson, formatEventText } from '../format-flipper-event.ts';

export interface Notifier {
  /** Takes every event of a flipper and sends those worth a notification. Returns at once, never throws. */
  take: FlipperLog;
  /** Resolves when everything is delivered or given up, or after `timeoutMs`; what is left is still tried. */
  drain(timeoutMs: number): Promise<void>;
  /** Drains for the last time: what has not lasted for long enough yet is not reported, and keeps no process alive. */
  close(timeoutMs: number): Promise<void>;
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

/**
 * Attempts per notification and channel, with pauses that double: half a minute in all, or a minute and a half when
 * every one times out.
 */
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
  const drain = async (timeoutMs: number) => {
    const done = new AbortController();
    await Promise.race([Promise.all(outlets.map((outlet) => outlet.idle)), clock.sleep(timeoutMs, done.signal)]);
    done.abort();
  };
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
    drain,
    close: (timeoutMs) => {
      stuck.end();
      store.end();
      return drain(timeoutMs);
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

/** A message to people, whatever the channel. */
export interface Notification {
  /** The same for every attempt and channel, so that a receiver can drop a duplicate. */
  id: string;
  /** The flipper's event, such as `flip`. */
  of: string;
  /** One line. */
  title: string;
  /** What happened and which command shows more. */
  lines: readonly string[];
  /** The event as the JSON line that the flipper logs. */
  event: Readonly<Record<string, unknown>>;
}

/** Why a notification did not get through. */
export interface DeliveryFailure {
  /** One line; never holds a secret such as a webhook's URL. */
  detail: string;
  /** Another attempt would change nothing. */
  isFinal: boolean;
  /** The receiver's wish. */
  retryAfterMs?: number;
}

/** One way to notify people. */
export interface Channel {
  /** Such as `sns` or `webhook`. */
  name: string;
  /** Sends once; undefined when it was taken. Never rejects and takes seconds at most. */
  send(notification: Notification): Promise<DeliveryFailure | undefined>;
}

/** The notification of an event. `by` is the flipper that reports it. */
export function buildNotification(event: FlipperEvent, at: number, by: string): Notification {
  const parsed = JSON.parse(formatEventJson(event, at)) as Record<string, unknown>;
  return {
    id: `${by}/${at}/${event.event}`,
    of: event.event,
    title: titleOf(event, at),
    lines: [
      formatEventText(event, at, { colour: false }),
      `reported by ${by}, times are UTC`,
      `${typed('failover --')} status shows where viewers go now`,
    ],
    event: parsed,
  };
}

function titleOf(event: FlipperEvent, at: number): string {
  switch (event.event) {
    case 'flip': {
      const { moves } = event;
      const list = (moved: typeof moves) => moved.map(({ origin, from, to }) => `${origin} ${from} to ${to}`).join(', ');
      const now = moves.filter(({ isBelowOverride }) => !isBelowOverride);
      const later = moves.filter(({ isBelowOverride }) => isBelowOverride);
      const what = event.kind === 'protect' ? 'Failover' : 'Failback';
      if (later.length === 0) return `${what}: ${list(moves)}`;
      if (now.length === 0) return `No viewers moved: ${list(later)} counts when the override ends`;
      return `${what}: ${list(now)}; ${list(later)} counts when the override ends`;
    }
    case 'hold':
      if (event.reason === 'panic') return `${event.origin} is unhealthy, and there is no healthy origin to fail over to`;
      if (event.reason === 'override') return `${event.origin} is unhealthy, and an override keeps its viewers there`;
      return `${event.origin} is unhealthy, and its fallback is not proven`;
    case 'edit':
      return `The health record was changed by hand: ${formatRecord(event.record, { now: at })}`;
    case 'long-override':
      return `An override has been in the store for ${formatDuration(event.ageMs)}: ${formatRecord(event.record, { now: at })}`;
    case 'store-failed':
      return 'The flipper cannot reach the key-value store';
    case 'store-damaged':
      return `The key-value store is damaged (${event.keys.join(', ')}): restoring: ${formatRecord(event.record, { now: at })}`;
    case 'clock-skew':
      return `The flipper's clock is wrong by ${Math.round(Math.abs(event.skewMs) / 1_000)} s`;
    default:
      return event.event;
  }
}
