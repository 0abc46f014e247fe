import type { DrillFlip, DrillLook, DrillVerdict } from '../../src/drill/drill.ts';
import type { ServedRecord } from '../../src/drill/timeline.ts';
import type { FlipperEvent } from '../../src/flipper/flipper-event.ts';

/** What the flipper of a drill has done so far. Times are epoch milliseconds. */
export interface FlipperWatch {
  looks: DrillLook[];
  verdicts: DrillVerdict[];
  flips: DrillFlip[];
  /** Records from the moment they are at the edge, or will be; the first one was served when the drill began. */
  records: ServedRecord[];
  /** The latest verdict on this origin. */
  verdictOn(origin: string): string | undefined;
  /** The first unhealthy verdict on this origin. */
  unhealthyAt(origin: string): number | undefined;
  /** The flip that takes everything away from this origin. */
  flipAway(origin: string): DrillFlip | undefined;
  /** When the last step of the way home is at the edge. */
  homeAt(after: number): number | undefined;
  log(event: FlipperEvent, at: number): void;
}

/** Follows the flipper's own account. `settlesAt` says when what was just written will be at the edge; undefined when it is there. */
export function watchFlipper(settlesAt: () => number | undefined, tell: (line: string) => void): FlipperWatch {
  const looks: DrillLook[] = [];
  const verdicts: DrillVerdict[] = [];
  const flips: DrillFlip[] = [];
  const records: ServedRecord[] = [{ at: 0, record: 'ok' }];
  return {
    looks,
    verdicts,
    flips,
    records,
    verdictOn: (origin) => verdicts.findLast((entry) => entry.origin === origin)?.verdict,
    unhealthyAt: (origin) => verdicts.find((entry) => entry.origin === origin && entry.verdict === 'unhealthy')?.at,
    flipAway: (origin) => flips.find(({ to }) => to.includes(`${origin}=0`)),
    homeAt: (after) => records.find(({ at, record }) => record === 'ok' && at > after)?.at,
    log: (event, at) => {
      if (event.event === 'probe') {
        const { origin, signal, opinion } = event;
        looks.push({ at, origin, signal, opinion, ...(event.class && { class: event.class }) });
      } else if (event.event === 'verdict') {
        verdicts.push({ at, origin: event.origin, verdict: event.to, ...(event.why === undefined ? {} : { why: event.why }) });
        tell(`${event.origin} is ${event.to}`);
      } else if (event.event === 'flip') {
        const servedAt = settlesAt() ?? at;
        flips.push({ writtenAt: at, servedAt, from: event.from, to: event.to, reason: event.reason });
        records.push({ at: servedAt, record: event.to });
        tell(`flip ${event.from} -> ${event.to}: ${event.reason}`);
      } else if (event.event === 'store-failed') {
        tell(`the store failed: ${event.message}`);
      }
    },
  };
}
