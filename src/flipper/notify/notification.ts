import type { FlipperEvent } from '../flipper-event.ts';
import { formatEventJson, formatEventText } from '../format-flipper-event.ts';

/** What somebody is told, whatever the channel. */
export interface Notification {
  /** The same for every attempt and channel, so that a receiver can drop what it has had. */
  id: string;
  /** The flipper's event, such as `flip`. */
  of: string;
  /** One line. */
  title: string;
  /** What happened and where to look. */
  lines: readonly string[];
  /** The event as the JSON line that the flipper logs. */
  event: Readonly<Record<string, unknown>>;
}

/** The notification of an event. `by` is the flipper that tells it. */
export function buildNotification(event: FlipperEvent, at: number, by: string): Notification {
  const parsed = JSON.parse(formatEventJson(event, at)) as Record<string, unknown>;
  return {
    id: `${by}/${at}/${event.event}`,
    of: event.event,
    title: titleOf(event),
    lines: [formatEventText(event, at, false), `told by ${by}, times are UTC`, 'npm run failover -- status shows where viewers go now'],
    event: parsed,
  };
}

function titleOf(event: FlipperEvent): string {
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
      if (event.reason === 'panic') return `No healthy origin is left (${event.origin})`;
      if (event.reason === 'override') return `${event.origin} is unhealthy and an override keeps its viewers from moving`;
      return `${event.origin} is unhealthy and its fallback is not proven`;
    case 'edit':
      return `The health record was changed by hand: ${event.record}`;
    case 'store-failed':
      return 'The flipper cannot reach the key-value store';
    case 'store-damaged':
      return `The key-value store is damaged (${event.keys.join(', ')}): restoring ${event.record}`;
    case 'clock-skew':
      return `The flipper's clock is wrong by ${Math.round(Math.abs(event.skewMs) / 1_000)} s`;
    default:
      return event.event;
  }
}
