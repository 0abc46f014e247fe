import { stat, utimes } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { startScript } from './start-script.ts';

describe('scripts/run.mjs', () => {
  it('compiles a command again after its source changed, several at once without harm', { timeout: 60_000 }, async () => {
    const source = 'scripts/fault.ts';
    const { atime } = await stat(source);
    await utimes(source, atime, new Date());
    const runs = await Promise.all([1, 2, 3].map(() => startScript('fault', ['--help']).ended));
    for (const { code, stdout, stderr } of runs) {
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toContain('usage: npm run fault --');
    }
  });

  it('hands over arguments as they were given', async () => {
    const { code, stderr } = await startScript('fault', ['--no-such', 'a b', '--json']).ended;
    expect(code).toBe(2);
    expect(stderr).toBe('');
  });
});
