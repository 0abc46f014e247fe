import { PublishFunctionCommand, UpdateFunctionCommand } from '@aws-sdk/client-cloudfront';
import { describe, expect, it } from 'vitest';
import { publishCodeKey, publishKey } from '../../../kvs/keys.ts';
import { describeFunction } from '../../../src/aws/function.ts';
import { openKeyValueStore } from '../../../src/aws/key-value-store.ts';
import { releaseCode } from '../../../src/publish/publish.ts';
import { rollbackRouter } from '../../../src/publish/rollback.ts';
import { readStage } from '../../../src/publish/stage.ts';
import { formatPublishRecord, listAttested, type PublishRecord, packCode } from '../../../src/publish/versions.ts';
import { sampleCandidate, usePublisher } from './open-publisher.ts';

// Someone who may write the store, as operators and flippers may, but not publish: nothing of it becomes code at the
// edge.

const publisher = usePublisher(async (opened) => {
  for (const text of ['one', 'two', 'three']) await releaseCode(sampleCandidate(text), opened.tools(), {});
});

const store = () => openKeyValueStore(publisher.account.keyValueStore, publisher.storeArn);
const put = (...puts: { key: string; value: string }[]) => store().update([], () => ({ puts, deletes: [] }));
const rollback = (options: Parameters<typeof rollbackRouter>[1] = {}) => rollbackRouter(publisher.tools(), options);
const evil = sampleCandidate('evil');
const liveIs = (text: string) => expect(publisher.live()?.sha256).toBe(sampleCandidate(text).sha256);

async function record(version: number): Promise<PublishRecord> {
  const { link: _, ...found } = (await publisher.history()).find((each) => each.version === version) ?? ({} as never);
  return found;
}

/** Record and code of a version, as a writer of the store can put them there. */
async function forge(version: number, more: Partial<PublishRecord> = {}): Promise<void> {
  const value = formatPublishRecord({ ...(await record(3)), ...more, version, sha256: evil.sha256, bytes: evil.code.length, pieces: 1 });
  await put(
    { key: publishKey(version), value },
    ...packCode(evil.code).map((piece, n) => ({ key: publishCodeKey(version, n), value: piece })),
  );
}

async function attestedVersions(): Promise<number[]> {
  const live = await readStage(publisher.account.cloudfront, 'origin-router', 'LIVE');
  return listAttested(live, await publisher.history()).map(({ version }) => version);
}

describe('versions in the store', () => {
  it('are attested by LIVE as far as the chain of records goes, across rollbacks', async () => {
    expect(await attestedVersions()).toEqual([3, 2, 1]);
    await rollback();
    expect(await attestedVersions()).toEqual([4, 3, 2, 1]);
    for (const text of ['5', '6', '7', '8', '9']) await releaseCode(sampleCandidate(text), publisher.tools(), {});
    expect(await attestedVersions()).toEqual([9, 8, 7, 6, 5, 4, 3]);
  });

  it.each([
    { when: 'record, hash and code of the version before are replaced', attack: () => forge(2, { before: 1 }), to: undefined },
    { when: 'the same, and the version is named', attack: () => forge(2, { before: 1 }), to: 2 },
    { when: 'an older version is replaced', attack: () => forge(1), to: 1 },
    { when: 'a newer version is added', attack: () => forge(4, { before: 3 }), to: 4 },
  ])('are refused when $when', async ({ attack, to }) => {
    await attack();
    publisher.operations();
    await expect(rollback({ to })).rejects.toMatchObject({ code: 'NOT_ATTESTED' });
    expect(publisher.operations().filter((operation) => !/^(Describe|Get)/.test(operation))).toEqual([]);
    liveIs('three');
  });

  it('are refused when LIVE’s own record leads elsewhere', async () => {
    await forge(1);
    const forged = (await publisher.history()).find(({ version }) => version === 1);
    await put({ key: publishKey(3), value: formatPublishRecord({ ...(await record(3)), before: 1, after: String(forged?.link) }) });
    await expect(rollback()).rejects.toMatchObject({ code: 'NOT_ATTESTED' });
    expect(await attestedVersions()).toEqual([]);
    // The next publication makes the record of LIVE again from LIVE itself, and keeps nothing of the damaged one.
    await releaseCode(sampleCandidate('four'), publisher.tools(), {});
    expect(await attestedVersions()).toEqual([4, 3]);
    await expect(rollback({ to: 1 })).rejects.toMatchObject({ code: 'NOT_ATTESTED' });
    expect(await rollback()).toMatchObject({ sha256: sampleCandidate('three').sha256 });
  });

  it('cannot be replaced by other code under an attested record, or by an older record in the same place', async () => {
    await put({ key: publishCodeKey(2, 0), value: packCode(evil.code)[0] ?? '' });
    await expect(rollback()).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const [before] = await publisher.history();
    for (const text of ['4', '5', '6', '7', '8', '9', '10']) await releaseCode(sampleCandidate(text), publisher.tools(), {});
    const { link: _, ...old } = before ?? ({} as never);
    await put({ key: publishKey(3), value: formatPublishRecord(old) });
    await expect(rollback({ to: 3 })).rejects.toMatchObject({ code: 'NOT_ATTESTED' });
  });

  it('that LIVE does not attest become LIVE by their whole SHA-256 only', async () => {
    await forge(4, { before: 3 });
    const { sha256 } = evil;
    await expect(rollback({ to: 4, sha256: sampleCandidate('two').sha256 })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(rollback({ sha256: sha256.slice(0, 12) })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await rollback({ sha256 })).toMatchObject({ outcome: 'published', sha256 });
  });

  it('begin a chain with the first publication after an older package, whose versions need their SHA-256', async () => {
    const { cloudfront } = publisher.account;
    const development = await describeFunction(cloudfront, 'origin-router', 'DEVELOPMENT');
    const { ETag } = await cloudfront.send(
      new UpdateFunctionCommand({
        Name: 'origin-router',
        IfMatch: development?.etag,
        FunctionConfig: {
          Comment: development?.comment.replace(/ rec:\S+/, ''),
          Runtime: 'cloudfront-js-2.0',
          KeyValueStoreAssociations: { Quantity: 1, Items: [{ KeyValueStoreARN: publisher.storeArn }] },
        },
        FunctionCode: sampleCandidate('three').code,
      }),
    );
    await cloudfront.send(new PublishFunctionCommand({ Name: 'origin-router', IfMatch: ETag }));
    expect(await attestedVersions()).toEqual([]);
    await expect(rollback()).rejects.toMatchObject({ code: 'NOT_ATTESTED' });
    await releaseCode(sampleCandidate('four'), publisher.tools(), {});
    expect(await attestedVersions()).toEqual([4, 3]);
    await expect(rollback({ to: 2 })).rejects.toMatchObject({ code: 'NOT_ATTESTED' });
    expect(await rollback({ sha256: sampleCandidate('two').sha256 })).toMatchObject({ outcome: 'published' });
  });

  it('are gated again', async () => {
    const code = Buffer.from('function handler(event) { return event?.request; }');
    const { createHash } = await import('node:crypto');
    const sha256 = createHash('sha256').update(code).digest('hex');
    const value = formatPublishRecord({ ...(await record(3)), version: 2, sha256, bytes: code.length, pieces: 1 });
    await put({ key: publishKey(2), value }, { key: publishCodeKey(2, 0), value: packCode(code)[0] ?? '' });
    await expect(rollback({ sha256 })).rejects.toMatchObject({ code: 'GATE_REFUSED' });
    liveIs('three');
  });
});
