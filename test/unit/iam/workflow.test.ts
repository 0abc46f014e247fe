import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { allChecks } from '../../../src/doctor/doctor.ts';

// No YAML parser is among our dependencies: what matters is looked for by its text, job by job.

const text = readFileSync(new URL('../../../.github/workflows/edge.yml', import.meta.url), 'utf8');
const scripts = (JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { scripts: object }).scripts;
const [head = '', body = ''] = text.split(/^jobs:$/m);
const jobs = Object.fromEntries(
  body
    .split(/^(?= {2}[\w-]+:$)/m)
    .slice(1)
    .map((job) => [/^ {2}([\w-]+):$/m.exec(job)?.[1] ?? '', job]),
);
const permissionsOf = (job: string) =>
  (/^ {4}permissions:\n((?: {6}.*\n)+)/m.exec(job)?.[1] ?? '').split('\n').flatMap((line) => (line.trim() === '' ? [] : [line.trim()]));

it('publishes after the check of the team’s own files, not after the package’s whole suite', () => {
  expect(Object.keys(jobs)).toEqual(['suite', 'nodes', 'check', 'explain', 'publish']);
  expect(jobs['check']).toContain('npm run test:config');
  expect(jobs['suite']).toContain('.ci/run');
});

it('gives no permission to all, and to each job no more than it needs', () => {
  expect(head).toMatch(/^permissions: \{\}$/m);
  for (const name of ['suite', 'check']) expect(permissionsOf(jobs[name] ?? '')).toEqual(['contents: read']);
  expect(permissionsOf(jobs['explain'] ?? '')).toEqual(['contents: read', 'id-token: write', 'pull-requests: write']);
  expect(permissionsOf(jobs['publish'] ?? '')).toEqual(['contents: read', 'id-token: write']);
});

it('runs for pull requests with their own rights, never with those of the target', () => {
  expect(head).toContain('pull_request:');
  expect(text).not.toContain('pull_request_target');
  expect(text).not.toContain('secrets.');
  expect(jobs['explain']).toContain('github.event.pull_request.head.repo.full_name == github.repository');
});

it('publishes what was pushed to main, after its checks, one at a time and to the end', () => {
  const publish = jobs['publish'] ?? '';
  expect(publish).toMatch(/^ {4}needs: check$/m);
  expect(publish).toMatch(/^ {4}if: github\.event_name == 'push' && github\.ref == 'refs\/heads\/main' && /m);
  expect(publish).toMatch(/group: edge-publish\n\s+cancel-in-progress: false/);
});

describe('each step', () => {
  it('leaves no credentials of git behind', () => {
    const checkouts = text.split('uses: actions/checkout@').slice(1);
    for (const checkout of checkouts) expect(checkout).toMatch(/^[0-9a-f]{40} # v[\d.]+\n\s+with:\n\s+persist-credentials: false/);
  });

  it('lets nothing that others write become part of a script', () => {
    const runs = [...text.matchAll(/run: (?:\|\n((?:\s{10,}.*\n)+)|(.*)\n)/g)].map(([, block, line]) => block ?? line ?? '');
    expect(runs.length).toBeGreaterThan(8);
    for (const run of runs) expect(run).not.toContain('${{');
  });

  it('calls npm scripts and checks that exist', () => {
    const called = [...text.matchAll(/(?:npm run (?:--silent )?| command: )([\w:]+)/g)].map(([, name]) => name ?? '');
    expect(called).toContain('function:explain');
    expect(called).toContain('function:publish');
    expect(called.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
    const only = /--only (\S+)/.exec(text)?.[1]?.split(',') ?? [];
    expect(only.filter((name) => !allChecks.some(({ id }) => id === name))).toEqual([]);
  });

  it('ends automatically when it hangs', () => {
    for (const job of Object.values(jobs)) expect(job).toMatch(/^ {4}timeout-minutes: \d+$/m);
  });
});

it('asks AWS through OIDC alone, and without session tags, which the trust does not allow', () => {
  const configures = text.split('uses: aws-actions/configure-aws-credentials@').slice(1);
  expect(configures).toHaveLength(2);
  for (const step of configures) {
    expect(step).toMatch(/role-to-assume: \$\{\{ vars\.AWS_(READER|PUBLISHER)_ROLE_ARN \}\}/);
    expect(step).toContain('role-skip-session-tagging: true');
  }
  expect(text).not.toMatch(/aws-(access-key-id|secret-access-key)/);
});

it('gives the job that runs a branch’s code what it takes to read LIVE, and nothing else', () => {
  const policy = /inline-session-policy: >-\n\s+(\{.*\})/.exec(jobs['explain'] ?? '')?.[1] ?? '{}';
  const { Statement } = JSON.parse(policy) as { Statement: { Action: string[] }[] };
  expect(Statement.flatMap(({ Action }) => Action)).toEqual(['cloudfront:DescribeFunction', 'cloudfront:GetFunction']);
});
