const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Milliseconds of `90s`, `15m`, `2h`, `3d`, `500ms` or parts in a row such as `1h30m`; undefined for anything else. A
 * number needs its unit.
 */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) total += Number(number) * (unitMs[unit ?? ''] ?? 0);
  return Number.isSafeInteger(Math.round(total)) ? Math.round(total) : undefined;
}

/**
 * A duration for people, rounded to the smaller of its two largest units: `1h 30m`, `2d`, `45s`, `1.4s` below ten
 * seconds, `0s` for none.
 */
export function formatDuration(durationMs: number): string {
  if (durationMs < 0) return `-${formatDuration(-durationMs)}`;
  if (durationMs < 10_000) return `${Math.round(durationMs / 100) / 10}s`;
  const precision = durationMs >= 86_370_000 ? 3_600 : durationMs >= 3_599_500 ? 60 : 1;
  const seconds = Math.round(durationMs / 1_000 / precision) * precision;
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count}${unit}`)
    .join(' ');
}

/** For short times: `12ms` below a second, then as `formatDuration`; `-` for null. */
export function formatMs(ms: number | null): string {
  if (ms === null) return '-';
  return ms < 1_000 ? `${Math.round(ms)}ms` : formatDuration(ms);
}

/**
 * A moment for people: on this machine's clock and in UTC, with the day when it is not `now`'s:
 * `14:05:09 (06:05:09 UTC)`, or `06:05:09 UTC` where both agree.
 */
export function formatTime(at: number, now: number, timeZone?: string): string {
  const here = parts(at, timeZone);
  const world = parts(at, 'UTC');
  const isToday = here.day === parts(now, timeZone).day;
  if (here.day === world.day && here.time === world.time) return `${isToday ? '' : `${here.day} `}${here.time} UTC`;
  if (isToday && world.day === here.day) return `${here.time} (${world.time} UTC)`;
  return here.day === world.day
    ? `${here.day} ${here.time} (${world.time} UTC)`
    : `${here.day} ${here.time} (${world.day} ${world.time} UTC)`;
}

/**
 * A moment in one short word, in UTC: `01:19 UTC`, with seconds within ten minutes of `now`, and with the day when it
 * is not `now`'s.
 */
export function formatUtc(at: number, now: number): string {
  const { day, time } = parts(at, 'UTC');
  const isNear = Math.abs(at - now) < 600_000;
  return `${day === parts(now, 'UTC').day ? '' : `${day} `}${isNear ? time : time.slice(0, 5)} UTC`;
}

/** `timeZone` undefined is this machine's. */
function parts(at: number, timeZone: string | undefined): { day: string; time: string } {
  // Swedish writes ISO order: 2026-01-31 14:05:09.
  const [day = '', time = ''] = new Date(at).toLocaleString('sv-SE', { timeZone }).split(' ');
  return { day, time };
}
