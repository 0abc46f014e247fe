import { CreateKeyValueStoreCommand, InvalidArgument, PublishFunctionCommand, UpdateFunctionCommand } from '@aws-sdk/client-cloudfront';
import { describe, expect, it } from 'vitest';
import { openAws } from '../../../src/aws/clients.ts';
import { describeFunction } from '../../../src/aws/function.ts';
import { buildFunction } from '../../../src/edge/build.ts';
import { firstCode } from '../../../src/edge/first-code.ts';
import { findNjs } from '../../../src/edge/njs/njs.ts';
import { type Fixture, readFixtures } from '../../../src/publish/fixtures.ts';
import { publishRouter, releaseCode } from '../../../src/publish/publish.ts';
import { parsePublishComment } from '../../../src/publish/stage.ts';
import { awaitStoreArn } from '../../../src/store/create-store.ts';
import { describeWith } from '../../programs.ts';
import { createFunction } from '../control-plane/open-local-account.ts';
import { configFor, openTestPublisher, sampleConfig, usePublisher } from './open-publisher.ts';

const publisher = usePublisher();

const njs = findNjs(process.env['PATH']);
const writes = (operations: string[]) => operations.filter((operation) => !/^(Describe|Get|List|Test)/.test(operation));

/** A fixture that the router does not meet. */
function strangeFixture(expectation: Fixture['expectation']): Fixture {
  const request = { method: 'GET', uri: '/', querystring: {}, headers: { 'cloudfront-viewer-country': { value: 'IN' } }, cookies: {} };
  const context = { distributionDomainName: '', distributionId: '', eventType: 'viewer-request' as const, requestId: '' };
  return { name: 'strange', event: { version: '1.0', context, viewer: { ip: '203.0.113.7' }, request }, expectation };
}

describe('publishing', () => {
  it('creates, tests, records, publishes and reads back, one line each', async () => {
    const fixtures = await readFixtures();
    const release = await publishRouter(publisher.tools({ fixtures }));
    expect(release).toMatchObject({ outcome: 'published', version: 1 });
    expect(publisher.live()).toEqual({ sha256: release.sha256, keyValueStoreArn: publisher.storeArn });
    const operations = publisher.operations();
    expect(operations.filter((operation) => operation === 'TestFunction')).toHaveLength(fixtures.length);
    expect(writes(operations)).toEqual(['CreateFunction', 'UpdateKeys', 'PublishFunction']);
    expect(release.steps.map(({ step }) => step)).toEqual(['build', 'compare', 'store', 'upload', 'test', 'record', 'publish', 'verify']);
    for (const line of publisher.lines) expect(line).toMatch(/^\w+ +[\d.]+ ?m?s +\S|^note: .*njs/);
    expect(release.notes).toEqual([expect.stringContaining('njs')]);
  });

  it('has nothing to do for unchanged code: two reads, no write', async () => {
    await publishRouter(publisher.tools());
    publisher.operations();
    expect(await publishRouter(publisher.tools())).toMatchObject({ outcome: 'unchanged', version: 1 });
    expect(publisher.operations().sort()).toEqual(['DescribeFunction', 'GetFunction']);
  });

  it('knows the store of unchanged code from the comment, without looking it up', async () => {
    const keyValueStoreArn = async () => publisher.storeArn;
    await publishRouter(publisher.tools({ keyValueStoreArn }));
    const lookedUp = async () => {
      throw new Error('the store was looked up');
    };
    expect(await publishRouter(publisher.tools({ keyValueStoreArn: lookedUp }))).toMatchObject({ outcome: 'unchanged' });
  });

  it('says in the comment what it is, in at most 128 characters', async () => {
    await publishRouter(publisher.tools({ by: `${'very-long-name-'.repeat(8)}@laptop` }));
    const live = await describeFunction(publisher.account.cloudfront, 'origin-router', 'LIVE');
    expect(live?.comment.length).toBeLessThanOrEqual(128);
    expect(parsePublishComment(live?.comment ?? '')).toMatchObject({
      version: 1,
      revision: '1a2b3c4d5e',
      keyValueStoreName: 'edge-health',
    });
  });

  it('publishes the same code again when LIVE has lost its store', async () => {
    const first = await publishRouter(publisher.tools());
    const { cloudfront } = publisher.account;
    const development = await describeFunction(cloudfront, 'origin-router', 'DEVELOPMENT');
    const code = Buffer.from(publisher.account.cloud.published.liveFunction(first.arn)?.code ?? '');
    const { ETag } = await cloudfront.send(
      new UpdateFunctionCommand({
        Name: 'origin-router',
        IfMatch: development?.etag,
        FunctionConfig: { Comment: development?.comment, Runtime: 'cloudfront-js-2.0' },
        FunctionCode: code,
      }),
    );
    await cloudfront.send(new PublishFunctionCommand({ Name: 'origin-router', IfMatch: ETag }));
    expect(publisher.live()?.keyValueStoreArn).toBeUndefined();
    expect(await publishRouter(publisher.tools())).toMatchObject({ outcome: 'published', version: 2 });
    expect(publisher.live()?.keyValueStoreArn).toBe(publisher.storeArn);
  });

  it('waits for a store that is still being made', async () => {
    const slow = await openTestPublisher(publisher.runtime, 1_000);
    const aws = openAws({ env: {}, local: { controlPlane: slow.account.cloud.url } });
    const waits: string[] = [];
    const keyValueStoreArn = async () => {
      await slow.account.cloudfront.send(new CreateKeyValueStoreCommand({ Name: 'late' }));
      return awaitStoreArn(aws, 'late', undefined, { progress: (line) => waits.push(line) });
    };
    const release = await publishRouter(slow.tools({ keyValueStoreArn }));
    await slow.close();
    expect(release.outcome).toBe('published');
    expect(waits[0]).toMatch(/\blate\b.*provisioning/);
  });

  it('waits, too, when only the association reports that the store is not ready', async () => {
    let refusals = 2;
    publisher.account.cloudfront.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          if (commandName !== 'CreateFunctionCommand' || refusals-- <= 0) return next(args);
          const message = 'The KeyValueStore cannot be associated before the resource is provisioned';
          throw new InvalidArgument({ message, $metadata: { httpStatusCode: 400 } });
        },
      { step: 'initialize' },
    );
    const waits: string[] = [];
    expect(await publishRouter(publisher.tools({ progress: (line) => waits.push(line) }))).toMatchObject({ outcome: 'published' });
    expect(waits.filter((line) => line.endsWith('still creating the key-value store'))).toHaveLength(2);
  });
});

describeWith(['njs'], 'with an engine', () => {
  it('says for which viewers the route changes before it writes', async () => {
    await publishRouter(publisher.tools({ njs }));
    publisher.lines.length = 0;
    const { changes } = await publishRouter(publisher.tools({ njs, config: configFor('JP') }));
    const upload = publisher.lines.findIndex((line) => line.startsWith('upload'));
    const shown = publisher.lines.slice(0, upload).join('\n');
    expect(shown).toMatch(/routes .*1 of 250 countries/);
    expect(shown).toMatch(/JP: singapore, then europe → europe, then singapore/);
    expect(changes[0]?.changes).toMatchObject([{ countries: ['JP'] }]);
  });

  it('refuses bytes that do not route as edge.config.ts says, and writes nothing', async () => {
    const { code, sha256 } = await buildFunction(configFor('JP'));
    const failed = releaseCode({ code: Buffer.from(code), sha256, revision: undefined }, publisher.tools({ njs }), {});
    await expect(failed).rejects.toMatchObject({
      code: 'TEST_FAILED',
      message: expect.stringMatching(/JP: every origin healthy, GET: .* singapore, then europe, .* europe, then singapore/),
    });
    expect(writes(publisher.operations())).toEqual([]);
  });
});

describe('what must not become LIVE', () => {
  it.each([
    {
      when: 'a header differs',
      expectation: { request: { headers: { 'x-origin-route': 'mars' } } },
      says: /^strange: .*x-origin-route.*"mars".*"singapore;country=IN;health=ok"$/m,
    },
    {
      when: 'a header is there that must not be',
      expectation: { request: { headers: { 'x-origin-route': null } } },
      says: /^strange: .*x-origin-route.*"singapore/m,
    },
    { when: 'the uri differs', expectation: { request: { uri: '/other' } }, says: /^strange: uri: .*"\/other".*"\/"$/m },
    {
      when: 'a response was expected',
      expectation: { response: { statusCode: 302 } },
      says: /^strange: .*response.*request$/m,
    },
  ])('is stopped when $when, and the difference is shown', async ({ expectation, says }) => {
    const failed = publishRouter(publisher.tools({ fixtures: [strangeFixture(expectation)] }));
    await expect(failed).rejects.toMatchObject({
      code: 'TEST_FAILED',
      message: expect.stringMatching(says),
      hint: expect.stringMatching(/LIVE.*DEVELOPMENT/),
    });
    expect(publisher.live()).toBeUndefined();
    expect(await publisher.history()).toEqual([]);
  });

  it('is stopped by the utilization ceiling', async () => {
    const failed = publishRouter(publisher.tools(), { maxUtilization: 8 });
    await expect(failed).rejects.toMatchObject({ code: 'TEST_FAILED', message: expect.stringContaining(' 9 % ') });
    expect(publisher.live()).toBeUndefined();
    expect(await publishRouter(publisher.tools(), { maxUtilization: 9 })).toMatchObject({ outcome: 'published' });
  });

  it.each([undefined, '', 'unknown', 'NaN'])('is stopped when CloudFront gives %j for the utilization', async (given) => {
    publisher.account.cloudfront.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          const answer = await next(args);
          const { TestResult } = answer.output as { TestResult?: { ComputeUtilization?: string | undefined } };
          if (commandName === 'TestFunctionCommand' && TestResult !== undefined) TestResult.ComputeUtilization = given;
          return answer;
        },
      { step: 'initialize' },
    );
    await expect(publishRouter(publisher.tools())).rejects.toMatchObject({ code: 'TEST_FAILED' });
    expect(publisher.live()).toBeUndefined();
  });

  it('is stopped when the code is too large, and nothing is sent', async () => {
    const orders = Array.from({ length: 400 }, (_, n) => [`origin-with-a-rather-long-name-${n}`, { ...sampleConfig.origins['europe'] }]);
    const origins = Object.fromEntries(orders) as typeof sampleConfig.origins;
    const ids = Object.keys(origins);
    const config = { ...sampleConfig, origins, defaultOrder: ids, routes: [{ countries: ['IN'], order: [...ids].reverse() }] };
    await expect(publishRouter(publisher.tools({ config }))).rejects.toMatchObject({
      code: 'GATE_REFUSED',
      message: expect.stringMatching(/size: \d+ bytes.* 10240/),
    });
    expect(publisher.operations()).toEqual([]);
  });
});

describe('code of another publisher', () => {
  it('in DEVELOPMENT stops it and is named; --force replaces it', async () => {
    await publishRouter(publisher.tools());
    const spoiled = publisher.tools({ by: 'bob@desk', config: configFor('JP'), fixtures: [strangeFixture({ request: { uri: '/x' } })] });
    await expect(publishRouter(spoiled)).rejects.toMatchObject({ code: 'TEST_FAILED' });
    publisher.operations();
    const mine = publisher.tools({ config: configFor('KR') });
    await expect(publishRouter(mine)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringMatching(/^DEVELOPMENT .*v2 of bob@desk, .*git 1a2b3c4d5e/),
      hint: expect.stringContaining('--force'),
    });
    expect(writes(publisher.operations())).toEqual([]);
    expect(await publishRouter(mine, { force: true })).toMatchObject({ outcome: 'published', version: 2 });
  });

  it('in DEVELOPMENT is one’s own after a failed try, and is replaced', async () => {
    await expect(publishRouter(publisher.tools({ fixtures: [strangeFixture({ request: { uri: '/x' } })] }))).rejects.toThrow();
    expect(await publishRouter(publisher.tools({ config: configFor('KR') }))).toMatchObject({ outcome: 'published', version: 1 });
  });

  it('with which another tool created the function does not stop it', async () => {
    const { etag } = await createFunction(publisher.account, 'origin-router', publisher.storeArn);
    const association = { Quantity: 1, Items: [{ KeyValueStoreARN: publisher.storeArn }] };
    const FunctionConfig = { Comment: 'Edge routing', Runtime: 'cloudfront-js-2.0' as const, KeyValueStoreAssociations: association };
    const FunctionCode = Buffer.from(firstCode);
    const created = await publisher.account.cloudfront.send(
      new UpdateFunctionCommand({ Name: 'origin-router', IfMatch: etag, FunctionConfig, FunctionCode }),
    );
    await publisher.account.cloudfront.send(new PublishFunctionCommand({ Name: 'origin-router', IfMatch: created.ETag }));
    const release = await publishRouter(publisher.tools());
    expect(release).toMatchObject({ outcome: 'published' });
    expect(publisher.live()?.sha256).toBe(release.sha256);
  });

  it('in LIVE by other means stops it; --force records it first', async () => {
    const { etag } = await createFunction(publisher.account, 'origin-router', publisher.storeArn);
    await publisher.account.cloudfront.send(new PublishFunctionCommand({ Name: 'origin-router', IfMatch: etag }));
    const theirs = publisher.live()?.sha256;
    publisher.operations();
    await expect(publishRouter(publisher.tools())).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringMatching(/^LIVE .*[0-9a-f]{12}.*""/),
    });
    expect(writes(publisher.operations())).toEqual([]);
    const release = await publishRouter(publisher.tools(), { force: true });
    expect(release).toMatchObject({ outcome: 'published', version: 2 });
    expect(await publisher.history()).toMatchObject([
      { version: 2, sha256: release.sha256, before: 1, by: 'ann@laptop' },
      { version: 1, sha256: theirs, found: true },
    ]);
  });

  it('published at the same moment leaves one winner, and the loser learns whose it is', async () => {
    await publishRouter(publisher.tools());
    const both = await Promise.allSettled([
      publishRouter(publisher.tools({ by: 'ann@laptop', config: configFor('JP') })),
      publishRouter(publisher.tools({ by: 'bob@desk', config: configFor('KR') })),
    ]);
    const won = both.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    const lost = both.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
    expect(won.length).toBeGreaterThanOrEqual(1);
    for (const reason of lost) expect(reason).toMatchObject({ code: 'CONFLICT', message: expect.stringMatching(/ann@laptop|bob@desk/) });
    const live = publisher.live();
    expect(won.map(({ sha256 }) => sha256)).toContain(live?.sha256);
    const versions = await publisher.history();
    expect(versions.filter(({ sha256 }) => sha256 === live?.sha256)).toHaveLength(1);
  });
});
