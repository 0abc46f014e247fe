import { describe, expect, it } from 'vitest';
import type { Fault } from '../../../local/aws/faults.ts';
import { openKeyValueStore } from '../../../src/aws/key-value-store.ts';
import { releaseCode } from '../../../src/publish/publish.ts';
import type { Release } from '../../../src/publish/publish-tools.ts';
import { rollbackRouter } from '../../../src/publish/rollback.ts';
import { hashCode, readStage } from '../../../src/publish/stage.ts';
import { type PublishRecord, readVersionCode } from '../../../src/publish/versions.ts';
import { sampleCandidate, usePublisher } from './open-publisher.ts';

const publisher = usePublisher();

const release = (text: string): Promise<Release> => releaseCode(sampleCandidate(text), publisher.tools(), {});
const rollback = (to?: number): Promise<Release> => rollbackRouter(publisher.tools(), { to });

/** What goes wrong from now on, in place of what went wrong before. */
function breakWith(...rules: Fault[]): void {
  publisher.account.cloud.faults.rules = rules;
}

/** LIVE is this code, and so is its record. */
async function expectLive(text: string, version: number): Promise<void> {
  const { sha256 } = sampleCandidate(text);
  expect(publisher.live()).toEqual({ sha256, keyValueStoreArn: publisher.storeArn });
  expect((await publisher.history())[0]).toMatchObject({ version, sha256 });
}

const operations = ['DescribeFunction', 'GetFunction', 'UpdateFunction', 'TestFunction', 'GetKey', 'UpdateKeys', 'PublishFunction'];
const kinds = ['throttle', 'unavailable', 'drop-request', 'drop-response'] as const;

describe('a passing failure', () => {
  it.each(operations)('of %s is repeated, whatever its kind, and the code is LIVE in the end', async (operation) => {
    await release('0');
    for (const [index, kind] of kinds.entries()) {
      const text = `${kind} at ${operation}`;
      const fault: Fault = { kind, operation, times: 2 };
      breakWith(fault);
      expect(await release(text), text).toMatchObject({ outcome: 'published', version: index + 2 });
      // A lost answer to UpdateKeys is recognised by the next read: its second fault is never met.
      expect(fault.times, text).toBeLessThan(2);
      await expectLive(text, index + 2);
    }
  });

  it('that loses the answer to CreateFunction does not end in "exists already"', async () => {
    breakWith({ kind: 'drop-response', operation: 'CreateFunction', times: 1 });
    expect(await release('one')).toMatchObject({ outcome: 'published', version: 1 });
  });

  it.each(['UpdateFunction', 'TestFunction', 'UpdateKeys'])('that makes %s conflict is looked into, and passes', async (operation) => {
    await release('one');
    breakWith({ kind: 'conflict', operation, times: 1 });
    expect(await release('two')).toMatchObject({ outcome: 'published', version: 2 });
    await expectLive('two', 2);
  });

  it('is not what a slow answer is taken for', async () => {
    breakWith({ kind: 'latency', latencyMs: 30 });
    expect(await release('one')).toMatchObject({ outcome: 'published' });
    expect(publisher.operations().filter((operation) => operation === 'CreateFunction')).toHaveLength(1);
  });
});

describe('a network that stays broken', () => {
  it.each(operations)('at %s ends in one line that says what is left, and the next try goes on from there', async (operation) => {
    await release('one');
    breakWith({ kind: 'drop-request', operation });
    const failure = (await release('two').catch((error: unknown) => error)) as Error & { hint: string };
    expect(failure).toMatchObject({ name: 'EdgeError', code: 'ENDPOINT_UNREACHABLE' });
    expect(failure.message).not.toContain('\n');
    if (operation === 'TestFunction') expect(failure.hint).toContain('LIVE is unchanged');
    if (operation === 'PublishFunction') expect(failure.hint).toContain('npm run function:history');
    breakWith();
    await expectLive('one', operation === 'PublishFunction' ? 2 : 1).catch(() =>
      expect(publisher.live()?.sha256).toBe(sampleCandidate('one').sha256),
    );
    expect(await release('two')).toMatchObject({ outcome: 'published', version: 2 });
    await expectLive('two', 2);
  });

  it('ends a rollback in a line that says how to finish it, never one version further', async () => {
    await release('one');
    await release('two');
    breakWith({ kind: 'drop-response', operation: 'PublishFunction' });
    const failure = (await rollback().catch((error: unknown) => error)) as Error & { hint: string };
    expect(failure.hint).toContain('npm run function:rollback -- --to 1 makes sure of it');
    breakWith();
    expect(await rollback(1)).toMatchObject({ sha256: sampleCandidate('one').sha256 });
    await expectAgreement('one');
  });
});

/**
 * Ends the process in all but name: this many calls are answered, the next one is made and its answer lost, and no
 * later one arrives.
 */
function endAt(call: number): void {
  const { cloud } = publisher.account;
  publisher.operations();
  breakWith({
    get kind() {
      return cloud.calls.length <= call ? 'drop-response' : 'drop-request';
    },
    get operation() {
      return cloud.calls.length < call ? 'none yet' : undefined;
    },
  });
}

/** LIVE, DEVELOPMENT, the newest record and its code are one and the same. */
async function expectAgreement(text: string): Promise<void> {
  const { cloudfront, keyValueStore } = publisher.account;
  const store = openKeyValueStore(keyValueStore, publisher.storeArn);
  const [live, development] = await Promise.all(
    (['LIVE', 'DEVELOPMENT'] as const).map((stage) => readStage(cloudfront, 'origin-router', stage)),
  );
  const [record] = await publisher.history();
  const { sha256 } = sampleCandidate(text);
  expect([live?.sha256, development?.sha256, record?.sha256]).toEqual([sha256, sha256, sha256]);
  expect([live?.comment, live?.published?.version]).toEqual([development?.comment, record?.version]);
  expect(hashCode(await readVersionCode(store, record as PublishRecord))).toBe(sha256);
}

describe('a process that ends behind any of its calls', () => {
  it('while it publishes leaves LIVE whole, and the next run finishes the work', async () => {
    await release('0');
    publisher.operations();
    await release('1');
    const calls = publisher.operations().length;
    expect(calls).toBeGreaterThan(12);
    let last = '1';
    for (let call = 0; call < calls; call++) {
      const text = `ended at ${call}`;
      endAt(call);
      expect(await release(text).catch((error: unknown) => error), text).toMatchObject({ name: 'EdgeError' });
      breakWith();
      expect([last, text].map((each) => sampleCandidate(each).sha256)).toContain(publisher.live()?.sha256);
      await release(text);
      await expectAgreement(text);
      last = text;
    }
  });

  it('while it rolls back leaves LIVE whole, and the next run finishes the work', async () => {
    await release('a');
    await release('b');
    publisher.operations();
    await rollback();
    const calls = publisher.operations().length;
    let [now, other] = ['a', 'b'];
    for (let call = 0; call < calls; call++) {
      const target = (await publisher.history()).find(({ sha256 }) => sha256 === sampleCandidate(other).sha256)?.version;
      endAt(call);
      expect(await rollback(target).catch((error: unknown) => error), `${call}`).toMatchObject({ name: 'EdgeError' });
      breakWith();
      expect([now, other].map((each) => sampleCandidate(each).sha256)).toContain(publisher.live()?.sha256);
      await rollback(target);
      await expectAgreement(other);
      [now, other] = [other, now];
    }
  });
});
