import type { FlipperNews } from '../../local/console/console-source.ts';
import type { FlipperEvent } from '../../src/flipper/flipper-event.ts';
import { describeEvent } from '../../src/flipper/format-flipper-event.ts';

/** An event for the console; undefined for an event that it reads from the store, such as a flip, or does not show. */
export function flipperNews(event: FlipperEvent, at: number): FlipperNews | undefined {
  switch (event.event) {
    case 'probe': {
      const found = event.opinion === 'good' ? 'good' : [event.opinion, event.class].filter(Boolean).join(', ');
      return { kind: 'probe', origin: event.origin, opinion: event.opinion, text: `${found}, ${event.latencyMs} ms` };
    }
    case 'verdict':
      return { kind: 'verdict', origin: event.origin, verdict: event.to, why: event.why };
    case 'hold':
      return { kind: 'hold', text: event.reason === 'steady' ? undefined : describeEvent(event, at, false).replace(/^holding: /, '') };
    case 'flip':
      return { kind: 'hold', text: undefined };
    case 'store-failed':
    case 'unverified':
    case 'notify-failed':
      return { kind: 'note', tone: 'bad', text: describeEvent(event, at, false) };
    default:
      return undefined;
  }
}
