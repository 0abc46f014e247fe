import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from '../../../src/text/time.ts';

describe('parseDuration', () => {
  it.each([
    ['90s', 90_000],
    ['15m', 900_000],
    ['2h', 7_200_000],
    ['3d', 259_200_000],
    ['500ms', 500],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['0s', 0],
  ])('reads %s as %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(['', '2', 'h', '2 h', '-2h', '2x', '2h!', 'two hours', '1e3s', '99999999999999999d'])('does not read %j', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  it('never throws and never gives a broken number', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9.smhd]{0,12}$/)), (text) => {
        const durationMs = parseDuration(text);
        expect(durationMs === undefined || (Number.isSafeInteger(durationMs) && durationMs >= 0)).toBe(true);
      }),
    );
  });
});

describe('formatDuration', () => {
  it.each([
    [0, '0s'],
    [1_449, '1.4s'],
    [9_999, '10s'],
    [45_000, '45s'],
    [60_000, '1m'],
    [61_000, '1m 1s'],
    [5_400_000, '1h 30m'],
    [7_199_900, '2h'],
    [7_199_200, '2h'],
    [3_599_400, '59m 59s'],
    [3_599_600, '1h'],
    [5_399_000, '1h 30m'],
    [86_369_000, '23h 59m'],
    [86_399_000, '1d'],
    [90_000_000, '1d 1h'],
    [172_800_000, '2d'],
    [172_803_000, '2d'],
    [-61_000, '-1m 1s'],
  ])('writes %d ms as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it('is understood by parseDuration to within its precision', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 259_200_000 }), (ms) => {
        const back = parseDuration(formatDuration(ms).replaceAll(' ', '')) ?? Number.NaN;
        expect(Math.abs(back - ms)).toBeLessThanOrEqual(ms < 10_000 ? 50 : ms < 3_599_500 ? 500 : ms < 86_370_000 ? 30_000 : 1_800_000);
      }),
    );
  });
});
