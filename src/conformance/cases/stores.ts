import type { ApiCall, ConformanceCase } from '../conformance-case.ts';

const model = 'API models 2020-05-31 and 2022-07-26; no live run seen';
const limits = 'developer guide, quotas';
const KvsARN = '{storeArn}';
const described: ApiCall = { op: 'kvs:DescribeKeyValueStore', in: { KvsARN }, as: 'now' };
const put = (Key: string, Value: string, more: object = {}): ApiCall => ({
  op: 'kvs:PutKey',
  in: { KvsARN, Key, Value, IfMatch: '$now.ETag', ...more },
  as: 'put',
});
const update = (more: object): ApiCall => ({ op: 'kvs:UpdateKeys', in: { KvsARN, IfMatch: '$now.ETag', ...more }, as: 'put' });
const puts = (count: number) => Array.from({ length: count }, (_, index) => ({ Key: `many-${index}`, Value: '1' }));
const absent = 'arn:aws:cloudfront::{account}:key-value-store/00000000-0000-4000-8000-000000000000';
const refused = (error: string, status: number) => ({ error, status });
const stale = refused('ValidationException', 400);

type Row = readonly [
  id: string,
  question: string,
  calls: readonly ApiCall[],
  pick: Readonly<Record<string, string | readonly [string, string]>> | undefined,
  expect: unknown,
  source: string,
  open?: string,
];

const getBack = (Key: string): ApiCall => ({ op: 'kvs:GetKey', in: { KvsARN, Key } });
const oddKeys = [
  ['slash', 'a/b'],
  ['space', 'a b'],
  ['percent', '%2F'],
  ['beyond-ascii', 'é/ü?#&=+'],
  ['dots', '..'],
  ['astral', '\u{1F600}'],
] as const;
const roundTrips = oddKeys.map(([id, key]): Row => {
  const value = `value of ${key}`;
  return [
    `key-${id}`,
    `whether the key ${key} comes back as it was put`,
    [described, put(key, value), getBack(key)],
    { value: '$last.Value' },
    { value },
    model,
  ];
});
// biome-ignore format: one case a line
const rows: readonly Row[] = [
  ...roundTrips,
  ['stale-put', 'PutKey with the ETag before the last', [described, put('a', '1'), put('a', '2')], undefined, stale, 'a live run of 2026-09-06; the model says ConflictException', 'stale ETag'],
  ['stale-update', 'UpdateKeys with the ETag before the last', [described, put('a', '1'), update({ Puts: [{ Key: 'a', Value: '3' }] })], undefined, stale, 'a live run of 2026-09-06; the model says ConflictException', 'stale ETag'],
  ['stale-delete', 'DeleteKey with the ETag before the last', [described, put('a', '1'), { op: 'kvs:DeleteKey', in: { KvsARN, Key: 'a', IfMatch: '$now.ETag' } }], undefined, stale, 'a live run of 2026-09-06; the model says ConflictException', 'stale ETag'],
  ['other-etag', "PutKey with the control plane's ETag", [{ op: 'DescribeKeyValueStore', in: { Name: '{run}-store' }, as: 'now' }, put('a', '1')], undefined, stale, 'developer guide: the two ETags differ'],
  ['never-etag', 'PutKey with an ETag that never was', [put('a', '1', { IfMatch: 'KV0000000000' })], undefined, stale, 'as a stale one; not documented'],
  ['identical-put', 'whether a put of the value that is there gives a new ETag', [described, put('same', '1'), { ...put('same', '1', { IfMatch: '$put.ETag' }), as: 'again' }], { same: ['$put.ETag', '$again.ETag'] }, { same: false }, 'not documented', 'ETag after an identical put'],
  ['put-etag', 'whether the ETag that a put answers is that of the next description', [described, put('a', '4'), { ...described, as: 'after' }], { same: ['$put.ETag', '$after.ETag'] }, { same: true }, model],
  ['read-after-write', 'whether a read right after a write answers the new value', [described, put('fresh', '{run} now'), getBack('fresh')], { value: '$last.Value' }, { value: '<run> now' }, 'not documented', 'consistency of GetKey'],
  ['key-513', 'a key of 513 bytes', [described, put('k'.repeat(513), '1')], undefined, refused('ServiceQuotaExceededException', 402), limits],
  ['value-1025', 'a value of 1,025 bytes', [described, put('k', 'v'.repeat(1_025))], undefined, refused('ServiceQuotaExceededException', 402), limits],
  ['value-bytes', 'a value of 1,025 bytes in 513 characters', [described, put('k', `${'é'.repeat(512)}v`)], undefined, refused('ServiceQuotaExceededException', 402), 'bytes or characters: the pages differ'],
  ['key-512', 'a key of 512 bytes with a value of 1,024', [described, put('k'.repeat(512), 'v'.repeat(1_024))], { etag: '#put.ETag' }, { etag: true }, limits],
  ['keys-50', '50 keys in one update', [described, update({ Puts: puts(50) })], { etag: '#put.ETag' }, { etag: true }, limits],
  ['keys-51', '51 keys in one update', [described, update({ Puts: puts(51) })], undefined, refused('ServiceQuotaExceededException', 402), 'terraform-provider-aws#42789'],
  ['empty-update', 'an update of nothing', [described, update({})], undefined, stale, 'not documented; the stricter reading'],
  ['key-twice', 'a key that is put twice in one update', [described, update({ Puts: [{ Key: 'x', Value: '1' }, { Key: 'x', Value: '2' }] })], undefined, stale, 'not documented; the stricter reading'],
  ['put-and-delete', 'a key that is put and deleted in one update', [described, update({ Puts: [{ Key: 'x', Value: '1' }], Deletes: [{ Key: 'x' }] })], undefined, stale, 'not documented; the stricter reading'],
  ['update-empty-key', 'an empty key in an update', [described, update({ Puts: [{ Key: '', Value: '1' }] })], undefined, stale, model],
  ['all-or-nothing', 'whether a refused update changes nothing', [described, { ...update({ Puts: [{ Key: 'kept-out', Value: '1' }, { Key: 'k'.repeat(513), Value: '1' }] }), as: 'refused?' }, getBack('kept-out')], undefined, refused('ResourceNotFoundException', 404), 'developer guide: all or nothing'],
  ['update-deletes-absent', 'UpdateKeys that deletes a key that is not there', [described, update({ Deletes: [{ Key: 'never-there' }] })], { etag: '#put.ETag' }, { etag: true }, 'a live run of 2026-09-06'],
  ['delete-absent', 'DeleteKey of a key that is not there', [described, { op: 'kvs:DeleteKey', in: { KvsARN, Key: 'never-there', IfMatch: '$now.ETag' } }], undefined, refused('ResourceNotFoundException', 404), 'terraform-provider-aws expects it'],
  ['get-absent', 'GetKey of a key that is not there', [getBack('never-there')], undefined, refused('ResourceNotFoundException', 404), model],
  ['absent-store', 'a store that never was', [{ op: 'kvs:DescribeKeyValueStore', in: { KvsARN: absent } }], undefined, refused('ResourceNotFoundException', 404), model],
  ['page-0', 'a page of no keys', [{ op: 'kvs:ListKeys', in: { KvsARN, MaxResults: 0 } }], undefined, stale, model],
  ['page-51', 'a page of 51 keys', [{ op: 'kvs:ListKeys', in: { KvsARN, MaxResults: 51 } }], undefined, stale, 'API reference: at most 50'],
  ['page-token', 'a token that was made up', [{ op: 'kvs:ListKeys', in: { KvsARN, NextToken: '!' } }], undefined, stale, model],
  ['page-default', 'how many keys a page without a size has', [described, update({ Puts: puts(12) }), { op: 'kvs:ListKeys', in: { KvsARN } }], { tenth: '#last.Items.9', eleventh: '#last.Items.10' }, { tenth: true, eleventh: false }, 'API reference: 10'],
  ['describe-control-absent', 'a description by a name that does not exist', [{ op: 'DescribeKeyValueStore', in: { Name: '{run}-no' } }], undefined, refused('EntityNotFound', 404), model],
  ['update-control-absent', 'an update by a name that does not exist', [{ op: 'UpdateKeyValueStore', in: { Name: '{run}-no', Comment: '', IfMatch: 'E1' } }], undefined, refused('EntityNotFound', 404), model],
  ['delete-control-absent', 'a deletion by a name that does not exist', [{ op: 'DeleteKeyValueStore', in: { Name: '{run}-no', IfMatch: 'E1' } }], undefined, refused('EntityNotFound', 404), model],
  ['create-name', 'a store whose name has a dot', [{ op: 'CreateKeyValueStore', in: { Name: '{run}.no' } }], undefined, refused('InvalidArgument', 400), model],
  ['create-comment', 'a store with a comment of 129 characters', [{ op: 'CreateKeyValueStore', in: { Name: '{run}-no', Comment: 'x'.repeat(129) } }], undefined, refused('InvalidArgument', 400), model],
  ['create-taken', 'a store whose name is taken', [{ op: 'CreateKeyValueStore', in: { Name: '{run}-store' } }], undefined, refused('EntityAlreadyExists', 409), model],
  ['control-never', 'an update of the comment with an ETag that never was', [{ op: 'UpdateKeyValueStore', in: { Name: '{run}-store', Comment: 'x', IfMatch: 'E00000000000' } }], undefined, refused('InvalidIfMatchVersion', 400), model],
  ['control-stale', 'an update of the comment with the ETag before the last', [{ op: 'DescribeKeyValueStore', in: { Name: '{run}-store' }, as: 'now' }, { op: 'UpdateKeyValueStore', in: { Name: '{run}-store', Comment: 'one', IfMatch: '$now.ETag' } }, { op: 'UpdateKeyValueStore', in: { Name: '{run}-store', Comment: 'two', IfMatch: '$now.ETag' } }], undefined, refused('PreconditionFailed', 412), model],
  ['comment-leaves-keys', "whether a new comment changes the data plane's ETag", [described, { op: 'DescribeKeyValueStore', in: { Name: '{run}-store' }, as: 'control' }, { op: 'UpdateKeyValueStore', in: { Name: '{run}-store', Comment: 'three', IfMatch: '$control.ETag' } }, { ...described, as: 'after' }], { same: ['$now.ETag', '$after.ETag'] }, { same: true }, 'not documented'],
  ['in-use', 'a deletion while a function uses the store', [{ op: 'DescribeKeyValueStore', in: { Name: '{run}-store' }, as: 'now' }, { op: 'DeleteKeyValueStore', in: { Name: '{run}-store', IfMatch: '$now.ETag' } }], undefined, refused('CannotDeleteEntityWhileInUse', 409), model],
  ['list-status', 'a list by a status that does not exist', [{ op: 'ListKeyValueStores', in: { Status: 'NONE' } }], undefined, 'accepted', 'not documented: Status is any text in the API model'],
];

export const storeCases: readonly ConformanceCase[] = rows.map(([id, question, calls, pick, expect, source, open]) => ({
  id: `store-${id}`,
  group: 'control plane',
  question,
  ask: { kind: 'calls', calls, ...(pick && { pick }) },
  expect,
  source,
  needs: 'free',
  ...(open && { open }),
}));
