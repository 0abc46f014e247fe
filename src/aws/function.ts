import {
  type CloudFrontClient,
  CreateFunctionCommand,
  DescribeFunctionCommand,
  type FunctionConfig,
  type FunctionStage,
  type FunctionSummary,
  GetFunctionCommand,
  NoSuchFunctionExists,
  PublishFunctionCommand,
  TestFunctionCommand,
  UpdateFunctionCommand,
} from '@aws-sdk/client-cloudfront';
import { EdgeError } from '../errors.ts';
import { wrapAwsError } from './aws-error.ts';

/** One stage of a function. */
export interface FunctionVersion {
  /** Of this stage: update, test and publish take that of DEVELOPMENT. */
  etag: string;
  /** Carries neither stage nor version; a behavior's association takes it. */
  arn: string;
  runtime: string;
  comment: string;
  /** UNPUBLISHED, UNASSOCIATED, DEPLOYED, …: AWS types it as free text. */
  status: string;
  keyValueStoreArn: string | undefined;
}

/**
 * What a stage is made of. The association is part of it, and is sent each time: an update without one presumably drops
 * it.
 */
export interface StageSource {
  name: string;
  code: Uint8Array;
  /** At most 128 characters. */
  comment: string;
  keyValueStoreArn: string;
}

/** The result of one TestFunction call. */
export interface FunctionTest {
  /**
   * `{ request: … }` or `{ response: … }`; undefined when the run failed. TestFunction cannot show the origin that a
   * helper chose.
   */
  output: unknown;
  /** The function's error, including a syntax error with its line; undefined without one. */
  error: string | undefined;
  /** Percent of the allowed time, 0 to 100; NaN when CloudFront sent none. */
  utilization: number;
  logs: string[];
}

/** The stage; undefined when the function does not exist, for LIVE also when it has never been published. */
export async function describeFunction(client: CloudFrontClient, name: string, stage: FunctionStage): Promise<FunctionVersion | undefined> {
  try {
    const { ETag, FunctionSummary } = await client.send(new DescribeFunctionCommand({ Name: name, Stage: stage }));
    return readVersion(FunctionSummary, ETag, name);
  } catch (error) {
    if (error instanceof NoSuchFunctionExists) return undefined;
    throw wrapAwsError(error, `describe function ${name} at ${stage}`);
  }
}

/** The bytes of a stage; undefined as in describeFunction. */
export async function readFunctionCode(client: CloudFrontClient, name: string, stage: FunctionStage): Promise<Uint8Array | undefined> {
  try {
    const { FunctionCode } = await client.send(new GetFunctionCommand({ Name: name, Stage: stage }));
    return FunctionCode;
  } catch (error) {
    if (error instanceof NoSuchFunctionExists) return undefined;
    throw wrapAwsError(error, `read the code of function ${name} at ${stage}`);
  }
}

/** Creates the function's DEVELOPMENT stage. */
export async function createFunction(client: CloudFrontClient, source: StageSource): Promise<FunctionVersion> {
  try {
    const { ETag, FunctionSummary } = await client.send(new CreateFunctionCommand(formatSource(source)));
    return readVersion(FunctionSummary, ETag, source.name);
  } catch (error) {
    throw wrapAwsError(error, `create function ${source.name}`);
  }
}

/** Replaces the DEVELOPMENT stage. CONFLICT when `etag` is no longer its version. */
export async function updateFunction(client: CloudFrontClient, source: StageSource, etag: string): Promise<FunctionVersion> {
  try {
    const { ETag, FunctionSummary } = await client.send(new UpdateFunctionCommand({ ...formatSource(source), IfMatch: etag }));
    if (ETag !== undefined) return readVersion(FunctionSummary, ETag, source.name);
  } catch (error) {
    throw wrapAwsError(error, `update function ${source.name}`);
  }
  // The API model names this header `ETtag`: from an answer with the usual spelling the SDK reads none.
  const described = await describeFunction(client, source.name, 'DEVELOPMENT');
  if (described === undefined) throw missingVersion(source.name);
  return described;
}

/**
 * Runs a stage on one event. A function that throws is a result, not an error. CONFLICT when `etag` is not that stage's
 * version.
 */
export async function testFunction(
  client: CloudFrontClient,
  name: string,
  { stage, etag, event }: { stage: FunctionStage; etag: string; event: unknown },
): Promise<FunctionTest> {
  try {
    const EventObject = new TextEncoder().encode(JSON.stringify(event));
    const { TestResult } = await client.send(new TestFunctionCommand({ Name: name, Stage: stage, IfMatch: etag, EventObject }));
    const failed = TestResult?.FunctionErrorMessage;
    return {
      output: parseOutput(TestResult?.FunctionOutput),
      error: failed === undefined || failed === '' ? undefined : failed,
      utilization: parseUtilization(TestResult?.ComputeUtilization),
      logs: TestResult?.FunctionExecutionLogs ?? [],
    };
  } catch (error) {
    throw wrapAwsError(error, `test function ${name} at ${stage}`);
  }
}

/**
 * Makes DEVELOPMENT, at this version, LIVE. CONFLICT when it has another version by now. Edge locations pick it up
 * later.
 */
export async function publishFunction(client: CloudFrontClient, name: string, etag: string): Promise<void> {
  try {
    await client.send(new PublishFunctionCommand({ Name: name, IfMatch: etag }));
  } catch (error) {
    throw wrapAwsError(error, `publish function ${name}`);
  }
}

/** The API sends text; an empty one is not 0. */
function parseUtilization(text: string | undefined): number {
  return text !== undefined && /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : Number.NaN;
}

function formatSource({ name, code, comment, keyValueStoreArn }: StageSource) {
  const config: FunctionConfig = {
    Comment: comment,
    Runtime: 'cloudfront-js-2.0',
    KeyValueStoreAssociations: { Quantity: 1, Items: [{ KeyValueStoreARN: keyValueStoreArn }] },
  };
  return { Name: name, FunctionConfig: config, FunctionCode: code };
}

function readVersion(summary: FunctionSummary | undefined, etag: string | undefined, name: string): FunctionVersion {
  const arn = summary?.FunctionMetadata?.FunctionARN;
  if (etag === undefined || arn === undefined) throw missingVersion(name);
  return {
    etag,
    arn,
    runtime: summary?.FunctionConfig?.Runtime ?? '',
    comment: summary?.FunctionConfig?.Comment ?? '',
    status: summary?.Status ?? '',
    keyValueStoreArn: summary?.FunctionConfig?.KeyValueStoreAssociations?.Items?.[0]?.KeyValueStoreARN,
  };
}

function missingVersion(name: string): EdgeError {
  return new EdgeError('AWS', `CloudFront sent function ${name} without its version`, { hint: 'run it again' });
}

/** JSON by the API page; other text is kept as it is. */
function parseOutput(text: string | undefined): unknown {
  if (text === undefined || text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
