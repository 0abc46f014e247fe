import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalTarget, openLocalTarget } from '../../../scripts/conformance/open-local-target.ts';
import { openKitAws, openServiceCaller } from '../../../src/aws/call-service.ts';
import { readCallerIdentity } from '../../../src/aws/credentials.ts';
import type { ConformanceReport } from '../../../src/conformance/conformance.ts';
import { type ConformancePlan, planConformance, runConformance } from '../../../src/conformance/conformance.ts';
import { formatConformancePage } from '../../../src/conformance/format-conformance.ts';
import { openJournal, readJournal } from '../../../src/conformance/journal.ts';
import { type ConformanceTarget, openAwsTarget } from '../../../src/conformance/target.ts';
import { findLeftovers } from '../../../src/conformance/tear-down.ts';
import { actionsOf, type Policy, policyUrl } from '../../unit/iam/read-policy.ts';
import { openAwsStandIn } from './open-aws-stand-in.ts';
import { plantAll, plants } from './plants.ts';

let local: LocalTarget;
let folder: string;
beforeAll(async () => {
  local = await openLocalTarget({ path: process.env['PATH'] });
  folder = await mkdtemp(join(tmpdir(), 'conformance-'));
});
afterAll(async () => {
  await local.close();
  await rm(folder, { recursive: true });
});

let runs = 0;
async function ask(target: ConformanceTarget, plan: ConformancePlan): Promise<ConformanceReport> {
  const run = `edge-conformance-0000000${++runs}`;
  const { accountId, region } = target;
  const journal = await openJournal(join(folder, 'journal.jsonl'), { run, accountId, region });
  return runConformance({ run, target, plan, journal, signal: new AbortController().signal, report: () => undefined });
}

const idsOf = ({ rows }: ConformanceReport, verdict: string) => rows.filter((row) => row.verdict === verdict).map(({ id }) => id);

describe('the kit on the local cloud', () => {
  let report: ConformanceReport;
  let plan: ConformancePlan;
  const called = new Set<string>();
  beforeAll(async () => {
    plan = planConformance(local.target);
    const call: ConformanceTarget['call'] = (service, operation, input) => {
      called.add(`${{ kvs: 'cloudfront-keyvaluestore', cloudfront: 'cloudfront', lambda: 'lambda', iam: 'iam' }[service]}:${operation}`);
      return local.target.call(service, operation, input);
    };
    report = await ask({ ...local.target, call }, plan);
  }, 120_000);

  it('asks at least 150 cases, each with an id of its own, and all are the same', () => {
    expect(new Set(report.rows.map(({ id }) => id)).size).toBe(plan.cases.length);
    expect(plan.cases.length).toBeGreaterThanOrEqual(150);
    expect(report.rows.filter(({ verdict }) => verdict !== 'same')).toEqual([]);
    expect(report.failure).toBeUndefined();
  });

  it('asks every open point', () => {
    const open = new Set(report.rows.map((row) => row.open));
    for (const point of [
      'POST through select',
      'POST through a group',
      'unknown origin id',
      'two helpers in one run',
      'selecting the assigned id',
    ])
      expect(open).toContain(point);
    for (const point of [
      'hostHeader',
      'ETag after an identical put',
      'throttling rate',
      'WebSocket',
      'KVS propagation',
      'tagged templates',
    ])
      expect(open).toContain(point);
  });

  it('leaves nothing behind, and no journal', async () => {
    expect(report.left).toEqual([]);
    expect(await findLeftovers(local.target, 'all')).toEqual({ found: [], left: [] });
    expect(local.functionUrls.names()).toEqual([]);
    expect(await readJournal(join(folder, 'journal.jsonl'))).toEqual([]);
  });

  it('uses no more than its plan, whose price is at most $1', () => {
    expect(report.counts['store calls']).toBeLessThanOrEqual(plan.limits['store calls']);
    expect(report.counts.requests).toBeLessThanOrEqual(plan.limits.requests);
    expect(report.usd).toBeLessThanOrEqual(plan.usd);
    expect(plan.usd).toBeLessThanOrEqual(1);
  });

  it('calls what its policy in docs/iam allows, and nothing else', () => {
    const policy = JSON.parse(readFileSync(policyUrl('conformance'), 'utf8')) as Policy;
    const withTags = { 'cloudfront:CreateDistributionWithTags': 'cloudfront:CreateDistribution' } as Record<string, string>;
    const needed = [...called].map((action) => withTags[action] ?? action);
    // What calls need beside their own action, and what undoes a policy that AWS should have refused.
    const beside = ['cloudfront:TagResource', 'cloudfront:DeleteCachePolicy', 'iam:PassRole', 'iam:TagRole', 'lambda:TagResource'];
    expect(actionsOf(policy).sort()).toEqual([...new Set([...needed, ...beside])].sort());
  });

  it('reports no account id, ARN, name or domain of the run', () => {
    const { left: _left, ...kept } = report;
    for (const text of [JSON.stringify(kept), formatConformancePage(report)]) {
      expect(text).not.toContain(local.target.accountId);
      expect(text).not.toMatch(/arn:aws:cloudfront::\d|edge-conformance-0|[a-z0-9]{14}\.cloudfront\.net|on\.aws/);
    }
  });
});

it('reports each planted difference under its own case, and no other', async () => {
  const expected = plants.flatMap(({ ids }) => ids);
  expect(plants.length).toBeGreaterThanOrEqual(20);
  const neighbours = ['store-k', 'store-st', 'edge-select-h', 'group-f', 'function-des', 'propagation-w', 'distribution-origin-header'];
  const report = await ask(plantAll(local.target), planConformance(local.target, [...expected, ...neighbours]));
  expect(idsOf(report, 'could not ask')).toEqual([]);
  expect(idsOf(report, 'different').sort()).toEqual([...expected].sort());
  expect(report.left).toEqual([]);
  expect(await findLeftovers(local.target, 'all')).toEqual({ found: [], left: [] });
}, 120_000);

it('reports the other answer of the control plane to a stale ETag', async () => {
  local.controlPlane.faults.staleWrite = 'ConflictException';
  const report = await ask(local.target, planConformance(local.target, ['store-stale', 'store-page']));
  local.controlPlane.faults.staleWrite = 'ValidationException';
  expect(idsOf(report, 'different')).toEqual(['store-stale-put', 'store-stale-update', 'store-stale-delete']);
});

it('says that a case could not be asked when its rights are missing, and asks the others', async () => {
  const denied: ConformanceTarget = {
    ...local.target,
    call: (service, operation, input) =>
      operation === 'GetKey'
        ? Promise.reject(Object.assign(new Error('no'), { name: 'AccessDeniedException', $metadata: { httpStatusCode: 403 } }))
        : local.target.call(service, operation, input),
  };
  const report = await ask(denied, planConformance(local.target, ['store-get-absent', 'store-key-513']));
  expect(report.rows.map(({ id, verdict }) => [id, verdict])).toEqual([
    ['store-key-513', 'same'],
    ['store-get-absent', 'could not ask'],
  ]);
});

it('writes the journal before each creation', async () => {
  const file = join(folder, 'before.jsonl');
  const run = 'edge-conformance-00000099';
  const seen: string[] = [];
  const watched: ConformanceTarget = {
    ...local.target,
    async call(service, operation, input) {
      const name = String(input['Name'] ?? input['FunctionName'] ?? input['RoleName'] ?? run);
      if (/^Create(Function|KeyValueStore|Role|DistributionWithTags)$/.test(operation)) {
        expect(await readFile(file, 'utf8')).toContain(`"name":"${name}"`);
        seen.push(`${service} ${operation}`);
      }
      return local.target.call(service, operation, input);
    },
  };
  const journal = await openJournal(file, { run, accountId: '111122223333', region: 'us-east-1' });
  const plan = planConformance(local.target, ['edge-pass']);
  await runConformance({ run, target: watched, plan, journal, signal: new AbortController().signal, report: () => undefined });
  expect(seen).toHaveLength(9);
});

it('makes and removes its origins by the real clients of Lambda and IAM', async () => {
  const { accountId } = local.target;
  const standIn = await openAwsStandIn(local.functionUrls, accountId);
  const env = {
    AWS_ENDPOINT_URL: standIn.url,
    AWS_ENDPOINT_URL_CLOUDFRONT: local.controlPlane.url,
    AWS_ENDPOINT_URL_CLOUDFRONT_KEYVALUESTORE: local.controlPlane.url,
  };
  const aws = openKitAws({ env });
  for (const client of [
    await aws.lambda('eu-central-1'),
    await aws.iam(),
    await aws.cloudFront(),
    await aws.keyValueStore(),
    await aws.sts(),
  ])
    client.config.credentials = async () => ({ accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'example' });
  expect(await readCallerIdentity(aws.sts, 5_000)).toMatch(/^111122223333:/);
  const { request, pace, sleep } = local.target;
  const target = openAwsTarget({ accountId, region: 'eu-central-1', call: openServiceCaller(aws, 'eu-central-1'), request, sleep, pace });
  const report = await ask(target, planConformance(target, ['edge-select-post', 'group-failover', 'store-stale-put']));
  await standIn.close();
  expect(report.rows.map(({ verdict, note }) => `${verdict} ${verdict === 'same' ? '' : note}`.trim())).toEqual(['same', 'same', 'same']);
  expect(report).toMatchObject({ target: 'aws', left: [] });
  expect(local.functionUrls.names()).toEqual([]);
});
