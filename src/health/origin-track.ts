import type { Verdict } from './state-record.ts';
import { extendStreak, freshStreak, isUndecided, type Opinion, type Streak, type Thresholds } from './streak.ts';

/** What is known about an origin from all its signals; what a decision is made of. Times are epoch milliseconds. */
export interface Evidence {
  verdict: Verdict;
  since: number;
  /** Some signal's latest look was bad, whatever the verdict. */
  failing: boolean;
  /** The latest bad look; absent when there was none. */
  lastBadAt?: number;
  /** What that look found, for people. */
  why?: string;
}

/** One origin as the flipper follows it: plain data. `streaks` are those of its signals, in order. */
export interface OriginTrack {
  streaks: readonly Streak[];
  evidence: Evidence;
}

/** A signal's weight in the verdict: `required` makes its bad verdict enough by itself. */
export interface SignalVote {
  verdict: Verdict;
  required: boolean;
}

/** An origin nobody has looked at yet. */
export function freshTrack(signals: number, now: number): OriginTrack {
  return { streaks: Array.from({ length: signals }, () => freshStreak), evidence: { verdict: 'unknown', since: now, failing: false } };
}

/** The track after one look at one signal. `why` is what a bad look found. */
export function trackSignal(
  track: OriginTrack,
  look: { signal: number; opinion: Opinion; why?: string },
  required: readonly boolean[],
  thresholds: Thresholds,
  now: number,
): OriginTrack {
  const streaks = track.streaks.map((streak, index) => (index === look.signal ? extendStreak(streak, look.opinion, thresholds) : streak));
  const verdict = combineVerdicts(streaks.map((streak, index) => ({ verdict: streak.verdict, required: required[index] === true })));
  const before = clampTrack(track, now).evidence;
  const lastBadAt = look.opinion === 'bad' ? now : before.lastBadAt;
  const why = look.opinion === 'bad' ? (look.why ?? before.why) : before.why;
  return {
    streaks,
    evidence: {
      verdict,
      since: verdict === before.verdict ? before.since : now,
      failing: streaks.some(({ bad }) => bad > 0),
      ...(lastBadAt === undefined ? {} : { lastBadAt }),
      ...(why === undefined ? {} : { why }),
    },
  };
}

/** The track without times in the future, which a clock that is set back would leave; the track itself when it has none. */
export function clampTrack(track: OriginTrack, now: number): OriginTrack {
  const { since, lastBadAt } = track.evidence;
  if (since <= now && (lastBadAt === undefined || lastBadAt <= now)) return track;
  return {
    ...track,
    evidence: {
      ...track.evidence,
      since: Math.min(since, now),
      ...(lastBadAt === undefined ? {} : { lastBadAt: Math.min(lastBadAt, now) }),
    },
  };
}

/**
 * One verdict from several: unhealthy when a required signal says so or a majority of those with an opinion does, healthy when a majority says that.
 * Unknown, which moves no traffic, when none has an opinion or as many say one as the other.
 */
export function combineVerdicts(votes: readonly SignalVote[]): Verdict {
  if (votes.some(({ verdict, required }) => required && verdict === 'unhealthy')) return 'unhealthy';
  const unhealthy = votes.filter(({ verdict }) => verdict === 'unhealthy').length;
  const healthy = votes.filter(({ verdict }) => verdict === 'healthy').length;
  if (unhealthy === healthy) return 'unknown';
  return unhealthy > healthy ? 'unhealthy' : 'healthy';
}

/** Whether this signal of the origin should be looked at again soon. */
export function wantsConfirmation(track: OriginTrack, signal: number): boolean {
  const streak = track.streaks[signal];
  return streak !== undefined && isUndecided(streak);
}
