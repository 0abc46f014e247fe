import { formatRecord } from '../../text/format-record.ts';
import { formatDuration } from '../../text/time.ts';
import { typed } from '../../text/typed.ts';
import type { FlipperEvent } from '../flipper-event.ts';
import { formatEventJson, formatEventText } from '../format-flipper-event.ts';

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
