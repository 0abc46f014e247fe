import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Fault } from '../../../local/aws/faults.ts';
import { openFunctionRuntime } from '../../../local/runtime/function-runtime.ts';
import type { FunctionRuntime } from '../../../src/edge/execution.ts';
import { type Release, releaseCode } from '../../../src/operations/publish/release-code.ts';
import { openTestPublisher, sampleCandidate, type TestPublisher } from './open-publisher.ts';

let runtime: FunctionRuntime;
let publisher: TestPublisher;

beforeAll(async () => {
  runtime = await openFunctionRuntime();
});
afterAll(() => runtime.close());
beforeEach(async () => {
  publisher = await openTestPublisher(runtime);
});
afterEach(() => publisher.close());

const release = (text: string): Promise<Release> => releaseCode(sampleCandidate(text), publisher.tools(), {});

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

  it.each(['UpdateFunction', 'PublishFunction', 'UpdateKeys'])('that makes %s conflict is looked into, and passes', async (operation) => {
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

  it('from whichever call on leaves something that the next try finishes', async () => {
    await release('0');
    publisher.operations();
    await release('1');
    const calls = publisher.operations().length;
    expect(calls).toBeGreaterThan(12);
    const { cloud } = publisher.account;
    for (let allowed = 0; allowed < calls; allowed += 2) {
      const text = `cut after ${allowed}`;
      publisher.operations();
      const cut: Fault = {
        kind: 'drop-request',
        get operation() {
          return cloud.calls.length < allowed ? 'none yet' : undefined;
        },
      };
      breakWith(cut);
      const outcome = await release(text).catch((error: unknown) => error);
      expect(outcome).toMatchObject({ name: 'EdgeError' });
      breakWith();
      const finished = await release(text);
      await expectLive(text, finished.version ?? 0);
    }
  });
});
