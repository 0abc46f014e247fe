import { execFile } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

// The scripts of one region's steps, as they are in the workflow, against fakes of `aws` and `npm`.

interface Step {
  name?: string;
  id?: string;
  if?: string;
  env?: Record<string, string>;
  run?: string;
}

const { jobs } = parse(readFileSync('.github/workflows/deploy-regions.yml', 'utf8')) as { jobs: Record<string, { steps: Step[] }> };
const steps = (jobs['singapore']?.steps ?? []).filter(({ name, run }) => name !== undefined && run !== undefined);
const arn = (revision: number) => `arn:aws:ecs:ap-southeast-1:111122223333:task-definition/origin:${revision}`;
const image = `111122223333.dkr.ecr.ap-southeast-1.amazonaws.com/edge-origin@sha256:${'a'.repeat(64)}`;

const current = {
  taskDefinitionArn: arn(7),
  family: 'origin',
  revision: 7,
  status: 'ACTIVE',
  requiresAttributes: [{ name: 'x' }],
  compatibilities: ['FARGATE'],
  registeredAt: '2026-11-26T10:00:00Z',
  registeredBy: 'arn:aws:iam::111122223333:role/x',
  executionRoleArn: 'arn:aws:iam::111122223333:role/execution',
  cpu: '256',
  containerDefinitions: [
    { name: 'origin', image: 'old@sha256:1', stopTimeout: 40, secrets: [{ name: 'DATABASE_URL', valueFrom: 'arn:secret' }] },
    { name: 'sidecar', image: 'sidecar:1' },
  ],
};

/** What goes wrong, by the call and the revision that it is about. */
interface Trouble {
  /** Runs of `aws ecs wait` that give up, one after the other. */
  waits?: boolean[];
  /** ECS puts this revision's predecessor back automatically. */
  breaker?: boolean;
  /** What verify saw of it, in place of a good answer. */
  seen?: object;
  service?: string;
  container?: string;
}

let folder = '';
afterEach(() => rmSync(folder, { recursive: true }));

/** Replaces `aws` and `npm`: its state is in files, and it takes the arguments where the scripts put them. */
const standIn = `#!/bin/bash
name=\${0##*/}
echo "$name $*" >> calls.txt
case "$name $2" in
  npm*) cat verified; exit 1 ;;
  "aws describe-services") if [[ $* == *deployments* ]]; then cat primary; else cat service; fi ;;
  "aws describe-task-definition") cat current.json ;;
  "aws register-task-definition") cp "\${4#file://}" registered.json && cat next ;;
  "aws update-service") if [[ ! -e breaker || $8 != "$(<next)" ]]; then echo "$8" > primary; fi && echo "$6" ;;
  "aws wait") code=$(head -n 1 waits) && sed -i 1d waits && exit "\${code:-0}" ;;
  *) exit 64 ;;
esac
`;

/**
 * Runs the steps as GitHub does: each in bash, the next one only after success, "Roll back" only after a failure and
 * when its condition holds.
 */
async function deploy(trouble: Trouble = {}) {
  folder = mkdtempSync(join(tmpdir(), 'deploy-regions-'));
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  for (const name of ['aws', 'npm']) {
    writeFileSync(join(bin, name), standIn);
    chmodSync(join(bin, name), 0o755);
  }
  cpSync('deploy', join(folder, 'deploy'), { recursive: true });
  const { container = 'origin', seen = {}, waits = [], service = arn(7), breaker = false } = trouble;
  const state = { primary: arn(7), next: arn(8), service, waits: waits.map((fails) => (fails ? 255 : 0)).join('\n') };
  for (const [name, value] of Object.entries(state)) writeFileSync(join(folder, name), `${value}\n`);
  const rows = [
    { way: 'direct', who: 'europe', outcome: 'fail', went: [], notes: ['timeout'] },
    { way: 'direct', who: 'singapore', outcome: 'ok', went: ['singapore'], notes: [], ...seen },
    { way: 'lock', who: 'singapore', outcome: 'ok', went: [], notes: [] },
  ];
  writeFileSync(join(folder, 'verified'), JSON.stringify({ rows }));
  writeFileSync(join(folder, 'current.json'), JSON.stringify(current));
  if (breaker) writeFileSync(join(folder, 'breaker'), '');
  const outputs: Record<string, string> = {};
  const ran: string[] = [];
  let failed = false;
  let stderr = '';
  for (const step of steps) {
    const due = step.if === undefined ? !failed : failed && outputs['next.task'] !== undefined;
    if (!due) continue;
    ran.push(step.name ?? '');
    const fill = (value: string) =>
      value.replace(/\$\{\{ steps\.(\w+)\.outputs\.(\w+) \}\}/g, (_, id, name) => outputs[`${id}.${name}`] ?? '');
    const own = Object.fromEntries(Object.entries(step.env ?? {}).map(([name, value]) => [name, fill(value)]));
    const [output, summary] = [join(folder, 'output.txt'), join(folder, 'summary.md')];
    writeFileSync(output, '');
    const env = {
      PATH: `${bin}:${process.env['PATH']}`,
      CLUSTER: 'regional',
      SERVICE: 'origin',
      CONTAINER: container,
      IMAGE: image,
      REGION: 'ap-southeast-1',
      ORIGIN: 'singapore',
      GITHUB_OUTPUT: output,
      GITHUB_STEP_SUMMARY: summary,
      ...own,
    };
    const ended = await new Promise<{ code: number; stderr: string }>((resolve) =>
      execFile('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', step.run ?? ''], { cwd: folder, env }, (error, _, text) =>
        resolve({ code: Number(error?.code ?? 0), stderr: text }),
      ),
    );
    stderr += ended.stderr;
    if (ended.code !== 0) failed = true;
    for (const line of readFileSync(output, 'utf8').split('\n')) {
      const [name = '', ...value] = line.split('=');
      if (value.length > 0) outputs[`${step.id}.${name}`] = value.join('=');
    }
  }
  const text = (name: string) => (existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8') : '');
  return {
    failed,
    ran,
    stderr,
    primary: text('primary').trim(),
    registered: JSON.parse(text('registered.json') || 'null') as typeof current | null,
    summary: text('summary.md'),
    calls: text('calls.txt').trim().split('\n'),
  };
}

describe('a region', () => {
  it('runs the new image when it is verified, whatever the other region does', async () => {
    const { failed, ran, primary, registered, summary, calls } = await deploy();
    expect({ failed, primary }).toEqual({ failed: false, primary: arn(8) });
    expect(ran).not.toContain('Roll back');
    expect(summary).toBe(`ap-southeast-1 runs \`${arn(8)}\`, verified.\n`);
    expect(registered).toEqual({
      family: 'origin',
      executionRoleArn: 'arn:aws:iam::111122223333:role/execution',
      cpu: '256',
      containerDefinitions: [{ ...current.containerDefinitions[0], image }, current.containerDefinitions[1]],
    });
    expect(calls.map((call) => call.split(' ').slice(0, 3).join(' '))).toEqual([
      'aws ecs describe-services',
      'aws ecs describe-task-definition',
      'aws ecs register-task-definition',
      'aws ecs update-service',
      'aws ecs wait',
      'aws ecs describe-services',
      'npm run --silent',
    ]);
  });

  it('waits for a second ten minutes when the first were not enough', async () => {
    const { failed, primary } = await deploy({ waits: [true, false] });
    expect({ failed, primary }).toEqual({ failed: false, primary: arn(8) });
  });

  it.each([
    { when: 'its verification fails', trouble: { seen: { outcome: 'fail', notes: ['status is "draining"'] } } },
    { when: 'it cannot be reached, which verify warns of', trouble: { seen: { outcome: 'warn', went: [], notes: ['not reached'] } } },
    { when: 'no viewer asked it', trouble: { seen: { who: 'tokyo' } } },
    { when: 'it never becomes stable', trouble: { waits: [true, true] } },
    { when: 'ECS puts the old tasks back automatically', trouble: { breaker: true } },
  ])('goes back to what ran before when $when, and fails', async ({ trouble }) => {
    const { failed, ran, primary, summary } = await deploy(trouble);
    expect({ failed, primary }).toEqual({ failed: true, primary: arn(7) });
    expect(ran.at(-1)).toBe('Roll back');
    expect(summary).toBe(
      `ap-southeast-1 was rolled back to \`${arn(7)}\`: \`${arn(8)}\` did not become stable or failed its verification.\n`,
    );
  });

  it('says that it could not go back', async () => {
    const { failed, summary } = await deploy({ seen: { outcome: 'fail' }, waits: [false, true, true] });
    expect(failed).toBe(true);
    expect(summary).toMatch(/^ap-southeast-1 could not be rolled back to .*docs\/runbook\.md/);
  });

  it.each([
    { when: 'there is no such service', trouble: { service: 'None' }, says: 'no service origin in cluster regional' },
    {
      when: 'there is no such container',
      trouble: { container: 'app' },
      says: 'no container is called "app"; containers there: origin, sidecar',
    },
  ])('is not touched when $when', async ({ trouble, says }) => {
    const { failed, ran, stderr, calls } = await deploy(trouble);
    expect(failed).toBe(true);
    expect(ran).not.toContain('Roll back');
    expect(stderr).toContain(says);
    expect(calls.filter((call) => /update-service|register/.test(call))).toEqual([]);
  });
});
