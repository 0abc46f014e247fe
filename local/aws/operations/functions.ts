import { createHash } from 'node:crypto';
import {
  CreateFunction$,
  type CreateFunctionRequest,
  type CreateFunctionResult,
  DeleteFunction$,
  type DeleteFunctionRequest,
  DescribeFunction$,
  type DescribeFunctionRequest,
  type DescribeFunctionResult,
  type FunctionConfig,
  type FunctionSummary,
  GetFunction$,
  type GetFunctionRequest,
  type GetFunctionResult,
  ListFunctions$,
  type ListFunctionsRequest,
  type ListFunctionsResult,
  PublishFunction$,
  type PublishFunctionRequest,
  type PublishFunctionResult,
  TestFunction$,
  type TestFunctionRequest,
  type TestFunctionResult,
  type TestResult,
  UpdateFunction$,
  type UpdateFunctionRequest,
  type UpdateFunctionResult,
} from '@aws-sdk/client-cloudfront';
import { maxFunctionBytes, maxTestEventBytes } from '../../../kvs/limits.ts';
import type { Execution, StoreView, ViewerRequestEvent, ViewerResponseEvent } from '../../../src/edge/execution.ts';
import { isRecord } from '../../../src/text/is-record.ts';
import { messageOf } from '../../../src/text/message-of.ts';
import type { Account, FunctionRecord, FunctionStage, StoreRecord } from '../account.ts';
import { checkIfMatch, renewEtag } from '../etag.ts';
import { type Operation, operation, page } from '../operation.ts';
import { distributionsOfFunction } from '../rules/distribution-references.ts';
import { ServiceError } from '../service-error.ts';
import type { Decoded } from '../wire/shape.ts';
import { parseTags } from './tags.ts';

/** Functions per account (DG cloudfront-limits.html). */
const maxFunctions = 100;

const createFunction = operation<CreateFunctionRequest, CreateFunctionResult>(CreateFunction$, (input, account) => {
  checkName(input.Name);
  checkFunctionInput(input.FunctionConfig, input.FunctionCode, account);
  const tags = parseTags(input.Tags);
  if (account.functions.has(input.Name))
    throw new ServiceError('FunctionAlreadyExists', `there is a function called ${input.Name} already`);
  if (account.functions.size >= maxFunctions)
    throw new ServiceError('TooManyFunctions', `an account has at most ${maxFunctions} functions`);
  const at = account.date();
  const development: FunctionStage = {
    config: input.FunctionConfig,
    code: input.FunctionCode,
    etag: account.etag('E'),
    pastEtags: [],
    createdAt: at,
    modifiedAt: at,
  };
  const arn = `arn:aws:cloudfront::${account.options.accountId}:function/${input.Name}`;
  const record = { name: input.Name, arn, development, live: undefined };
  account.functions.set(input.Name, record);
  account.tags.set(arn, tags);
  return {
    FunctionSummary: summarizeFunction(record, 'DEVELOPMENT', development, account),
    Location: `https://cloudfront.amazonaws.com/2020-05-31/function/${arn}`,
    ETag: development.etag,
  };
});

const describeFunction = operation<DescribeFunctionRequest, DescribeFunctionResult>(DescribeFunction$, (input, account) => {
  const { record, name, stage } = findStage(input.Name, input.Stage, account);
  return { FunctionSummary: summarizeFunction(record, name, stage, account), ETag: stage.etag };
});

const getFunction = operation<GetFunctionRequest, GetFunctionResult>(GetFunction$, (input, account) => {
  const { stage } = findStage(input.Name, input.Stage, account);
  return { FunctionCode: stage.code, ETag: stage.etag, ContentType: 'application/octet-stream' };
});

/** Without a stage each function is listed once for each stage it has. A marker is a name and a stage. */
const listFunctions = operation<ListFunctionsRequest, ListFunctionsResult>(ListFunctions$, (input, account) => {
  const wanted = parseStage(input.Stage);
  const summaries: FunctionSummary[] = [];
  for (const record of account.functions.values()) {
    if (wanted !== 'LIVE') summaries.push(summarizeFunction(record, 'DEVELOPMENT', record.development, account));
    if (wanted !== 'DEVELOPMENT' && record.live !== undefined) summaries.push(summarizeFunction(record, 'LIVE', record.live, account));
  }
  const { items, limit, nextMarker } = page(summaries, (summary) => `${summary.Name}:${summary.FunctionMetadata?.Stage}`, input);
  return {
    FunctionList: {
      NextMarker: nextMarker,
      MaxItems: limit,
      Quantity: items.length,
      Items: items.length === 0 ? undefined : items,
    },
  };
});

/**
 * Replaces DEVELOPMENT's config and code. A config without KeyValueStoreAssociations removes them: the stricter
 * reading; AWS does not document it. The model places the new version in a header spelled `ETtag`.
 */
const updateFunction = operation<UpdateFunctionRequest, UpdateFunctionResult>(UpdateFunction$, (input, account) => {
  const record = findFunction(input.Name, account);
  const { development } = record;
  checkIfMatch(input.IfMatch, development);
  checkFunctionInput(input.FunctionConfig, input.FunctionCode, account);
  renewEtag(development, account.etag('E'));
  development.config = input.FunctionConfig;
  development.code = input.FunctionCode;
  development.modifiedAt = account.date();
  return { FunctionSummary: summarizeFunction(record, 'DEVELOPMENT', development, account), ETag: development.etag };
});

/**
 * Runs one event on a stage, with that stage's ETag. The operation lists no PreconditionFailed: a stale version is also
 * InvalidIfMatchVersion.
 */
const testFunction = operation<TestFunctionRequest, TestFunctionResult>(TestFunction$, async (input, account) => {
  const { record, name, stage } = findStage(input.Name, input.Stage, account);
  checkIfMatch(input.IfMatch, stage, 'InvalidIfMatchVersion');
  if (input.EventObject.byteLength > maxTestEventBytes)
    throw new ServiceError(
      'InvalidArgument',
      `the event has ${input.EventObject.byteLength} bytes, at most ${maxTestEventBytes} are allowed`,
    );
  const result = await runTestEvent(stage, input.EventObject, account);
  return { TestResult: { FunctionSummary: summarizeFunction(record, name, stage, account), ...result } };
});

/**
 * Copies DEVELOPMENT to LIVE with DEVELOPMENT's ETag. LIVE has its own ETag. As in AWS, the code is not run or parsed.
 */
const publishFunction = operation<PublishFunctionRequest, PublishFunctionResult>(PublishFunction$, (input, account) => {
  const record = findFunction(input.Name, account);
  const { development } = record;
  checkIfMatch(input.IfMatch, development);
  const at = account.date();
  record.live = {
    config: development.config,
    code: development.code,
    etag: account.etag('E'),
    pastEtags: record.live === undefined ? [] : [...record.live.pastEtags, record.live.etag].slice(-100),
    createdAt: record.live?.createdAt ?? at,
    modifiedAt: at,
  };
  account.changed({ kind: 'function', arn: record.arn });
  return { FunctionSummary: summarizeFunction(record, 'LIVE', record.live, account) };
});

const deleteFunction = operation<DeleteFunctionRequest, object>(DeleteFunction$, (input, account) => {
  const record = findFunction(input.Name, account);
  checkIfMatch(input.IfMatch, record.development);
  const [user] = distributionsOfFunction(record.arn, account);
  if (user !== undefined) throw new ServiceError('FunctionInUse', `the function ${record.name} is used by the distribution ${user.id}`);
  account.functions.delete(record.name);
  account.tags.delete(record.arn);
  account.changed({ kind: 'function', arn: record.arn });
  return {};
});

/** Characters of a comment: a function's, a store's, a distribution's (API model 2020-05-31). */
const maxCommentLength = 128;
const runtimes = ['cloudfront-js-1.0', 'cloudfront-js-2.0'];

/** Names of functions and stores (API model 2020-05-31). */
export function checkName(name: string): void {
  if (!/^[a-zA-Z0-9-_]{1,64}$/.test(name))
    throw new ServiceError('InvalidArgument', `${JSON.stringify(name)} is not a name: 1 to 64 letters, digits, - and _`);
}

export function checkComment(comment: string): void {
  if (comment.length > maxCommentLength)
    throw new ServiceError('InvalidArgument', `the comment has ${comment.length} characters, at most ${maxCommentLength} are allowed`);
}

/** Refuses a FunctionConfig and code that CreateFunction and UpdateFunction would refuse. */
function checkFunctionInput(config: Decoded<FunctionConfig>, code: Uint8Array, account: Account): void {
  if (code.byteLength > maxFunctionBytes)
    throw new ServiceError(
      'FunctionSizeLimitExceeded',
      `the function has ${code.byteLength} bytes, at most ${maxFunctionBytes} are allowed`,
    );
  if (code.byteLength === 0) throw new ServiceError('InvalidArgument', 'the function code is empty');
  checkComment(config.Comment);
  if (!runtimes.includes(config.Runtime)) throw new ServiceError('InvalidArgument', `unknown runtime ${config.Runtime}`);
  checkAssociations(config, account);
}

function checkAssociations(config: Decoded<FunctionConfig>, account: Account): void {
  const associations = config.KeyValueStoreAssociations;
  if (associations === undefined) return;
  const items = associations.Items ?? [];
  if (associations.Quantity !== items.length)
    throw new ServiceError('InvalidArgument', `KeyValueStoreAssociations has Quantity ${associations.Quantity} and ${items.length} items`);
  if (items.length > 1) throw new ServiceError('InvalidArgument', 'a function can be associated with one key value store');
  const [association] = items;
  if (association === undefined) return;
  if (config.Runtime !== 'cloudfront-js-2.0')
    throw new ServiceError('InvalidArgument', 'a key value store needs the runtime cloudfront-js-2.0');
  const arn = association.KeyValueStoreARN;
  const store = [...account.stores.values()].find((record) => record.arn === arn);
  if (store === undefined) throw new ServiceError('InvalidArgument', `there is no key value store ${arn}`);
  if (store.status !== 'READY')
    throw new ServiceError('InvalidArgument', `the key value store ${store.name} cannot be associated before the resource is provisioned`);
}

type StageName = 'DEVELOPMENT' | 'LIVE';

/** The function, or NoSuchFunctionExists. */
function findFunction(name: string, account: Account): FunctionRecord {
  const record = account.functions.get(name);
  if (record === undefined) throw new ServiceError('NoSuchFunctionExists', `there is no function called ${name}`);
  return record;
}

/**
 * The requested stage. A function that was never published has no LIVE. The model does not define an absent stage:
 * DEVELOPMENT here.
 */
function findStage(
  name: string,
  stage: string | undefined,
  account: Account,
): { record: FunctionRecord; stage: FunctionStage; name: StageName } {
  const stageName = parseStage(stage) ?? 'DEVELOPMENT';
  const record = findFunction(name, account);
  const found = stageName === 'LIVE' ? record.live : record.development;
  if (found === undefined) throw new ServiceError('NoSuchFunctionExists', `the function ${name} was never published`);
  return { record, stage: found, name: stageName };
}

/** InvalidArgument for anything but the two stages. */
function parseStage(stage: string | undefined): StageName | undefined {
  if (stage === undefined || stage === 'DEVELOPMENT' || stage === 'LIVE') return stage;
  throw new ServiceError('InvalidArgument', `unknown stage ${stage}`);
}

/** The status texts are those of AWS's samples; when each appears is not documented. */
function summarizeFunction(record: FunctionRecord, name: StageName, stage: FunctionStage, account: Account): FunctionSummary {
  const published = record.live !== undefined;
  const used = published && distributionsOfFunction(record.arn, account).length > 0;
  return {
    Name: record.name,
    Status: used ? 'DEPLOYED' : published ? 'UNASSOCIATED' : 'UNPUBLISHED',
    FunctionConfig: stage.config,
    FunctionMetadata: { FunctionARN: record.arn, Stage: name, CreatedTime: stage.createdAt, LastModifiedTime: stage.modifiedAt },
  };
}

/**
 * Runs a stage with a test event and the store's present data. Script errors are part of the result; only a broken
 * runtime is TestFunctionFailed.
 */
async function runTestEvent(stage: FunctionStage, eventObject: Uint8Array, account: Account): Promise<Omit<TestResult, 'FunctionSummary'>> {
  const event = parseEvent(eventObject);
  const { runtime } = account.options;
  if (runtime === undefined) throw new ServiceError('TestFunctionFailed', 'this local account was opened without a function runtime');
  const storeArn = stage.config.KeyValueStoreAssociations?.Items?.[0]?.KeyValueStoreARN;
  const store = [...account.stores.values()].find((record) => record.arn === storeArn);
  const source = { code: Buffer.from(stage.code).toString('utf8'), sha256: createHash('sha256').update(stage.code).digest('hex') };
  let execution: Execution;
  try {
    execution = await runtime.run({ source, event, store: store === undefined ? undefined : viewStore(store), now: account.options.now() });
  } catch (cause) {
    throw new ServiceError('TestFunctionFailed', messageOf(cause));
  }
  return {
    ComputeUtilization: computeUtilization(execution),
    FunctionExecutionLogs: execution.logs,
    FunctionErrorMessage: execution.error?.message ?? '',
    FunctionOutput: execution.error === undefined ? JSON.stringify(wrapOutput(execution.output)) : '',
  };
}

function viewStore(record: StoreRecord): StoreView {
  return {
    values: record.values,
    version: `${record.arn}@${record.dataEtag}`,
    createdAt: record.createdAt.toISOString(),
    updatedAt: record.dataModifiedAt.toISOString(),
  };
}

/** InvalidArgument for what is not an event. Fields that AWS lets a test leave out are filled in. */
function parseEvent(eventObject: Uint8Array): ViewerRequestEvent | ViewerResponseEvent {
  let event: unknown;
  try {
    event = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(eventObject));
  } catch {
    throw new ServiceError('InvalidArgument', 'the event object is not JSON');
  }
  if (!isRecord(event) || !isRecord(event['request'])) throw new ServiceError('InvalidArgument', 'the event object has no request');
  const request = { method: 'GET', uri: '/', querystring: {}, headers: {}, cookies: {}, ...event['request'] };
  const given = isRecord(event['context']) ? event['context'] : {};
  const eventType = given['eventType'] ?? (event['response'] === undefined ? 'viewer-request' : 'viewer-response');
  if (eventType !== 'viewer-request' && eventType !== 'viewer-response')
    throw new ServiceError('InvalidArgument', `unknown event type ${JSON.stringify(eventType)}`);
  const context = { distributionDomainName: '', distributionId: '', requestId: '', ...given, eventType };
  const viewer = isRecord(event['viewer']) ? event['viewer'] : { ip: '' };
  return { ...event, version: '1.0', context, viewer, request } as ViewerRequestEvent | ViewerResponseEvent;
}

/** The service answers `{"request": …}` or `{"response": …}`. Only a response has a status code. */
function wrapOutput(output: unknown): object {
  return isRecord(output) && 'statusCode' in output ? { response: output } : { request: output };
}

/**
 * An invented figure that grows with the work of a run: AWS does not publish the real formula (one live report: 8 for a
 * router with one read).
 */
function computeUtilization(execution: Execution): string {
  return String(Math.min(100, 4 + 5 * execution.reads.length));
}

export const functionOperations: readonly Operation[] = [
  createFunction,
  describeFunction,
  getFunction,
  listFunctions,
  updateFunction,
  testFunction,
  publishFunction,
  deleteFunction,
];
