import { CloudFrontClient, ListFunctionsCommand, PublishFunctionCommand, UpdateFunctionCommand } from '@aws-sdk/client-cloudfront';
import { DescribeKeyValueStoreCommand, PutKeyCommand } from '@aws-sdk/client-cloudfront-keyvaluestore';
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
import { sendRaw, signed } from './send-raw.ts';

let account: LocalAccount;
let clock = 1_000_000;
beforeEach(async () => {
  account = await openLocalAccount({ now: () => clock });
});
afterEach(() => account.close());

const list = () => account.cloudfront.send(new ListFunctionsCommand({}));

describe('a fault', () => {
  it.each([
    { kind: 'throttle' as const, code: 'ThrottlingException', status: 400 },
    { kind: 'unavailable' as const, code: 'ServiceUnavailable', status: 503 },
    { kind: 'internal-error' as const, code: 'InternalFailure', status: 500 },
  ])('of kind $kind answers $code', async ({ kind, code, status }) => {
    account.cloud.faults.rules = [{ kind }];
    expect(await refusalOf(list())).toMatchObject({ code, status });
  });

  it.each([
    { kind: 'throttle' as const, code: 'ThrottlingException', status: 400 },
    { kind: 'unavailable' as const, code: 'ServiceUnavailableException', status: 503 },
    { kind: 'internal-error' as const, code: 'InternalServerException', status: 500 },
  ])('of kind $kind answers $code on the data plane', async ({ kind, code, status }) => {
    const { arn } = await createReadyStore(account);
    account.cloud.faults.rules = [{ kind }];
    expect(await refusalOf(account.keyValueStore.send(new DescribeKeyValueStoreCommand({ KvsARN: arn })))).toMatchObject({ code, status });
  });

  it('meets the next n calls of its operation only', async () => {
    account.cloud.faults.rules = [{ kind: 'throttle', operation: 'ListFunctions', times: 2 }];
    await createFunction(account, 'f');
    expect(await refusalOf(list())).toMatchObject({ code: 'ThrottlingException' });
    expect(await refusalOf(list())).toMatchObject({ code: 'ThrottlingException' });
    await list();
  });

  it('that is a throttle is retried by the SDK, which then succeeds', async () => {
    account.cloud.faults.rules = [{ kind: 'throttle', times: 1 }];
    const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'example' };
    const patient = new CloudFrontClient({ region: 'us-east-1', credentials, endpoint: account.cloud.url, maxAttempts: 3 });
    expect((await patient.send(new ListFunctionsCommand({}))).$metadata.attempts).toBe(2);
    patient.destroy();
  });

  it('ends when its time is over', async () => {
    account.cloud.faults.rules = [{ kind: 'throttle', until: clock + 500 }];
    expect(await refusalOf(list())).toMatchObject({ code: 'ThrottlingException' });
    clock += 501;
    await list();
  });

  it('of kind conflict meets writes: the data plane’s form, and either code', async () => {
    const { arn } = await createReadyStore(account);
    const put = async () =>
      account.keyValueStore.send(new PutKeyCommand({ KvsARN: arn, Key: 'k', Value: 'v', IfMatch: await dataEtag(account, arn) }));
    account.cloud.faults.rules = [{ kind: 'conflict', times: 2 }];
    expect(await refusalOf(put())).toMatchObject({ code: 'ValidationException', message: expect.stringContaining('Pre-Condition failed') });
    account.cloud.faults.staleWrite = 'ConflictException';
    expect(await refusalOf(put())).toMatchObject({ code: 'ConflictException', status: 409 });
    await put();
  });

  it('of kind conflict on the control plane is PreconditionFailed', async () => {
    const { etag } = await createFunction(account, 'f');
    account.cloud.faults.rules = [{ kind: 'conflict', times: 1 }];
    const publish = () => account.cloudfront.send(new PublishFunctionCommand({ Name: 'f', IfMatch: etag }));
    expect(await refusalOf(publish())).toMatchObject({ code: 'PreconditionFailed', status: 412 });
    await publish();
  });

  it('that drops the request leaves everything as it was', async () => {
    const { arn } = await createReadyStore(account);
    const IfMatch = await dataEtag(account, arn);
    account.cloud.faults.rules = [{ kind: 'drop-request', times: 1 }];
    await refusalOf(account.keyValueStore.send(new PutKeyCommand({ KvsARN: arn, Key: 'k', Value: 'v', IfMatch })));
    expect(account.cloud.published.store(arn)?.size).toBe(0);
    expect(account.cloud.calls.at(-1)).toMatchObject({ operation: 'PutKey', status: 0 });
  });

  it('that drops the response has done the work: the caller cannot know', async () => {
    const { etag } = await createFunction(account, 'f');
    account.cloud.faults.rules = [{ kind: 'drop-response', times: 1 }];
    const FunctionConfig = { Comment: '', Runtime: 'cloudfront-js-2.0' as const };
    const update = () =>
      account.cloudfront.send(
        new UpdateFunctionCommand({ Name: 'f', IfMatch: etag, FunctionConfig, FunctionCode: Buffer.from(functionCode) }),
      );
    await refusalOf(update());
    expect(await refusalOf(update())).toMatchObject({ code: 'PreconditionFailed' });
  });

  it('of kind latency delays the answer and does not change it', async () => {
    account.cloud.faults.rules = [{ kind: 'latency', latencyMs: 80, times: 1 }];
    const begin = performance.now();
    await list();
    expect(performance.now() - begin).toBeGreaterThanOrEqual(78);
  });
});

describe('the test API', () => {
  const json = { 'content-type': 'application/json' };
  const api = (method: string, path: string, body?: string, headers: Record<string, string> = json) =>
    sendRaw(account.cloud.port, { method, path, headers, ...(body !== undefined && { body }) });

  it('says that the control plane is up', async () => {
    expect(await api('GET', '/_local/health')).toMatchObject({ status: 200, body: Buffer.from('{"status":"ok"}') });
  });

  it('sets faults, shows them, and takes them back', async () => {
    const set = await api(
      'POST',
      '/_local/faults',
      JSON.stringify({ rules: [{ kind: 'throttle', forMs: 100 }], staleWrite: 'ConflictException' }),
    );
    expect(set.status).toBe(200);
    expect(JSON.parse((await api('GET', '/_local/faults')).body.toString())).toEqual({
      rules: [{ kind: 'throttle', until: clock + 100 }],
      staleWrite: 'ConflictException',
    });
    expect(await refusalOf(list())).toMatchObject({ code: 'ThrottlingException' });
    await api('POST', '/_local/faults', '{}');
    await list();
  });

  it.each([
    { what: 'what is not JSON', body: '{' },
    { what: 'an unknown kind', body: '{"rules":[{"kind":"fire"}]}' },
    { what: 'an unknown field', body: '{"rules":[],"more":1}' },
    { what: 'half a time', body: '{"rules":[{"kind":"throttle","times":0.5}]}' },
  ])('refuses $what and names the problem', async ({ body }) => {
    const answer = await api('POST', '/_local/faults', body);
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body.toString()).problems).toHaveLength(1);
    expect(account.cloud.faults.rules).toEqual([]);
  });

  it('lists the calls of the AWS APIs, its own not among them', async () => {
    await list();
    await sendRaw(account.cloud.port, { path: '/2020-05-31/nothing', headers: signed });
    const { calls } = JSON.parse((await api('GET', '/_local/calls')).body.toString());
    expect(calls).toEqual([
      { service: 'cloudfront', operation: 'ListFunctions', at: clock, status: 200 },
      { service: 'cloudfront', operation: 'Unknown', at: clock, status: 404 },
    ]);
    expect(account.cloud.calls).toEqual(calls);
  });

  it('cannot be reached by a page: another Host, a form’s content type', async () => {
    const foreign = await api('GET', '/_local/health', undefined, { host: 'evil.example.com' });
    expect(foreign.status).toBe(403);
    expect((await api('POST', '/_local/faults', '{}', { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await api('GET', '/_local/health', undefined, { host: `111122223333.localhost:${account.cloud.port}` })).status).toBe(200);
  });

  it('knows nothing else', async () => {
    expect((await api('GET', '/_local/other')).status).toBe(404);
  });
});
