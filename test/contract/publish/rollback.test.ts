import { UpdateFunctionCommand } from '@aws-sdk/client-cloudfront';
import { UpdateKeysCommand } from '@aws-sdk/client-cloudfront-keyvaluestore';
import { describe, expect, it } from 'vitest';
import { publishPlaces } from '../../../kvs/keys.ts';
import { openAws } from '../../../src/aws/clients.ts';
import { DryRunEnd, withoutWrites } from '../../../src/aws/dry-run.ts';
import { openKeyValueStore } from '../../../src/aws/key-value-store.ts';
import { releaseCode } from '../../../src/publish/publish.ts';
import { rollbackRouter } from '../../../src/publish/rollback.ts';
import { sampleCandidate, sampleConfig, sampleFixtures, usePublisher } from './open-publisher.ts';

const publisher = usePublisher();

const release = (text: string) => releaseCode(sampleCandidate(text), publisher.tools(), {});
const rollback = (to?: number) => rollbackRouter(publisher.tools({ by: 'bob@elsewhere' }), { to });
const liveIs = (text: string) => expect(publisher.live()?.sha256).toBe(sampleCandidate(text).sha256);

describe('rolling back', () => {
  it('makes the version before LIVE again, as a new version that says what it is', async () => {
    for (const text of ['one', 'two', 'three']) await release(text);
    expect(await rollback()).toMatchObject({ outcome: 'published', version: 4 });
    liveIs('two');
    expect((await publisher.history())[0]).toMatchObject({ version: 4, of: 2, before: 3, by: 'bob@elsewhere', revision: '1a2b3c4d5e' });
  });

  it('goes one further each time, never back to what was left', async () => {
    for (const text of ['one', 'two', 'three']) await release(text);
    await rollback();
    await rollback();
    liveIs('one');
    await expect(rollback()).rejects.toMatchObject({ code: 'NOT_FOUND', message: 'no version before v1 is recorded' });
    await release('four');
    await rollback();
    liveIs('one');
  });

  it('goes to a version that is named, forward too', async () => {
    for (const text of ['one', 'two', 'three']) await release(text);
    await rollback(1);
    liveIs('one');
    await rollback(3);
    liveIs('three');
    expect(await rollback(3)).toMatchObject({ outcome: 'unchanged' });
  });

  it('is not stopped by fixtures that are newer than the code, but by code that fails', async () => {
    await release('one');
    await release('two');
    const newer = [{ ...sampleFixtures[0], name: 'newer', expectation: { request: { uri: '/elsewhere' } } }] as typeof sampleFixtures;
    await rollbackRouter(publisher.tools({ fixtures: newer }));
    liveIs('one');
    expect(publisher.lines).toContain('note: newer: uri: expected "/elsewhere", found "/"');
  });

  it('is refused for a router that cannot read the number of a flip, where flips are numbered', async () => {
    await release('/^([a-z][a-z\\d-]*)=(100|[1-9]?\\d)');
    await release('two');
    const config = { ...sampleConfig, accessLog: { agePercent: 0 } };
    await expect(rollbackRouter(publisher.tools({ config }))).rejects.toMatchObject({ code: 'GATE_REFUSED' });
    liveIs('two');
    await rollback();
    liveIs('/^([a-z][a-z\\d-]*)=(100|[1-9]?\\d)');
  });

  it('is not stopped by what a colleague has left in DEVELOPMENT, and says that it replaces it', async () => {
    await release('one');
    await release('two');
    const elsewhere = [
      { name: 'never met', event: sampleFixtures[0]?.event, expectation: { request: { uri: '/x' } } },
    ] as typeof sampleFixtures;
    const tools = publisher.tools({ fixtures: elsewhere, by: 'carol@desk' });
    await expect(releaseCode(sampleCandidate('half done'), tools, {})).rejects.toMatchObject({ code: 'TEST_FAILED' });
    await rollback();
    liveIs('one');
    expect(publisher.lines.join('\n')).toMatch(/^note: replaces in DEVELOPMENT v3 of carol@desk, /m);
  });

  it.each([
    { when: 'nothing was ever published', past: [], to: undefined, says: /was never published/ },
    { when: 'there is only one version', past: ['one'], to: undefined, says: /^no version before v1 is recorded$/ },
    { when: 'the version is not recorded', past: ['one'], to: 7, says: /^version 7 is not recorded$/ },
  ])('says so when $when, and writes nothing', async ({ past, to, says }) => {
    for (const text of past) await release(text);
    publisher.operations();
    await expect(rollback(to)).rejects.toMatchObject({ code: 'NOT_FOUND', message: expect.stringMatching(says) });
    expect(publisher.operations().filter((operation) => !/^(Describe|Get)/.test(operation))).toEqual([]);
  });

  it('says so when a piece of the code is gone', async () => {
    await release('one');
    await release('two');
    const store = openKeyValueStore(publisher.account.keyValueStore, publisher.storeArn);
    await store.update([], () => ({ puts: [{ key: 'publish/1/0', value: 'spoiled' }], deletes: [] }));
    await expect(rollback()).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: 'the code of version 1 is no longer in the key-value store',
    });
    liveIs('two');
  });
});

describe('the record', () => {
  it('keeps the last versions and takes away the oldest with all its pieces', async () => {
    // More than one value holds: random text does not compress.
    let seed = 1;
    const large = Array.from({ length: 6_000 }, () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return (seed % 36).toString(36);
    }).join('');
    await release(large);
    const store = openKeyValueStore(publisher.account.keyValueStore, publisher.storeArn);
    expect([...(await store.list(2)).values.keys()].filter((key) => key.startsWith('publish/1/')).length).toBeGreaterThan(3);
    for (let n = 2; n <= publishPlaces + 1; n++) await release(`version ${n}`);
    const versions = (await publisher.history()).map(({ version }) => version);
    expect(versions).toEqual(Array.from({ length: publishPlaces }, (_, n) => publishPlaces + 1 - n));
    expect([...(await store.list(2)).values.keys()].filter((key) => key.startsWith('publish/1/'))).toEqual(['publish/1/0']);
    await rollback(2);
    liveIs('version 2');
  });

  it('brings back every byte of code at the size limit', async () => {
    const candidate = sampleCandidate('');
    const room = 10_240 - candidate.code.length;
    const text = Array.from({ length: room }, (_, n) => String.fromCharCode(97 + ((n * n * 31) % 26))).join('');
    await release(text);
    await release('small');
    await rollback();
    liveIs(text);
  });
});

describe('a dry run', () => {
  it('goes as far as the first write and sends none', async () => {
    await release('one');
    publisher.operations();
    const tools = publisher.tools({ cloudFront: withoutWrites(publisher.account.cloudfront) });
    await expect(releaseCode(sampleCandidate('two'), tools, {})).rejects.toMatchObject({ name: 'DryRunEnd', operation: 'UpdateFunction' });
    expect(publisher.operations().filter((operation) => !/^(Describe|Get)/.test(operation))).toEqual([]);
    liveIs('one');
  });

  it('cannot write, whatever is asked of its clients', async () => {
    const aws = openAws({ env: {}, local: { controlPlane: publisher.account.cloud.url } });
    const cloudFront = withoutWrites(await aws.cloudFront());
    const data = withoutWrites(await aws.keyValueStore());
    const update = new UpdateFunctionCommand({ Name: 'x', IfMatch: 'x', FunctionConfig: undefined, FunctionCode: undefined });
    await expect(cloudFront.send(update)).rejects.toBeInstanceOf(DryRunEnd);
    const write = new UpdateKeysCommand({ KvsARN: publisher.storeArn, IfMatch: 'x', Puts: [{ Key: 'health', Value: 'singapore=0' }] });
    await expect(data.send(write)).rejects.toMatchObject({ operation: 'UpdateKeys' });
    expect(publisher.operations()).toEqual([]);
  });
});
