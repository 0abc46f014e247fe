import { describe, expect, it } from 'vitest';
import { formatHelp } from '../../../src/cli/command.ts';
import { duration, flag, text } from '../../../src/cli/option.ts';
import { formatTable, paint, wrapLine } from '../../../src/text/terminal-text.ts';
import { formatTime } from '../../../src/text/time.ts';

describe('formatHelp', () => {
  const help = formatHelp({
    usage: 'failover -- <status|to|drain|auto|history> [origin] [--for 2h] [--reason text] [--yes]',
    summary: 'Moves viewers between origins by hand, until the time that you give, and shows where they go afterwards.',
    examples: ['failover -- status', 'failover -- to europe --for 2h --reason "ALB 5xx"'],
    options: {
      for: duration('how long it holds, which is never for ever since an override that is forgotten is an outage that waits to happen'),
      'a-name-that-is-longer-than-the-column': text('why'),
      yes: flag('write without asking'),
    },
  });

  it('keeps within 80 columns', () => {
    expect(Math.max(...help.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('shows usage, every option with its summary, and examples to copy', () => {
    expect(help).toContain('usage: npm run failover -- <status|to|drain|auto|history> [origin] [--for 2h]\n    [--reason text] [--yes]');
    expect(help).toMatch(/^ {2}--for <duration> +how long it holds/m);
    expect(help).toMatch(/^ {2}--yes +write without asking$/m);
    expect(help).toMatch(/^ {2}--a-name-that-is-longer-than-the-column <text>\n +why$/m);
    expect(help).toContain('\n  npm run failover -- to europe --for 2h --reason "ALB 5xx"');
  });
});

describe('formatTime', () => {
  const now = Date.UTC(2026, 10, 23, 18, 0, 0);

  it('gives both clocks, and the day when it is another', () => {
    expect(formatTime(now + 3_661_000, now, 'Europe/Berlin')).toBe('20:01:01 (19:01:01 UTC)');
    expect(formatTime(now, now, 'Asia/Singapore')).toBe('2026-11-24 02:00:00 (2026-11-23 18:00:00 UTC)');
    expect(formatTime(now, now, 'UTC')).toBe('18:00:00 UTC');
    expect(formatTime(now - 86_400_000, now, 'UTC')).toBe('2026-11-22 18:00:00 UTC');
    expect(formatTime(now - 86_400_000, now, 'Europe/Berlin')).toBe('2026-11-22 19:00:00 (18:00:00 UTC)');
  });
});

describe('formatTable', () => {
  it('aligns columns, styled cells included, and leaves no blanks at the end', () => {
    expect(
      formatTable(
        [
          ['singapore', '0', paint(true, 'red', 'down')],
          ['eu', '100', 'up'],
        ],
        [1],
      ),
    ).toEqual([`singapore    0  ${paint(true, 'red', 'down')}`, 'eu         100  up']);
  });
});

it('aligns signs that are two columns wide', () => {
  expect(
    formatTable([
      ['日本', '1'],
      ['abcd', '2'],
    ]),
  ).toEqual(['日本  1', 'abcd  2']);
});

describe('wrapLine', () => {
  it.each([
    { line: 'short', lines: ['short'] },
    {
      line: 'danger   europe is unhealthy since a minute',
      lines: ['danger   europe is', '         unhealthy', '         since a', '         minute'],
    },
    { line: 'error: no terminal to confirm in', lines: ['error: no terminal to', '       confirm in'] },
    { line: '  a long list of many short words', lines: ['  a long list of many', '    short words'] },
    { line: 'https://d111111abcdef8.cloudfront.net', lines: ['https://d111111abcdef8.cloudfront.net'] },
    { line: 'hint: add { type: "x" } to it, then', lines: ['hint: add { type: "x"', '      } to it, then'] },
    { line: 'A sentence that has a colon: at its end', lines: ['A sentence that has a', '  colon: at its end'] },
    { line: 'moved   singapore now 25 % of it', lines: ['moved   singapore now', '        25 % of it'] },
    { line: 'ends   the hold-down 3m 40s from now', lines: ['ends   the hold-down', '       3m 40s from now'] },
    { line: 'see   https://abc.example/d then', lines: ['see', ' https://abc.example/d', '      then'] },
    { line: 'two   columns and the last one beyond', lines: ['two   columns and the', '      last one beyond'] },
    { line: 'why    日本語 日本語 日本語', lines: ['why    日本語 日本語', '       日本語'] },
  ])('breaks $line', ({ line, lines }) => expect(wrapLine(line, 22)).toEqual(lines));

  it('counts what is seen, not the codes of colours', () => {
    const painted = '\u001b[31mdanger\u001b[39m   it fails';
    expect(wrapLine(painted, 18)).toEqual([painted]);
  });
});
