import type { HoldReason, Move } from '../core/flip-view.ts';
import type { Override } from '../core/state-record.ts';
import { formatRecord } from '../text/format-record.ts';
import { paint } from '../text/terminal-text.ts';
import { formatDuration, formatUtc } from '../text/time.ts';
import type { FlipperEvent } from './flipper-event.ts';

/** An event as one JSON line: `event` and `at` (ISO 8601) first, then its own fields, whose names are stable. */
export function formatEventJson({ event, ...fields }: FlipperEvent, at: number): string {
  return JSON.stringify({ event, at: new Date(at).toISOString(), ...fields });
}

/** An event as one line for people, its time of day in UTC first; `verbose` adds records as they are stored. */
export function formatEventText(
  event: FlipperEvent,
  at: number,
  { colour, verbose = false }: { colour: boolean; verbose?: boolean },
): string {
  const stored = verbose ? storedIn(event) : undefined;
  const time = paint(colour, 'dim', `${new Date(at).toISOString().slice(11, 19)} UTC`);
  return `${time}  ${describeEvent(event, at, colour)}${stored === undefined ? '' : ` [${stored}]`}`;
}

/** The records of an event as they are stored. */
function storedIn(event: FlipperEvent): string | undefined {
  if (event.event === 'flip') return `${event.from} -> ${event.to}`;
  if (event.event === 'store-damaged') return `${event.found} -> ${event.record}`;
  return 'record' in event ? event.record : undefined;
}

/** What an event says, without its time. */
export function describeEvent(event: FlipperEvent, at: number, colour: boolean): string {
  const words = (record: string) => formatRecord(record, { now: at });
  const red = (text: string) => paint(colour, 'red', text);
  const green = (text: string) => paint(colour, 'green', text);
  const yellow = (text: string) => paint(colour, 'yellow', text);
  switch (event.event) {
    case 'start':
      return `watching ${event.origins.join(', ')} as ${event.by}${event.shadow ? ', writes nothing' : ''}`;
    case 'probe': {
      const found = event.opinion === 'good' ? 'good' : [event.opinion, event.class, event.detail].filter(Boolean).join(' ');
      return `${event.origin} ${event.signal} ${found} ${event.latencyMs} ms`;
    }
    case 'verdict': {
      const to = event.to === 'healthy' ? green(event.to) : event.to === 'unhealthy' ? red(event.to) : yellow(event.to);
      return `${event.origin} is ${to}${event.why === undefined ? '' : `: ${event.why}`}`;
    }
    case 'record': {
      const held = event.override === undefined ? '' : heldBy(event.override, at);
      return `the record: ${words(event.record)}${event.edited ? ', changed by hand' : ''}${held}`;
    }
    case 'hold':
      return event.reason === 'steady' ? 'nothing to do' : `${yellow('holding')}: ${event.origin} ${holdTexts[event.reason]}`;
    case 'flip': {
      const what = event.shadow ? 'would flip' : 'flipped';
      const below = event.moves.filter(({ isBelowOverride }) => isBelowOverride).map(({ origin }) => origin);
      const waits = below.length === 0 ? '' : `; the override holds the viewers of ${below.join(', ')} until it ends`;
      return `${paint(colour, 'bold', what)} ${describeMoves(event.moves)}${waits} (#${event.sequence}, ${formatDuration(event.durationMs)})`;
    }
    case 'edit':
      return `noted that the record was changed by hand: ${words(event.record)} (#${event.sequence})`;
    case 'long-override':
      return `${yellow('an override has been in the store')} for ${formatDuration(event.ageMs)}: ${words(event.record)}${heldBy(event.override, at)}`;
    case 'store-damaged': {
      const kept = event.override && `, with the override by ${event.override.by}`;
      return `${red('the store is damaged')}: ${event.keys.join(', ')} missing, unreadable or old; the edge reads: ${words(event.found)}; restoring: ${words(event.record)}${kept ?? ''}`;
    }
    case 'restore':
      return `restored: ${words(event.record)} (#${event.sequence})`;
    case 'clock-skew':
      return `${yellow('wrong clock')}: this machine is ${formatDuration(Math.abs(event.skewMs))} ${event.skewMs > 0 ? 'ahead of' : 'behind'} the key-value store`;
    case 'verified':
      return `verified #${event.sequence}: the store holds it`;
    case 'unverified':
      return `${yellow('not verified')} #${event.sequence}: ${event.detail}`;
    case 'store-failed':
      return `${red('the store failed')}: ${event.message} (${event.code}), next try in ${formatDuration(event.retryInMs)}`;
    case 'notified':
      return `notified ${event.channel} of ${event.of} (${formatDuration(event.durationMs)})`;
    case 'notify-failed':
      return `${yellow('could not notify')} ${event.channel} of ${event.of}: ${event.detail}`;
    case 'stop':
      return 'stopped';
  }
}

/** `singapore 100 % → 0 %: unhealthy (http: refused)`. */
export function describeMoves(moves: readonly Move[]): string {
  return moves.map(({ origin, from, to, why }) => `${origin} ${from} % → ${to} %: ${why}`).join('; ');
}

function heldBy({ by, reason, until }: Override, at: number): string {
  return `, held by ${by} (${reason}) until ${formatUtc(until, at)}`;
}

/** What holds the origin, with its name in front. */
const holdTexts: Readonly<Record<Exclude<HoldReason, 'steady'>, string>> = {
  override: 'is held by an operator',
  panic: 'is unhealthy, and there is no healthy origin to fail over to',
  'fallback-unproven': 'is unhealthy, and its fallback is not proven healthy yet',
  'min-interval': 'waits: the last flip was too recent',
  'not-healthy': 'is out and not healthy yet',
  'not-confirmed': 'was healthy at its last probe, which is too old; failback waits for the next one',
  'not-clean': 'is healthy; failback waits until almost all of its latest probes are good',
  'hold-down': 'is healthy; failback starts after its hold-down',
  'ramp-step': 'is failing back; the next step comes after a pause',
};
