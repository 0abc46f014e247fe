import type { Verdict } from './state-record.ts';
import { extendStreak, freshStreak, isClean, isNoisy, isUndecided, type Opinion, type Streak, type Thresholds } from './streak.ts';

/** What is known about an origin from all its signals; what a decision is made of. Times are epoch milliseconds. */
export interface Evidence {
  verdict: Verdict;
  since: number;
  /**
   * What the signals say just now would not keep it healthy, or their latest window is not clean: no time to give it
   * more viewers.
   */
  failing: boolean;
  /**
   * The latest bad probe that put the verdict in doubt. One of an outvoted signal, or of an origin that often fails by
   * chance, does not.
   */
  lastBadAt?: number;
  /** What the latest bad probe found, for people. */
  why?: string;
  /**
   * Since when no signal with an opinion has been silent for longer: the evidence is as old as this. Absent: as old as
   * the decision.
   */
  confirmedAt?: number;
}

/** One origin as the flipper follows it: plain data. `streaks` are those of its signals, in order. */
export interface OriginTrack {
  streaks: readonly Streak[];
  evidence: Evidence;
}

/** A signal's weight in the verdict: `required` makes its bad verdict enough alone. */
export interface SignalVote {
  verdict: Verdict;
  required: boolean;
}

/** An origin before its first probe. */
export function freshTrack(signals: number, now: number): OriginTrack {
  return { streaks: Array.from({ length: signals }, () => freshStreak), evidence: { verdict: 'unknown', since: now, failing: false } };
}

/** The track after one probe of one signal. `why` is what a bad one found. */
export function trackSignal(
  track: OriginTrack,
  result: { signal: number; opinion: Opinion; why?: string },
  required: readonly boolean[],
  thresholds: Thresholds,
  now: number,
): OriginTrack {
  const before = clampTrack(track, now);
  const streaks = before.streaks.map((streak, index) =>
    index === result.signal ? extendStreak(streak, result.opinion, thresholds, now) : streak,
  );
  const verdict = verdictOf(streaks, required);
  const isBad = result.opinion === 'bad';
  const failing =
    verdict === 'healthy'
      ? verdictOf(streaks, required, (streak) => streak.verdict === 'healthy' && !isClean(streak)) !== 'healthy'
      : streaks.some(({ bad }) => bad > 0);
  const isDoubtful = verdictOf(streaks, required, (streak) => streak.bad > 0 && !isNoisy(streak)) !== 'healthy';
  const lastBadAt = isBad && isDoubtful ? now : before.evidence.lastBadAt;
  const why = isBad ? (result.why ?? before.evidence.why) : before.evidence.why;
  const confirmed = streaks.flatMap(({ verdict, at }) => (verdict === 'unknown' || at === undefined ? [] : [at]));
  return {
    streaks,
    evidence: {
      verdict,
      since: verdict === before.evidence.verdict ? before.evidence.since : now,
      failing,
      ...(lastBadAt === undefined ? {} : { lastBadAt }),
      ...(why === undefined ? {} : { why }),
      ...(confirmed.length === 0 ? {} : { confirmedAt: Math.min(...confirmed) }),
    },
  };
}

/** The verdict of these streaks, with those that are `doubted` taken as unhealthy. */
function verdictOf(streaks: readonly Streak[], required: readonly boolean[], doubted: (streak: Streak) => boolean = () => false): Verdict {
  return combineVerdicts(
    streaks.map((streak, index) => ({ verdict: doubted(streak) ? 'unhealthy' : streak.verdict, required: required[index] === true })),
  );
}

/**
 * The track without times in the future, which a clock that is set back would leave; the track itself when it has none.
 */
export function clampTrack(track: OriginTrack, now: number): OriginTrack {
  const { since, lastBadAt, confirmedAt } = track.evidence;
  const isAhead = (at: number | undefined) => at !== undefined && at > now;
  if (!isAhead(since) && !isAhead(lastBadAt) && !track.streaks.some(({ at }) => isAhead(at))) return track;
  return {
    streaks: track.streaks.map((streak) => (isAhead(streak.at) ? { ...streak, at: now } : streak)),
    evidence: {
      ...track.evidence,
      since: Math.min(since, now),
      ...(lastBadAt === undefined ? {} : { lastBadAt: Math.min(lastBadAt, now) }),
      ...(confirmedAt === undefined ? {} : { confirmedAt: Math.min(confirmedAt, now) }),
    },
  };
}

/**
 * One verdict from several. Unhealthy: a required signal says so, or a majority of those with an opinion. Healthy: a
 * majority says so. Unknown, which moves no traffic: the signals are evenly split, or half of them or more are silent
 * and no required one has an opinion. Silence proves nothing, and the rest of the evidence may be wrong.
 */
export function combineVerdicts(votes: readonly SignalVote[]): Verdict {
  const speaking = votes.filter(({ verdict }) => verdict !== 'unknown');
  if (speaking.length * 2 <= votes.length && !speaking.some(({ required }) => required)) return 'unknown';
  if (speaking.some(({ verdict, required }) => required && verdict === 'unhealthy')) return 'unhealthy';
  const unhealthy = speaking.filter(({ verdict }) => verdict === 'unhealthy').length;
  const healthy = speaking.length - unhealthy;
  if (unhealthy === healthy) return 'unknown';
  return unhealthy > healthy ? 'unhealthy' : 'healthy';
}

/** Whether this signal of the origin should be probed again soon. */
export function wantsConfirmation(track: OriginTrack, signal: number): boolean {
  const streak = track.streaks[signal];
  return streak !== undefined && isUndecided(streak);
}

/**
 * Whether probing this signal in quick succession has nothing left to find out: it is unhealthy, or fit for more
 * viewers.
 */
export function isSettled(track: OriginTrack, signal: number): boolean {
  const streak = track.streaks[signal];
  return streak === undefined || streak.verdict === 'unhealthy' || isClean(streak);
}
