import { describe, expect, it } from 'vitest';
import { runScript, startScript } from './start-script.ts';

const cost = (...args: string[]) => runScript('cost', args);

describe('npm run cost', () => {
  it('prints the bill, and the same to machines', async () => {
    const [people, machines] = await Promise.all([
      startScript('cost', ['--requests', '100M']).ended,
      cost('--requests', '100_000_000', '--json'),
    ]);
    const { totalUsd, parts } = JSON.parse(machines.stdout) as { totalUsd: number; parts: { usd: number }[] };
    expect(parts.reduce((sum, { usd }) => sum + usd, 0)).toBeCloseTo(totalUsd);
    expect(people.stdout).toMatch(new RegExp(`^a month +\\$${totalUsd.toFixed(2).replace('.', '\\.')}$`, 'm'));
    expect([people.code, people.stderr, machines.code]).toEqual([0, '', 0]);
  });

  it.each([
    { args: [], says: 'error: --requests is missing\nhint: --requests 100M\n' },
    { args: ['--requests', '1,5M'], says: 'error: --requests takes a number such as 100_000, 100M or 2.5B, found "1,5M"\n' },
    { args: ['--requests', '1M', '--viewers', 'euope=100'], says: 'hint: did you mean europe?\n' },
    { args: ['--requests', '1M', '--viewers', 'europe=60,india=30'], says: 'error: --viewers must add up to 100%, got 90%\n' },
  ])('refuses $args in one line and a hint', async ({ args, says }) => {
    const { code, stdout, stderr } = await cost(...args);
    expect(stderr).toContain(says);
    expect(stderr).toMatch(/^error: .*\nhint: .*\n$/);
    expect([code, stdout]).toEqual([2, '']);
  });
});
