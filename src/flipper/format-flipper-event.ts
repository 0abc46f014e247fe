import { formatDuration } from '../text/duration.ts';
import { paint } from '../text/paint.ts';
import type { FlipperEvent } from './flipper-event.ts';

/** An event as one JSON line: `event` and `at` (ISO 8601) first, then its own fields, whose names are stable. */
export function formatEventJson({ event, ...fields }: FlipperEvent, at: number): string {
  return JSON.stringify({ event, at: new Date(at).toISOString(), ...fields });
}

/** An event as one line for people, its time of day in UTC first. */
export function formatEventText(event: FlipperEvent, at: number, colour: boolean): string {
  return `${paint(colour, 'dim', new Date(at).toISOString().slice(11, 19))} ${describeEvent(event, colour)}`;
}

/** What an event says, without its time. */
export function describeEvent(event: FlipperEvent, colour: boolean): string {
  const red = (text: string) => paint(colour, 'red', text);
  const green = (text: string) => paint(colour, 'green', text);
  const yellow = (text: string) => paint(colour, 'yellow', text);
  switch (event.event) {
    case 'start':
      return `watching ${event.origins.join(', ')} as ${event.by}${event.shadow ? ', writing nothing' : ''}`;
    case 'probe': {
      const found = event.opinion === 'good' ? 'good' : [event.opinion, event.class, event.detail].filter(Boolean).join(' ');
      return `${event.origin} ${event.signal} ${found} ${event.latencyMs} ms`;
    }
    case 'verdict': {
      const to = event.to === 'healthy' ? green(event.to) : event.to === 'unhealthy' ? red(event.to) : yellow(event.to);
      return `${event.origin} is ${to}${event.why === undefined ? '' : `: ${event.why}`}`;
    }
    case 'record': {
      const { override } = event;
      const held = override && `, held by ${override.by} (${override.reason}) until ${new Date(override.until).toISOString()}`;
      return `the record is ${event.record}${event.edited ? ', changed by hand' : ''}${held ?? ''}`;
    }
    case 'hold':
      return event.reason === 'steady' ? 'nothing to do' : `${yellow('holding')}: ${holdTexts[event.reason]} (${event.origin})`;
    case 'flip': {
      const what = event.shadow ? 'would flip' : 'flipped';
      const below = event.moves.filter(({ isBelowOverride }) => isBelowOverride).map(({ origin }) => origin);
      const waits = below.length === 0 ? '' : `; the override holds the viewers of ${below.join(', ')} until it ends`;
      return `${paint(colour, 'bold', what)} ${event.from} -> ${event.to}: ${event.reason}${waits} (#${event.sequence}, ${formatDuration(event.durationMs)})`;
    }
    case 'edit':
      return `noted that the record was changed by hand to ${event.record} (#${event.sequence})`;
    case 'store-damaged': {
      const kept = event.override && `, with the override by ${event.override.by}`;
      return `${red('the store is damaged')}: ${event.keys.join(', ')} missing, unreadable or old; the edge reads ${event.found}, restoring ${event.record}${kept ?? ''}`;
    }
    case 'restore':
      return `restored ${event.record} (#${event.sequence})`;
    case 'clock-skew':
      return `${yellow('wrong clock')}: this machine is ${formatDuration(Math.abs(event.skewMs))} ${event.skewMs > 0 ? 'ahead of' : 'behind'} the key-value store`;
    case 'verified':
      return `the store holds #${event.sequence}`;
    case 'unverified':
      return `${yellow('not verified')} #${event.sequence}: ${event.detail}`;
    case 'store-failed':
      return `${red('the store failed')}: ${event.message} (${event.code}), again in ${formatDuration(event.retryInMs)}`;
    case 'notified':
      return `told ${event.channel} of ${event.of} (${formatDuration(event.durationMs)})`;
    case 'notify-failed':
      return `${yellow('could not tell')} ${event.channel} of ${event.of}: ${event.detail}`;
    case 'stop':
      return 'stopped';
  }
}

const holdTexts = {
  steady: 'nothing to do',
  override: 'an operator holds it',
  panic: 'it is unhealthy, but no origin is left that is not',
  'fallback-unproven': 'it is unhealthy, but nothing is known yet about where its viewers would go',
  'min-interval': 'the last flip was too short ago',
  'not-healthy': 'it is out and not yet healthy',
  'not-confirmed': 'it is healthy by results that are too old; the next probe comes first',
  'not-clean': 'it is healthy; failback waits until next to none of its latest probes failed',
  'hold-down': 'it is healthy, its hold-down is not over',
  'ramp-step': 'it is on its way home',
} as const;
