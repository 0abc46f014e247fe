import { defineCheck, type Finding, fail, ok, warn } from '../check.ts';
import type { SignalLook } from '../doctor-readers.ts';

type Facts = Readonly<Record<string, readonly SignalLook[]>>;

/** Every signal has an opinion, and it is good. */
export const signalsCheck = defineCheck<Facts>({
  id: 'signals',
  why: 'An origin that fails its signals serves no viewer, and one without a signal that has an opinion is never taken out.',
  gather: ({ signals }) => signals(),
  judge: (origins) => [...judgeOutage(origins), ...Object.entries(origins).flatMap(([origin, looks]) => judgeSignals(origin, looks))],
});

/** Every origin fails: nothing that the router can do helps. */
export function judgeOutage(origins: Facts): readonly Finding[] {
  const failing = Object.values(origins).filter((looks) => looks.some(({ opinion }) => opinion === 'bad'));
  if (failing.length === 0 || failing.length < Object.keys(origins).length) return [];
  const names = Object.keys(origins).join(', ');
  return [
    fail(
      `a total outage as seen from here: ${names} all fail`,
      'check that this machine has network access to the origins, then restore one of them',
    ),
  ];
}

export function judgeSignals(origin: string, looks: readonly SignalLook[]): readonly Finding[] {
  const silent = looks.filter(({ opinion }) => opinion === 'none');
  const mend = 'mend the signal in edge.config.ts, or what it reads';
  const describe = ({ name, detail }: SignalLook) => `${name}: ${detail ?? 'no opinion'}`;
  if (silent.length === looks.length)
    return [fail(`nothing tells how ${origin} is: ${silent.map(describe).join('; ') || 'it has no signal'}`, mend)];
  return looks.map((look) => {
    if (look.opinion === 'none') return warn(`${origin}, ${describe(look)}`, mend);
    if (look.opinion === 'good') return ok(`${origin}, ${look.name}: good after ${look.latencyMs} ms`);
    const failed = look.class === undefined ? '' : `${look.class}: `;
    return fail(
      `${origin}, ${look.name} fails: ${failed}${look.detail ?? 'bad'}`,
      'npm run failover -- status shows what was done about it; --accept signals where this machine may not reach the origins',
    );
  });
}
