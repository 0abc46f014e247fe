import { CreateKeyValueStoreCommand, DeleteKeyValueStoreCommand } from '@aws-sdk/client-cloudfront';
import {
  DeleteKeyCommand,
  DescribeKeyValueStoreCommand,
  GetKeyCommand,
  ListKeysCommand,
  PutKeyCommand,
  UpdateKeysCommand,
} from '@aws-sdk/client-cloudfront-keyvaluestore';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createReadyStore, dataEtag, type LocalAccount, openLocalAccount, refusalOf } from './open-local-account.ts';

let account: LocalAccount;
let KvsARN: string;
beforeEach(async () => {
  account = await openLocalAccount();
  KvsARN = (await createReadyStore(account)).arn;
});
afterEach(() => account.close());

const send: LocalAccount['keyValueStore']['send'] = ((command: never) => account.keyValueStore.send(command)) as never;
const etag = () => dataEtag(account, KvsARN);
const values = () => Object.fromEntries(account.cloud.published.store(KvsARN) ?? []);

/** Writes these keys, 50 a call. */
async function fill(entries: Record<string, string>): Promise<void> {
  const puts = Object.entries(entries).map(([Key, Value]) => ({ Key, Value }));
  for (let at = 0; at < puts.length; at += 50)
    await send(new UpdateKeysCommand({ KvsARN, IfMatch: await etag(), Puts: puts.slice(at, at + 50) }));
}

describe('keys', () => {
  it.each(['health', 'audit/00', 'a b', 'é/ü?#%&=+', '..', '%2F', '\u{1F600}'])('come back as they were put: %s', async (Key) => {
    const put = await send(new PutKeyCommand({ KvsARN, Key, Value: 'ok "quoted" é', IfMatch: await etag() }));
    expect(put).toMatchObject({
      ItemCount: 1,
      TotalSizeInBytes: Buffer.byteLength(`${Key}ok "quoted" é`),
      ETag: expect.stringMatching(/^KV/),
    });
    const got = await send(new GetKeyCommand({ KvsARN, Key }));
    expect(got).toMatchObject({ Key, Value: 'ok "quoted" é', ItemCount: 1, TotalSizeInBytes: put.TotalSizeInBytes });
    expect(got).not.toHaveProperty('ETag');
    const deleted = await send(new DeleteKeyCommand({ KvsARN, Key, IfMatch: put.ETag }));
    expect(deleted).toMatchObject({ ItemCount: 0, TotalSizeInBytes: 0 });
    expect(deleted.ETag).not.toBe(put.ETag);
  });

  it('are described with their count, size and the ETag of the whole store', async () => {
    await fill({ a: '1', bb: '22' });
    const described = await send(new DescribeKeyValueStoreCommand({ KvsARN }));
    expect(described).toMatchObject({
      ItemCount: 2,
      TotalSizeInBytes: 6,
      KvsARN,
      Status: 'READY',
      Created: expect.any(Date),
      LastModified: expect.any(Date),
    });
  });

  it('are written by UpdateKeys all at once', async () => {
    await fill({ health: 'ok', gone: 'x' });
    const changes: unknown[] = [];
    account.cloud.published.subscribe((change) => changes.push(change));
    const updated = await send(
      new UpdateKeysCommand({
        KvsARN,
        IfMatch: await etag(),
        Puts: [{ Key: 'health', Value: 'singapore=0' }],
        Deletes: [{ Key: 'gone' }, { Key: 'absent' }],
      }),
    );
    expect(updated).toMatchObject({ ItemCount: 1, TotalSizeInBytes: 17 });
    expect(values()).toEqual({ health: 'singapore=0' });
    expect(changes).toEqual([{ kind: 'store', arn: KvsARN }]);
  });

  it('are written not at all when one of them is refused', async () => {
    await fill({ health: 'ok' });
    const before = await etag();
    const Puts = [
      { Key: 'health', Value: 'singapore=0' },
      { Key: 'long', Value: 'x'.repeat(1_025) },
    ];
    await refusalOf(send(new UpdateKeysCommand({ KvsARN, IfMatch: before, Puts })));
    expect(values()).toEqual({ health: 'ok' });
    expect(await etag()).toBe(before);
  });

  it('that a reader holds stay as they were', async () => {
    await fill({ health: 'ok' });
    const snapshot = account.cloud.published.store(KvsARN);
    await fill({ health: 'singapore=0' });
    expect(snapshot?.get('health')).toBe('ok');
  });

  it('are listed ten a page, fifty at most, without gap or repetition', async () => {
    const names = Array.from({ length: 60 }, (_, index) => `k${String(index).padStart(2, '0')}`);
    await fill(Object.fromEntries(names.map((name) => [name, name])));
    const first = await send(new ListKeysCommand({ KvsARN }));
    expect(first.Items).toHaveLength(10);
    const second = await send(new ListKeysCommand({ KvsARN, MaxResults: 50, NextToken: first.NextToken }));
    expect([...(first.Items ?? []), ...(second.Items ?? [])].map((item) => item.Key)).toEqual(names);
    expect(second.NextToken).toBeUndefined();
  });
});

describe('two writers at once', () => {
  it('lose no update', async () => {
    await fill({ counter: '0' });
    let conflicts = 0;
    const increment = async () => {
      for (;;) {
        const IfMatch = await etag();
        const { Value } = await send(new GetKeyCommand({ KvsARN, Key: 'counter' }));
        try {
          await send(new PutKeyCommand({ KvsARN, Key: 'counter', Value: String(Number(Value) + 1), IfMatch }));
          return;
        } catch {
          conflicts += 1;
        }
      }
    };
    const writer = async () => {
      for (let round = 0; round < 20; round++) await increment();
    };
    await Promise.all([writer(), writer()]);
    expect(values()).toEqual({ counter: '40' });
    expect(conflicts).toBeGreaterThan(0);
  });

  it('of the same ETag: exactly one is accepted, whatever keys they write', async () => {
    const IfMatch = await etag();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, (_, index) => send(new PutKeyCommand({ KvsARN, Key: `k${index}`, Value: 'x', IfMatch }))),
    );
    expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1);
    expect(Object.keys(values())).toHaveLength(1);
  });
});

describe('a stale ETag', () => {
  const writes = [
    { operation: 'PutKey', write: (IfMatch: string) => new PutKeyCommand({ KvsARN, Key: 'health', Value: 'x', IfMatch }) },
    { operation: 'DeleteKey', write: (IfMatch: string) => new DeleteKeyCommand({ KvsARN, Key: 'health', IfMatch }) },
    { operation: 'UpdateKeys', write: (IfMatch: string) => new UpdateKeysCommand({ KvsARN, IfMatch, Deletes: [{ Key: 'health' }] }) },
  ];

  it.each(writes)('of $operation is a ValidationException, as a live account answered', async ({ write }) => {
    const stale = await etag();
    await fill({ health: 'ok' });
    const refusal = await refusalOf(send(write(stale) as never));
    expect(refusal).toEqual({ code: 'ValidationException', status: 400, message: 'Pre-Condition failed during update of Key-Value-Store' });
    expect(values()).toEqual({ health: 'ok' });
  });

  it.each(writes)('of $operation is a ConflictException on request, as the model says', async ({ write }) => {
    account.cloud.faults.staleWrite = 'ConflictException';
    const stale = await etag();
    await fill({ health: 'ok' });
    expect(await refusalOf(send(write(stale) as never))).toMatchObject({ code: 'ConflictException', status: 409 });
  });

  it('is also what the control plane calls the ETag', async () => {
    const { etag: ofControlPlane } = await createReadyStore(account, 'others');
    expect(await refusalOf(send(new PutKeyCommand({ KvsARN, Key: 'k', Value: 'v', IfMatch: ofControlPlane })))).toMatchObject({
      code: 'ValidationException',
      message: expect.stringContaining('Pre-Condition failed'),
    });
  });
});

describe('what the data plane refuses', () => {
  const put = async (Key: string, Value: string) => send(new PutKeyCommand({ KvsARN, Key, Value, IfMatch: await etag() }));

  it.each([
    { what: 'a key of 513 bytes', key: `${'é'.repeat(256)}x`, value: 'v' },
    { what: 'a value of 1,025 bytes', key: 'k', value: `${'é'.repeat(512)}x` },
  ])('$what: ServiceQuotaExceededException', async ({ key, value }) => {
    expect(await refusalOf(put(key, value))).toMatchObject({ code: 'ServiceQuotaExceededException', status: 402 });
    expect(
      await refusalOf(send(new UpdateKeysCommand({ KvsARN, IfMatch: await etag(), Puts: [{ Key: key, Value: value }] }))),
    ).toMatchObject({
      code: 'ServiceQuotaExceededException',
      status: 402,
    });
  });

  it('accepts a key of 512 bytes with a value of 1,024', async () => {
    expect(await put('é'.repeat(256), 'é'.repeat(512))).toMatchObject({ TotalSizeInBytes: 1_536 });
  });

  it('51 keys in one update: ServiceQuotaExceededException', async () => {
    const Puts = Array.from({ length: 26 }, (_, index) => ({ Key: `p${index}`, Value: '' }));
    const Deletes = Array.from({ length: 25 }, (_, index) => ({ Key: `d${index}` }));
    expect(await refusalOf(send(new UpdateKeysCommand({ KvsARN, IfMatch: await etag(), Puts, Deletes })))).toMatchObject({
      code: 'ServiceQuotaExceededException',
      status: 402,
    });
    await send(new UpdateKeysCommand({ KvsARN, IfMatch: await etag(), Puts, Deletes: Deletes.slice(1) }));
  });

  it('more than 5 MB in the store: ServiceQuotaExceededException', async () => {
    // 5 MB are 5,242,880 bytes: 103 updates of 50 entries of 1,015 bytes fill 5,227,250.
    let at = await etag();
    for (let update = 0; update < 103; update++) {
      const Puts = Array.from({ length: 50 }, (_, index) => ({
        Key: `${String(update * 50 + index).padStart(5, '0')}`,
        Value: 'x'.repeat(1_010),
      }));
      at = (await send(new UpdateKeysCommand({ KvsARN, IfMatch: at, Puts }))).ETag ?? '';
    }
    const Puts = Array.from({ length: 16 }, (_, index) => ({ Key: `more${index}`, Value: 'x'.repeat(1_000) }));
    expect(await refusalOf(send(new UpdateKeysCommand({ KvsARN, IfMatch: at, Puts })))).toMatchObject({
      code: 'ServiceQuotaExceededException',
      status: 402,
    });
    await send(new UpdateKeysCommand({ KvsARN, IfMatch: at, Puts: Puts.slice(1) }));
  });

  it.each([
    { what: 'GetKey', call: () => new GetKeyCommand({ KvsARN, Key: 'absent' }) },
    { what: 'DeleteKey', call: (IfMatch: string) => new DeleteKeyCommand({ KvsARN, Key: 'absent', IfMatch }) },
  ])('$what of a key that is not there: ResourceNotFoundException', async ({ call }) => {
    expect(await refusalOf(send(call(await etag()) as never))).toMatchObject({ code: 'ResourceNotFoundException', status: 404 });
  });

  const unusable = (arn: string) => [
    new DescribeKeyValueStoreCommand({ KvsARN: arn }),
    new GetKeyCommand({ KvsARN: arn, Key: 'k' }),
    new ListKeysCommand({ KvsARN: arn }),
    new PutKeyCommand({ KvsARN: arn, Key: 'k', Value: 'v', IfMatch: 'KV1' }),
    new DeleteKeyCommand({ KvsARN: arn, Key: 'k', IfMatch: 'KV1' }),
    new UpdateKeysCommand({ KvsARN: arn, IfMatch: 'KV1', Deletes: [{ Key: 'k' }] }),
  ];

  it('a store that never was: ResourceNotFoundException', async () => {
    for (const call of unusable('arn:aws:cloudfront::111122223333:key-value-store/11111111-1111-1111-1111-111111111111'))
      expect(await refusalOf(send(call as never))).toMatchObject({ code: 'ResourceNotFoundException', status: 404 });
  });

  it('a store that was deleted: ValidationException', async () => {
    const gone = await createReadyStore(account, 'gone');
    await account.cloudfront.send(new DeleteKeyValueStoreCommand({ Name: 'gone', IfMatch: gone.etag }));
    for (const call of unusable(gone.arn)) {
      const refusal = await refusalOf(send(call as never));
      expect(refusal).toMatchObject({ code: 'ValidationException', status: 400, message: 'Key-Value-Store was not in expected state' });
    }
  });

  it('a store that is PROVISIONING: can be described, not read or written', async () => {
    await account.close();
    account = await openLocalAccount({ provisionMs: 60_000 });
    const arn = (await account.cloudfront.send(new CreateKeyValueStoreCommand({ Name: 'slow' }))).KeyValueStore?.ARN ?? '';
    const [describeIt, ...others] = unusable(arn);
    expect(await send(describeIt as never)).toMatchObject({ Status: 'PROVISIONING' });
    for (const call of others) expect(await refusalOf(send(call as never))).toMatchObject({ code: 'ValidationException', status: 400 });
  });

  it.each([
    { what: 'an ARN of something else', call: () => new GetKeyCommand({ KvsARN: KvsARN.replace(/\/.*/, '/short'), Key: 'k' }) },
    {
      what: 'an empty key in an update',
      call: (IfMatch: string) => new UpdateKeysCommand({ KvsARN, IfMatch, Puts: [{ Key: '', Value: 'v' }] }),
    },
    { what: 'an update of nothing', call: (IfMatch: string) => new UpdateKeysCommand({ KvsARN, IfMatch }) },
    {
      what: 'a key put and deleted in one update',
      call: (IfMatch: string) => new UpdateKeysCommand({ KvsARN, IfMatch, Puts: [{ Key: 'k', Value: 'v' }], Deletes: [{ Key: 'k' }] }),
    },
    {
      what: 'a key put twice in one update',
      call: (IfMatch: string) =>
        new UpdateKeysCommand({
          KvsARN,
          IfMatch,
          Puts: [
            { Key: 'k', Value: '1' },
            { Key: 'k', Value: '2' },
          ],
        }),
    },
    { what: 'a page of 51', call: () => new ListKeysCommand({ KvsARN, MaxResults: 51 }) },
    { what: 'a page of none', call: () => new ListKeysCommand({ KvsARN, MaxResults: 0 }) },
    { what: 'a token of its own making', call: () => new ListKeysCommand({ KvsARN, NextToken: '!' }) },
  ])('$what: ValidationException', async ({ call }) => {
    expect(await refusalOf(send(call(await etag()) as never))).toMatchObject({ code: 'ValidationException', status: 400 });
    expect(values()).toEqual({});
  });
});
