import {
  CopyDistributionCommand,
  CreateContinuousDeploymentPolicyCommand,
  GetContinuousDeploymentPolicyCommand,
  ListContinuousDeploymentPoliciesCommand,
  ListDistributionsCommand,
  UpdateContinuousDeploymentPolicyCommand,
} from '@aws-sdk/client-cloudfront';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { applyToAll, applyToSome, endStaging, promoteToAll, showPlan } from '../../../scripts/distribution/write.ts';
import type { DistributionTarget } from '../../../src/distribution/distribution.ts';
import type { StagedTraffic } from '../../../src/distribution/staging.ts';
import { createApplied, openTestDistribution, readFile, runCommand, type TestDistribution } from './open-test-distribution.ts';

let test: TestDistribution;
let id: string;
beforeEach(async () => {
  test = await openTestDistribution();
  id = await createApplied(test);
  // What is to be rolled out in these tests.
  test.file = await readFile({ EUROPE_DOMAIN: 'new.example.com' });
});
afterEach(() => test.close());

const stage = (traffic: StagedTraffic = { weight: 0.05 }, given = {}) =>
  runCommand(test, (target, options, io) => applyToSome(target, traffic, options, io), given);
const promote = (given = {}) => runCommand(test, promoteToAll, given);

const europe = async (of: string) => (await test.read(of)).config.Origins?.Items?.find(({ Id }) => Id === 'europe')?.DomainName;
async function readPolicy() {
  const Id = (await test.read(id)).config.ContinuousDeploymentPolicyId ?? '';
  const { ContinuousDeploymentPolicy, ETag } = await test.client.send(new GetContinuousDeploymentPolicyCommand({ Id }));
  return { Id, ETag, config: ContinuousDeploymentPolicy?.ContinuousDeploymentPolicyConfig };
}

describe('distribution:apply --staging', () => {
  it('puts the change onto a staging distribution, then sends it its part of the viewers; the primary stays as it is', async () => {
    const { code, result } = await stage({ weight: 0.05 });
    expect(code).toBe(0);
    expect(result).toMatchObject({
      written: true,
      deployed: true,
      distribution: { id },
      traffic: { weight: 0.05 },
      changes: [{ kind: 'change', path: 'Origins[europe].DomainName', before: 'europe.example.com', after: 'new.example.com' }],
    });
    expect(await europe(id)).toBe('europe.example.com');
    expect(await europe(result.staging.id)).toBe('new.example.com');
    expect((await test.read(result.staging.id)).config).toMatchObject({ Staging: true, Aliases: { Quantity: 0 } });
    expect((await readPolicy()).config).toMatchObject({
      Enabled: true,
      StagingDistributionDnsNames: { Items: [result.staging.domainName] },
      TrafficConfig: { Type: 'SingleWeight', SingleWeightConfig: { Weight: 0.05 } },
    });
    // Viewers come last.
    expect(test.writes()).toEqual(['CopyDistribution', 'UpdateDistribution', 'CreateContinuousDeploymentPolicy', 'UpdateDistribution']);
  });

  it('does nothing the second time', async () => {
    const first = await stage();
    test.cloud.calls.length = 0;
    const second = await stage();
    expect(second).toMatchObject({ code: 0, result: { written: false, staging: first.result.staging } });
    expect(test.writes()).toEqual([]);
  });

  it.each([
    { after: 'the copy', failing: 'UpdateDistribution' },
    { after: 'the copy’s change', failing: 'CreateContinuousDeploymentPolicy' },
  ])('goes on where it stopped after $after', async ({ failing }) => {
    test.cloud.faults.rules = [
      { kind: 'conflict', operation: failing },
      { kind: 'internal-error', operation: failing },
    ];
    expect((await stage()).code).toBeInstanceOf(Error);
    expect(await europe(id)).toBe('europe.example.com');
    test.cloud.faults.rules = [];
    test.cloud.calls.length = 0;
    const { code, result } = await stage();
    expect(code).toBe(0);
    expect(test.writes()).not.toContain('CopyDistribution');
    expect(await europe(result.staging.id)).toBe('new.example.com');
  });

  it('finds a policy that was made and not yet attached', async () => {
    const { result } = await stage();
    await test.edit(id, () => ({ ContinuousDeploymentPolicyId: '' }));
    test.cloud.calls.length = 0;
    expect((await stage()).result).toMatchObject({ written: true, staging: result.staging });
    expect(test.writes()).toEqual(['UpdateDistribution']);
    expect((await readPolicy()).config?.Enabled).toBe(true);
  });

  it('moves from a header to a share and keeps the stickiness that an operator has set', async () => {
    await stage({ header: 'aws-cf-cd-canary', value: '1' });
    expect((await readPolicy()).config?.TrafficConfig).toEqual({
      Type: 'SingleHeader',
      SingleHeaderConfig: { Header: 'aws-cf-cd-canary', Value: '1' },
    });
    await stage({ weight: 0.01 });
    const { Id, ETag, config } = await readPolicy();
    const sticky = { Weight: 0.01, SessionStickinessConfig: { IdleTTL: 300, MaximumTTL: 600 } };
    const ContinuousDeploymentPolicyConfig = { ...config, TrafficConfig: { Type: 'SingleWeight', SingleWeightConfig: sticky } } as never;
    await test.client.send(new UpdateContinuousDeploymentPolicyCommand({ Id, IfMatch: ETag, ContinuousDeploymentPolicyConfig }));
    await stage({ weight: 0.15 });
    expect((await readPolicy()).config?.TrafficConfig?.SingleWeightConfig).toEqual({ ...sticky, Weight: 0.15 });
  });

  it('brings a staging distribution back when the file goes back', async () => {
    const { result } = await stage();
    test.file = await readFile();
    expect((await stage()).result).toMatchObject({ written: true, changes: [] });
    expect(await europe(result.staging.id)).toBe('europe.example.com');
  });

  it('has nothing to do without a change', async () => {
    test.file = await readFile();
    expect(await stage()).toMatchObject({ code: 0, result: { written: false, staging: null, traffic: null } });
    expect(test.writes()).toEqual([]);
  });

  it.each([
    {
      when: 'an alias is new',
      file: () => ({ Aliases: { Quantity: 2, Items: ['www.example.com', 'new.example.com'] } }),
      says: 'Aliases[new.example.com]',
    },
    { when: 'the price class changes', file: () => ({ PriceClass: 'PriceClass_100' as const }), says: 'PriceClass' },
    { when: 'HTTP/3 is on', file: () => ({ HttpVersion: 'http2and3' as const }), says: 'HTTP/3' },
  ])('is refused before anything is written when $when', async ({ file, says }) => {
    const { code } = await stage(undefined, { file: { ...test.file, ...file() } });
    expect(code).toMatchObject({ code: 'USAGE', message: expect.stringContaining(says) });
    expect(test.writes()).toEqual([]);
  });

  it('needs a distribution that is there', async () => {
    await test.close();
    test = await openTestDistribution();
    expect((await stage()).code).toMatchObject({ code: 'NOT_FOUND' });
  });

  it('moves no viewer when the primary changes while the staging distribution is being deployed', async () => {
    const { code } = await runCommand(test, (target, options, io) =>
      applyToSome(target, { weight: 0.05 }, options, {
        ...io,
        stderr: (line) => {
          if (line.startsWith('staging distribution')) edited = test.edit(id, () => ({ Comment: 'mine' }));
        },
      }),
    );
    await edited;
    expect(code).toMatchObject({ code: 'CONFLICT', message: expect.stringContaining('no viewer was moved') });
    expect((await test.read(id)).config.ContinuousDeploymentPolicyId).toBe('');
  });
  let edited: Promise<void> | undefined;

  it('asks first, and a no writes nothing', async () => {
    const { code, err } = await stage(undefined, { terminal: 'n' });
    expect(code).toBe(1);
    expect(err).toContain('5 % of the viewers');
    expect(test.writes()).toEqual([]);
  });
});

describe('a plan while a rollout runs', () => {
  it('keeps the policy', async () => {
    await stage();
    const { result } = await runCommand(test, (target, _, io) => showPlan(target, false, io));
    expect(result.kept).toEqual([{ path: 'ContinuousDeploymentPolicyId', value: (await readPolicy()).Id }]);
  });

  it('ends the rollout when the policy is dropped', async () => {
    await stage();
    test.file = await readFile();
    expect((await runCommand(test, applyToAll, { drop: ['ContinuousDeploymentPolicyId'] })).code).toBe(0);
    expect((await test.read(id)).config.ContinuousDeploymentPolicyId).toBe('');
  });
});

describe('distribution:promote', () => {
  it('gives all viewers the staged change, keeps aliases, and ends the rollout', async () => {
    await stage();
    const { code, result } = await promote();
    expect(code).toBe(0);
    expect(result).toMatchObject({
      written: true,
      deployed: true,
      changes: [{ kind: 'change', path: 'Origins[europe].DomainName', before: 'europe.example.com', after: 'new.example.com' }],
    });
    expect(await europe(id)).toBe('new.example.com');
    expect((await test.read(id)).config.Aliases?.Items).toEqual(['www.example.com']);
    expect((await readPolicy()).config?.Enabled).toBe(false);
    const { result: plan } = await runCommand(test, (target, _, io) => showPlan(target, false, io));
    expect(plan.changes).toEqual([]);
  });

  it('leaves what it used for the next rollout', async () => {
    const { result: first } = await stage();
    await promote();
    expect((await stage()).result).toMatchObject({ written: false, traffic: null });
    test.file = await readFile({ EUROPE_DOMAIN: 'newer.example.com' });
    test.cloud.calls.length = 0;
    const { result: second } = await stage();
    expect(second).toMatchObject({ written: true, staging: first.staging });
    expect(test.writes()).toEqual(['UpdateDistribution', 'UpdateContinuousDeploymentPolicy']);
    expect((await readPolicy()).config?.Enabled).toBe(true);
  });

  it('the second time finds nothing to do', async () => {
    await stage();
    await promote();
    test.cloud.calls.length = 0;
    expect(await promote()).toMatchObject({ code: 0, result: { written: false, changes: [] } });
    expect(test.writes()).toEqual([]);
  });

  it('without a rollout says how to start one', async () => {
    expect((await promote()).code).toMatchObject({ code: 'NOT_FOUND', hint: expect.stringContaining('--staging') });
  });

  it('waits for the staging distribution to be complete', async () => {
    await test.close();
    test = await openTestDistribution(600);
    id = await createApplied(test);
    test.file = await readFile({ EUROPE_DOMAIN: 'new.example.com' });
    const staged = (await stage()).result.staging.id;
    await test.edit(staged, () => ({ Comment: 'once more' }));
    expect((await promote()).code).toMatchObject({ code: 'NOT_READY', message: expect.stringContaining(staged) });
  });

  it('promotes only what it has shown', async () => {
    const { result } = await stage();
    const { code } = await runCommand(
      test,
      (target, options, io) =>
        promoteToAll(
          target,
          { ...options, yes: false },
          {
            ...io,
            confirm: async () => {
              await test.edit(result.staging.id, () => ({ Comment: 'something else' }));
              return true;
            },
          },
        ),
      { terminal: '' },
    );
    expect(code).toMatchObject({ code: 'CONFLICT', message: expect.stringContaining('nothing was promoted') });
    expect(await europe(id)).toBe('europe.example.com');
  });

  it('survives an answer that was lost', async () => {
    await stage();
    test.cloud.faults.rules = [{ kind: 'drop-response', operation: 'UpdateDistributionWithStagingConfig', times: 1 }];
    expect((await promote()).code).toBe(0);
    expect(await europe(id)).toBe('new.example.com');
  });

  it('interrupted after the write, says that the change is in force', async () => {
    await stage();
    const stop = new AbortController();
    const { code } = await runCommand(test, (target, options, io) =>
      promoteToAll(target, options, {
        ...io,
        signal: stop.signal,
        stderr: (line) => line.startsWith('written') && stop.abort(),
      }),
    );
    expect(code).toMatchObject({
      code: 'INTERRUPTED',
      message: expect.stringContaining('in force'),
      hint: expect.stringContaining('npm run distribution:promote'),
    });
    expect(await europe(id)).toBe('new.example.com');
  });
});

describe('distribution:unstage', () => {
  const unstage = (given = {}) => runCommand(test, endStaging, given);
  const left = async () => {
    const [{ DistributionList }, { ContinuousDeploymentPolicyList }] = await Promise.all([
      test.client.send(new ListDistributionsCommand({})),
      test.client.send(new ListContinuousDeploymentPoliciesCommand({})),
    ]);
    const policy = (await test.read(id)).config.ContinuousDeploymentPolicyId;
    return [DistributionList?.Items?.length ?? 0, ContinuousDeploymentPolicyList?.Items?.length ?? 0, policy];
  };

  it('leaves nothing of a promoted rollout', async () => {
    const { result: staged } = await stage();
    await promote();
    const { code, result } = await unstage();
    expect(code).toBe(0);
    expect(result).toMatchObject({ written: true, distribution: { id }, staging: staged.staging.id, lost: [] });
    expect(await left()).toEqual([1, 0, '']);
    expect(await europe(id)).toBe('new.example.com');
    expect((await unstage()).result).toMatchObject({ written: false, policy: null, staging: null });
  });

  it('gives up a rollout that was not promoted, and lists what is lost', async () => {
    await stage();
    const { result } = await unstage();
    expect(result.lost).toEqual([expect.objectContaining({ path: 'Origins[europe].DomainName', after: 'new.example.com' })]);
    expect(await left()).toEqual([1, 0, '']);
    expect(await europe(id)).toBe('europe.example.com');
  });

  it.each(['DeleteContinuousDeploymentPolicy', 'DeleteDistribution'])('goes on where it stopped before %s', async (operation) => {
    await stage();
    test.cloud.faults.rules = [{ kind: 'internal-error', operation }];
    expect((await unstage()).code).toBeInstanceOf(Error);
    test.cloud.faults.rules = [];
    expect((await unstage()).code).toBe(0);
    expect(await left()).toEqual([1, 0, '']);
  });

  it('interrupted, says how to go on', async () => {
    await stage();
    const stop = new AbortController();
    const { code } = await runCommand(test, (target, options, io) =>
      endStaging(target, options, { ...io, signal: stop.signal, stderr: (line) => line.startsWith('written') && stop.abort() }),
    );
    expect(code).toMatchObject({ code: 'INTERRUPTED', hint: expect.stringContaining('npm run distribution:unstage') });
    expect((await unstage()).code).toBe(0);
    expect(await left()).toEqual([1, 0, '']);
  });

  it('reads again after a conflict, and keeps what the other writer changed', async () => {
    await stage();
    await test.edit(id, () => ({ DefaultRootObject: 'theirs.html' }));
    test.cloud.faults.rules = [{ kind: 'conflict', operation: 'UpdateDistribution', times: 1 }];
    expect((await unstage()).code).toBe(0);
    expect(await left()).toEqual([1, 0, '']);
    expect((await test.read(id)).config.DefaultRootObject).toBe('theirs.html');
  });

  it('does not end the rollout of another tool', async () => {
    const { config } = await test.read(id);
    const copy = new CopyDistributionCommand({
      PrimaryDistributionId: id,
      Staging: true,
      Enabled: true,
      CallerReference: 'terraform',
      IfMatch: (await test.read(id)).etag,
    });
    const { Distribution } = await test.client.send(copy);
    const { ContinuousDeploymentPolicy } = await test.client.send(
      new CreateContinuousDeploymentPolicyCommand({
        ContinuousDeploymentPolicyConfig: {
          Enabled: true,
          StagingDistributionDnsNames: { Quantity: 1, Items: [Distribution?.DomainName ?? ''] },
          TrafficConfig: { Type: 'SingleHeader', SingleHeaderConfig: { Header: 'aws-cf-cd-x', Value: '1' } },
        },
      }),
    );
    await test.edit(id, () => ({ ...config, ContinuousDeploymentPolicyId: ContinuousDeploymentPolicy?.Id ?? '' }));
    test.cloud.calls.length = 0;
    expect((await unstage()).code).toMatchObject({ code: 'CONFLICT' });
    expect(test.writes()).toEqual([]);
  });

  it('does not delete a policy whose staging distribution it does not find', async () => {
    await stage();
    const { Id } = await readPolicy();
    const client = Object.create(test.client) as typeof test.client;
    client.send = async (command: object) =>
      command instanceof ListDistributionsCommand
        ? { DistributionList: { Items: [] } }
        : test.client.send(command as ListDistributionsCommand);
    test.cloud.calls.length = 0;
    const { code } = await runCommand(test, (target, options, io) =>
      endStaging({ ...target, id, client } as DistributionTarget, options, io),
    );
    expect(code).toMatchObject({ code: 'CONFLICT', message: expect.stringContaining(Id) });
    expect(test.writes()).toEqual([]);
  });

  it('writes nothing without a yes', async () => {
    await stage();
    test.cloud.calls.length = 0;
    expect((await unstage({ terminal: 'n' })).code).toBe(1);
    expect(test.writes()).toEqual([]);
  });
});
