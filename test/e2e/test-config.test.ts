import { expect, it } from 'vitest';
import { startScript } from './start-script.ts';

it('npm run test:config checks the files of a project in one run', { timeout: 60_000 }, async () => {
  const { code, stdout } = await startScript('test:config', ['--json']).ended;
  const { outcome, checks } = JSON.parse(stdout) as { outcome: string; checks: { check: string; outcome: string }[] };
  expect({ code, outcome }).toEqual({ code: 0, outcome: 'ok' });
  expect(checks.map((each) => [each.check, each.outcome])).toEqual(
    ['config', 'distribution', 'function', 'routing', 'templates'].map((check) => [check, 'ok']),
  );
});
