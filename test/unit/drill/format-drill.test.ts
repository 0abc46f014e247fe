import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { formatDrill, formatDrillClock } from '../../../src/drill/format-drill.ts';
import { summarizeDrill } from '../../../src/drill/summarize-drill.ts';
import { wrapLine } from '../../../src/text/terminal-text.ts';
import { europe, good, outcome, singapore } from './hand-made-drill.ts';

const look = { regions: { singapore, europe }, perRequestFailover: true, colour: false };
const summary = summarizeDrill(good);
const lines = formatDrill(summary, look);

describe('formatDrill', () => {
  it('counts the seconds from the fault and marks what happened in them', () => {
    expect(summary.seconds.map(({ second }) => second)).toEqual([-1, 0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(summary.marks.map(({ what, second }) => [what, second])).toEqual([
      ['fault', 0],
      ['unhealthy', 0.5],
      ['flip', 1],
      ['restore', 5],
      ['failback', 8],
    ]);
    expect(lines.find((line) => line.startsWith('   0 s'))).toMatch(/^ {3}0 s {2}[SE]+x+ +breaks, detected$/);
    expect(lines.find((line) => line.startsWith('   8 s'))).toMatch(/^ {3}8 s {2}S+ +all home$/);
  });

  it('keeps letters of origins without colours, and widths with them', () => {
    expect(lines[0]).toContain('S singapore, E europe, x failed');
    for (const line of [...lines, ...formatDrill(summary, { ...look, colour: true })].flatMap((each) => wrapLine(each, 80)))
      expect(stripVTControlCharacters(line).length).toBeLessThanOrEqual(80);
  });

  it('says why a POST fails in the gap, and nothing where none did', () => {
    const why = (perRequestFailover: boolean) =>
      formatDrill(summary, { ...look, perRequestFailover }).find((line) => line.includes('expected'));
    expect(why(true)).toMatch(/^The 1 failed POST .* 1 s after the fault.*carried out twice/);
    expect(why(false)).toContain('without an origin group');
    const safe = summarizeDrill({ ...good, outcomes: [outcome(500), outcome(1_300), outcome(4_500), outcome(9_500)] });
    expect(formatDrill(safe, look).some((line) => line.includes('expected'))).toBe(false);
  });

  it('words a promise as what was counted', () => {
    expect(lines.slice(-4)).toEqual([
      'kept     no GET fails: 0 violations in 3 requests',
      'kept     no request fails from 2 s after propagation: 0 violations in 2 requests',
      'kept     no request goes to weight 0 while another origin is up: 0 violations in 4 requests',
      'kept     every viewer is at its home origin after the failback: 0 violations in 1 request',
    ]);
  });
});

it('formatDrillClock counts from the fault', () => {
  expect([formatDrillClock(undefined, 5), formatDrillClock(1_000, 13_340)]).toEqual(['  before', ' +12.3 s']);
});
