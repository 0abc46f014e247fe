import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openAws } from '../../../src/aws/clients.ts';
import { openKeyValueStore } from '../../../src/aws/key-value-store.ts';
import { findKeyValueStoreArn } from '../../../src/aws/open-flag-store.ts';
import { maxCalls } from '../../../src/aws/retry.ts';
import { auditHistory } from '../../../src/core/audit.ts';
import type { FlagStore, StoreSnapshot } from '../../../src/core/flag-store.ts';
import { flipKeys, planFlip } from '../../../src/core/flip.ts';
import { openTestStore, type TestStore } from './open-test-store.ts';

let test: TestStore;
let store: FlagStore;

beforeAll(async () => {
  test = await openTestStore();
  store = test.store;
});
afterAll(() => test.close());
beforeEach(async () => {
  test.control.faults.rules = [];
  test.control.faults.staleWrite = 'ValidationException';
  const strangers = [...test.values().keys()].filter((key) => key !== 'health');
  for (let from = 0; from === 0 || from < strangers.length; from += 40)
    await store.update([], () => ({ puts: [{ key: 'health', value: 'ok' }], deletes: strangers.slice(from, from + 40) }));
  test.control.calls.length = 0;
});

const operations = () => test.control.calls.map(({ operation }) => operation);
const count = ({ values }: StoreSnapshot) => ({
  puts: [{ key: 'count', value: String(Number(values.get('count') ?? 0) + 1) }],
  deletes: [],
});

describe('a key-value store over the wire', () => {
  it('reads its keys under one ETag, a missing one as absent', async () => {
    const snapshot = await store.read(['health', 'state', 'audit/00']);
    expect([...snapshot.values]).toEqual([['health', 'ok']]);
    expect(snapshot.etag).not.toBe('');
    expect(operations()).toEqual(['DescribeKeyValueStore', 'GetKey', 'GetKey', 'GetKey']);
  });

  it('writes puts and deletes in one call', async () => {
    await store.update([], () => ({
      puts: [
        { key: 'health', value: 'singapore=0' },
        { key: 'audit/01', value: '{"é":"✓ \\" /"}' },
      ],
      deletes: [],
    }));
    await store.update(['health'], () => ({ puts: [], deletes: ['health', 'never-there'] }));
    expect([...test.values()]).toEqual([['audit/01', '{"é":"✓ \\" /"}']]);
    expect(operations().filter((operation) => operation === 'UpdateKeys')).toHaveLength(2);
  });

  it('lists every page up to the bound and says whether that was all', async () => {
    const puts = Array.from({ length: 49 }, (_, index) => ({ key: `audit/${index}`, value: 'x' }));
    await store.update([], () => ({ puts, deletes: [] }));
    await store.update([], () => ({ puts: puts.map(({ key }) => ({ key: `own/${key}`, value: 'y' })), deletes: [] }));
    test.control.calls.length = 0;
    const one = await store.list(1);
    const two = await store.list(2);
    expect([one.values.size, one.complete, two.values.size, two.complete]).toEqual([50, false, 99, true]);
    expect(operations()).toEqual(['ListKeys', 'ListKeys', 'ListKeys']);
  });

  it.each(['ValidationException', 'ConflictException'] as const)(
    'loses no update of several writers at once, a stale ETag answered with %s',
    async (name) => {
      test.control.faults.staleWrite = name;
      const open = async () => {
        const client = await openAws({ env: {}, local: { controlPlane: test.control.url } }).keyValueStore();
        return openKeyValueStore(client, test.arn);
      };
      const writers = await Promise.all([open(), open()]);
      const work = async (writer: FlagStore) => {
        for (let i = 0; i < 10; i++) await writer.update(['count'], count);
      };
      await Promise.all(writers.map(work));
      expect(test.values().get('count')).toBe('20');
      expect(operations().filter((operation) => operation === 'UpdateKeys').length).toBeGreaterThan(20);
    },
  );

  it.each([
    { when: 'a throttled write', rule: { kind: 'throttle', operation: 'UpdateKeys', times: 2 } },
    { when: 'a throttled read', rule: { kind: 'throttle', operation: 'GetKey', times: 2 } },
    { when: 'an internal error', rule: { kind: 'internal-error', operation: 'UpdateKeys', times: 1 } },
    { when: 'an outage of a moment', rule: { kind: 'unavailable', times: 2 } },
    { when: 'a lost request', rule: { kind: 'drop-request', operation: 'UpdateKeys', times: 1 } },
    { when: 'a lost answer', rule: { kind: 'drop-response', operation: 'UpdateKeys', times: 1 } },
    { when: 'conflicts', rule: { kind: 'conflict', operation: 'UpdateKeys', times: 5 } },
  ] as const)('counts an update once through $when', async ({ rule }) => {
    test.control.faults.rules = [{ ...rule }];
    const { written } = await store.update(['count'], count);
    expect(written?.puts[0]?.value).toBe('1');
    expect(test.values().get('count')).toBe('1');
    expect(test.control.faults.rules).toEqual([]);
  });

  it.each([
    { when: 'conflicts without end', rule: { kind: 'conflict', operation: 'UpdateKeys' }, code: 'CONFLICT', writes: maxCalls.conflict },
    { when: 'throttling without end', rule: { kind: 'throttle', operation: 'UpdateKeys' }, code: 'THROTTLED', writes: maxCalls.throttled },
    { when: 'a lasting outage', rule: { kind: 'unavailable' }, code: 'AWS', writes: 0 },
  ] as const)('gives up on $when and has written nothing', async ({ rule, code, writes }) => {
    test.control.faults.rules = [{ ...rule }];
    await expect(store.update(['count'], count)).rejects.toMatchObject({ code });
    expect(operations().filter((operation) => operation === 'UpdateKeys')).toHaveLength(writes);
    expect(test.values().has('count')).toBe(false);
  });

  it('is not found under an ARN that no store has', async () => {
    const other = openKeyValueStore(await test.aws.keyValueStore(), test.arn.replace(/.{4}$/, '0000'));
    await expect(other.read(['health'])).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('is unreachable where no server listens, after a few tries', async () => {
    const client = await openAws({ env: {}, local: { controlPlane: 'http://127.0.0.1:1' } }).keyValueStore();
    await expect(openKeyValueStore(client, test.arn).read(['health'])).rejects.toMatchObject({ code: 'ENDPOINT_UNREACHABLE' });
  });

  it('times out when the answer does not come', async () => {
    test.control.faults.rules = [{ kind: 'latency', latencyMs: 500 }];
    const client = await openAws({ env: {}, local: { controlPlane: test.control.url }, requestTimeoutMs: 50 }).keyValueStore();
    const slow = openKeyValueStore(client, test.arn, { sleep: async () => undefined });
    await expect(slow.read(['health'])).rejects.toMatchObject({ code: 'ENDPOINT_UNREACHABLE' });
  });

  it('waits longer with each try, so a slow store still works, and remembers that wait', async () => {
    test.control.faults.rules = [{ kind: 'latency', latencyMs: 450 }];
    const client = await openAws({ env: {}, local: { controlPlane: test.control.url }, requestTimeoutMs: 150 }).keyValueStore();
    const slow = openKeyValueStore(client, test.arn, { sleep: async () => undefined });
    const setTo = (value: string) => () => ({ puts: [{ key: 'health', value }], deletes: [] });
    expect((await slow.update(['health'], setTo('singapore=0'))).written).toBeDefined();
    const describes = () => operations().filter((operation) => operation === 'DescribeKeyValueStore').length;
    const before = describes();
    expect((await slow.read(['health'])).values.get('health')).toBe('singapore=0');
    expect(describes() - before).toBe(1);
  });

  it('knows how far this clock is from the service’s', async () => {
    await store.read(['health']);
    expect(Math.abs(store.clockSkewMs?.() ?? Number.NaN)).toBeLessThan(5_000);
  });

  it('goes on from the audit ring when the state is gone, for the next writer', async () => {
    const context = { at: Date.now(), reason: 'a reason', by: 'ana', origins: ['singapore', 'europe'] };
    const override = (origin: string) => ({ kind: 'override' as const, weights: { [origin]: 50 }, until: Date.now() + 3_600_000 });
    for (const origin of ['europe', 'singapore']) await store.update(flipKeys, (snapshot) => planFlip(snapshot, override(origin), context));
    await store.update([], () => ({ puts: [], deletes: ['state'] }));
    const { written } = await store.update(flipKeys, (snapshot) => planFlip(snapshot, { kind: 'clear' }, context));
    expect(written?.puts.map(({ key }) => key)).toContain('audit/03');
    expect(auditHistory(test.values()).map(({ sequence, kind }) => [sequence, kind])).toEqual([
      [3, 'clear'],
      [2, 'override'],
      [1, 'override'],
    ]);
  });

  it('stops at once when its signal is aborted', async () => {
    test.control.faults.rules = [{ kind: 'latency', latencyMs: 5_000 }];
    const stop = new AbortController();
    const reading = openKeyValueStore(await test.aws.keyValueStore(), test.arn, { signal: stop.signal }).read(['health']);
    stop.abort();
    await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('is reached through AWS_ENDPOINT_URL_CLOUDFRONT_KEYVALUESTORE on this machine, by name and by address', async () => {
    for (const host of ['localhost', '127.0.0.1']) {
      const env = { AWS_ENDPOINT_URL_CLOUDFRONT_KEYVALUESTORE: `http://${host}:${test.control.port}` };
      const aws = openAws({ env });
      const client = await aws.keyValueStore();
      client.config.credentials = async () => ({ accessKeyId: 'A', secretAccessKey: 'B' });
      expect((await openKeyValueStore(client, test.arn).read(['health'])).values.get('health')).toBe('ok');
    }
  });
});

describe('openAws', () => {
  it('refuses an endpoint that is not a URL, naming the variable', async () => {
    for (const url of ['http://10.0.0.1', 'http://example.com', 'http://localhost.example.com', 'http://127.0.0.1.example.com'])
      await expect(openAws({ env: { AWS_ENDPOINT_URL: url } }).keyValueStore()).rejects.toMatchObject({ code: 'USAGE' });
    await expect(openAws({ env: { AWS_ENDPOINT_URL: 'here' } }).keyValueStore()).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('"here"'),
    });
  });

  it('has a region in any environment', () => {
    expect(openAws({ env: {} }).region).toBe('us-east-1');
    expect(openAws({ env: { AWS_DEFAULT_REGION: 'eu-central-1' } }).region).toBe('eu-central-1');
    expect(openAws({ env: { AWS_REGION: 'ap-southeast-1', AWS_DEFAULT_REGION: 'eu-central-1' } }).region).toBe('ap-southeast-1');
    expect(openAws({ env: { AWS_REGION: 'ap-southeast-1' }, region: 'us-west-2' }).region).toBe('us-west-2');
  });
});

describe('findKeyValueStoreArn', () => {
  it('asks the control plane once, and not at all when the ARN is given', async () => {
    expect(await findKeyValueStoreArn(test.aws, 'edge-health', undefined)).toBe(test.arn);
    expect(await findKeyValueStoreArn(test.aws, 'edge-health', test.arn)).toBe(test.arn);
    expect(operations()).toEqual(['DescribeKeyValueStore']);
  });

  it('names the store that is missing and refuses an ARN that is none', async () => {
    await expect(findKeyValueStoreArn(test.aws, 'nowhere', undefined)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('key-value store nowhere does not exist'),
    });
    await expect(findKeyValueStoreArn(test.aws, 'edge-health', 'edge-health')).rejects.toMatchObject({ code: 'USAGE' });
  });
});
