import { type CloudFrontKeyValueStoreClient, ResourceNotFoundException } from '@aws-sdk/client-cloudfront-keyvaluestore';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openKeyValueStore } from '../../../src/aws/key-value-store.ts';
import { maxCalls } from '../../../src/aws/retry.ts';
import { EdgeError } from '../../../src/errors.ts';

const arn = 'arn:aws:cloudfront::111122223333:key-value-store/11111111-2222-3333-4444-555555555555';
const error = (name: string, facts: { status?: number; code?: string; message?: string } = {}) =>
  Object.assign(new Error(facts.message ?? name), {
    name,
    ...(facts.code && { code: facts.code }),
    ...(facts.status && { $metadata: { httpStatusCode: facts.status } }),
  });
const reset = () => error('Error', { code: 'ECONNRESET' });
const stale = [
  () => error('ConflictException', { status: 409 }),
  () => error('ValidationException', { status: 400, message: 'Pre-Condition failed' }),
  () => error('PreconditionFailed', { status: 412 }),
];

interface Write {
  etag: string;
  puts: { Key: string; Value: string }[];
}

/**
 * A store in memory behind the client's `send`. `onWrite` comes before the write and decides its fate; the real wire is
 * in test/contract/aws.
 */
function fakeStore(onWrite: (write: Write, apply: (write: Write) => void, number: number) => void = (write, apply) => apply(write)) {
  const values = new Map<string, string>();
  let version = 1;
  let writes = 0;
  const put = (key: string, value: string) => {
    values.set(key, value);
    version++;
  };
  const apply = ({ etag, puts }: Write) => {
    if (etag !== `E${version}`) throw stale[version % stale.length]?.();
    for (const { Key, Value } of puts) values.set(Key, Value);
    version++;
  };
  const send = async (command: { constructor: { name: string }; input: Record<string, unknown> }) => {
    const { input } = command;
    switch (command.constructor.name) {
      case 'DescribeKeyValueStoreCommand':
        return { ETag: `E${version}`, ItemCount: values.size };
      case 'ListKeysCommand':
        return { Items: [...values].map(([Key, Value]) => ({ Key, Value })) };
      case 'GetKeyCommand':
        if (!values.has(String(input['Key']))) throw new ResourceNotFoundException({ message: 'no such key', $metadata: {} });
        return { Value: values.get(String(input['Key'])) };
      default:
        onWrite({ etag: String(input['IfMatch']), puts: input['Puts'] as Write['puts'] }, apply, ++writes);
        return { ETag: `E${version}` };
    }
  };
  const waits: number[] = [];
  const store = openKeyValueStore({ send } as unknown as CloudFrontKeyValueStoreClient, arn, {
    sleep: async (ms) => {
      waits.push(ms);
    },
    random: () => 0.999,
  });
  return { store, values, put, waits, send, sent: () => writes };
}

const setTo = (value: string) => () => ({ puts: [{ key: 'health', value }], deletes: [] });
const failureOf = async (promise: Promise<unknown>) => {
  const thrown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(thrown).toBeInstanceOf(EdgeError);
  return thrown as EdgeError;
};

describe('update', () => {
  it.each(stale.map((make) => ({ name: make().name, make })))('reads again and asks again after $name', async ({ make }) => {
    const fake = fakeStore((write, apply, number) => {
      if (number === 1) {
        fake.put('health', 'b=0');
        throw make();
      }
      apply(write);
    });
    const seen: (string | undefined)[] = [];
    const outcome = await fake.store.update(['health'], (snapshot) => {
      seen.push(snapshot.values.get('health'));
      return setTo('a=0')();
    });
    expect(seen).toEqual([undefined, 'b=0']);
    expect(outcome.attempts).toBe(2);
    expect(fake.values.get('health')).toBe('a=0');
  });

  it('gives up after a bounded number of conflicts, waiting longer each time and never more than 2 s', async () => {
    const fake = fakeStore(() => {
      throw stale[0]?.();
    });
    expect((await failureOf(fake.store.update(['health'], setTo('a=0')))).code).toBe('CONFLICT');
    expect(fake.sent()).toBe(maxCalls.conflict);
    expect(fake.waits.slice(0, 4)).toEqual([100, 200, 400, 800]);
    expect(Math.max(...fake.waits)).toBe(1998);
  });

  it.each([
    { when: 'throttled', make: () => error('ThrottlingException', { status: 503 }), code: 'THROTTLED', calls: maxCalls.throttled },
    {
      when: 'refused a connection',
      make: () => error('Error', { code: 'ECONNREFUSED' }),
      code: 'ENDPOINT_UNREACHABLE',
      calls: maxCalls.unsent,
    },
    { when: 'reset each time', make: reset, code: 'ENDPOINT_UNREACHABLE', calls: maxCalls.unknown },
    { when: 'denied', make: () => error('AccessDeniedException', { status: 403 }), code: 'ACCESS_DENIED', calls: 1 },
    { when: 'the error of a value that is too long', make: () => error('ValidationException', { status: 400 }), code: 'AWS', calls: 1 },
  ])('sends a bounded number of times when $when', async ({ make, code, calls }) => {
    const fake = fakeStore(() => {
      throw make();
    });
    expect((await failureOf(fake.store.update(['health'], setTo('a=0')))).code).toBe(code);
    expect(fake.sent()).toBe(calls);
  });

  it('does not send a write again that landed although its answer was lost', async () => {
    const fake = fakeStore((write, apply) => {
      apply(write);
      throw reset();
    });
    let asked = 0;
    const outcome = await fake.store.update(['health'], () => {
      asked++;
      return setTo('a=0')();
    });
    expect({ asked, sent: fake.sent(), attempts: outcome.attempts }).toEqual({ asked: 1, sent: 1, attempts: 1 });
    expect(outcome.written?.puts).toEqual([{ key: 'health', value: 'a=0' }]);
  });

  it('recognises its audit entry when a later writer has replaced everything else', async () => {
    const fake = fakeStore((write, apply) => {
      apply(write);
      fake.put('health', 'b=0');
      throw reset();
    });
    const change = {
      puts: [
        { key: 'health', value: 'a=0' },
        { key: 'audit/01', value: '{"sequence":1,"by":"me"}' },
      ],
      deletes: [],
    };
    const outcome = await fake.store.update(['health'], () => change);
    expect(outcome.written).toBe(change);
    expect(fake.sent()).toBe(1);
    expect(fake.values.get('health')).toBe('b=0');
  });

  it('recognises a write that lands late, between its timeout and the next try', async () => {
    let late: Write | undefined;
    const fake = fakeStore((write, apply, number) => {
      if (number === 1) {
        late = write;
        throw error('TimeoutError', { message: 'no answer' });
      }
      if (late !== undefined) apply(late);
      apply(write);
    });
    let sequence = 0;
    const outcome = await fake.store.update(['state'], () => ({ puts: [{ key: 'state', value: `#${++sequence}` }], deletes: [] }));
    expect(outcome.written?.puts[0]?.value).toBe('#1');
    expect(fake.values.get('state')).toBe('#1');
  });

  it('says so when it cannot know whether a write happened', async () => {
    const fake = fakeStore(() => {
      throw reset();
    });
    const failure = await failureOf(fake.store.update(['health'], setTo('a=0')));
    expect(failure.message).toMatch(/may or may not have happened: cannot write/);
    expect(failure.hint).toContain('failover -- status');
  });

  it('writes nothing when the change is undefined, and lets its errors through', async () => {
    const fake = fakeStore();
    expect(await fake.store.update(['health'], () => undefined)).toEqual({ written: undefined, attempts: 0 });
    const refused = new EdgeError('ORIGIN_UNHEALTHY', 'europe is unhealthy');
    await expect(
      fake.store.update(['health'], () => {
        throw refused;
      }),
    ).rejects.toBe(refused);
    expect(fake.sent()).toBe(0);
  });

  it('makes every successful update count exactly once, whatever happens to requests and answers', async () => {
    const fates = fc.array(fc.constantFrom('fine', 'lost request', 'lost answer', 'other writer', 'throttled'), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(fates, fc.integer({ min: 1, max: 4 }), async (plan, updates) => {
        const left = [...plan];
        let others = 0;
        const fake = fakeStore((write, apply) => {
          const fate = left.shift() ?? 'fine';
          if (fate === 'throttled') throw error('ThrottlingException', { status: 503 });
          if (fate === 'lost request') throw reset();
          if (fate === 'other writer') fake.put('other', String(++others));
          apply(write);
          if (fate === 'lost answer') throw reset();
        });
        let done = 0;
        let unsure = 0;
        for (let i = 0; i < updates; i++)
          await fake.store
            .update(['counter'], ({ values }) => {
              const next = Number(values.get('counter') ?? 0) + 1;
              return { puts: [{ key: 'counter', value: String(next) }], deletes: [] };
            })
            .then(
              () => done++,
              () => unsure++,
            );
        const counted = Number(fake.values.get('counter') ?? 0);
        expect(counted).toBeGreaterThanOrEqual(done);
        expect(counted).toBeLessThanOrEqual(done + unsure);
      }),
    );
  });
});

describe('a 200 without what it must have', () => {
  /** A store whose first answers of one operation are replaced. */
  function garbled(operation: string, answers: unknown[]) {
    const fake = fakeStore();
    fake.put('health', 'singapore=0@1772341200');
    const counts = { asked: 0 };
    const store = openKeyValueStore(
      {
        send: async (command: { constructor: { name: string }; input: Record<string, unknown> }) => {
          if (command.constructor.name === `${operation}Command`) {
            const answer = answers[counts.asked++];
            if (answer !== undefined) return answer;
          }
          return fake.send(command);
        },
      } as unknown as CloudFrontKeyValueStoreClient,
      arn,
      { sleep: async () => undefined, random: () => 0 },
    );
    return { store, counts, fake };
  }

  it.each([
    { operation: 'GetKey', answer: {} },
    { operation: 'GetKey', answer: { Key: 'health' } },
    { operation: 'DescribeKeyValueStore', answer: { Status: 'READY' } },
  ])('of $operation is asked for again, not taken for a missing key: $answer', async ({ operation, answer }) => {
    const { store, counts } = garbled(operation, [answer, answer]);
    const { values } = await store.read(['health']);
    expect(values.get('health')).toBe('singapore=0@1772341200');
    expect(counts.asked).toBe(3);
  });

  it.each(['GetKey', 'DescribeKeyValueStore'])('of %s fails when that is all there is', async (operation) => {
    const { store, counts } = garbled(operation, Array(20).fill({}));
    expect((await failureOf(store.read(['health']))).code).toBe('AWS');
    expect(counts.asked).toBe(maxCalls.unknown);
  });

  it('never makes an update write as if the store were empty', async () => {
    const { store, fake } = garbled('GetKey', Array(20).fill({}));
    await failureOf(store.update(['health'], ({ values }) => setTo(values.get('health') ?? 'lost')()));
    expect(fake.sent()).toBe(0);
  });

  it('of UpdateKeys leaves the write unknown: it is read back, and written again when it is missing', async () => {
    const { store, fake } = garbled('UpdateKeys', [{}]);
    const { written } = await store.update(['health'], setTo('a=0'));
    expect(written?.puts[0]?.value).toBe('a=0');
    expect(fake.values.get('health')).toBe('a=0');
  });

  it('of ListKeys does not mean an empty store, unless the store counts no items', async () => {
    const full = garbled('ListKeys', Array(20).fill({}));
    expect((await failureOf(full.store.list(1))).code).toBe('AWS');
    const send = async (command: { constructor: { name: string } }) =>
      command.constructor.name === 'ListKeysCommand' ? {} : { ETag: 'E1', ItemCount: 0 };
    const empty = openKeyValueStore({ send } as unknown as CloudFrontKeyValueStoreClient, arn);
    expect((await empty.list(1)).values.size).toBe(0);
    const cut = garbled('ListKeys', Array(20).fill({ Items: [{ Key: 'health' }] }));
    expect((await failureOf(cut.store.list(1))).code).toBe('AWS');
  });
});

describe('read', () => {
  it('takes a missing key for absent', async () => {
    const fake = fakeStore();
    fake.put('health', 'ok');
    const snapshot = await fake.store.read(['health', 'state']);
    expect([...snapshot.values]).toEqual([['health', 'ok']]);
    expect(snapshot.etag).toBe('E2');
  });

  it('reads the ETag before a value, so that a write in between makes the update conflict', async () => {
    const order: string[] = [];
    const send = async (command: { constructor: { name: string } }) => {
      order.push(`sent ${command.constructor.name}`);
      await new Promise((resolve) => setImmediate(resolve));
      order.push(`answered ${command.constructor.name}`);
      return { ETag: 'E1', Value: 'ok' };
    };
    await openKeyValueStore({ send } as unknown as CloudFrontKeyValueStoreClient, arn).read(['health']);
    expect(order).toEqual([
      'sent DescribeKeyValueStoreCommand',
      'answered DescribeKeyValueStoreCommand',
      'sent GetKeyCommand',
      'answered GetKeyCommand',
    ]);
  });
});
