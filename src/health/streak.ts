import type { Verdict } from './state-record.ts';

/** What one look at a signal says about an origin; `none` when it has nothing to say. */
export type Opinion = 'good' | 'bad' | 'none';

/** Consecutive looks that turn a verdict. */
export interface Thresholds {
  unhealthyThreshold: number;
  healthyThreshold: number;
}

/** A signal's verdict and how far it is on the way to the other one. */
export interface Streak {
  verdict: Verdict;
  good: number;
  bad: number;
}

export const freshStreak: Streak = { verdict: 'unknown', good: 0, bad: 0 };

/** The streak after one more look. Any look of the other kind starts the count again; a signal without an opinion proves nothing any more. */
export function extendStreak(streak: Streak, opinion: Opinion, { unhealthyThreshold, healthyThreshold }: Thresholds): Streak {
  if (opinion === 'none') return freshStreak;
  // Counting stops at the threshold: a state that grows for ever would be no state.
  const good = opinion === 'good' ? Math.min(streak.good + 1, healthyThreshold) : 0;
  const bad = opinion === 'bad' ? Math.min(streak.bad + 1, unhealthyThreshold) : 0;
  if (good === healthyThreshold) return { verdict: 'healthy', good, bad };
  if (bad === unhealthyThreshold) return { verdict: 'unhealthy', good, bad };
  return { verdict: streak.verdict, good, bad };
}

/** The next look should come soon: nothing is known yet, or a first bad look asks for confirmation. */
export function isUndecided({ verdict, bad }: Streak): boolean {
  return verdict === 'unknown' || (verdict === 'healthy' && bad > 0);
}
