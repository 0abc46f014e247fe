import {
  CreateDistributionCommand,
  CreateFunctionCommand,
  type CreateFunctionCommandInput,
  CreateKeyValueStoreCommand,
  DeleteFunctionCommand,
  DescribeFunctionCommand,
  GetFunctionCommand,
  ListFunctionsCommand,
  PublishFunctionCommand,
  TestFunctionCommand,
  UpdateFunctionCommand,
} from '@aws-sdk/client-cloudfront';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FunctionRuntime, RunInput } from '../../../src/edge/execution.ts';
import {
  createFunction,
  createLiveFunction,
  createReadyStore,
  distributionConfig,
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

const config = { Comment: '', Runtime: 'cloudfront-js-2.0' } as const;
const code = Buffer.from(functionCode);
const send: LocalAccount['cloudfront']['send'] = ((command: never) => account.cloudfront.send(command)) as never;

describe('the stages of a function', () => {
  it('creates DEVELOPMENT, and answers 201 with ETag and Location', async () => {
    const created = await send(
      new CreateFunctionCommand({ Name: 'f', FunctionConfig: { ...config, Comment: 'é & <b>\n' }, FunctionCode: code }),
    );
    expect(created).toMatchObject({
      $metadata: { httpStatusCode: 201 },
      ETag: expect.stringMatching(/^E[A-Z0-9]{13}$/),
      Location: expect.stringContaining('/2020-05-31/function/'),
      FunctionSummary: {
        Name: 'f',
        Status: 'UNPUBLISHED',
        FunctionConfig: { ...config, Comment: 'é & <b>\n' },
        FunctionMetadata: { Stage: 'DEVELOPMENT', FunctionARN: 'arn:aws:cloudfront::111122223333:function/f' },
      },
    });
  });

  it('has no LIVE before the first publication', async () => {
    await createFunction(account, 'f');
    for (const call of [new DescribeFunctionCommand({ Name: 'f', Stage: 'LIVE' }), new GetFunctionCommand({ Name: 'f', Stage: 'LIVE' })])
      expect(await refusalOf(send(call as never))).toMatchObject({ code: 'NoSuchFunctionExists', status: 404 });
    expect(account.cloud.published.liveFunction('arn:aws:cloudfront::111122223333:function/f')).toBeUndefined();
  });

  it('publishes the bytes of DEVELOPMENT, each stage under an ETag of its own', async () => {
    const changes: unknown[] = [];
    account.cloud.published.subscribe((change) => changes.push(change));
    const { arn, etag } = await createLiveFunction(account, 'f');
    const live = await send(new GetFunctionCommand({ Name: 'f', Stage: 'LIVE' }));
    const development = await send(new GetFunctionCommand({ Name: 'f', Stage: 'DEVELOPMENT' }));
    expect(Buffer.from(live.FunctionCode ?? []).toString()).toBe(functionCode);
    expect(development.ETag).toBe(etag);
    expect(live.ETag).not.toBe(etag);
    expect(account.cloud.published.liveFunction(arn)).toMatchObject({ name: 'f', code: functionCode, keyValueStoreArn: undefined });
    expect(changes).toEqual([{ kind: 'function', arn }]);
  });

  it('leaves LIVE alone when DEVELOPMENT is updated', async () => {
    const { arn, etag } = await createLiveFunction(account, 'f');
    const updated = await send(
      new UpdateFunctionCommand({ Name: 'f', IfMatch: etag, FunctionConfig: config, FunctionCode: Buffer.from('new') }),
    );
    expect(updated.ETag).toMatch(/^E/);
    expect(updated.ETag).not.toBe(etag);
    expect(account.cloud.published.liveFunction(arn)?.code).toBe(functionCode);
  });

  it('drops the store when an update does not name it', async () => {
    const store = await createReadyStore(account);
    const { arn, etag } = await createLiveFunction(account, 'f', store.arn);
    expect(account.cloud.published.liveFunction(arn)?.keyValueStoreArn).toBe(store.arn);
    const updated = await send(new UpdateFunctionCommand({ Name: 'f', IfMatch: etag, FunctionConfig: config, FunctionCode: code }));
    await send(new PublishFunctionCommand({ Name: 'f', IfMatch: updated.ETag }));
    expect(account.cloud.published.liveFunction(arn)?.keyValueStoreArn).toBeUndefined();
  });

  it('says DEPLOYED once a distribution uses it', async () => {
    const { arn } = await createLiveFunction(account, 'f');
    const status = async () => (await send(new DescribeFunctionCommand({ Name: 'f', Stage: 'LIVE' }))).FunctionSummary?.Status;
    expect(await status()).toBe('UNASSOCIATED');
    const distribution = distributionConfig();
    const FunctionAssociations = { Quantity: 1, Items: [{ EventType: 'viewer-request' as const, FunctionARN: arn }] };
    Object.assign(distribution.DefaultCacheBehavior ?? {}, { FunctionAssociations });
    await send(new CreateDistributionCommand({ DistributionConfig: distribution }));
    expect(await status()).toBe('DEPLOYED');
    expect(
      await refusalOf(
        send(new DeleteFunctionCommand({ Name: 'f', IfMatch: (await send(new DescribeFunctionCommand({ Name: 'f' }))).ETag })),
      ),
    ).toMatchObject({ code: 'FunctionInUse', status: 409 });
  });

  it('deletes with 204, and the function is gone from both stages', async () => {
    const { arn, etag } = await createLiveFunction(account, 'f');
    const deleted = await send(new DeleteFunctionCommand({ Name: 'f', IfMatch: etag }));
    expect(deleted.$metadata.httpStatusCode).toBe(204);
    expect(account.cloud.published.liveFunction(arn)).toBeUndefined();
    expect(await refusalOf(send(new DescribeFunctionCommand({ Name: 'f' })))).toMatchObject({ code: 'NoSuchFunctionExists', status: 404 });
  });

  it('lists stages in pages that a marker joins without gap or repetition', async () => {
    for (const name of ['c', 'a', 'b']) await createLiveFunction(account, name);
    await createFunction(account, 'd');
    expect((await send(new ListFunctionsCommand({ Stage: 'LIVE' }))).FunctionList?.Items?.map((item) => item.Name)).toEqual([
      'a',
      'b',
      'c',
    ]);
    const seen: string[] = [];
    let marker: string | undefined;
    do {
      const { FunctionList: list } = await send(new ListFunctionsCommand({ MaxItems: 2, ...(marker !== undefined && { Marker: marker }) }));
      seen.push(...(list?.Items ?? []).map((item) => `${item.Name} ${item.FunctionMetadata?.Stage}`));
      marker = list?.NextMarker;
    } while (marker !== undefined);
    expect(seen).toEqual(['a DEVELOPMENT', 'a LIVE', 'b DEVELOPMENT', 'b LIVE', 'c DEVELOPMENT', 'c LIVE', 'd DEVELOPMENT']);
  });

  it('lists nothing without an Items element', async () => {
    expect((await send(new ListFunctionsCommand({}))).FunctionList).toEqual({ MaxItems: 100, Quantity: 0 });
  });
});

describe('what CreateFunction refuses', () => {
  const arn = 'arn:aws:cloudfront::111122223333:key-value-store/11111111-1111-1111-1111-111111111111';
  const valid: CreateFunctionCommandInput = { Name: 'f', FunctionConfig: config, FunctionCode: code };
  const associated = (KeyValueStoreAssociations: object, Runtime = 'cloudfront-js-2.0') =>
    ({ FunctionConfig: { Comment: '', Runtime, KeyValueStoreAssociations } }) as Partial<CreateFunctionCommandInput>;

  it.each<{ what: string; spoil: Partial<CreateFunctionCommandInput>; code: string; status: number }>([
    { what: 'a byte more than 10 KB', spoil: { FunctionCode: Buffer.alloc(10_241, 'x') }, code: 'FunctionSizeLimitExceeded', status: 413 },
    { what: 'no code at all', spoil: { FunctionCode: Buffer.alloc(0) }, code: 'InvalidArgument', status: 400 },
    { what: 'a name with a space', spoil: { Name: 'a b' }, code: 'InvalidArgument', status: 400 },
    { what: 'a name of 65 characters', spoil: { Name: 'x'.repeat(65) }, code: 'InvalidArgument', status: 400 },
    {
      what: 'an unknown runtime',
      spoil: { FunctionConfig: { Comment: '', Runtime: 'nodejs' as never } },
      code: 'InvalidArgument',
      status: 400,
    },
    {
      what: 'a comment of 129 characters',
      spoil: { FunctionConfig: { ...config, Comment: 'x'.repeat(129) } },
      code: 'InvalidArgument',
      status: 400,
    },
    {
      what: 'a store that is not there',
      spoil: associated({ Quantity: 1, Items: [{ KeyValueStoreARN: arn }] }),
      code: 'InvalidArgument',
      status: 400,
    },
    {
      what: 'two stores',
      spoil: associated({ Quantity: 2, Items: [{ KeyValueStoreARN: arn }, { KeyValueStoreARN: arn }] }),
      code: 'InvalidArgument',
      status: 400,
    },
    {
      what: 'a wrong Quantity',
      spoil: associated({ Quantity: 2, Items: [{ KeyValueStoreARN: arn }] }),
      code: 'InvalidArgument',
      status: 400,
    },
    {
      what: 'a store on runtime 1.0',
      spoil: associated({ Quantity: 1, Items: [{ KeyValueStoreARN: arn }] }, 'cloudfront-js-1.0'),
      code: 'InvalidArgument',
      status: 400,
    },
    { what: 'a missing FunctionConfig', spoil: { FunctionConfig: undefined }, code: 'MalformedXML', status: 400 },
  ])('$what: $code', async ({ spoil, code: expected, status }) => {
    expect(await refusalOf(send(new CreateFunctionCommand({ ...valid, ...spoil })))).toMatchObject({ code: expected, status });
    expect((await send(new ListFunctionsCommand({}))).FunctionList?.Quantity).toBe(0);
  });

  it('accepts exactly 10 KB', async () => {
    await send(new CreateFunctionCommand({ ...valid, FunctionCode: Buffer.alloc(10_240, 'x') }));
  });

  it('a store that is still PROVISIONING: InvalidArgument', async () => {
    await account.close();
    account = await openLocalAccount({ provisionMs: 60_000 });
    const store = await send(new CreateKeyValueStoreCommand({ Name: 'flags' }));
    const refusal = await refusalOf(createFunction(account, 'f', store.KeyValueStore?.ARN));
    expect(refusal).toMatchObject({ code: 'InvalidArgument', status: 400 });
    expect(refusal.message).toContain('cannot be associated before the resource is provisioned');
  });

  it('a name that is taken: FunctionAlreadyExists', async () => {
    await createFunction(account, 'f');
    expect(await refusalOf(createFunction(account, 'f'))).toMatchObject({ code: 'FunctionAlreadyExists', status: 409 });
  });

  it('the 101st function: TooManyFunctions', async () => {
    for (let index = 0; index < 100; index++) await createFunction(account, `f${index}`);
    expect(await refusalOf(createFunction(account, 'one-more'))).toMatchObject({ code: 'TooManyFunctions', status: 400 });
  });
});

describe('If-Match of a function', () => {
  const writes = [
    {
      operation: 'UpdateFunction',
      write: (IfMatch: string) => new UpdateFunctionCommand({ Name: 'f', IfMatch, FunctionConfig: config, FunctionCode: code }),
    },
    { operation: 'PublishFunction', write: (IfMatch: string) => new PublishFunctionCommand({ Name: 'f', IfMatch }) },
    { operation: 'DeleteFunction', write: (IfMatch: string) => new DeleteFunctionCommand({ Name: 'f', IfMatch }) },
  ];

  it.each(writes)('$operation under an earlier ETag: PreconditionFailed', async ({ write }) => {
    const { etag } = await createFunction(account, 'f');
    await send(new UpdateFunctionCommand({ Name: 'f', IfMatch: etag, FunctionConfig: config, FunctionCode: code }));
    expect(await refusalOf(send(write(etag) as never))).toMatchObject({ code: 'PreconditionFailed', status: 412 });
  });

  it.each(writes)('$operation under what was never its ETag: InvalidIfMatchVersion', async ({ write }) => {
    await createLiveFunction(account, 'f');
    const live = (await send(new DescribeFunctionCommand({ Name: 'f', Stage: 'LIVE' }))).ETag ?? '';
    for (const etag of [live, 'nonsense'])
      expect(await refusalOf(send(write(etag) as never))).toMatchObject({ code: 'InvalidIfMatchVersion', status: 400 });
  });

  it.each(writes)('$operation of a function that is not there: NoSuchFunctionExists', async ({ write }) => {
    expect(await refusalOf(send(write('E1') as never))).toMatchObject({ code: 'NoSuchFunctionExists', status: 404 });
  });

  it('an update that is refused changes nothing', async () => {
    const { etag } = await createFunction(account, 'f');
    const tooLarge = new UpdateFunctionCommand({ Name: 'f', IfMatch: etag, FunctionConfig: config, FunctionCode: Buffer.alloc(10_241) });
    expect(await refusalOf(send(tooLarge))).toMatchObject({ code: 'FunctionSizeLimitExceeded', status: 413 });
    const badRuntime = new UpdateFunctionCommand({
      Name: 'f',
      IfMatch: etag,
      FunctionConfig: { Comment: '', Runtime: 'x' as never },
      FunctionCode: code,
    });
    expect(await refusalOf(send(badRuntime))).toMatchObject({ code: 'InvalidArgument', status: 400 });
    expect((await send(new DescribeFunctionCommand({ Name: 'f' }))).ETag).toBe(etag);
  });
});

describe('TestFunction', () => {
  const event = {
    version: '1.0',
    context: { eventType: 'viewer-request' },
    viewer: { ip: '1.2.3.4' },
    request: { method: 'GET', uri: '/' },
  };
  const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));
  const run = (etag: string, EventObject: Uint8Array = bytes(event), Stage: 'DEVELOPMENT' | 'LIVE' = 'DEVELOPMENT') =>
    send(new TestFunctionCommand({ Name: 'f', IfMatch: etag, EventObject, Stage }));

  const reopen = async (execute: FunctionRuntime['run']) => {
    await account.close();
    account = await openLocalAccount({ runtime: { run: execute, close: async () => {} } });
  };

  it('without a runtime: TestFunctionFailed', async () => {
    const { etag } = await createFunction(account, 'f');
    expect(await refusalOf(run(etag))).toMatchObject({ code: 'TestFunctionFailed', status: 500 });
  });

  it('runs the code with the data of its store and answers what it did', async () => {
    const inputs: RunInput[] = [];
    await reopen(async (input) => {
      inputs.push(input);
      return { output: input.event.request, originCall: undefined, reads: ['health'], logs: ['a\u0000b', ' c '], error: undefined };
    });
    const store = await createReadyStore(account);
    const { etag } = await createFunction(account, 'f', store.arn);
    const { TestResult: result } = await run(etag);
    expect(inputs).toMatchObject([
      { source: { code: functionCode }, store: { values: new Map() }, event: { request: { uri: '/', headers: {} } } },
    ]);
    expect(JSON.parse(result?.FunctionOutput ?? '')).toMatchObject({ request: { method: 'GET', uri: '/' } });
    expect(result).toMatchObject({ FunctionErrorMessage: '', FunctionExecutionLogs: ['a\uFFFDb', ' c '], FunctionSummary: { Name: 'f' } });
    expect(result?.ComputeUtilization).toBe('9');
  });

  it('answers a response as a response', async () => {
    await reopen(async () => ({ output: { statusCode: 302 }, originCall: undefined, reads: [], logs: [], error: undefined }));
    const { etag } = await createFunction(account, 'f');
    expect((await run(etag)).TestResult?.FunctionOutput).toBe('{"response":{"statusCode":302}}');
  });

  it('answers a script error as a result, not as a refusal', async () => {
    const error = { kind: 'execution', message: 'SyntaxError: Unexpected token in 3' } as const;
    await reopen(async () => ({ output: undefined, originCall: undefined, reads: [], logs: [], error }));
    const { etag } = await createFunction(account, 'f');
    expect((await run(etag)).TestResult).toMatchObject({ FunctionErrorMessage: error.message, FunctionOutput: '' });
  });

  it('a runtime that breaks down: TestFunctionFailed', async () => {
    await reopen(() => Promise.reject(new Error('no workers')));
    const { etag } = await createFunction(account, 'f');
    expect(await refusalOf(run(etag))).toMatchObject({ code: 'TestFunctionFailed', status: 500 });
  });

  it.each([
    { what: 'not JSON', event: Buffer.from('{') },
    { what: 'not UTF-8', event: Buffer.from([0xff, 0xfe]) },
    { what: 'without a request', event: bytes({}) },
    { what: 'of an unknown type', event: bytes({ ...event, context: { eventType: 'origin-request' } }) },
    { what: 'of more than 40,960 bytes', event: bytes({ ...event, more: 'x'.repeat(40_960) }) },
  ])('an event $what: InvalidArgument', async ({ event: spoiled }) => {
    const { etag } = await createFunction(account, 'f');
    expect(await refusalOf(run(etag, spoiled))).toMatchObject({ code: 'InvalidArgument', status: 400 });
  });

  it('takes the ETag of the stage it runs; any other is InvalidIfMatchVersion, stale ones too', async () => {
    await reopen(async (input) => ({ output: input.event.request, originCall: undefined, reads: [], logs: [], error: undefined }));
    const { etag } = await createLiveFunction(account, 'f');
    const live = (await send(new DescribeFunctionCommand({ Name: 'f', Stage: 'LIVE' }))).ETag ?? '';
    await run(live, undefined, 'LIVE');
    await run(etag);
    expect(await refusalOf(run(etag, undefined, 'LIVE'))).toMatchObject({ code: 'InvalidIfMatchVersion', status: 400 });
    await send(new UpdateFunctionCommand({ Name: 'f', IfMatch: etag, FunctionConfig: config, FunctionCode: code }));
    expect(await refusalOf(run(etag))).toMatchObject({ code: 'InvalidIfMatchVersion', status: 400 });
  });

  it('of a function that is not there: NoSuchFunctionExists', async () => {
    expect(await refusalOf(run('E1'))).toMatchObject({ code: 'NoSuchFunctionExists', status: 404 });
  });
});

it.each([
  { operation: 'DescribeFunction', call: new DescribeFunctionCommand({ Name: 'f', Stage: 'PREVIEW' as never }) },
  { operation: 'GetFunction', call: new GetFunctionCommand({ Name: 'f', Stage: 'PREVIEW' as never }) },
  { operation: 'ListFunctions', call: new ListFunctionsCommand({ Stage: 'PREVIEW' as never }) },
  { operation: 'ListFunctions', call: new ListFunctionsCommand({ MaxItems: 101 }) },
  { operation: 'ListFunctions', call: new ListFunctionsCommand({ MaxItems: 0 }) },
])('$operation with an argument out of range: InvalidArgument', async ({ call }) => {
  await createFunction(account, 'f');
  expect(await refusalOf(send(call as never))).toMatchObject({ code: 'InvalidArgument', status: 400 });
});
