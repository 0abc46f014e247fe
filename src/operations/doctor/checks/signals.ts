import { defineCheck, type Finding, fail, ok, warn } from '../check.ts';
import type { SignalLook } from '../doctor-readers.ts';

type Facts = Readonly<Record<string, readonly SignalLook[]>>;

/** Every signal has an opinion. */
export const signalsCheck = defineCheck<Facts>({
  id: 'signals',
  why: 'A signal that has nothing to say is no evidence, and an origin without evidence is never taken out.',
  gather: ({ signals }) => signals(),
  judge: (origins) => Object.entries(origins).flatMap(([origin, looks]) => judgeSignals(origin, looks)),
});

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
    return warn(
      `${origin}, ${look.name} says that it is ill: ${failed}${look.detail ?? 'bad'}`,
      'npm run failover -- status shows what was done about it',
    );
  });
}
