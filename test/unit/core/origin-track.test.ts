import { describe, expect, it } from 'vitest';
import {
  clampTrack,
  combineVerdicts,
  freshTrack,
  isSettled,
  type OriginTrack,
  trackSignal,
  wantsConfirmation,
} from '../../../src/core/origin-track.ts';
import type { Verdict } from '../../../src/core/state-record.ts';
import { freshStreak, type Opinion, type Streak } from '../../../src/core/streak.ts';
import { dayOne, defaults } from './policy.ts';

const inARow = { unhealthyThreshold: 3, healthyThreshold: 5 };
const { health } = defaults;

describe('several signals', () => {
  const [h, u, n] = ['healthy', 'unhealthy', 'unknown'] as const;
  it.each<{ verdicts: Verdict[]; required?: number; verdict: Verdict }>([
    { verdicts: [], verdict: n },
    { verdicts: [n, n], verdict: n },
    { verdicts: [h], verdict: h },
    { verdicts: [u], verdict: u },
    // What is left decides only as a majority of all, or with a required signal among it.
    { verdicts: [u, n, n], verdict: n },
    { verdicts: [u, n, n], required: 0, verdict: u },
    { verdicts: [h, n, n], required: 0, verdict: h },
    { verdicts: [h, n, n], required: 1, verdict: n },
    { verdicts: [h, n], verdict: n },
    { verdicts: [u, u, n], verdict: u },
    { verdicts: [h, h, n], verdict: h },
    { verdicts: [u, h, n], verdict: n },
    { verdicts: [u, u, h, n, n], verdict: u },
    { verdicts: [u, h], verdict: n },
    { verdicts: [u, u, h], verdict: u },
    { verdicts: [u, h, h], verdict: h },
    { verdicts: [u, h, h], required: 0, verdict: u },
    { verdicts: [u, h, h], required: 1, verdict: h },
    { verdicts: [n, h], required: 0, verdict: n },
    { verdicts: [n, h], required: 1, verdict: h },
  ])('$verdicts with $required required is $verdict', ({ verdicts, required, verdict }) => {
    expect(combineVerdicts(verdicts.map((each, index) => ({ verdict: each, required: index === required })))).toBe(verdict);
  });
});

describe('an origin', () => {
  it('begins with a streak for each signal and without evidence', () => {
    const evidence = { verdict: 'unknown', since: dayOne, failing: false };
    expect(freshTrack(2, dayOne)).toEqual({ streaks: [freshStreak, freshStreak], evidence });
  });

  const probe = (track: OriginTrack, opinion: Opinion, now: number, signal = 0) =>
    trackSignal(track, { signal, opinion, ...(opinion === 'bad' ? { why: `bad at ${now - dayOne}` } : {}) }, [false, false], inARow, now);

  it('keeps since when its verdict holds, and what the latest bad probe found', () => {
    let track = freshTrack(1, dayOne);
    for (let index = 1; index <= 5; index++) track = probe(track, 'good', dayOne + index);
    expect(track.evidence).toEqual({ verdict: 'healthy', since: dayOne + 5, failing: false, confirmedAt: dayOne + 5 });
    track = probe(probe(track, 'bad', dayOne + 6), 'bad', dayOne + 7);
    const doubted = { verdict: 'healthy', since: dayOne + 5, lastBadAt: dayOne + 7, why: 'bad at 7' };
    expect(track.evidence).toEqual({ ...doubted, failing: true, confirmedAt: dayOne + 7 });
    track = probe(track, 'good', dayOne + 8);
    expect(track.evidence).toEqual({ ...doubted, failing: false, confirmedAt: dayOne + 8 });
  });

  it('asks for confirmation only for the signal that is undecided', () => {
    let track = freshTrack(2, dayOne);
    for (let index = 0; index < 5; index++) track = probe(track, 'good', dayOne);
    expect([wantsConfirmation(track, 0), wantsConfirmation(track, 1), wantsConfirmation(track, 2)]).toEqual([false, true, false]);
  });

  describe('with three signals, one of which disagrees', () => {
    const three = (opinions: Opinion[], required: boolean[] = [false, false, false], from = freshTrack(3, dayOne), at = dayOne) =>
      opinions.reduce((track, opinion, signal) => {
        let after = track;
        for (let again = 0; again < 5; again++) after = trackSignal(after, { signal, opinion, why: 'no' }, required, inARow, at);
        return after;
      }, from);
    const lone = three(['good', 'good', 'bad']);

    it('is healthy, and nothing keeps it out', () => {
      expect(lone.evidence).toMatchObject({ verdict: 'healthy', failing: false });
      expect(lone.evidence).not.toHaveProperty('lastBadAt', dayOne + 1);
    });

    it('is in doubt as soon as a second one turns bad', () => {
      const doubted = trackSignal(lone, { signal: 0, opinion: 'bad' }, [false, false, false], inARow, dayOne + 9);
      expect(doubted.evidence).toMatchObject({ verdict: 'healthy', failing: true, lastBadAt: dayOne + 9 });
    });

    it('does not take the outvoted one’s further bad probes for news', () => {
      const again = trackSignal(lone, { signal: 2, opinion: 'bad' }, [false, false, false], inARow, dayOne + 9);
      expect(again.evidence.lastBadAt).not.toBe(dayOne + 9);
      expect(again.evidence.failing).toBe(false);
    });

    it('is unhealthy when that one is required', () => {
      expect(three(['good', 'good', 'bad'], [false, false, true]).evidence.verdict).toBe('unhealthy');
    });
  });

  it('is as old as the signal that was silent for longest', () => {
    let track = freshTrack(2, dayOne);
    for (let index = 1; index <= 5; index++) track = probe(track, 'good', dayOne + index);
    for (let index = 1; index <= 5; index++) track = probe(track, 'good', dayOne + 100 + index, 1);
    expect(track.evidence).toMatchObject({ verdict: 'healthy', confirmedAt: dayOne + 5 });
    expect(probe(track, 'none', dayOne + 200).evidence).toMatchObject({ verdict: 'unknown', confirmedAt: dayOne + 105 });
  });

  it('is in doubt by one bad probe, unless failures come and go there', () => {
    const healthyStreak: Streak = { verdict: 'healthy', good: 10, bad: 0, at: dayOne };
    const trackOf = (...streaks: Streak[]): OriginTrack => ({
      streaks,
      evidence: { verdict: 'healthy', since: dayOne, failing: false, lastBadAt: dayOne - 9, why: 'before' },
    });
    const evidenceAfter = (track: OriginTrack, required: boolean, opinion: Opinion = 'bad') =>
      trackSignal(track, { signal: 0, opinion }, [required, false, false], health, dayOne + 1).evidence;
    expect(evidenceAfter(trackOf(healthyStreak), false)).toMatchObject({ failing: true, lastBadAt: dayOne + 1, why: 'before' });
    const noisy = { ...healthyStreak, falseAlarms: 1 };
    expect(evidenceAfter(trackOf(noisy), false)).toMatchObject({ failing: true, lastBadAt: dayOne - 9 });
    // Two others outvote it, unless it is required.
    expect(evidenceAfter(trackOf(healthyStreak, healthyStreak, healthyStreak), false)).toMatchObject({
      failing: false,
      lastBadAt: dayOne - 9,
    });
    expect(evidenceAfter(trackOf(healthyStreak, healthyStreak, healthyStreak), true)).toMatchObject({
      failing: true,
      lastBadAt: dayOne + 1,
    });
    // A good probe of one signal adds no bad news of another.
    const doubted = { ...healthyStreak, bad: 1 };
    expect(evidenceAfter(trackOf(healthyStreak, doubted), false, 'good')).toMatchObject({ lastBadAt: dayOne - 9 });
  });

  it('that is not healthy is failing as long as any signal’s latest result is bad', () => {
    const evidenceAfter = (results: string) =>
      [...results].reduce((track, letter) => probe(track, letter === 'b' ? 'bad' : 'good', dayOne), freshTrack(1, dayOne)).evidence;
    expect(evidenceAfter('b')).toMatchObject({ verdict: 'unknown', failing: true });
    expect(evidenceAfter('g')).toMatchObject({ verdict: 'unknown', failing: false });
    expect(evidenceAfter('bbb')).toMatchObject({ verdict: 'unhealthy', failing: true });
    expect(evidenceAfter('bbbg')).toMatchObject({ verdict: 'unhealthy', failing: false });
    const split = probe(probe(freshTrack(2, dayOne), 'good', dayOne), 'bad', dayOne, 1);
    expect(split.evidence).toMatchObject({ verdict: 'unknown', failing: true });
  });

  it('keeps the finding of the latest bad probe that had one', () => {
    const silent = trackSignal(probe(freshTrack(1, dayOne), 'bad', dayOne + 3), { signal: 0, opinion: 'bad' }, [false], inARow, dayOne + 4);
    expect(silent.evidence).toMatchObject({ lastBadAt: dayOne + 4, why: 'bad at 3' });
    // The text of a good probe does not count.
    const good = trackSignal(silent, { signal: 0, opinion: 'good', why: '200' }, [false], inARow, dayOne + 5);
    expect(good.evidence).toMatchObject({ lastBadAt: dayOne + 4, why: 'bad at 3' });
    expect(probe(freshTrack(1, dayOne), 'good', dayOne).evidence).toStrictEqual({ verdict: 'unknown', since: dayOne, failing: false });
  });

  it('is as old as its signals with a verdict and a time, and leaves the other signals as they were', () => {
    const timeless: Streak = { verdict: 'healthy', good: 5, bad: 0 };
    const silent: Streak = { ...freshStreak, at: dayOne - 9 };
    const track: OriginTrack = { streaks: [timeless, silent, timeless], evidence: { verdict: 'healthy', since: dayOne, failing: false } };
    const after = trackSignal(track, { signal: 2, opinion: 'good' }, [false, false, false], inARow, dayOne + 1);
    expect(after.evidence).toMatchObject({ verdict: 'healthy', confirmedAt: dayOne + 1 });
    expect(after.streaks.slice(0, 2)).toEqual([timeless, silent]);
    const none = trackSignal({ ...track, streaks: [timeless, silent] }, { signal: 1, opinion: 'none' }, [true, false], inARow, dayOne + 1);
    expect(none.evidence).not.toHaveProperty('confirmedAt');
  });

  it('is settled when it is unhealthy or clean, and for a signal that it does not have', () => {
    const base: Streak = { verdict: 'healthy', good: 5, bad: 0 };
    const settled = (streak: Streak) => isSettled({ ...freshTrack(0, dayOne), streaks: [streak] }, 0);
    expect(settled(base)).toBe(true);
    expect(settled({ ...base, bad: 1 })).toBe(false);
    expect(settled({ ...base, clean: false })).toBe(false);
    expect(settled({ ...base, verdict: 'unhealthy', clean: false })).toBe(true);
    expect(settled(freshStreak)).toBe(false);
    expect(isSettled(freshTrack(1, dayOne), 1)).toBe(true);
  });

  describe('when the clock is set back', () => {
    const base: OriginTrack = {
      streaks: [{ verdict: 'healthy', good: 5, bad: 0, at: dayOne }, freshStreak],
      evidence: { verdict: 'healthy', since: dayOne, failing: false, lastBadAt: dayOne, confirmedAt: dayOne },
    };

    it('stays the same while it has no time in the future', () => {
      expect(clampTrack(base, dayOne)).toBe(base);
      const fresh = freshTrack(2, dayOne);
      expect(clampTrack(fresh, dayOne)).toBe(fresh);
    });

    it('has now in place of each time in the future, and no time that it did not have', () => {
      const now = dayOne - 1;
      expect(clampTrack(base, now)).toStrictEqual({
        streaks: [{ verdict: 'healthy', good: 5, bad: 0, at: now }, freshStreak],
        evidence: { verdict: 'healthy', since: now, failing: false, lastBadAt: now, confirmedAt: now },
      });
      expect(clampTrack(freshTrack(1, dayOne), now)).toStrictEqual(freshTrack(1, now));
    });

    it.each([
      { what: 'since', spoil: { since: dayOne + 9 } },
      { what: 'lastBadAt', spoil: { lastBadAt: dayOne + 9 } },
    ])('has now in place of $what alone, and the other times as they were', ({ spoil }) => {
      const before = { ...base, evidence: { ...base.evidence, since: dayOne - 5, lastBadAt: dayOne - 6, confirmedAt: dayOne - 7 } };
      const spoiled = { ...before, evidence: { ...before.evidence, ...spoil } };
      const [field = ''] = Object.keys(spoil);
      expect(clampTrack(spoiled, dayOne)).toStrictEqual({ ...before, evidence: { ...before.evidence, [field]: dayOne } });
    });

    it('has now in place of a signal’s time alone', () => {
      const ahead = { ...base, streaks: [{ ...freshStreak, at: dayOne + 9 }, ...base.streaks] };
      expect(clampTrack(ahead, dayOne)).toStrictEqual({ ...base, streaks: [{ ...freshStreak, at: dayOne }, ...base.streaks] });
    });
  });

  it('keeps no time in the future when the clock is set back', () => {
    const track = probe(probe(freshTrack(1, dayOne), 'bad', dayOne), 'good', dayOne - 3_600_000);
    expect(track.evidence).toMatchObject({ since: dayOne - 3_600_000, lastBadAt: dayOne - 3_600_000 });
  });

  it('is plain data', () => {
    const track = probe(freshTrack(2, dayOne), 'bad', dayOne);
    expect(JSON.parse(JSON.stringify(track))).toEqual(track);
  });
});
