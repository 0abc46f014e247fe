import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Verdict } from '../../../src/core/state-record.ts';
import {
  extendStreak,
  freshStreak,
  isClean,
  isNoisy,
  isUndecided,
  type Opinion,
  type Streak,
  type Thresholds,
} from '../../../src/core/streak.ts';
import { dayOne, defaults } from './policy.ts';

const second = 1_000;
const { health } = defaults;
const inARow: Thresholds = { unhealthyThreshold: 3, healthyThreshold: 5 };
const opinions: Record<string, Opinion> = { g: 'good', b: 'bad', n: 'none' };

/** The streak after these results, one after each `everyMs`; with a list of times, one at each of them. */
function play(
  results: string,
  {
    thresholds = health,
    everyMs = second,
    from = freshStreak,
  }: { thresholds?: Thresholds; everyMs?: number | number[]; from?: Streak } = {},
): Streak {
  let now = from.at ?? dayOne;
  return [...results].reduce((streak, letter, index) => {
    now = typeof everyMs === 'number' ? now + everyMs : dayOne + (everyMs[index] ?? 0);
    return extendStreak(streak, opinions[letter] ?? 'none', thresholds, now);
  }, from);
}

const good = (count: number) => 'g'.repeat(count);
const bad = (count: number) => 'b'.repeat(count);
const calm = good(30);

describe('a streak', () => {
  it.each<{ results: string; verdict: Verdict; undecided: boolean }>([
    { results: '', verdict: 'unknown', undecided: true },
    { results: 'gggg', verdict: 'unknown', undecided: true },
    { results: 'ggggg', verdict: 'healthy', undecided: false },
    { results: 'bb', verdict: 'unknown', undecided: true },
    { results: 'bbb', verdict: 'unhealthy', undecided: false },
    { results: 'gbbb', verdict: 'unhealthy', undecided: false },
    { results: 'bbgbbgbb', verdict: 'unknown', undecided: true },
    { results: 'gggggb', verdict: 'healthy', undecided: true },
    { results: 'gggggbg', verdict: 'healthy', undecided: false },
    { results: 'gggggbbgbb', verdict: 'healthy', undecided: true },
    { results: 'gggggbbb', verdict: 'unhealthy', undecided: false },
    { results: 'bbbggggbgggg', verdict: 'unhealthy', undecided: false },
    { results: 'bbbggggg', verdict: 'healthy', undecided: false },
    { results: 'gggggn', verdict: 'unknown', undecided: true },
    { results: 'bbn', verdict: 'unknown', undecided: true },
  ])('$results is $verdict', ({ results, verdict, undecided }) => {
    const streak = play(results, { thresholds: inARow });
    expect(streak.verdict).toBe(verdict);
    expect(isUndecided(streak)).toBe(undecided);
  });

  it('only turns at a threshold, and stays a small value for ever', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('g', 'b', 'n'), maxLength: 300 }), (results) => {
        let before = freshStreak;
        for (let index = 0; index < results.length; index++) {
          const streak = play(results[index] ?? '', { thresholds: inARow, from: before });
          const recent = results.slice(0, index + 1);
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

  it('without a rate has no results to remember, no doubt and no false alarm', () => {
    const [at, rest] = [dayOne + 10 * second, { recent: [], clean: true, doubted: false, falseAlarms: 0 }];
    expect(play('gggggggggb', { thresholds: inARow })).toEqual({ verdict: 'healthy', good: 0, bad: 1, at, calmSince: at, ...rest });
    expect(play('gggggbgggg', { thresholds: inARow })).toEqual({ verdict: 'healthy', good: 4, bad: 0, at, calmSince: at, ...rest });
  });

  it('forgets everything but the time when the signal has no opinion', () => {
    expect(play(`${calm}bn`)).toEqual({ ...freshStreak, at: dayOne + 32 * second });
  });

  it('counts up to the highest threshold and no further', () => {
    expect(play(good(20), { thresholds: inARow }).good).toBe(5);
    expect(play(bad(20), { thresholds: inARow }).bad).toBe(3);
    expect(play(good(20)).good).toBe(10);
    // Three, and one more for each of four false alarms.
    expect(play(bad(20)).bad).toBe(7);
    const patient = { ...health, healthyThreshold: 12 };
    expect([play(good(11), { thresholds: patient }).verdict, play(good(20), { thresholds: patient })]).toMatchObject([
      'unknown',
      { verdict: 'healthy', good: 12 },
    ]);
  });
});

describe('what a streak says about an origin', () => {
  const base: Streak = { verdict: 'healthy', good: 5, bad: 0 };

  it.each<{ streak: Streak; undecided: boolean; clean: boolean }>([
    { streak: base, undecided: false, clean: true },
    { streak: { ...base, bad: 1 }, undecided: true, clean: false },
    { streak: { ...base, bad: 1, clean: true }, undecided: true, clean: false },
    { streak: { ...base, doubted: true }, undecided: true, clean: true },
    { streak: { ...base, clean: false }, undecided: false, clean: false },
    { streak: { ...base, verdict: 'unhealthy', clean: true }, undecided: false, clean: false },
    { streak: { ...base, verdict: 'unhealthy', good: 0, bad: 3, doubted: true }, undecided: false, clean: false },
    { streak: { ...base, verdict: 'unknown' }, undecided: true, clean: false },
  ])('$streak', ({ streak, undecided, clean }) => {
    expect({ undecided: isUndecided(streak), clean: isClean(streak) }).toEqual({ undecided, clean });
  });

  it('has noise from the first false alarm on', () => {
    expect([isNoisy(base), isNoisy({ ...base, falseAlarms: 0 }), isNoisy({ ...base, falseAlarms: 1 })]).toEqual([false, false, true]);
  });
});

describe('the failure rate of a signal', () => {
  it.each([
    { results: `${calm}bgbgbgbg`, verdict: 'healthy', why: 'ten results with the good ones before, four of them bad' },
    { results: `${calm}bgbgbgbgb`, verdict: 'unhealthy', why: 'half of the latest ten failed' },
    { results: `${calm}bgbggbgbggbgbgg`, verdict: 'healthy', why: 'less than half failed' },
    { results: `${calm}bbgbbgbbgb`, verdict: 'unhealthy', why: 'two of three failed' },
    { results: `${calm}bbb`, verdict: 'unhealthy', why: 'three in a row' },
    { results: `${calm}bgbbb`, verdict: 'healthy', why: 'a failure that passed asks for one more in a row' },
    { results: `${calm}bgbbbb`, verdict: 'unhealthy', why: 'and gets it' },
    { results: `${calm}b${good(9)}bbb`, verdict: 'healthy', why: 'it passed nine results ago' },
    { results: `${calm}b${good(10)}bbb`, verdict: 'healthy', why: 'a false alarm asks for one more' },
    { results: `${calm}b${good(10)}bbbb`, verdict: 'unhealthy', why: 'and gets it' },
    { results: 'gbbb', verdict: 'unknown', why: 'it answered well a moment ago' },
    { results: 'gbbbb', verdict: 'unhealthy', why: 'and no longer does' },
    { results: 'bbb', verdict: 'unhealthy', why: 'it never answered' },
    { results: 'bgbgbgbgb', verdict: 'unknown', why: 'nine results are too few' },
    { results: 'gbgbgbgbgb', verdict: 'unhealthy', why: 'nothing was known before' },
    { results: 'bgbgbgbgbg', verdict: 'unknown', why: 'a good result takes no origin out' },
    { results: 'bbbbbggggg', verdict: 'healthy', why: 'it was down and is up' },
    { results: 'bggggg', verdict: 'healthy', why: 'nothing good came before its failure' },
    { results: 'gggbbbbgbggggg', verdict: 'unhealthy', why: 'what comes and goes must be good for longer' },
    { results: 'gggbbbbgbggggggggg', verdict: 'unhealthy', why: 'nine in a row' },
    { results: 'gggbbbbgbgggggggggg', verdict: 'healthy', why: 'ten in a row' },
  ])('$results is $verdict: $why', ({ results, verdict }) => {
    expect(play(results).verdict).toBe(verdict);
  });

  it('counts what is exactly as old as its window, and nothing older', () => {
    const last = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((ms) => 60_000 - 9 + ms);
    expect(play('gbgbgbgbgb', { everyMs: [0, ...last] }).verdict).toBe('unhealthy');
    expect(play('gbgbgbgbgb', { everyMs: [-1, ...last] }).verdict).toBe('unknown');
    expect(play('bgbgbgbgbgb', { everyMs: 8 * second }).verdict).toBe('unknown');
  });

  it('keeps the fast interval until ten results in a row were good', () => {
    expect(isUndecided(play(`${calm}b${good(9)}`))).toBe(true);
    expect(isUndecided(play(`${calm}b${good(10)}`))).toBe(false);
    expect(play(good(1)).doubted).toBe(false);
  });

  it('is clean again only after a window with next to no failure', () => {
    expect(isClean(play('ggggg'))).toBe(false);
    expect(isClean(play('ggggggggg'))).toBe(false);
    expect(isClean(play('gggggggggg'))).toBe(true);
    expect(isClean(play('bbbbbbgggggggggg'))).toBe(true);
    expect(isClean(play(`bbbgb${good(17)}`))).toBe(false);
    expect(isClean(play(`bbbgb${good(18)}`))).toBe(true);
    expect(isClean(play(`${calm}b`))).toBe(false);
  });

  it('remembers three times its minimum, and nothing of an outage until the next good result', () => {
    const kept = (results: string) =>
      play(results)
        .recent?.map(({ bad: isBad }) => (isBad ? 'b' : 'g'))
        .join('');
    expect(kept(`b${good(40)}`)).toBe(good(30));
    expect(kept('bb')).toBe('bb');
    expect(kept(`${calm}bbb`)).toBe('');
    expect(kept(`${calm}bbbbb`)).toBe('');
    expect(kept(`${calm}bbbbbgbb`)).toBe('gbb');
    expect(kept(`${calm}bbbgbbbb`)).toBe('gbbbb');
    expect(play('gb').recent).toEqual([
      { at: dayOne + second, bad: false },
      { at: dayOne + 2 * second, bad: true },
    ]);
  });

  it('goes on from a track that knows nothing of rates', () => {
    const old = { verdict: 'healthy', good: 5, bad: 0 } as const;
    expect(play('g', { from: old })).toMatchObject({ verdict: 'healthy', falseAlarms: 0 });
    expect(play('bbb', { from: old }).verdict).toBe('unhealthy');
    expect(play('bgbgbgbgbgb', { from: old }).verdict).toBe('unhealthy');
  });

  it('stays a small plain value for ever, and no silence makes it worse', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom<Opinion>('good', 'bad', 'bad', 'none'), { maxLength: 400 }), (all) => {
        let streak = freshStreak;
        for (const [index, opinion] of all.entries()) {
          const before = streak;
          streak = extendStreak(streak, opinion, health, dayOne + index * second);
          if (opinion === 'none') expect(streak.verdict).toBe('unknown');
          if (streak.verdict === 'unhealthy' && before.verdict !== 'unhealthy') expect(opinion).toBe('bad');
          if (streak.verdict === 'healthy' && before.verdict !== 'healthy') expect(opinion).toBe('good');
          expect(JSON.stringify(streak).length).toBeLessThan(1_500);
        }
        expect(JSON.parse(JSON.stringify(streak))).toEqual(streak);
      }),
      { numRuns: 50 },
    );
  });
});

describe('an origin that fails now and then', () => {
  // Most results must be bad, so that only failures in a row count.
  const strict: Thresholds = { ...health, failureRate: { share: 0.9, windowMs: 60 * second, minimum: 10 } };
  const alarmed = (falseAlarms: number) => play(calm, { from: { ...freshStreak, falseAlarms, calmSince: dayOne } });

  it('must fail once more in a row for each run of failures that passed', () => {
    const turnsAfter = (before: string) =>
      [1, 2, 3, 4, 5, 6, 7, 8].find((count) => play(before + bad(count), { thresholds: strict }).verdict === 'unhealthy');
    expect(turnsAfter(calm)).toBe(3);
    expect(turnsAfter(`${calm}bg`)).toBe(4);
    expect(turnsAfter(`${calm}bbg`)).toBe(4);
    expect(turnsAfter(`${calm}bgbgg`)).toBe(5);
    expect(turnsAfter(`${calm}bgbgbgbg`)).toBe(7);
    // Never more than four more: seven in a row are no chance.
    expect(turnsAfter(`${calm}bgbgbgbgbgbg`)).toBe(7);
  });

  it.each([
    { falseAlarms: 1, turns: 4 },
    { falseAlarms: 3, turns: 6 },
    { falseAlarms: 4, turns: 7 },
  ])('must fail $turns times in a row after $falseAlarms false alarms', ({ falseAlarms, turns }) => {
    const from = alarmed(falseAlarms);
    expect(play(bad(turns - 1), { thresholds: strict, from }).verdict).toBe('healthy');
    expect(play(bad(turns), { thresholds: strict, from }).verdict).toBe('unhealthy');
  });

  it('must fail no more than four more times in a row for both reasons together', () => {
    expect(play(`bgbg${bad(7)}`, { thresholds: strict, from: alarmed(3) }).verdict).toBe('unhealthy');
    expect(play(`bgbg${bad(6)}`, { thresholds: strict, from: alarmed(3) }).verdict).toBe('healthy');
  });

  it.each([
    { falseAlarms: 0, window: 10 },
    { falseAlarms: 1, window: 20 },
    { falseAlarms: 2, window: 30 },
    { falseAlarms: 4, window: 30 },
  ])('must fail half of $window results after $falseAlarms false alarms', ({ falseAlarms, window }) => {
    const alternating = 'gb'.repeat(window / 2);
    const from: Streak = { ...freshStreak, verdict: 'healthy', good: 10, falseAlarms, calmSince: dayOne };
    expect(play(alternating, { from }).verdict).toBe('unhealthy');
    expect(play(alternating.slice(2), { from }).verdict).toBe('healthy');
  });

  it('is watched for a longer time after a false alarm', () => {
    const from: Streak = { ...freshStreak, verdict: 'healthy', good: 10, falseAlarms: 1, calmSince: dayOne };
    const times = (firstAt: number) => Array.from({ length: 20 }, (_, index) => (index === 0 ? firstAt : 120_000 - 19 + index));
    expect(play('gb'.repeat(10), { from, everyMs: times(0) }).verdict).toBe('unhealthy');
    expect(play('gb'.repeat(10), { from, everyMs: times(-1) }).verdict).toBe('healthy');
  });

  it('has a false alarm where failures passed between good results, and nowhere else', () => {
    expect(play(`${calm}b${good(9)}`).falseAlarms).toBe(0);
    expect(play(`${calm}b${good(10)}`).falseAlarms).toBe(1);
    expect(play(`${calm}b${good(20)}`).falseAlarms).toBe(1);
    expect(play(`${calm}b${good(10)}b${good(10)}`).falseAlarms).toBe(2);
    // It was down, or not known to be up.
    expect(play(`b${good(10)}`).falseAlarms).toBe(0);
    expect(play(`gb${good(10)}`).falseAlarms).toBe(0);
    expect(play(`${calm}bbb${good(10)}`).falseAlarms).toBe(0);
    expect(play(`${good(10)}b${good(10)}`, { from: alarmed(4) }).falseAlarms).toBe(4);
  });

  it('is forgiven one false alarm when ten windows have passed without a failure', () => {
    const forgivenAfter = (ms: number, letter = 'g', from: Partial<Streak> = {}) => {
      const { falseAlarms, calmSince = 0 } = play(letter, { from: { ...alarmed(2), at: dayOne, ...from }, everyMs: ms });
      return [falseAlarms, calmSince - dayOne];
    };
    expect(forgivenAfter(599_999)).toEqual([2, 0]);
    expect(forgivenAfter(600_000)).toEqual([1, 600_000]);
    expect(forgivenAfter(6_000_000)).toEqual([1, 6_000_000]);
    expect(forgivenAfter(600_000, 'b')).toEqual([2, 600_000]);
    // None to forgive.
    expect(forgivenAfter(600_000, 'g', { falseAlarms: 0 })).toEqual([0, 600_000]);
    // The clock was set back.
    expect(forgivenAfter(0, 'g', { calmSince: dayOne + 1 })).toEqual([2, 0]);
    expect(forgivenAfter(5, 'g', { calmSince: dayOne + 5 })).toEqual([2, 5]);
    const alarm = play(`${calm}b${good(10)}`);
    const alarmsAfter = (seconds: number) => play(good(seconds / 10), { everyMs: 10 * second, from: alarm }).falseAlarms;
    expect([alarmsAfter(10), alarmsAfter(580), alarmsAfter(620)]).toEqual([1, 1, 0]);
  });
});
