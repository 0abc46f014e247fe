import {
  type ContinuousDeploymentPolicyConfig,
  CopyDistributionCommand,
  CreateContinuousDeploymentPolicyCommand,
  CreateDistributionCommand,
  DeleteContinuousDeploymentPolicyCommand,
  DeleteDistributionCommand,
  type DistributionConfig,
  GetContinuousDeploymentPolicyCommand,
  GetDistributionCommand,
  ListContinuousDeploymentPoliciesCommand,
  ListDistributionsCommand,
  UpdateContinuousDeploymentPolicyCommand,
  UpdateDistributionCommand,
  UpdateDistributionWithStagingConfigCommand,
} from '@aws-sdk/client-cloudfront';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { distributionConfig, type LocalAccount, openLocalAccount, refusalOf, until } from './open-local-account.ts';

let account: LocalAccount;
beforeEach(async () => {
  account = await openLocalAccount();
});
afterEach(() => account.close());

const send: LocalAccount['cloudfront']['send'] = ((command: never) => account.cloudfront.send(command)) as never;

interface Made {
  id: string;
  etag: string;
  domainName: string;
  config: DistributionConfig;
}

const certificate = {
  ACMCertificateArn: 'arn:aws:acm:us-east-1:111122223333:certificate/1',
  SSLSupportMethod: 'sni-only' as const,
};

async function createPrimary(change: Partial<DistributionConfig> = {}): Promise<Made> {
  const aliases = { Aliases: { Quantity: 1, Items: ['www.example.com'] }, ViewerCertificate: certificate };
  const config = { ...distributionConfig(), ...aliases, ...change };
  return made(await send(new CreateDistributionCommand({ DistributionConfig: config })));
}

async function copy(primary: Made, CallerReference = 'copy'): Promise<Made> {
  return made(
    await send(new CopyDistributionCommand({ PrimaryDistributionId: primary.id, IfMatch: primary.etag, Staging: true, CallerReference })),
  );
}

function made({ Distribution, ETag }: { Distribution?: unknown; ETag?: string | undefined }): Made {
  const { Id = '', DomainName = '', DistributionConfig: config } = Distribution as Record<string, string>;
  return { id: Id, etag: ETag ?? '', domainName: DomainName, config: config as unknown as DistributionConfig };
}

const read = async (id: string) => made(await send(new GetDistributionCommand({ Id: id })));

const weightPolicy = (staging: Made, Weight = 0.05): ContinuousDeploymentPolicyConfig => ({
  StagingDistributionDnsNames: { Quantity: 1, Items: [staging.domainName] },
  Enabled: true,
  TrafficConfig: { Type: 'SingleWeight', SingleWeightConfig: { Weight } },
});

const createPolicy = (config: ContinuousDeploymentPolicyConfig) =>
  send(new CreateContinuousDeploymentPolicyCommand({ ContinuousDeploymentPolicyConfig: config }));

const update = (of: Made, change: Partial<DistributionConfig>) =>
  send(new UpdateDistributionCommand({ Id: of.id, IfMatch: of.etag, DistributionConfig: { ...of.config, ...change } }));

/** A primary, its copy and a policy that is attached. */
async function openRollout() {
  const primary = await createPrimary();
  const staging = await copy(primary);
  const { ContinuousDeploymentPolicy: policy } = await createPolicy(weightPolicy(staging));
  const attached = made(await update(primary, { ContinuousDeploymentPolicyId: policy?.Id }));
  return { primary: attached, staging, policyId: policy?.Id ?? '' };
}

const promote = (primary: Made, staging: Made, IfMatch = `${primary.etag}, ${staging.etag}`) =>
  send(new UpdateDistributionWithStagingConfigCommand({ Id: primary.id, StagingDistributionId: staging.id, IfMatch }));

describe('CopyDistribution', () => {
  it('makes a staging distribution with the primary’s config, but no aliases', async () => {
    const primary = await createPrimary({ DefaultRootObject: 'index.html' });
    const staging = await copy(primary);
    expect(staging.id).not.toBe(primary.id);
    expect(staging.config).toMatchObject({
      CallerReference: 'copy',
      Staging: true,
      DefaultRootObject: 'index.html',
      Aliases: { Quantity: 0 },
      Origins: primary.config.Origins,
    });
    const { DistributionList } = await send(new ListDistributionsCommand({}));
    expect(DistributionList?.Items?.map(({ Id, Staging }) => ({ Id, Staging }))).toEqual(
      expect.arrayContaining([
        { Id: primary.id, Staging: false },
        { Id: staging.id, Staging: true },
      ]),
    );
    await until(async () => (await send(new GetDistributionCommand({ Id: staging.id }))).Distribution?.Status === 'Deployed');
  });

  it.each([
    { when: 'the primary’s ETag is not the current one', change: { IfMatch: 'E1' }, code: 'InvalidIfMatchVersion' },
    { when: 'it is not to be a staging distribution', change: { Staging: false }, code: 'InvalidArgument' },
    { when: 'the caller reference is in use', change: { CallerReference: 'test' }, code: 'DistributionAlreadyExists' },
    { when: 'there is no such primary', change: { PrimaryDistributionId: 'E1' }, code: 'NoSuchDistribution' },
  ])('is refused when $when', async ({ change, code }) => {
    const primary = await createPrimary();
    const input = { PrimaryDistributionId: primary.id, IfMatch: primary.etag, Staging: true, CallerReference: 'copy', ...change };
    expect(await refusalOf(send(new CopyDistributionCommand(input)))).toMatchObject({ code });
  });

  it('is refused with HTTP/3', async () => {
    expect(await refusalOf(copy(await createPrimary({ HttpVersion: 'http2and3' })))).toMatchObject({ code: 'InvalidArgument' });
  });

  it('is refused of a staging distribution', async () => {
    const staging = await copy(await createPrimary());
    expect(await refusalOf(copy(staging, 'copy of a copy'))).toMatchObject({ code: 'InvalidArgument' });
  });
});

describe('a staging distribution', () => {
  it('takes other origins, behaviors and error pages', async () => {
    const staging = await copy(await createPrimary());
    const behavior = staging.config.DefaultCacheBehavior;
    const changed = made(
      await update(staging, { Comment: 'new', DefaultCacheBehavior: { ...behavior, Compress: true } as typeof behavior }),
    );
    expect(changed.config).toMatchObject({ Comment: 'new', DefaultCacheBehavior: { Compress: true } });
  });

  it.each([
    { field: 'PriceClass', change: { PriceClass: 'PriceClass_100' } },
    { field: 'HttpVersion', change: { HttpVersion: 'http1.1' } },
    { field: 'IsIPV6Enabled', change: { IsIPV6Enabled: true } },
    { field: 'WebACLId', change: { WebACLId: 'arn:aws:wafv2:us-east-1:111122223333:global/webacl/a/1' } },
    { field: 'Aliases', change: { Aliases: { Quantity: 1, Items: ['new.example.com'] } } },
    { field: 'Staging', change: { Staging: false } },
  ] as const)('cannot have another $field', async ({ change }) => {
    const staging = await copy(await createPrimary());
    expect(await refusalOf(update(staging, change as Partial<DistributionConfig>))).toMatchObject({ code: 'IllegalUpdate', status: 400 });
  });

  it('is also made by CreateDistribution, and can be the other half of any primary', async () => {
    const primary = await createPrimary();
    const staging = made(
      await send(new CreateDistributionCommand({ DistributionConfig: { ...distributionConfig(), CallerReference: 'own', Staging: true } })),
    );
    expect(staging.config.Staging).toBe(true);
    const { ContinuousDeploymentPolicy: policy } = await createPolicy(weightPolicy(staging));
    const attached = made(await update(primary, { ContinuousDeploymentPolicyId: policy?.Id }));
    expect(attached.config.ContinuousDeploymentPolicyId).toBe(policy?.Id);
  });

  it.each<{ what: string; change: Partial<DistributionConfig>; code: string }>([
    { what: 'aliases', change: { Staging: true }, code: 'InvalidArgument' },
    { what: 'a policy of its own', change: { ContinuousDeploymentPolicyId: 'made-later' }, code: 'InvalidArgument' },
  ])('is not created with $what', async ({ change, code }) => {
    expect(await refusalOf(createPrimary(change))).toMatchObject({ code, status: 400 });
  });

  it('stays one, and a primary stays none', async () => {
    const { primary, staging } = await openRollout();
    for (const one of [primary, staging])
      expect(await refusalOf(update(one, { Staging: one === primary, Aliases: { Quantity: 0 } }))).toMatchObject({ code: 'IllegalUpdate' });
  });

  it('cannot be deleted while a policy names it', async () => {
    const { staging } = await openRollout();
    const disabled = made(await update(staging, { Enabled: false }));
    await until(async () => (await send(new GetDistributionCommand({ Id: staging.id }))).Distribution?.Status === 'Deployed');
    const remove = send(new DeleteDistributionCommand({ Id: staging.id, IfMatch: disabled.etag }));
    expect(await refusalOf(remove)).toMatchObject({ code: 'ResourceInUse', status: 409 });
  });
});

it('the edge is shown where part of the requests goes, from deployment to promotion', async () => {
  const shown = (id: string) => account.cloud.published.staging?.(id);
  const { primary, staging, policyId } = await openRollout();
  await expect.poll(() => shown(primary.id)).toEqual({ id: staging.id, takes: { share: 0.05 } });
  expect(shown(staging.id)).toBeUndefined();
  const told: string[] = [];
  account.cloud.published.subscribe((change) => told.push(change.kind === 'distribution' ? change.id : change.kind));
  const header = { Type: 'SingleHeader', SingleHeaderConfig: { Header: 'AWS-CF-CD-Canary', Value: 'Yes' } } as const;
  const { ETag: IfMatch } = await send(new GetContinuousDeploymentPolicyCommand({ Id: policyId }));
  const ContinuousDeploymentPolicyConfig = { ...weightPolicy(staging), TrafficConfig: header };
  await send(new UpdateContinuousDeploymentPolicyCommand({ Id: policyId, IfMatch, ContinuousDeploymentPolicyConfig }));
  expect(shown(primary.id)).toEqual({ id: staging.id, takes: { header: 'aws-cf-cd-canary', value: 'Yes' } });
  expect(told).toEqual([primary.id]);
  await promote(primary, staging);
  expect(shown(primary.id)).toBeUndefined();
});

describe('a continuous deployment policy', () => {
  it('is created, read, listed, updated and deleted', async () => {
    const staging = await copy(await createPrimary());
    const created = await createPolicy(weightPolicy(staging));
    const Id = created.ContinuousDeploymentPolicy?.Id ?? '';
    expect(created).toMatchObject({ $metadata: { httpStatusCode: 201 }, Location: expect.stringContaining(Id) });
    const header = { Type: 'SingleHeader', SingleHeaderConfig: { Header: 'aws-cf-cd-canary', Value: '1' } } as const;
    const ContinuousDeploymentPolicyConfig = { ...weightPolicy(staging), TrafficConfig: header };
    const updated = await send(
      new UpdateContinuousDeploymentPolicyCommand({ Id, IfMatch: created.ETag, ContinuousDeploymentPolicyConfig }),
    );
    const found = await send(new GetContinuousDeploymentPolicyCommand({ Id }));
    expect(found.ETag).toBe(updated.ETag);
    expect(found.ContinuousDeploymentPolicy?.ContinuousDeploymentPolicyConfig).toEqual(ContinuousDeploymentPolicyConfig);
    const { ContinuousDeploymentPolicyList: list } = await send(new ListContinuousDeploymentPoliciesCommand({}));
    expect(list).toMatchObject({ Quantity: 1, Items: [{ ContinuousDeploymentPolicy: { Id } }] });
    const stale = send(new DeleteContinuousDeploymentPolicyCommand({ Id, IfMatch: created.ETag }));
    expect(await refusalOf(stale)).toMatchObject({ code: 'PreconditionFailed', status: 412 });
    await send(new DeleteContinuousDeploymentPolicyCommand({ Id, IfMatch: updated.ETag }));
    expect(await refusalOf(send(new GetContinuousDeploymentPolicyCommand({ Id })))).toMatchObject({
      code: 'NoSuchContinuousDeploymentPolicy',
      status: 404,
    });
  });

  it.each([
    { when: 'the weight is above 15 %', traffic: { Type: 'SingleWeight', SingleWeightConfig: { Weight: 0.16 } } },
    { when: 'the weight is negative', traffic: { Type: 'SingleWeight', SingleWeightConfig: { Weight: -0.01 } } },
    {
      when: 'the header is not CloudFront’s own',
      traffic: { Type: 'SingleHeader', SingleHeaderConfig: { Header: 'x-canary', Value: '1' } },
    },
    { when: 'the type has no config', traffic: { Type: 'SingleHeader', SingleWeightConfig: { Weight: 0.1 } } },
    {
      when: 'stickiness is shorter than five minutes',
      traffic: {
        Type: 'SingleWeight',
        SingleWeightConfig: { Weight: 0.1, SessionStickinessConfig: { IdleTTL: 299, MaximumTTL: 600 } },
      },
    },
  ] as const)('is refused when $when', async ({ traffic }) => {
    const staging = await copy(await createPrimary());
    const config = { ...weightPolicy(staging), TrafficConfig: traffic } as ContinuousDeploymentPolicyConfig;
    expect(await refusalOf(createPolicy(config))).toMatchObject({ code: 'InvalidArgument', status: 400 });
  });

  it('is refused for what is not a staging distribution, and for one that has a policy', async () => {
    const primary = await createPrimary();
    expect(await refusalOf(createPolicy(weightPolicy(primary)))).toMatchObject({ code: 'InvalidArgument' });
    const staging = await copy(primary);
    await createPolicy(weightPolicy(staging));
    expect(await refusalOf(createPolicy(weightPolicy(staging)))).toMatchObject({ code: 'StagingDistributionInUse', status: 409 });
  });

  it('belongs to the one primary that its staging distribution was copied from', async () => {
    const { staging, policyId } = await openRollout();
    const other = await createPrimary({ CallerReference: 'other', Aliases: { Quantity: 0 } });
    expect(await refusalOf(update(other, { ContinuousDeploymentPolicyId: policyId }))).toMatchObject({
      code: 'ContinuousDeploymentPolicyInUse',
      status: 409,
    });
    expect(await refusalOf(update(staging, { ContinuousDeploymentPolicyId: policyId }))).toMatchObject({ code: 'InvalidArgument' });
    expect(await refusalOf(update(other, { ContinuousDeploymentPolicyId: 'none' }))).toMatchObject({
      code: 'NoSuchContinuousDeploymentPolicy',
      status: 404,
    });
  });

  it('cannot be deleted while a distribution has it', async () => {
    const { policyId } = await openRollout();
    const { ETag } = await send(new GetContinuousDeploymentPolicyCommand({ Id: policyId }));
    const remove = send(new DeleteContinuousDeploymentPolicyCommand({ Id: policyId, IfMatch: ETag }));
    expect(await refusalOf(remove)).toMatchObject({ code: 'ContinuousDeploymentPolicyInUse', status: 409 });
  });
});

describe('UpdateDistributionWithStagingConfig', () => {
  it('gives the primary the staging config, keeps its aliases and policy, and disables the policy', async () => {
    const { primary, staging, policyId } = await openRollout();
    const changed = made(await update(staging, { DefaultRootObject: 'new.html' }));
    const promoted = made(await promote(primary, changed));
    expect(promoted.id).toBe(primary.id);
    expect(promoted.etag).not.toBe(primary.etag);
    expect(promoted.config).toMatchObject({
      CallerReference: 'test',
      DefaultRootObject: 'new.html',
      Staging: false,
      ContinuousDeploymentPolicyId: policyId,
      Aliases: { Quantity: 1, Items: ['www.example.com'] },
    });
    const { ContinuousDeploymentPolicy: policy } = await send(new GetContinuousDeploymentPolicyCommand({ Id: policyId }));
    expect(policy?.ContinuousDeploymentPolicyConfig?.Enabled).toBe(false);
    expect((await read(staging.id)).config.Staging).toBe(true);
  });

  it('needs the current ETags of both, the primary’s first', async () => {
    const { primary, staging } = await openRollout();
    const changed = made(await update(staging, { Comment: 'newer' }));
    expect(await refusalOf(promote(primary, staging))).toMatchObject({ code: 'PreconditionFailed', status: 412 });
    expect(await refusalOf(promote(primary, changed, primary.etag))).toMatchObject({ code: 'InvalidIfMatchVersion', status: 400 });
    expect(await refusalOf(promote(primary, changed, `${changed.etag}, ${primary.etag}`))).toMatchObject({ code: 'InvalidIfMatchVersion' });
    await promote(primary, changed);
  });

  it('is refused without a policy, and for a staging distribution that is not its own', async () => {
    const lone = await createPrimary({ CallerReference: 'lone', Aliases: { Quantity: 0 } });
    expect(await refusalOf(promote(lone, lone))).toMatchObject({ code: 'InvalidArgument' });
    const { primary } = await openRollout();
    expect(await refusalOf(promote(primary, lone))).toMatchObject({ code: 'NoSuchDistribution' });
  });
});

describe('a distribution with a policy', () => {
  const webAcl = 'arn:aws:wafv2:us-east-1:111122223333:global/webacl/a/473e64fd-f30b-4765-81a0-62ad96dd167a';
  const own = { ...certificate, CloudFrontDefaultCertificate: false };
  it.each<{ what: string; change: Partial<DistributionConfig> }>([
    { what: 'certificate', change: { ViewerCertificate: { ...own, ACMCertificateArn: `${own.ACMCertificateArn}2` } } },
    { what: 'minimum TLS version', change: { ViewerCertificate: { ...own, MinimumProtocolVersion: 'TLSv1.2_2021' } } },
    { what: 'web ACL', change: { WebACLId: webAcl } },
  ])('cannot change its $what until the policy is detached', async ({ change }) => {
    const { primary } = await openRollout();
    expect(await refusalOf(update(primary, change))).toMatchObject({ code: 'IllegalUpdate', status: 400 });
    const detached = made(await update(primary, { ContinuousDeploymentPolicyId: '' }));
    expect(made(await update(detached, change)).config).toMatchObject(change);
  });

  it('keeps it when an update leaves it out, and loses it to empty text', async () => {
    const { primary, policyId } = await openRollout();
    const { ContinuousDeploymentPolicyId: _, ...without } = primary.config;
    const kept = made(
      await send(
        new UpdateDistributionCommand({ Id: primary.id, IfMatch: primary.etag, DistributionConfig: without as DistributionConfig }),
      ),
    );
    expect(kept.config.ContinuousDeploymentPolicyId).toBe(policyId);
    expect(made(await update(kept, { ContinuousDeploymentPolicyId: '' })).config.ContinuousDeploymentPolicyId).toBe('');
  });
});
