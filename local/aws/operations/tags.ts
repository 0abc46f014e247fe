import {
  ListTagsForResource$,
  type ListTagsForResourceRequest,
  type ListTagsForResourceResult,
  TagResource$,
  type TagResourceRequest,
  type Tags,
  UntagResource$,
  type UntagResourceRequest,
} from '@aws-sdk/client-cloudfront';
import type { Account } from '../account.ts';
import { type Operation, operation } from '../operation.ts';
import { ServiceError } from '../service-error.ts';
import type { Decoded } from '../wire/shape.ts';

const listTagsForResource = operation<ListTagsForResourceRequest, ListTagsForResourceResult>(
  ListTagsForResource$,
  ({ Resource }, account) => ({ Tags: { Items: [...tagsOf(Resource, account)].map(([Key, Value]) => ({ Key, Value })) } }),
);

const tagResource = operation<TagResourceRequest, object>(TagResource$, ({ Resource, Tags }, account) => {
  account.tags.set(Resource, checkCount(new Map([...tagsOf(Resource, account), ...parseTags(Tags)])));
  return {};
});

const untagResource = operation<UntagResourceRequest, object>(UntagResource$, ({ Resource, TagKeys }, account) => {
  const gone = TagKeys.Items ?? [];
  account.tags.set(Resource, new Map([...tagsOf(Resource, account)].filter(([key]) => !gone.includes(key))));
  return {};
});

// API reference, Tag; the number is the one of all AWS services.
const maxTags = 50;
const maxKeyLength = 128;
const maxValueLength = 256;

/** Tags as a request has them; InvalidTagging for what no resource can have. */
export function parseTags(tags: Decoded<Tags> | undefined): Map<string, string> {
  const parsed = new Map<string, string>();
  for (const { Key: key, Value: value = '' } of tags?.Items ?? []) {
    if (key === '' || key.length > maxKeyLength || value.length > maxValueLength || /^aws:/i.test(key))
      throw new ServiceError(
        'InvalidTagging',
        `the tag ${JSON.stringify(key)} has an empty, too long or reserved key, or too long a value`,
      );
    if (parsed.has(key)) throw new ServiceError('InvalidTagging', `the tag ${JSON.stringify(key)} is there twice`);
    parsed.set(key, value);
  }
  return checkCount(parsed);
}

function checkCount(tags: Map<string, string>): Map<string, string> {
  if (tags.size > maxTags) throw new ServiceError('InvalidTagging', `a resource has at most ${maxTags} tags`);
  return tags;
}

/** The tags of a resource that exists; NoSuchResource otherwise. */
function tagsOf(arn: string, account: Account): Map<string, string> {
  const resources = [...account.distributions.values(), ...account.functions.values(), ...account.stores.values()];
  if (!resources.some((resource) => resource.arn === arn)) throw new ServiceError('NoSuchResource', `there is no resource ${arn}`);
  return account.tags.get(arn) ?? new Map();
}

export const tagOperations: readonly Operation[] = [listTagsForResource, tagResource, untagResource];
