import type { CloudFrontClient } from '@aws-sdk/client-cloudfront';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createFunction,
  describeFunction,
  publishFunction,
  readFunctionCode,
  testFunction,
  updateFunction,
} from '../../../src/aws/function.ts';
import { openTestStore, type TestStore } from './open-test-store.ts';

let test: TestStore;
let client: CloudFrontClient;

beforeAll(async () => {
  test = await openTestStore();
  client = await test.aws.cloudFront();
});
afterAll(() => test.close());

const code = (body: string) => new TextEncoder().encode(`function handler(event) { ${body} return event.request; }`);
const source = (name: string, body = '') => ({ name, code: code(body), comment: 'routes viewers', keyValueStoreArn: test.arn });

describe('a function over the wire', () => {
  it('is missing at both stages before it is created', async () => {
    expect(await describeFunction(client, 'nowhere', 'DEVELOPMENT')).toBeUndefined();
    expect(await describeFunction(client, 'nowhere', 'LIVE')).toBeUndefined();
    expect(await readFunctionCode(client, 'nowhere', 'LIVE')).toBeUndefined();
  });

  it('goes from DEVELOPMENT to LIVE with its store, byte for byte', async () => {
    const created = await createFunction(client, source('first'));
    expect(created).toMatchObject({ runtime: 'cloudfront-js-2.0', comment: 'routes viewers', keyValueStoreArn: test.arn });
    expect(await describeFunction(client, 'first', 'LIVE')).toBeUndefined();
    await publishFunction(client, 'first', created.etag);
    expect(Buffer.from((await readFunctionCode(client, 'first', 'LIVE')) ?? [])).toEqual(Buffer.from(source('first').code));
    expect(test.control.published.liveFunction(created.arn)?.keyValueStoreArn).toBe(test.arn);
  });

  it('keeps its store through an update and gives the new version', async () => {
    const created = await createFunction(client, source('second'));
    const updated = await updateFunction(client, source('second', 'var a = 1;'), created.etag);
    expect(updated.etag).not.toBe(created.etag);
    expect(updated).toEqual(await describeFunction(client, 'second', 'DEVELOPMENT'));
    expect(updated.keyValueStoreArn).toBe(test.arn);
    await publishFunction(client, 'second', updated.etag);
  });

  it('refuses to update, publish and test under a stale version', async () => {
    const created = await createFunction(client, source('third'));
    await updateFunction(client, source('third', 'var a = 1;'), created.etag);
    const stale = { code: 'CONFLICT' };
    await expect(updateFunction(client, source('third'), created.etag)).rejects.toMatchObject(stale);
    await expect(publishFunction(client, 'third', created.etag)).rejects.toMatchObject(stale);
    await expect(testFunction(client, 'third', { stage: 'DEVELOPMENT', etag: created.etag, event: {} })).rejects.toMatchObject(stale);
  });

  it('is too large for one line of explanation only', async () => {
    await expect(createFunction(client, source('large', `/*${'x'.repeat(11_000)}*/`))).rejects.toMatchObject({ code: 'QUOTA' });
  });

  it('takes its version from a description when the answer to an update has none', async () => {
    const created = await createFunction(client, source('fourth'));
    client.middlewareStack.add(
      (next, context) => async (args) => {
        const { response, output } = await next(args);
        return { response, output: context['commandName'] === 'UpdateFunctionCommand' ? { ...output, ETag: undefined } : output };
      },
      { step: 'initialize', name: 'withoutEtag' },
    );
    const updated = await updateFunction(client, source('fourth', 'var a = 1;'), created.etag);
    client.middlewareStack.remove('withoutEtag');
    expect(updated.etag).not.toBe(created.etag);
    await publishFunction(client, 'fourth', updated.etag);
  });
});
