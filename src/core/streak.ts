import type { Verdict } from './state-record.ts';

/** What one probe of a signal says about an origin; `none` when it has nothing to say. */
export type Opinion = 'good' | 'bad' | 'none';

/**
 * An origin fails when `share` (0 to 1) of its latest probes failed: at least `minimum` of them, none older than
 * `windowMs`.
 */
interface FailureRate {
  share: number;
  windowMs: number;
  minimum: number;
}

/**
 * What turns a verdict: this many results in a row, or the failure rate. Without a rate only the results in a row
 * count.
 */
export interface Thresholds {
  unhealthyThreshold: number;
  healthyThreshold: number;
  failureRate?: FailureRate;
}

/** One result; `at` is epoch milliseconds. */
interface Result {
  at: number;
  bad: boolean;
}

/** A signal's verdict and how far it is on the way to the other one: plain data of bounded size. */
export interface Streak {
  verdict: Verdict;
  good: number;
  bad: number;
  /** When the signal last answered, opinion or not; absent before the first time. */
  at?: number;
  /**
   * The latest results, oldest first. The list starts again when an origin becomes unhealthy, and stays empty until its
   * next good result.
   */
  recent?: readonly Result[];
  /**
   * Fit to be given more viewers: the latest result is good, and of a whole window next to none was bad. Absent: as the
   * latest result says.
   */
  clean?: boolean;
  /** A failure was the last news: not yet followed by as many good results as a rate asks for. */
  doubted?: boolean;
  /** How often failures came and went lately without a verdict: what this origin does by chance. */
  falseAlarms?: number;
  /** Since when there was neither a failure nor a false alarm forgiven. */
  calmSince?: number;
}

export const freshStreak: Streak = { verdict: 'unknown', good: 0, bad: 0 };

/**
 * Beyond these an origin's noise is known: seven failures in a row, with the defaults, are more than a tenth at random
 * shows in a year.
 */
const maxFalseAlarms = 4;

/**
 * The largest multiple of `minimum` (and of `windowMs`) that is asked of an origin with false alarms; that many results
 * are kept, too.
 */
const maxPatience = 3;

/** One false alarm is forgiven after this many windows without a failure. */
const forgiveWindows = 10;

/** An origin is clean again with this part of the share that makes it unhealthy: the gap prevents flapping. */
const cleanPart = 0.1;

/**
 * The streak after one more result. Any result of the other kind starts the count again; a signal without an opinion
 * proves nothing any more.
 *
 * A few failures in a row after a time without any mean an outage. For an origin that fails now and then they may be
 * chance. So each time that failures passed, one more in a row is needed; after each false alarm the window of the rate
 * is longer, too.
 */
export function extendStreak(streak: Streak, opinion: Opinion, thresholds: Thresholds, now: number): Streak {
  if (opinion === 'none') return { ...freshStreak, at: now };
  const next = turnStreak(streak, opinion, thresholds, now);
  return { ...next, clean: isWindowClean(next, thresholds.failureRate) };
}

function turnStreak(streak: Streak, opinion: 'good' | 'bad', thresholds: Thresholds, now: number): Streak {
  const { unhealthyThreshold, healthyThreshold, failureRate } = thresholds;
  const isBad = opinion === 'bad';
  const { falseAlarms, calmSince } = forgive(streak, isBad, failureRate, now);
  const recent = extendRecent(streak, { at: now, bad: isBad }, failureRate);
  // Counting stops at the highest threshold, so that the state stays small.
  const mostGood = Math.max(healthyThreshold, failureRate?.minimum ?? 0);
  const good = isBad ? 0 : Math.min(streak.good + 1, mostGood);
  const bad = isBad ? Math.min(streak.bad + 1, unhealthyThreshold + (failureRate === undefined ? 0 : maxFalseAlarms)) : 0;
  const doubted = failureRate !== undefined && (isBad || (streak.doubted === true && good < failureRate.minimum));
  const next = { good, bad, at: now, doubted, falseAlarms, calmSince };
  // Of an origin that is not proven yet a good result, too, says that it is not simply down.
  const isHalfProven = streak.verdict === 'unknown' && recent.some((result) => !result.bad);
  const chance = Math.min(maxFalseAlarms, falseAlarms + Math.max(countPassedRuns(recent, failureRate), isHalfProven ? 1 : 0));
  if (isBad && (bad >= unhealthyThreshold + chance || isRateExceeded(recent, falseAlarms, failureRate, now)))
    return { ...next, verdict: 'unhealthy', recent: streak.verdict === 'unhealthy' ? recent : [] };
  // An origin that fails now and then must be good for longer before it counts as healthy.
  if (good >= (isMixed(recent, good) ? mostGood : healthyThreshold) && streak.verdict !== 'healthy')
    return { ...next, verdict: 'healthy', recent };
  const isFalseAlarm = streak.verdict === 'healthy' && streak.doubted === true && !doubted && isMixed(recent, good);
  return { ...next, verdict: streak.verdict, recent, falseAlarms: Math.min(maxFalseAlarms, falseAlarms + (isFalseAlarm ? 1 : 0)) };
}

/** The next probe should come soon: nothing is known yet, or a failure asks for confirmation. */
export function isUndecided({ verdict, bad, doubted = false }: Streak): boolean {
  return verdict === 'unknown' || (verdict === 'healthy' && (bad > 0 || doubted));
}

/** Fit to be given more viewers. */
export function isClean({ verdict, bad, clean = true }: Streak): boolean {
  return verdict === 'healthy' && bad === 0 && clean;
}

/** Whether failures that came and went lately make a single one no news. */
export function isNoisy({ falseAlarms = 0 }: Streak): boolean {
  return falseAlarms > 0;
}

function forgive(streak: Streak, isBad: boolean, rate: FailureRate | undefined, now: number): { falseAlarms: number; calmSince: number } {
  const { falseAlarms = 0, calmSince = now } = streak;
  if (isBad || rate === undefined || falseAlarms === 0 || calmSince > now) return { falseAlarms, calmSince: now };
  const isForgiven = now - calmSince >= rate.windowMs * forgiveWindows;
  return isForgiven ? { falseAlarms: falseAlarms - 1, calmSince: now } : { falseAlarms, calmSince };
}

function extendRecent({ verdict, recent = [] }: Streak, result: Result, rate: FailureRate | undefined): readonly Result[] {
  // A clear outage says nothing about the failure rate after it.
  if (rate === undefined || (verdict === 'unhealthy' && recent.length === 0 && result.bad)) return [];
  return [...recent, result].slice(-maxPatience * rate.minimum);
}

/**
 * Whether any number of the latest results, large and young enough, shows the rate: what was good before the failures
 * began does not hide them.
 */
function isRateExceeded(recent: readonly Result[], falseAlarms: number, rate: FailureRate | undefined, now: number): boolean {
  if (rate === undefined) return false;
  const patience = Math.min(maxPatience, 1 + falseAlarms);
  let bad = 0;
  for (let count = 1; count <= recent.length; count++) {
    const result = recent[recent.length - count];
    if (result === undefined || now - result.at > rate.windowMs * patience) return false;
    if (result.bad) bad += 1;
    if (count >= rate.minimum * patience && bad >= count * rate.share) return true;
  }
  return false;
}

function isWindowClean({ recent = [] }: Streak, rate: FailureRate | undefined): boolean {
  return rate === undefined || (recent.length >= rate.minimum && countBad(recent) <= recent.length * rate.share * cleanPart);
}

/** There were good results before the failures that the latest good ones followed. */
function isMixed(recent: readonly Result[], good: number): boolean {
  const bad = countBad(recent);
  return bad > 0 && recent.length - bad > good;
}

/** Runs of failures that passed since the latest results were last clear. */
function countPassedRuns(recent: readonly Result[], rate: FailureRate | undefined): number {
  let [runs, good] = [0, 0];
  for (let index = recent.length - 1; index >= 0 && good < (rate?.minimum ?? 0); index--) {
    if (recent[index]?.bad === false) good += 1;
    else if (good > 0) [runs, good] = [runs + 1, 0];
  }
  return runs;
}

function countBad(recent: readonly Result[]): number {
  return recent.reduce((count, { bad }) => count + (bad ? 1 : 0), 0);
}
