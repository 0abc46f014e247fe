/** A moment for people: on this machine's clock and in UTC, with the day when it is not `now`'s: `14:05:09 (06:05:09 UTC)`, or `06:05:09 UTC` where both agree. */
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

/** A moment in one short word, in UTC: `01:19 UTC`, with seconds within ten minutes of `now`, and with the day when it is not `now`'s. */
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
