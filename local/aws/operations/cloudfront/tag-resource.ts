import {
  ListTagsForResource$,
  type ListTagsForResourceRequest,
  type ListTagsForResourceResult,
  TagResource$,
  type TagResourceRequest,
  UntagResource$,
  type UntagResourceRequest,
} from '@aws-sdk/client-cloudfront';
import { operation } from '../../operation.ts';
import { checkCount, parseTags, tagsOf } from '../../rules/tags.ts';

export const listTagsForResource = operation<ListTagsForResourceRequest, ListTagsForResourceResult>(
  ListTagsForResource$,
  ({ Resource }, account) => ({ Tags: { Items: [...tagsOf(Resource, account)].map(([Key, Value]) => ({ Key, Value })) } }),
);

export const tagResource = operation<TagResourceRequest, object>(TagResource$, ({ Resource, Tags }, account) => {
  account.tags.set(Resource, checkCount(new Map([...tagsOf(Resource, account), ...parseTags(Tags)])));
  return {};
});

export const untagResource = operation<UntagResourceRequest, object>(UntagResource$, ({ Resource, TagKeys }, account) => {
  const gone = TagKeys.Items ?? [];
  account.tags.set(Resource, new Map([...tagsOf(Resource, account)].filter(([key]) => !gone.includes(key))));
  return {};
});
