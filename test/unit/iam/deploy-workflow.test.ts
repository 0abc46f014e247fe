import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseEdgeConfig } from '../../../src/config/edge-config.ts';
import edgeConfig from '../../fixtures/sample/edge.config.ts';
import { policyUrl } from './read-policy.ts';

interface Step {
  name?: string;
  id?: string;
  uses?: string;
  with?: Record<string, unknown>;
  if?: string;
  env?: Record<string, string>;
  run?: string;
}

interface Job {
  needs?: string | string[];
  environment?: string;
  if?: string;
  permissions: Record<string, string>;
  env?: Record<string, string>;
  outputs?: Record<string, string>;
  'timeout-minutes': number;
  steps: Step[];
}

const file = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const text = file('.github/workflows/deploy-regions.yml');
const workflow = parse(text) as { on: unknown; permissions: object; concurrency: object; jobs: Record<string, Job> };
const { jobs } = workflow;
const job = (name: string) => jobs[name] ?? expect.fail(`no job ${name}`);
const steps = Object.values(jobs).flatMap((each) => each.steps);
const expression = (of: string) => `$\{{ ${of} }}`;
const regions = ['singapore', 'europe'];
const config = parseEdgeConfig(edgeConfig);

describe('the order', () => {
  it('is: check, build once, Singapore, then Europe, and never two regions at once', () => {
    expect(Object.entries(jobs).map(([name, { needs }]) => [name, needs])).toEqual([
      ['check', undefined],
      ['build', 'check'],
      ['singapore', 'build'],
      ['europe', ['build', 'singapore']],
    ]);
    expect(regions.map((name) => job(name).if)).toEqual([undefined, undefined]);
  });

  it('is kept by one deployment at a time, which nothing cuts off', () => {
    expect(workflow.concurrency).toEqual({ group: 'deploy-regions', 'cancel-in-progress': false });
  });

  it('starts on main alone, for what the image is made of', () => {
    expect(workflow.on).toEqual({ push: { branches: ['main'], paths: ['origin/**'] }, workflow_dispatch: null });
    expect(job('build').if).toMatch(/^github\.ref == 'refs\/heads\/main' && /);
  });
});

describe('each region', () => {
  it('has an environment of its own, and takes the same steps', () => {
    expect(regions.map((name) => job(name).environment)).toEqual(regions);
    expect(job('europe').steps).toEqual(job('singapore').steps);
  });

  it.each(regions)('%s is where edge.config.ts says, has its own repository, and is the one that is verified', (name) => {
    const { REGION, ORIGIN, IMAGE } = job(name).env ?? {};
    expect({ REGION, ORIGIN }).toEqual({ REGION: config.origins[name]?.region, ORIGIN: name });
    expect(IMAGE).toContain(`${expression(`vars.${name.toUpperCase()}_REPOSITORY_URI`)}@`);
  });

  it('runs the image that was built, by its digest', () => {
    expect(job('build').outputs).toEqual({ digest: expression('steps.build.outputs.digest') });
    for (const name of regions) expect(job(name).env?.['IMAGE']).toMatch(/@\$\{\{ needs\.build\.outputs\.digest \}\}$/);
  });

  it('is rolled back after whatever failed or was cancelled, once there is something to go back from', () => {
    const conditions = job('singapore').steps.filter((step) => step.if !== undefined);
    expect(conditions.map((step) => [step.name, step.if])).toEqual([
      ['Roll back', "(failure() || cancelled()) && steps.next.outputs.task != ''"],
    ]);
  });
});

it('builds once and pushes the same to both regions, with its provenance', () => {
  const builds = steps.filter(({ run }) => run?.includes('buildx build'));
  expect(builds).toHaveLength(1);
  const run = builds[0]?.run ?? '';
  expect(run.match(/buildx build/g)).toHaveLength(1);
  for (const part of ['--push', '--provenance mode=max', '--metadata-file', '--tag "$SINGAPORE:$tag"', '--tag "$EUROPE:$tag"'])
    expect(run).toContain(part);
  expect(run).toContain('"$SINGAPORE@$digest" "$EUROPE@$digest"');
});

it('calls npm scripts that exist, and verify in one place', () => {
  const { scripts } = JSON.parse(file('package.json')) as { scripts: object };
  const called = [...text.matchAll(/npm run (?:--silent )?([\w:]+)/g)].map(([, name]) => name ?? '');
  expect(called.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  expect(text.match(/npm run [^\n]*verify/g)).toHaveLength(1);
});

describe('rights', () => {
  it('are none for all, and for each job no more than it needs', () => {
    expect(workflow.permissions).toEqual({});
    expect(job('check').permissions).toEqual({ contents: 'read' });
    for (const name of ['build', ...regions]) expect(job(name).permissions).toEqual({ contents: 'read', 'id-token': 'write' });
  });

  it('at AWS come through OIDC alone, one role to push and one to deploy', () => {
    const rolesOf = (name: string) =>
      job(name)
        .steps.filter(({ uses }) => uses?.startsWith('aws-actions/configure-aws-credentials@'))
        .map((step) => [step.with?.['role-to-assume'], step.with?.['role-skip-session-tagging'], step.with?.['aws-region']]);
    const pusher = expression('vars.AWS_IMAGE_PUSHER_ROLE_ARN');
    expect(rolesOf('check')).toEqual([]);
    expect(rolesOf('build')).toEqual([
      [pusher, true, 'ap-southeast-1'],
      [pusher, true, 'eu-central-1'],
    ]);
    for (const name of regions) expect(rolesOf(name)).toEqual([[expression('vars.AWS_DEPLOYER_ROLE_ARN'), true, expression('env.REGION')]]);
    expect(text).not.toMatch(/aws-(access-key-id|secret-access-key)/);
  });

  it('to a secret has the step that verifies, and no other', () => {
    expect(text.match(/secrets\.\w+/g)).toEqual(['secrets.ORIGIN_VERIFY_SECRET']);
    const holders = job('singapore').steps.filter(({ env }) => JSON.stringify(env ?? {}).includes('secrets.'));
    expect(holders.map(({ name }) => name)).toEqual(['Verify']);
  });
});

describe('each step', () => {
  it('uses the actions that edge.yml uses, in the same versions, and one more', () => {
    const versions = (source: string) => new Set([...source.matchAll(/uses: (\S+)/g)].map(([, action]) => action ?? ''));
    const known = versions(file('.github/workflows/edge.yml'));
    expect([...versions(text)].filter((action) => !known.has(action))).toEqual([expect.stringMatching(/^aws-actions\/amazon-ecr-login@/)]);
  });

  it('leaves no credentials of git behind', () => {
    const checkouts = steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'));
    expect(checkouts.length).toBe(Object.keys(jobs).length);
    for (const step of checkouts) expect(step.with).toEqual({ 'persist-credentials': false });
  });

  it('lets nothing that others write become part of a script', () => {
    const runs = steps.flatMap(({ run }) => (run === undefined ? [] : [run]));
    expect(runs.length).toBeGreaterThan(12);
    for (const run of runs) expect(run).not.toContain('${{');
  });

  it('ends automatically when it hangs', () => {
    for (const each of Object.values(jobs)) expect(each['timeout-minutes']).toBeGreaterThan(0);
  });
});

describe.each(['deployer', 'image-pusher'])('the policy %s', (name) => {
  const source = readFileSync(policyUrl(name), 'utf8');
  const { Version, Statement } = JSON.parse(source) as {
    Version: string;
    Statement: { Sid: string; Effect: string; Action: string | string[]; Resource: string | string[]; Condition?: object }[];
  };
  const actions = Statement.flatMap(({ Action }) => Action).sort();

  it('allows what the workflow calls, and nothing else', () => {
    const scripts = `${text}\n${file('deploy/roll-service.sh')}`;
    const called = [...scripts.matchAll(/\baws ecs ([a-z]+(?:-[a-z]+)+)/g)].map(([, operation = '']) => `ecs:${toPascalCase(operation)}`);
    // `aws ecs wait services-stable` asks DescribeServices; a task definition names the roles that are passed with it.
    const deployer = new Set([...called, 'iam:PassRole']);
    // What a push takes by the ECR user guide, and what imagetools inspect reads.
    const pusher = [
      'BatchCheckLayerAvailability',
      'BatchGetImage',
      'CompleteLayerUpload',
      'GetAuthorizationToken',
      'GetDownloadUrlForLayer',
      'InitiateLayerUpload',
      'PutImage',
      'UploadLayerPart',
    ].map((operation) => `ecr:${operation}`);
    expect(actions).toEqual(name === 'deployer' ? [...deployer].sort() : pusher);
  });

  it('is open to all only where AWS knows no resource', () => {
    expect(Version).toBe('2012-10-17');
    const open = Statement.filter(({ Resource }) => [Resource].flat().includes('*'));
    const known = ['ecr:GetAuthorizationToken', 'ecs:DescribeTaskDefinition', 'ecs:RegisterTaskDefinition'];
    expect(open.flatMap(({ Action }) => Action).filter((action) => !known.includes(action))).toEqual([]);
    for (const { Effect, Resource } of Statement) {
      expect(Effect).toBe('Allow');
      for (const resource of [Resource].flat())
        if (resource !== '*') expect(resource).toMatch(/^arn:aws:\w+:[^:]*:\$\{AWS_ACCOUNT_ID\}:[^*]+$/);
    }
  });

  it('passes roles to tasks of ECS alone', () => {
    for (const { Action, Condition } of Statement)
      expect(Condition).toEqual(
        Action === 'iam:PassRole' ? { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } } : undefined,
      );
  });

  it('has placeholders that the page explains', () => {
    const readme = file('docs/iam/README.md');
    for (const [, placeholder] of source.matchAll(/\$\{(\w+)\}/g)) expect(readme).toContain(`\`${placeholder}\``);
  });
});

function toPascalCase(operation: string): string {
  return operation.replace(/(^|-)([a-z])/g, (_, _dash, letter: string) => letter.toUpperCase());
}
