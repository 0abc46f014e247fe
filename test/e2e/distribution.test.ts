import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createApplied,
  openTestDistribution,
  placeholders,
  type TestDistribution,
} from '../contract/distribution/open-test-distribution.ts';
import { runScript, startScript, waitUntil } from './start-script.ts';

// The commands against the local control plane, reached like AWS itself: by the SDK's own environment.

let test: TestDistribution;
beforeEach(async () => {
  test = await openTestDistribution(150);
});
afterEach(() => test.close());

const env = (more: Record<string, string> = {}) => ({
  AWS_ENDPOINT_URL: test.cloud.url,
  HOME: '/nonexistent',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_ACCESS_KEY_ID: 'A',
  AWS_SECRET_ACCESS_KEY: 'B',
  ...placeholders,
  ...more,
});
const changed = { EUROPE_DOMAIN: 'new.example.com' };

describe('npm run distribution:*', () => {
  it('creates, plans, changes and finds nothing more to do', async () => {
    const planned = await startScript('distribution:plan', [], env()).ended;
    expect(planned).toMatchObject({ code: 0, stderr: expect.stringMatching(/^target {2}AWS account \d{12}, a new distribution\n$/) });
    expect(planned.stdout).toMatch(/^a new distribution\n {2}[+~] /);
    expect(planned.stdout).not.toContain(placeholders.ORIGIN_VERIFY_SECRET);
    const created = await startScript('distribution:apply', ['--yes'], env()).ended;
    expect(created.stdout).toMatch(/^distribution E\w+ \(d\w+\.cloudfront\.net\) is created and deployed\n$/);
    const updated = await runScript('distribution:apply', ['--yes', '--json'], env(changed));
    expect(updated.code).toBe(0);
    expect(updated.stderr).toContain('~ Origins[europe].DomainName: europe.example.com → new.example.com');
    expect(JSON.parse(updated.stdout)).toMatchObject({ written: true, deployed: true, changes: [{ path: 'Origins[europe].DomainName' }] });
    const again = await runScript('distribution:plan', [], env(changed));
    expect(again.stdout).toMatch(/^distribution E\w+ \(d\w+\.cloudfront\.net\)\nnothing to do\n$/);
  });

  it('rolls out in stages', async () => {
    await createApplied(test);
    const staged = await runScript('distribution:apply', ['--staging', '--weight', '10%', '--yes'], env(changed));
    expect(staged.code).toBe(0);
    expect(staged.stdout).toMatch(/^staging distribution E\w+ \(d\w+\.cloudfront\.net\) serves 10 % of the viewers of E\w+\n/);
    const promoted = await startScript('distribution:promote', ['--yes'], env(changed)).ended;
    expect(promoted.stdout).toMatch(/^distribution E\w+ \(d\w+\.cloudfront\.net\) is promoted from E\w+ and deployed\n$/);
  });

  it.each([
    {
      when: 'a placeholder has no value',
      args: [],
      more: { SINGAPORE_DOMAIN: '', EUROPE_DOMAIN: '' },
      code: 2,
      says: /^error: \S*distribution\.json needs EUROPE_DOMAIN, SINGAPORE_DOMAIN from the environment\nhint: .*\n$/,
    },
    {
      when: 'the id is of another account',
      args: ['--yes'],
      more: { EDGE_DISTRIBUTION_ID: 'E2QWRUHEXAMPLE' },
      code: 1,
      says: /^error: distribution E2QWRUHEXAMPLE .*\nhint: check --id and EDGE_DISTRIBUTION_ID.*\n$/,
    },
    {
      when: 'no answer',
      args: [],
      more: { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' },
      code: 1,
      says: /^error: cannot list the distributions: .*\nhint: .*\n$/,
    },
  ])('is one line and a hint, and nothing written, when $when', async ({ args, more, code, says }) => {
    const outcome = await runScript('distribution:apply', args, env(more));
    expect(outcome).toMatchObject({ code, stdout: '' });
    expect(outcome.stderr).toMatch(says);
    expect(test.writes()).toEqual([]);
  });

  it('after Ctrl-C during the wait, says that the change is in force', async () => {
    await test.close();
    test = await openTestDistribution(60_000);
    const { child, output, ended } = startScript('distribution:apply', ['--yes'], env());
    await waitUntil(() => output.stderr.includes('waiting until'), 20_000);
    child.kill('SIGINT');
    expect(await ended).toMatchObject({ code: 130, stderr: expect.stringMatching(/^error: interrupted, .*in force\nhint: /m) });
    expect(test.writes()).toEqual(['CreateDistribution']);
  });
});
