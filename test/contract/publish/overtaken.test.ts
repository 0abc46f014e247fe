import { type CloudFrontClient, PublishFunctionCommand } from '@aws-sdk/client-cloudfront';
import { describe, expect, it } from 'vitest';
import { openAws } from '../../../src/aws/clients.ts';
import { describeFunction } from '../../../src/aws/function.ts';
import { openKeyValueStore } from '../../../src/aws/key-value-store.ts';
import { EdgeError } from '../../../src/errors.ts';
import { releaseCode } from '../../../src/publish/publish.ts';
import type { Release } from '../../../src/publish/publish-tools.ts';
import { type RollbackTools, rollbackRouter } from '../../../src/publish/rollback.ts';
import { sampleCandidate, usePublisher } from './open-publisher.ts';

// Two releases of one author, as every release of a workflow has it, through two clients each: one of them is stopped
// before each of its calls in turn.

const publisher = usePublisher();

/** Tools with clients of their own; `beforeCall` runs before every call, given its place from 0. */
async function toolsWith(beforeCall: (place: number, command: string) => Promise<void>): Promise<RollbackTools> {
  const aws = openAws({ env: {}, local: { controlPlane: publisher.account.cloud.url } });
  const [cloudFront, data] = await Promise.all([aws.cloudFront(), aws.keyValueStore()]);
  let place = 0;
  for (const client of [cloudFront, data])
    (client.middlewareStack as CloudFrontClient['middlewareStack']).add(
      (next, { commandName }) =>
        async (args) => {
          await beforeCall(place++, commandName ?? '');
          return next(args);
        },
      { step: 'initialize' },
    );
  const waiting = { sleep: async () => undefined, random: () => 0 };
  return publisher.tools({ cloudFront, openStore: async (arn) => openKeyValueStore(data, arn, waiting) });
}

const release = (text: string, tools: RollbackTools) => releaseCode(sampleCandidate(text), tools, {});
const settle = <T>(work: Promise<T>) => work.catch((error: Error & { code?: string; hint?: string }) => error);

/** The first release stops before its call number `at`, the second runs from start to end, the first goes on. */
async function interleave(at: number, first: string, second: string) {
  let other: Release | Error | undefined;
  let calls = 0;
  const tools = await toolsWith(async (place) => {
    calls = place + 1;
    if (place === at) other = await settle(release(second, publisher.tools()));
  });
  const one = await settle(release(first, tools));
  return { one, other, calls };
}

async function expectTruth(text: string, when: string): Promise<void> {
  const live = await describeFunction(publisher.account.cloudfront, 'origin-router', 'LIVE');
  const [record] = (await publisher.history()).filter(({ link }) => live?.comment.includes(` rec:${link} `));
  expect(publisher.live()?.sha256, when).toBe(sampleCandidate(text).sha256);
  expect(record, when).toMatchObject({ sha256: sampleCandidate(text).sha256 });
}

describe.each([
  { when: 'the first publication ever', past: [] },
  { when: 'a publication', past: ['old'] },
])('$when, overtaken by another release of the same author', ({ past }) => {
  it('before any of its calls never replaces the newer code, and only the LIVE one reports that it is LIVE', async () => {
    for (let at = 0; ; at++) {
      await publisher.renew();
      for (const text of past) await release(text, publisher.tools());
      const { one, other, calls } = await interleave(at, 'first', 'second');
      if (other === undefined) {
        expect(calls).toBe(at);
        expect(at).toBeGreaterThan(12);
        break;
      }
      const when = `stopped before call ${at}: ${JSON.stringify([one, other].map((each) => (each instanceof Error ? each.message : each.outcome)))}`;
      // Stopped before its first read the first one starts from the second one's release: it is the newer one then.
      const newest = at < 2 && !(one instanceof Error) ? 'first' : 'second';
      expect(other, when).toMatchObject({ outcome: 'published' });
      if (newest === 'second') expect(one, when).toMatchObject({ code: 'CONFLICT' });
      if (newest === 'second') expect(`${(one as Error).message} ${(one as { hint?: string }).hint}`, when).toContain('LIVE is');
      await expectTruth(newest, when);
    }
  }, 120_000);
});

describe('a rollback', () => {
  it('that is overtaken by a release never puts the older code over it', async () => {
    for (let at = 0; ; at++) {
      await publisher.renew();
      for (const text of ['one', 'two']) await release(text, publisher.tools());
      let other: Release | Error | undefined;
      const tools = await toolsWith(async (place) => {
        if (place === at) other = await settle(release('three', publisher.tools()));
      });
      const back = await settle(rollbackRouter(tools, {}));
      if (other === undefined) break;
      const when = `stopped before call ${at}: ${JSON.stringify([back, other].map((each) => (each instanceof Error ? each.message : each.outcome)))}`;
      expect(other, when).toMatchObject({ outcome: 'published' });
      if (back instanceof Error) {
        expect(back, when).toMatchObject({ code: 'CONFLICT' });
        await expectTruth('three', when);
      } else expect(publisher.live()?.sha256, when).toBe(back.sha256);
    }
  }, 120_000);
});

describe('a release', () => {
  it('that ends after any of its calls while another one runs leaves LIVE with a record that LIVE attests', async () => {
    await release('0', publisher.tools());
    let last = '0';
    for (let at = 0; ; at++) {
      let other: Promise<Release | Error> | undefined;
      const tools = await toolsWith(async (place) => {
        if (place < at) return;
        other ??= settle(release(`other ${at}`, publisher.tools()));
        await other;
        throw new Error('killed');
      });
      const one = await settle(release(`killed at ${at}`, tools));
      if (other === undefined) break;
      expect(one).toBeInstanceOf(Error);
      expect(await other).toMatchObject({ outcome: 'published' });
      last = `other ${at}`;
      await expectTruth(last, `killed at ${at}`);
    }
    // Whatever the killed ones left, the next release needs no --force.
    expect(await release('next', publisher.tools())).toMatchObject({ outcome: 'published' });
    await expectTruth('next', 'at last');
  }, 120_000);

  it('is not repeated after its own PublishFunction, and says what is LIVE', async () => {
    await release('one', publisher.tools());
    publisher.account.cloud.faults.rules = [{ kind: 'conflict', operation: 'PublishFunction', times: 1 }];
    publisher.operations();
    const failed = await settle(release('two', publisher.tools()));
    expect(failed).toMatchObject({ code: 'CONFLICT', hint: expect.stringContaining('LIVE is v1 of ann@laptop') });
    expect(publisher.operations().filter((operation) => operation === 'PublishFunction')).toHaveLength(1);
    await expectTruth('one', 'afterwards');
  });

  it('whose PublishFunction went through although its answer was lost and the next try is refused is published', async () => {
    await release('one', publisher.tools());
    const { cloudfront } = publisher.account;
    let tries = 0;
    const tools = await toolsWith(async (_place, command) => {
      if (command !== 'PublishFunctionCommand' || tries++ > 0) return;
      const development = await describeFunction(cloudfront, 'origin-router', 'DEVELOPMENT');
      await cloudfront.send(new PublishFunctionCommand({ Name: 'origin-router', IfMatch: development?.etag }));
      publisher.account.cloud.faults.rules = [{ kind: 'conflict', operation: 'PublishFunction', times: 1 }];
    });
    expect(await release('two', tools)).toMatchObject({ outcome: 'published', version: 2 });
    await expectTruth('two', 'afterwards');
  });

  it('does not try a version number that was taken', async () => {
    await release('one', publisher.tools());
    const tools = await toolsWith(async (_place, command) => {
      if (command !== 'UpdateKeysCommand') return;
      // The other one uploads, records and publishes between our last read and our own record.
      await settle(release('two', publisher.tools()));
    });
    publisher.operations();
    expect(await settle(release('late', tools))).toMatchObject({ code: 'CONFLICT' });
    await expectTruth('two', 'afterwards');
  });
});

describe('a release that is interrupted', () => {
  it('before any of its calls says truthfully whether it is LIVE, and the next run finishes it', async () => {
    await release('0', publisher.tools());
    const seen = { LIVE: 0, other: 0 };
    for (let at = 0; ; at++) {
      const ended = new AbortController();
      const tools = await toolsWith(async (place) => {
        if (place === at) ended.abort(new EdgeError('INTERRUPTED', 'interrupted'));
      });
      const one = await settle(release(`interrupted at ${at}`, { ...tools, signal: ended.signal }));
      if (!ended.signal.aborted) break;
      const isLive = publisher.live()?.sha256 === sampleCandidate(`interrupted at ${at}`).sha256;
      const when = `at ${at}: ${one instanceof Error ? one.message : one.outcome}`;
      if (one instanceof Error) {
        expect(one, when).toMatchObject({ code: 'INTERRUPTED' });
        expect(/, but v\d+ is published and LIVE$/.test(one.message), when).toBe(isLive);
        expect(/: nothing was (written|published)$| is not LIVE; /.test(one.message), when).toBe(!isLive);
      } else expect(isLive, when).toBe(true);
      seen[isLive ? 'LIVE' : 'other']++;
      await release(`interrupted at ${at}`, publisher.tools());
      await expectTruth(`interrupted at ${at}`, when);
    }
    expect(seen.LIVE).toBeGreaterThan(1);
    expect(seen.other).toBeGreaterThan(10);
  }, 120_000);

  it('says so when LIVE cannot be read any more', async () => {
    await release('one', publisher.tools());
    const ended = new AbortController();
    const tools = await toolsWith(async (_place, command) => {
      if (command !== 'PublishFunctionCommand') return;
      ended.abort(new EdgeError('INTERRUPTED', 'interrupted'));
      publisher.account.cloud.faults.rules = [{ kind: 'drop-request' }];
    });
    const failed = await settle(release('two', { ...tools, signal: ended.signal }));
    expect(failed).toMatchObject({ code: 'INTERRUPTED', message: expect.stringContaining('LIVE cannot be read') });
  });
});
