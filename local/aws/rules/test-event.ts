import { createHash } from 'node:crypto';
import type { TestResult } from '@aws-sdk/client-cloudfront';
import type { Execution, StoreView, ViewerRequestEvent, ViewerResponseEvent } from '../../../src/edge/execution.ts';
import { isRecord } from '../../../src/text/is-record.ts';
import { messageOf } from '../../../src/text/message-of.ts';
import type { Account, FunctionStage, StoreRecord } from '../account.ts';
import { ServiceError } from '../service-error.ts';

/** Runs a stage with a test event and the store's data as it is now. Script errors are part of the result; only a broken runtime is TestFunctionFailed. */
export async function runTestEvent(
  stage: FunctionStage,
  eventObject: Uint8Array,
  account: Account,
): Promise<Omit<TestResult, 'FunctionSummary'>> {
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

/** The service answers `{"request": …}` or `{"response": …}`, told apart by the status code that only a response has. */
function wrapOutput(output: unknown): object {
  return isRecord(output) && 'statusCode' in output ? { response: output } : { request: output };
}

/** A stand-in that grows with what a run does: nobody outside AWS can compute the real figure (one live report: 8 for a router with one read). */
function computeUtilization(execution: Execution): string {
  return String(Math.min(100, 4 + 5 * execution.reads.length));
}
