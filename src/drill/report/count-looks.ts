import type { DrillLook, DrillVerdict } from '../drill.ts';
import { type Buckets, bucketAt } from './choose-buckets.ts';

/** What the flipper found at one origin. */
export interface OriginLooks {
  origin: string;
  good: number;
  bad: number;
  /** Looks without an opinion. */
  none: number;
  /** Bad looks by what was wrong, such as `connect`, the most frequent first. */
  failures: { class: string; looks: number }[];
  buckets: { good: number; bad: number; none: number }[];
  /** Verdicts from the moment they held, milliseconds from the fault. */
  verdicts: { atMs: number; verdict: string }[];
}

/** Verdict changes that are told of one origin; one that flaps longer is shown by its looks. */
const maxVerdicts = 40;

/** Counts looks by origin and bucket. Pure. */
export function countLooks(
  { looks, verdicts }: { looks: readonly DrillLook[]; verdicts: readonly DrillVerdict[] },
  origins: readonly string[],
  buckets: Buckets,
  anchor: number,
): OriginLooks[] {
  return origins.map((origin) => {
    const own = looks.filter((look) => look.origin === origin);
    const total = (opinion: DrillLook['opinion']) => own.filter((look) => look.opinion === opinion).length;
    const failures = new Map<string, number>();
    const parts = Array.from({ length: buckets.count }, () => ({ good: 0, bad: 0, none: 0 }));
    for (const look of own) {
      const part = parts[bucketAt(buckets, look.at)];
      if (part !== undefined) part[look.opinion]++;
      if (look.opinion === 'bad') failures.set(look.class ?? 'unknown', (failures.get(look.class ?? 'unknown') ?? 0) + 1);
    }
    return {
      origin,
      good: total('good'),
      bad: total('bad'),
      none: total('none'),
      failures: [...failures].sort(([, a], [, b]) => b - a).map(([name, count]) => ({ class: name, looks: count })),
      buckets: parts,
      verdicts: verdicts
        .filter((entry) => entry.origin === origin)
        .slice(0, maxVerdicts)
        .map(({ at, verdict }) => ({ atMs: at - anchor, verdict })),
    };
  });
}
