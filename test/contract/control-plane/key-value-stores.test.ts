import {
  CreateKeyValueStoreCommand,
  DeleteKeyValueStoreCommand,
  DescribeKeyValueStoreCommand,
  ListKeyValueStoresCommand,
  UpdateFunctionCommand,
  UpdateKeyValueStoreCommand,
} from '@aws-sdk/client-cloudfront';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createFunction,
  createReadyStore,
  dataEtag,
  functionCode,
  type LocalAccount,
  openLocalAccount,
  refusalOf,
} from './open-local-account.ts';

let account: LocalAccount;
beforeEach(async () => {
  account = await openLocalAccount();
});
afterEach(() => account.close());

const send: LocalAccount['cloudfront']['send'] = ((command: never) => account.cloudfront.send(command)) as never;

describe('the life of a store', () => {
  it('starts PROVISIONING and becomes READY automatically', async () => {
    const created = await send(new CreateKeyValueStoreCommand({ Name: 'flags', Comment: 'of health' }));
    expect(created).toMatchObject({
      $metadata: { httpStatusCode: 201 },
      ETag: expect.stringMatching(/^E/),
      Location: expect.stringContaining('/key-value-store/flags'),
      KeyValueStore: { Name: 'flags', Comment: 'of health', Status: 'PROVISIONING', LastModifiedTime: expect.any(Date) },
    });
    expect(created.KeyValueStore?.ARN).toMatch(/^arn:aws:cloudfront::111122223333:key-value-store\/[0-9a-f-]{36}$/);
    const ready = await createReadyStore(account, 'others');
    expect(account.cloud.published.store(ready.arn)).toEqual(new Map());
  });

  it('has two ETags, neither of which serves for the other service', async () => {
    const { arn, etag } = await createReadyStore(account);
    const ofKeys = await dataEtag(account, arn);
    expect(ofKeys).toMatch(/^KV/);
    expect(ofKeys).not.toBe(etag);
    expect(await refusalOf(send(new DeleteKeyValueStoreCommand({ Name: 'flags', IfMatch: ofKeys })))).toMatchObject({
      code: 'InvalidIfMatchVersion',
      status: 400,
    });
  });

  it('updates the comment under a new ETag, which leaves that of the keys alone', async () => {
    const { arn, etag } = await createReadyStore(account);
    const before = await dataEtag(account, arn);
    const updated = await send(new UpdateKeyValueStoreCommand({ Name: 'flags', Comment: 'new', IfMatch: etag }));
    expect(updated.KeyValueStore?.Comment).toBe('new');
    expect(updated.ETag).not.toBe(etag);
    expect(await dataEtag(account, arn)).toBe(before);
  });

  it('is deleted with 204, and the edge sees it no more', async () => {
    const { arn, etag } = await createReadyStore(account);
    const deleted = await send(new DeleteKeyValueStoreCommand({ Name: 'flags', IfMatch: etag }));
    expect(deleted.$metadata.httpStatusCode).toBe(204);
    expect(account.cloud.published.store(arn)).toBeUndefined();
  });

  it('lists by status and in pages', async () => {
    await createReadyStore(account, 'a');
    await createReadyStore(account, 'b');
    const first = await send(new ListKeyValueStoresCommand({ MaxItems: 1 }));
    expect(first.KeyValueStoreList).toMatchObject({ Quantity: 1, NextMarker: 'a', Items: [{ Name: 'a' }] });
    const second = await send(new ListKeyValueStoresCommand({ MaxItems: 1, Marker: 'a' }));
    expect(second.KeyValueStoreList?.Items?.map((store) => store.Name)).toEqual(['b']);
    expect(second.KeyValueStoreList?.NextMarker).toBeUndefined();
    expect((await send(new ListKeyValueStoresCommand({ Status: 'PROVISIONING' }))).KeyValueStoreList?.Quantity).toBe(0);
    expect(await refusalOf(send(new ListKeyValueStoresCommand({ MaxItems: 1_000 })))).toMatchObject({
      code: 'InvalidArgument',
      status: 400,
    });
  });
});

describe('what the control plane refuses of stores', () => {
  const absent = { code: 'EntityNotFound', status: 404 };

  it.each([
    { what: 'DescribeKeyValueStore', call: new DescribeKeyValueStoreCommand({ Name: 'none' }) },
    { what: 'UpdateKeyValueStore', call: new UpdateKeyValueStoreCommand({ Name: 'none', Comment: '', IfMatch: 'E1' }) },
    { what: 'DeleteKeyValueStore', call: new DeleteKeyValueStoreCommand({ Name: 'none', IfMatch: 'E1' }) },
  ])('$what of a store that is not there: EntityNotFound', async ({ call }) => {
    expect(await refusalOf(send(call as never))).toMatchObject(absent);
  });

  it.each([
    { what: 'a name with a dot', input: { Name: 'a.b' }, code: 'InvalidArgument' },
    { what: 'a comment of 129 characters', input: { Name: 'a', Comment: 'x'.repeat(129) }, code: 'InvalidArgument' },
    {
      what: 'an import from S3',
      input: { Name: 'a', ImportSource: { SourceType: 'S3' as const, SourceARN: 'arn:aws:s3:::bucket/keys.json' } },
      code: 'UnsupportedOperation',
    },
  ])('$what: $code', async ({ input, code }) => {
    expect(await refusalOf(send(new CreateKeyValueStoreCommand(input)))).toMatchObject({ code, status: 400 });
  });

  it('a name that is taken: EntityAlreadyExists', async () => {
    await createReadyStore(account);
    expect(await refusalOf(send(new CreateKeyValueStoreCommand({ Name: 'flags' })))).toMatchObject({
      code: 'EntityAlreadyExists',
      status: 409,
    });
  });

  it('the 51st store: EntityLimitExceeded', async () => {
    for (let index = 0; index < 50; index++) await send(new CreateKeyValueStoreCommand({ Name: `s${index}` }));
    expect(await refusalOf(send(new CreateKeyValueStoreCommand({ Name: 'one-more' })))).toMatchObject({
      code: 'EntityLimitExceeded',
      status: 400,
    });
  });

  it.each([
    {
      operation: 'UpdateKeyValueStore',
      write: (IfMatch: string) => new UpdateKeyValueStoreCommand({ Name: 'flags', Comment: 'x', IfMatch }),
    },
    { operation: 'DeleteKeyValueStore', write: (IfMatch: string) => new DeleteKeyValueStoreCommand({ Name: 'flags', IfMatch }) },
  ])('$operation under an earlier ETag: PreconditionFailed, under any other: InvalidIfMatchVersion', async ({ write }) => {
    const { etag } = await createReadyStore(account);
    await send(new UpdateKeyValueStoreCommand({ Name: 'flags', Comment: 'new', IfMatch: etag }));
    expect(await refusalOf(send(write(etag) as never))).toMatchObject({ code: 'PreconditionFailed', status: 412 });
    expect(await refusalOf(send(write('nonsense') as never))).toMatchObject({ code: 'InvalidIfMatchVersion', status: 400 });
  });

  it('deletion while a function uses it: CannotDeleteEntityWhileInUse, until the function lets go', async () => {
    const { arn, etag } = await createReadyStore(account);
    const used = await createFunction(account, 'f', arn);
    const remove = () => send(new DeleteKeyValueStoreCommand({ Name: 'flags', IfMatch: etag }));
    expect(await refusalOf(remove())).toMatchObject({ code: 'CannotDeleteEntityWhileInUse', status: 409 });
    const FunctionConfig = { Comment: '', Runtime: 'cloudfront-js-2.0' as const };
    await send(new UpdateFunctionCommand({ Name: 'f', IfMatch: used.etag, FunctionConfig, FunctionCode: Buffer.from(functionCode) }));
    await remove();
  });
});
