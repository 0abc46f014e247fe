import type { ApiCall, ConformanceCase } from '../conformance-case.ts';

const model = 'API model 2020-05-31; no live run seen';
const name = '{run}-cp';
const code = 'function handler(event) { return event.request; }';
const config = { Comment: '', Runtime: 'cloudfront-js-2.0' };
const create = (more: object): ApiCall => ({
  op: 'CreateFunction',
  in: { Name: '{run}-no', FunctionConfig: config, FunctionCode: code, ...more },
});
const describe: ApiCall = { op: 'DescribeFunction', in: { Name: name, Stage: 'DEVELOPMENT' }, as: 'now' };
const stores = (...arns: string[]) => ({
  Quantity: arns.length,
  Items: arns.map((KeyValueStoreARN) => ({ KeyValueStoreARN })),
});
const absentStore = 'arn:aws:cloudfront::{account}:key-value-store/00000000-0000-4000-8000-000000000000';

type Row = readonly [id: string, question: string, calls: readonly ApiCall[], expect: unknown, source?: string];

const refused = (error: string, status: number) => ({ error, status });
const update = (IfMatch: string): ApiCall => ({
  op: 'UpdateFunction',
  in: { Name: name, IfMatch, FunctionConfig: config, FunctionCode: code },
  as: 'updated',
});
const test = (more: object): ApiCall => ({
  op: 'TestFunction',
  in: { Name: name, IfMatch: '$now.ETag', Stage: 'DEVELOPMENT', EventObject: '{event}', ...more },
});

// biome-ignore format: one case a line
const rows: readonly Row[] = [
  ['create-size', 'code of 10,241 bytes', [create({ FunctionCode: `${'x'.repeat(10_241)}` })], refused('FunctionSizeLimitExceeded', 413)],
  ['create-empty', 'no code', [create({ FunctionCode: '' })], refused('InvalidArgument', 400)],
  ['create-name-space', 'a name with a space', [create({ Name: '{run} no' })], refused('InvalidArgument', 400)],
  ['create-name-long', 'a name of 65 characters', [create({ Name: `{run}${'x'.repeat(65)}` })], refused('InvalidArgument', 400)],
  ['create-name-dot', 'a name with a dot', [create({ Name: '{run}.no' })], refused('InvalidArgument', 400)],
  ['create-runtime', 'a runtime that does not exist', [create({ FunctionConfig: { ...config, Runtime: 'cloudfront-js-3.0' } })], refused('InvalidArgument', 400)],
  ['create-comment', 'a comment of 129 characters', [create({ FunctionConfig: { ...config, Comment: 'x'.repeat(129) } })], refused('InvalidArgument', 400)],
  ['create-absent-store', 'a store that does not exist', [create({ FunctionConfig: { ...config, KeyValueStoreAssociations: stores(absentStore) } })], refused('InvalidArgument', 400)],
  ['create-two-stores', 'two stores', [create({ FunctionConfig: { ...config, KeyValueStoreAssociations: stores('{storeArn}', absentStore) } })], refused('InvalidArgument', 400)],
  ['create-quantity', 'a Quantity that is not the number of items', [create({ FunctionConfig: { ...config, KeyValueStoreAssociations: { ...stores('{storeArn}'), Quantity: 2 } } })], refused('InvalidArgument', 400)],
  ['create-store-1.0', 'a store with the runtime cloudfront-js-1.0', [create({ FunctionConfig: { Comment: '', Runtime: 'cloudfront-js-1.0', KeyValueStoreAssociations: stores('{storeArn}') } })], refused('InvalidArgument', 400)],
  ['create-taken', 'a name that is taken', [create({ Name: name })], refused('FunctionAlreadyExists', 409)],
  ['create-tag', 'a tag that begins with aws:', [create({ Tags: { Items: [{ Key: 'aws:x', Value: '1' }] } })], refused('InvalidTagging', 400)],
  ['describe-absent', 'a function that does not exist', [{ op: 'DescribeFunction', in: { Name: '{run}-no' } }], refused('NoSuchFunctionExists', 404)],
  ['get-absent', 'the code of one that does not exist', [{ op: 'GetFunction', in: { Name: '{run}-no' } }], refused('NoSuchFunctionExists', 404)],
  ['describe-unpublished', 'LIVE of a function that was never published', [{ op: 'DescribeFunction', in: { Name: name, Stage: 'LIVE' } }], refused('NoSuchFunctionExists', 404), 'terraform-provider-aws relies on it'],
  ['describe-stage', 'a stage that does not exist', [{ op: 'DescribeFunction', in: { Name: name, Stage: 'TEST' } }], refused('InvalidArgument', 400)],
  ['list-stage', 'a list of a stage that does not exist', [{ op: 'ListFunctions', in: { Stage: 'TEST' } }], refused('InvalidArgument', 400)],
  ['update-never', 'an update with an ETag that never was', [update('E00000000000')], refused('InvalidIfMatchVersion', 400)],
  ['update-stale', 'an update with the ETag before the last', [describe, update('$now.ETag'), update('$now.ETag')], refused('PreconditionFailed', 412)],
  ['update-absent', 'an update of one that does not exist', [{ op: 'UpdateFunction', in: { Name: '{run}-no', IfMatch: 'E1', FunctionConfig: config, FunctionCode: code } }], refused('NoSuchFunctionExists', 404)],
  ['update-size', 'an update with 10,241 bytes', [describe, { op: 'UpdateFunction', in: { Name: name, IfMatch: '$now.ETag', FunctionConfig: config, FunctionCode: 'x'.repeat(10_241) } }], refused('FunctionSizeLimitExceeded', 413)],
  ['publish-never', 'a publication with an ETag that never was', [{ op: 'PublishFunction', in: { Name: name, IfMatch: 'E00000000000' } }], refused('InvalidIfMatchVersion', 400)],
  ['publish-stale', 'a publication with the ETag before the last', [describe, update('$now.ETag'), { op: 'PublishFunction', in: { Name: name, IfMatch: '$now.ETag' } }], refused('PreconditionFailed', 412)],
  ['publish-absent', 'a publication of one that does not exist', [{ op: 'PublishFunction', in: { Name: '{run}-no', IfMatch: 'E1' } }], refused('NoSuchFunctionExists', 404)],
  ['delete-never', 'a deletion with an ETag that never was', [{ op: 'DeleteFunction', in: { Name: name, IfMatch: 'E00000000000' } }], refused('InvalidIfMatchVersion', 400)],
  ['delete-absent', 'a deletion of one that does not exist', [{ op: 'DeleteFunction', in: { Name: '{run}-no', IfMatch: 'E1' } }], refused('NoSuchFunctionExists', 404)],
  ['delete-in-use', 'a deletion while a distribution uses it', [{ op: 'DescribeFunction', in: { Name: '{run}-edge', Stage: 'DEVELOPMENT' }, as: 'now' }, { op: 'DeleteFunction', in: { Name: '{run}-edge', IfMatch: '$now.ETag' } }], refused('FunctionInUse', 409)],
  ['test-never', 'a test with an ETag that never was', [test({ IfMatch: 'E00000000000' })], refused('InvalidIfMatchVersion', 400)],
  ['test-stale', 'a test with the ETag before the last', [describe, update('$now.ETag'), test({})], refused('InvalidIfMatchVersion', 400), 'TestFunction lists no PreconditionFailed in the API model'],
  ['test-not-json', 'a test with an event that is not JSON', [describe, test({ EventObject: '{' })], refused('InvalidArgument', 400)],
  ['test-no-request', 'a test with an event without a request', [describe, test({ EventObject: '{}' })], refused('InvalidArgument', 400)],
  ['test-large', 'a test with an event of more than 40,960 bytes', [describe, test({ EventObject: `"${'x'.repeat(41_000)}"` })], refused('InvalidArgument', 400)],
  ['test-absent', 'a test of one that does not exist', [test({ Name: '{run}-no', IfMatch: 'E1' })], refused('NoSuchFunctionExists', 404)],
];

type PickRow = readonly [
  id: string,
  question: string,
  calls: readonly ApiCall[],
  pick: Readonly<Record<string, string | readonly [string, string]>>,
  expect: unknown,
  source: string,
];

// biome-ignore format: one case a line
const picked: readonly PickRow[] = [
  ['update-etag', 'which ETag an update answers with: that of the next description', [describe, update('$now.ETag'), { ...describe, as: 'after' }], { answered: ['$updated.ETag', '$after.ETag'], unchanged: ['$now.ETag', '$after.ETag'] }, { answered: true, unchanged: false }, 'the API model puts it into a header spelled ETtag'],
  ['update-identical', 'whether an update with the same code and config gives a new ETag', [describe, update('$now.ETag'), { ...update('$updated.ETag'), as: 'again' }], { same: ['$updated.ETag', '$again.ETag'] }, { same: false }, 'not documented'],
  ['update-drops-store', 'whether an update without associations removes them', [describe, { op: 'UpdateFunction', in: { Name: name, IfMatch: '$now.ETag', FunctionConfig: { ...config, KeyValueStoreAssociations: stores('{storeArn}') }, FunctionCode: code }, as: 'with' }, update('$with.ETag'), { ...describe, as: 'after' }], { before: '#with.FunctionSummary.FunctionConfig.KeyValueStoreAssociations.Items.0', after: '#after.FunctionSummary.FunctionConfig.KeyValueStoreAssociations.Items.0' }, { before: true, after: false }, 'terraform-provider-aws#35889'],
  ['stage-default', 'which stage a description without a stage is of', [{ op: 'DescribeFunction', in: { Name: name } }], { stage: '$last.FunctionSummary.FunctionMetadata.Stage', status: '$last.FunctionSummary.Status' }, { stage: 'DEVELOPMENT', status: 'UNPUBLISHED' }, 'not documented'],
  ['get-bytes', 'whether GetFunction answers the bytes that were sent', [{ op: 'GetFunction', in: { Name: name, Stage: 'DEVELOPMENT' } }], { code: '$last.FunctionCode' }, { code }, model],
  ['status-used', 'the status of a function that a distribution uses, once it is deployed', [{ op: 'DescribeFunction', in: { Name: '{run}-edge', Stage: 'LIVE' } }], { status: '$last.FunctionSummary.Status' }, { status: 'DEPLOYED' }, "AWS's samples"],
  ['two-etags', 'whether LIVE has an ETag of its own', [{ op: 'DescribeFunction', in: { Name: '{run}-edge', Stage: 'DEVELOPMENT' }, as: 'development' }, { op: 'DescribeFunction', in: { Name: '{run}-edge', Stage: 'LIVE' }, as: 'live' }], { same: ['$development.ETag', '$live.ETag'] }, { same: false }, 'terraform-provider-aws relies on it'],
  ['tags-kept', 'whether tags given at the creation are listed', [{ op: 'DescribeFunction', in: { Name: name }, as: 'now' }, { op: 'ListTagsForResource', in: { Resource: '$now.FunctionSummary.FunctionMetadata.FunctionARN' } }], { tags: '#last.Tags.Items.0' }, { tags: true }, 'API reference, ListTagsForResource'],
];

const needs = (id: string) => (/in-use|status-used|two-etags/.test(id) ? 'distribution' : 'free');

export const functionCases: readonly ConformanceCase[] = [
  ...rows.map(
    ([id, question, calls, expect, source = model]): ConformanceCase => ({
      id: `function-${id}`,
      group: 'control plane',
      question,
      ask: { kind: 'calls', calls },
      expect,
      source,
      needs: needs(id),
    }),
  ),
  ...picked.map(
    ([id, question, calls, pick, expect, source]): ConformanceCase => ({
      id: `function-${id}`,
      group: 'control plane',
      question,
      ask: { kind: 'calls', calls, pick },
      expect,
      source,
      needs: needs(id),
    }),
  ),
];
