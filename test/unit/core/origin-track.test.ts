import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { combineVerdicts, freshTrack, type OriginTrack, trackSignal, wantsConfirmation } from '../../../src/core/origin-track.ts';
import type { Verdict } from '../../../src/core/state-record.ts';
import { extendStreak, freshStreak, isUndecided, type Opinion, type Streak } from '../../../src/core/streak.ts';
import { dayOne } from './policy.ts';

const thresholds = { unhealthyThreshold: 3, healthyThreshold: 5 };
const letters: Record<string, Opinion> = { g: 'good', b: 'bad', n: 'none' };

function streakOf(looks: string, from: Streak = freshStreak): Streak {
  return [...looks].reduce((streak, letter) => extendStreak(streak, letters[letter] ?? 'none', thresholds, dayOne), from);
}

describe('a streak', () => {
  it.each<{ looks: string; verdict: Verdict; undecided: boolean }>([
    { looks: '', verdict: 'unknown', undecided: true },
    { looks: 'gggg', verdict: 'unknown', undecided: true },
    { looks: 'ggggg', verdict: 'healthy', undecided: false },
    { looks: 'bb', verdict: 'unknown', undecided: true },
    { looks: 'bbb', verdict: 'unhealthy', undecided: false },
    { looks: 'bbgbbgbb', verdict: 'unknown', undecided: true },
    { looks: 'gggggb', verdict: 'healthy', undecided: true },
    { looks: 'gggggbbgbb', verdict: 'healthy', undecided: true },
    { looks: 'gggggbbb', verdict: 'unhealthy', undecided: false },
    { looks: 'bbbggggbgggg', verdict: 'unhealthy', undecided: false },
    { looks: 'bbbggggg', verdict: 'healthy', undecided: false },
    { looks: 'gggggn', verdict: 'unknown', undecided: true },
    { looks: 'bbn', verdict: 'unknown', undecided: true },
  ])('$looks is $verdict', ({ looks, verdict, undecided }) => {
    const streak = streakOf(looks);
    expect(streak.verdict).toBe(verdict);
    expect(isUndecided(streak)).toBe(undecided);
  });

  it('only turns at a threshold, and stays a small value for ever', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('g', 'b', 'n'), maxLength: 300 }), (looks) => {
        let before = freshStreak;
        for (let index = 0; index < looks.length; index++) {
          const streak = streakOf(looks[index] ?? '', before);
          const recent = looks.slice(0, index + 1);
          if (streak.verdict !== before.verdict)
            expect(recent).toMatch(streak.verdict === 'healthy' ? /ggggg$/ : streak.verdict === 'unhealthy' ? /bbb$/ : /n$/);
          expect(streak.good).toBeLessThanOrEqual(5);
          expect(streak.bad).toBeLessThanOrEqual(3);
          expect(streak.good * streak.bad).toBe(0);
          before = streak;
        }
      }),
    );
  });
});

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
  const look = (track: OriginTrack, opinion: Opinion, now: number, signal = 0) =>
    trackSignal(
      track,
      { signal, opinion, ...(opinion === 'bad' ? { why: `bad at ${now - dayOne}` } : {}) },
      [false, false],
      thresholds,
      now,
    );

  it('keeps since when its verdict holds, and what the latest bad probe found', () => {
    let track = freshTrack(1, dayOne);
    for (let index = 1; index <= 5; index++) track = look(track, 'good', dayOne + index);
    expect(track.evidence).toEqual({ verdict: 'healthy', since: dayOne + 5, failing: false, confirmedAt: dayOne + 5 });
    track = look(look(track, 'bad', dayOne + 6), 'bad', dayOne + 7);
    const doubted = { verdict: 'healthy', since: dayOne + 5, lastBadAt: dayOne + 7, why: 'bad at 7' };
    expect(track.evidence).toEqual({ ...doubted, failing: true, confirmedAt: dayOne + 7 });
    track = look(track, 'good', dayOne + 8);
    expect(track.evidence).toEqual({ ...doubted, failing: false, confirmedAt: dayOne + 8 });
  });

  it('asks for confirmation only for the signal that is undecided', () => {
    let track = freshTrack(2, dayOne);
    for (let index = 0; index < 5; index++) track = look(track, 'good', dayOne);
    expect([wantsConfirmation(track, 0), wantsConfirmation(track, 1), wantsConfirmation(track, 2)]).toEqual([false, true, false]);
  });

  describe('with three signals, one of which disagrees', () => {
    const three = (opinions: Opinion[], required: boolean[] = [false, false, false], from = freshTrack(3, dayOne), at = dayOne) =>
      opinions.reduce((track, opinion, signal) => {
        let after = track;
        for (let again = 0; again < 5; again++) after = trackSignal(after, { signal, opinion, why: 'no' }, required, thresholds, at);
        return after;
      }, from);
    const lone = three(['good', 'good', 'bad']);

    it('is healthy, and nothing keeps it out', () => {
      expect(lone.evidence).toMatchObject({ verdict: 'healthy', failing: false });
      expect(lone.evidence).not.toHaveProperty('lastBadAt', dayOne + 1);
    });

    it('is in doubt as soon as a second one turns bad', () => {
      const doubted = trackSignal(lone, { signal: 0, opinion: 'bad' }, [false, false, false], thresholds, dayOne + 9);
      expect(doubted.evidence).toMatchObject({ verdict: 'healthy', failing: true, lastBadAt: dayOne + 9 });
    });

    it('does not take the outvoted one’s further bad probes for news', () => {
      const again = trackSignal(lone, { signal: 2, opinion: 'bad' }, [false, false, false], thresholds, dayOne + 9);
      expect(again.evidence.lastBadAt).not.toBe(dayOne + 9);
      expect(again.evidence.failing).toBe(false);
    });

    it('is unhealthy when that one is required', () => {
      expect(three(['good', 'good', 'bad'], [false, false, true]).evidence.verdict).toBe('unhealthy');
    });
  });

  it('is as old as the signal that was silent for longest', () => {
    let track = freshTrack(2, dayOne);
    for (let index = 1; index <= 5; index++) track = look(track, 'good', dayOne + index);
    for (let index = 1; index <= 5; index++) track = look(track, 'good', dayOne + 100 + index, 1);
    expect(track.evidence).toMatchObject({ verdict: 'healthy', confirmedAt: dayOne + 5 });
    expect(look(track, 'none', dayOne + 200).evidence).toMatchObject({ verdict: 'unknown', confirmedAt: dayOne + 105 });
  });

  it('keeps no time in the future when the clock is set back', () => {
    const track = look(look(freshTrack(1, dayOne), 'bad', dayOne), 'good', dayOne - 3_600_000);
    expect(track.evidence).toMatchObject({ since: dayOne - 3_600_000, lastBadAt: dayOne - 3_600_000 });
  });

  it('is plain data', () => {
    const track = look(freshTrack(2, dayOne), 'bad', dayOne);
    expect(JSON.parse(JSON.stringify(track))).toEqual(track);
  });
});
