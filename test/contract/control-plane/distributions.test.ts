import {
  CreateDistributionCommand,
  DeleteDistributionCommand,
  type DistributionConfig,
  GetDistributionCommand,
  GetDistributionConfigCommand,
  ListDistributionsCommand,
  UpdateDistributionCommand,
} from '@aws-sdk/client-cloudfront';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readDistribution } from '../../../src/config/distribution-file.ts';
import {
  completeConfig,
  createLiveFunction,
  distributionConfig,
  type LocalAccount,
  openLocalAccount,
  refusalOf,
  until,
} from './open-local-account.ts';

let account: LocalAccount;
beforeEach(async () => {
  account = await openLocalAccount();
});
afterEach(() => account.close());

const send: LocalAccount['cloudfront']['send'] = ((command: never) => account.cloudfront.send(command)) as never;

async function create(config: DistributionConfig = distributionConfig()): Promise<{ id: string; etag: string }> {
  const created = await send(new CreateDistributionCommand({ DistributionConfig: config }));
  return { id: created.Distribution?.Id ?? '', etag: created.ETag ?? '' };
}

const deployed = (id: string) =>
  until(async () => (await send(new GetDistributionCommand({ Id: id }))).Distribution?.Status === 'Deployed');

describe('a distribution', () => {
  it('is made from the repository’s distribution.json unchanged', async () => {
    await createLiveFunction(account, 'origin-router');
    const config = await readDistribution('test/fixtures/sample/distribution.json', {
      VIEWER_DOMAIN: 'www.example.com',
      ACM_CERTIFICATE_ARN: 'arn:aws:acm:us-east-1:111122223333:certificate/1234',
      SINGAPORE_DOMAIN: 'singapore.example.com',
      EUROPE_DOMAIN: 'europe.example.com',
      ORIGIN_VERIFY_SECRET: 'secret & <more>',
      AWS_ACCOUNT_ID: '111122223333',
    });
    const created = await send(new CreateDistributionCommand({ DistributionConfig: config }));
    expect(created).toMatchObject({
      $metadata: { httpStatusCode: 201 },
      ETag: expect.stringMatching(/^E/),
      Location: expect.stringContaining('/distribution/E'),
    });
    expect(created.Distribution).toMatchObject({
      Status: 'InProgress',
      DomainName: expect.stringMatching(/^d[a-z0-9]{13}\.cloudfront\.net$/),
    });
    // What was sent comes back, and nothing of it is lost.
    expect(created.Distribution?.DistributionConfig).toMatchObject(config);
  });

  it('reaches the edge when it is Deployed, not before, and a change likewise', async () => {
    await account.close();
    account = await openLocalAccount({ deployMs: 1_000 });
    const changes: unknown[] = [];
    account.cloud.published.subscribe((change) => changes.push(change));
    const { id, etag } = await create();
    expect(account.cloud.published.distribution(id)).toBeUndefined();
    await deployed(id);
    expect(account.cloud.published.distribution(id)?.Comment).toBe('');
    await send(new UpdateDistributionCommand({ Id: id, IfMatch: etag, DistributionConfig: { ...completeConfig(), Comment: 'new' } }));
    expect(account.cloud.published.distribution(id)?.Comment).toBe('');
    await deployed(id);
    expect(account.cloud.published.distribution(id)?.Comment).toBe('new');
    expect(changes).toEqual([
      { kind: 'distribution', id },
      { kind: 'distribution', id },
    ]);
  });

  it('comes back with every default written out', async () => {
    const { id } = await create();
    const { DistributionConfig: config } = await send(new GetDistributionConfigCommand({ Id: id }));
    expect(config).toMatchObject({
      ...distributionConfig(),
      Aliases: { Quantity: 0 },
      PriceClass: 'PriceClass_All',
      HttpVersion: 'http2',
      Restrictions: { GeoRestriction: { RestrictionType: 'none' } },
      ViewerCertificate: { CloudFrontDefaultCertificate: true },
    });
    expect(config?.Origins?.Items?.[0]).toMatchObject({
      ConnectionAttempts: 3,
      ConnectionTimeout: 10,
      CustomOriginConfig: { OriginReadTimeout: 30 },
    });
    expect(config?.DefaultCacheBehavior?.AllowedMethods).toMatchObject({ Quantity: 2, CachedMethods: { Quantity: 2 } });
  });

  it('can be updated with what GetDistributionConfig answered, and is then the same', async () => {
    const { id } = await create();
    const { DistributionConfig: config, ETag } = await send(new GetDistributionConfigCommand({ Id: id }));
    const updated = await send(new UpdateDistributionCommand({ Id: id, IfMatch: ETag, DistributionConfig: config }));
    expect(updated.Distribution?.DistributionConfig).toEqual(config);
    expect(updated.ETag).not.toBe(ETag);
  });

  it('is replaced by an update as a whole', async () => {
    const { id, etag } = await create({ ...distributionConfig(), DefaultRootObject: 'index.html', IsIPV6Enabled: true });
    await send(new UpdateDistributionCommand({ Id: id, IfMatch: etag, DistributionConfig: completeConfig() }));
    const { DistributionConfig: config } = await send(new GetDistributionConfigCommand({ Id: id }));
    expect(config).toMatchObject({ DefaultRootObject: '', IsIPV6Enabled: false });
  });

  it('is listed with its status', async () => {
    const { id } = await create();
    const { DistributionList: list } = await send(new ListDistributionsCommand({}));
    expect(list).toMatchObject({ Quantity: 1, IsTruncated: false, Items: [{ Id: id, Origins: { Quantity: 2 }, Enabled: true }] });
  });

  it('can be deleted only once it is disabled and that is deployed', async () => {
    await account.close();
    account = await openLocalAccount({ deployMs: 1_000 });
    const { id, etag } = await create();
    const remove = (IfMatch: string | undefined) => send(new DeleteDistributionCommand({ Id: id, IfMatch }));
    await deployed(id);
    expect(await refusalOf(remove(etag))).toMatchObject({ code: 'DistributionNotDisabled', status: 409 });
    const disabled = await send(
      new UpdateDistributionCommand({ Id: id, IfMatch: etag, DistributionConfig: { ...completeConfig(), Enabled: false } }),
    );
    expect(await refusalOf(remove(disabled.ETag))).toMatchObject({ code: 'DistributionNotDisabled', status: 409 });
    await deployed(id);
    expect((await remove(disabled.ETag)).$metadata.httpStatusCode).toBe(204);
    expect(account.cloud.published.distribution(id)).toBeUndefined();
    expect(await refusalOf(send(new GetDistributionCommand({ Id: id })))).toMatchObject({ code: 'NoSuchDistribution', status: 404 });
  });
});

describe('If-Match of a distribution', () => {
  const writes = [
    {
      operation: 'UpdateDistribution',
      write: (Id: string, IfMatch: string) => new UpdateDistributionCommand({ Id, IfMatch, DistributionConfig: completeConfig() }),
    },
    { operation: 'DeleteDistribution', write: (Id: string, IfMatch: string) => new DeleteDistributionCommand({ Id, IfMatch }) },
  ];

  it.each(writes)('$operation under an earlier ETag: PreconditionFailed, under any other: InvalidIfMatchVersion', async ({ write }) => {
    const { id, etag } = await create();
    await send(new UpdateDistributionCommand({ Id: id, IfMatch: etag, DistributionConfig: completeConfig() }));
    expect(await refusalOf(send(write(id, etag) as never))).toMatchObject({ code: 'PreconditionFailed', status: 412 });
    expect(await refusalOf(send(write(id, 'nonsense') as never))).toMatchObject({ code: 'InvalidIfMatchVersion', status: 400 });
  });

  it.each([
    ...writes,
    { operation: 'GetDistribution', write: (Id: string) => new GetDistributionCommand({ Id }) },
    { operation: 'GetDistributionConfig', write: (Id: string) => new GetDistributionConfigCommand({ Id }) },
  ])('$operation of one that is not there: NoSuchDistribution', async ({ write }) => {
    expect(await refusalOf(send(write('E1', 'E1') as never))).toMatchObject({ code: 'NoSuchDistribution', status: 404 });
  });

  it('the caller reference cannot change: IllegalUpdate', async () => {
    const { id, etag } = await create();
    const DistributionConfig = { ...distributionConfig(), CallerReference: 'another' };
    expect(await refusalOf(send(new UpdateDistributionCommand({ Id: id, IfMatch: etag, DistributionConfig })))).toMatchObject({
      code: 'IllegalUpdate',
      status: 400,
    });
  });

  it('lets one of two concurrent updates through', async () => {
    const { id, etag } = await create();
    const update = (Comment: string) =>
      send(new UpdateDistributionCommand({ Id: id, IfMatch: etag, DistributionConfig: { ...completeConfig(), Comment } }));
    const outcomes = await Promise.allSettled([update('a'), update('b')]);
    expect(outcomes.map((outcome) => outcome.status).sort()).toEqual(['fulfilled', 'rejected']);
  });
});
