import {
  CreateDistributionWithTagsCommand,
  CreateFunctionCommand,
  CreateKeyValueStoreCommand,
  ListTagsForResourceCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-cloudfront';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { distributionConfig, functionCode, type LocalAccount, openLocalAccount, refusalOf } from './open-local-account.ts';

let account: LocalAccount;
beforeAll(async () => {
  account = await openLocalAccount();
});
afterAll(() => account.close());

const Tags = { Items: [{ Key: 'team', Value: 'edge' }] };
const FunctionConfig = { Comment: '', Runtime: 'cloudfront-js-2.0' as const };

const create = {
  distribution: async (tags = Tags) => {
    const config = { ...distributionConfig(), CallerReference: `${Math.random()}` };
    const made = await account.cloudfront.send(
      new CreateDistributionWithTagsCommand({ DistributionConfigWithTags: { DistributionConfig: config, Tags: tags } }),
    );
    return made.Distribution?.ARN;
  },
  function: async (tags = Tags) => {
    const name = { Name: `f${Math.random()}`.replace('.', '-'), FunctionConfig, FunctionCode: Buffer.from(functionCode) };
    const made = await account.cloudfront.send(new CreateFunctionCommand({ ...name, Tags: tags }));
    return made.FunctionSummary?.FunctionMetadata?.FunctionARN;
  },
  store: async (tags = Tags) => {
    const made = await account.cloudfront.send(new CreateKeyValueStoreCommand({ Name: `s${Math.random()}`.replace('.', '-'), Tags: tags }));
    return made.KeyValueStore?.ARN;
  },
};

const read = async (Resource: string | undefined) =>
  (await account.cloudfront.send(new ListTagsForResourceCommand({ Resource }))).Tags?.Items ?? [];

it.each(Object.entries(create))('a %s is created with tags, and they can change', async (_, make) => {
  const Resource = await make();
  expect(await read(Resource)).toEqual(Tags.Items);
  await account.cloudfront.send(new TagResourceCommand({ Resource, Tags: { Items: [{ Key: 'cost', Value: '1' }] } }));
  await account.cloudfront.send(new UntagResourceCommand({ Resource, TagKeys: { Items: ['team'] } }));
  expect(await read(Resource)).toEqual([{ Key: 'cost', Value: '1' }]);
});

it.each([
  { what: 'a reserved key', items: [{ Key: 'aws:x', Value: '' }] },
  { what: 'an empty key', items: [{ Key: '', Value: '' }] },
  { what: 'one key twice', items: [...Tags.Items, ...Tags.Items] },
  { what: '51 tags', items: Array.from({ length: 51 }, (_, index) => ({ Key: `k${index}`, Value: '' })) },
])('$what is InvalidTagging, and nothing is created', async ({ items }) => {
  for (const make of Object.values(create))
    expect(await refusalOf(make({ Items: items }))).toMatchObject({ code: 'InvalidTagging', status: 400 });
});

it('a resource that does not exist has none', async () => {
  const Resource = 'arn:aws:cloudfront::111122223333:distribution/E0';
  expect(await refusalOf(account.cloudfront.send(new ListTagsForResourceCommand({ Resource })))).toMatchObject({ code: 'NoSuchResource' });
});
