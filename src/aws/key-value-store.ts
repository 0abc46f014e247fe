import { setTimeout as sleepFor } from 'node:timers/promises';
import {
  type CloudFrontKeyValueStoreClient,
  DescribeKeyValueStoreCommand,
  GetKeyCommand,
  ListKeysCommand,
  ResourceNotFoundException,
  UpdateKeysCommand,
} from '@aws-sdk/client-cloudfront-keyvaluestore';
import { auditKey } from '../../kvs/keys.ts';
import { maxListKeysResults } from '../../kvs/limits.ts';
import { ownKey, storedKey } from '../../kvs/reserved-keys.ts';
import { recallAudit } from '../core/audit.ts';
import type { FlagStore, KeyChange, StoreSnapshot } from '../core/flag-store.ts';
import { EdgeError } from '../errors.ts';
import { typed } from '../text/typed.ts';
import { classifyAwsError, wrapAwsError } from './aws-error.ts';
import { backoffMs, maxCalls, type RetryOptions, retryCall } from './retry.ts';

export interface KeyValueStoreOptions extends Partial<RetryOptions> {
  /** `keyPrefix` of edge.config.ts. All keys given and returned are without it. */
  keyPrefix?: string | undefined;
}

/**
 * The key-value store with this ARN. `client` comes from `openAws`: a client that retries would send a write twice.
 * Every AWS failure is an EdgeError; a missing key is absent, a missing store is NOT_FOUND.
 */
export function openKeyValueStore(client: CloudFrontKeyValueStoreClient, arn: string, options: KeyValueStoreOptions = {}): FlagStore {
  const { signal, keyPrefix } = options;
  const retry: RetryOptions = {
    sleep: options.sleep ?? ((ms) => sleepFor(ms, undefined, { signal })),
    random: options.random ?? Math.random,
    log: options.log ?? (() => undefined),
    signal,
  };
  const patience = openPatience(client);
  const clockSkewMs = compareClocks(client);
  /** One call with the present timeout, which grows while the store is slow. */
  async function send<T>(call: (options: SendOptions) => Promise<T>): Promise<T> {
    return patience.during((requestTimeout) =>
      call({ ...(requestTimeout === undefined ? {} : { requestTimeout }), ...(signal === undefined ? {} : { abortSignal: signal }) }),
    );
  }

  async function readEtag(): Promise<string> {
    const { ETag } = await send((how) => client.send(new DescribeKeyValueStoreCommand({ KvsARN: arn }), how));
    return required(ETag, 'DescribeKeyValueStore', 'ETag');
  }

  async function readValue(key: string): Promise<[string, string] | undefined> {
    try {
      const { Value } = await send((how) => client.send(new GetKeyCommand({ KvsARN: arn, Key: storedKey(key, keyPrefix) }), how));
      return [key, required(Value, 'GetKey', 'Value')];
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return undefined;
      throw error;
    }
  }

  async function read(keys: readonly string[]): Promise<StoreSnapshot> {
    const doing = 'read the key-value store';
    try {
      // The ETag first: newer values then make a write conflict; with older ones it would overwrite a change unseen.
      const etag = await retryCall(doing, readEtag, retry);
      const found = await Promise.all(keys.map((key) => retryCall(doing, () => readValue(key), retry)));
      return { etag, values: new Map(found.filter((entry) => entry !== undefined)) };
    } catch (error) {
      throw wrapAwsError(error, doing);
    }
  }

  async function list(maxPages: number): Promise<{ values: ReadonlyMap<string, string>; complete: boolean }> {
    const doing = 'list the key-value store';
    const values = new Map<string, string>();
    let token: string | undefined;
    try {
      for (let page = 0; page < maxPages; page++) {
        const command = new ListKeysCommand({
          KvsARN: arn,
          MaxResults: maxListKeysResults,
          ...(token === undefined ? {} : { NextToken: token }),
        });
        const answer = await retryCall(doing, () => readPage(command), retry);
        for (const [key, value] of answer.items) values.set(key, value);
        token = answer.NextToken;
        if (token === undefined) return { values, complete: true };
      }
    } catch (error) {
      throw wrapAwsError(error, doing);
    }
    return { values, complete: false };
  }

  async function readPage(command: ListKeysCommand): Promise<{ items: [string, string][]; NextToken: string | undefined }> {
    const { Items, NextToken } = await send((how) => client.send(command, how));
    const items = Items?.map(({ Key, Value }): [string, string] => [
      ownKey(required(Key, 'ListKeys', 'Key'), keyPrefix),
      required(Value, 'ListKeys', 'Value'),
    ]);
    if (items !== undefined) return { items, NextToken };
    // AWS does not document whether an empty store has no item list or an empty one.
    const { ItemCount } = await send((how) => client.send(new DescribeKeyValueStoreCommand({ KvsARN: arn }), how));
    if (ItemCount !== 0) throw incomplete('ListKeys', 'Items');
    return { items: [], NextToken };
  }

  async function write(change: KeyChange, etag: string): Promise<void> {
    const Puts = change.puts.map(({ key, value }) => ({ Key: storedKey(key, keyPrefix), Value: value }));
    const Deletes = change.deletes.map((key) => ({ Key: storedKey(key, keyPrefix) }));
    const { ETag } = await send((how) => client.send(new UpdateKeysCommand({ KvsARN: arn, IfMatch: etag, Puts, Deletes }), how));
    required(ETag, 'UpdateKeys', 'ETag');
  }

  const update: FlagStore['update'] = async (keys, change) => {
    const doing = 'write the key-value store';
    // Writes without an answer: each may have landed, or may still land.
    const unanswered: KeyChange[] = [];
    const giveUp = (error: unknown) => (unanswered.length === 0 ? wrapAwsError(error, doing) : uncertain(wrapAwsError(error, doing)));
    let last: { error: unknown; isFinal: boolean } | undefined;
    for (let failed = 0; ; failed++) {
      const snapshot = await read([...new Set([...keys, ...unanswered.flatMap(changedKeys)])]).catch((error: unknown) => {
        throw giveUp(error);
      });
      const landed = unanswered.find((past) => hasLanded(past, snapshot));
      if (landed !== undefined) return { written: landed, attempts: failed };
      if (last?.isFinal) throw giveUp(last.error);
      const wanted = change(snapshot);
      if (wanted === undefined) return { written: undefined, attempts: failed };
      try {
        await write(wanted, snapshot.etag);
        return { written: wanted, attempts: failed + 1 };
      } catch (error) {
        if (signal?.aborted) throw uncertain(new EdgeError('INTERRUPTED', 'interrupted', { cause: error }));
        const failure = classifyAwsError(error);
        if (failure === 'refused' || failure === 'bug') throw giveUp(error);
        if (failure === 'unknown') unanswered.push(wanted);
        last = { error, isFinal: failed + 1 >= maxCalls[failure] };
        const waitMs = backoffMs(failed + 1, retry.random);
        retry.log(`cannot ${doing} yet (${(error as Error).name}), reading it again in ${waitMs} ms`);
        await retry.sleep(waitMs);
      }
    }
  };

  const store = { read, list, update, clockSkewMs };
  // When the state is missing, writes continue from the audit.
  return { ...store, update: recallAudit(store).update };
}

interface SendOptions {
  abortSignal?: AbortSignal;
  requestTimeout?: number;
}

/** The longest timeout, as a multiple of the first. */
const mostPatience = 6;

const usualTimeoutMs = 5_000;

/** The timeout of a call: the client's, doubled after each timeout, and reset when the store is fast again. */
function openPatience(client: CloudFrontKeyValueStoreClient) {
  let patienceMs: number | undefined;
  return {
    async during<T>(call: (timeoutMs: number | undefined) => Promise<T>): Promise<T> {
      const usedMs = patienceMs;
      const startedAt = performance.now();
      // Known only after the client's first call.
      const firstMs = () => readTimeout(client) ?? usualTimeoutMs;
      try {
        const answer = await call(usedMs);
        if (performance.now() - startedAt < firstMs() / 2) patienceMs = undefined;
        return answer;
      } catch (error) {
        const isTimeout = error instanceof Error && error.name === 'TimeoutError';
        if (isTimeout) patienceMs = Math.min(mostPatience * firstMs(), Math.max(patienceMs ?? 0, 2 * (usedMs ?? firstMs())));
        throw error;
      }
    },
  };
}

function readTimeout(client: CloudFrontKeyValueStoreClient): number | undefined {
  const handler = client.config?.requestHandler as { httpHandlerConfigs?(): { requestTimeout?: unknown } } | undefined;
  const timeoutMs = handler?.httpHandlerConfigs?.().requestTimeout;
  return typeof timeoutMs === 'number' ? timeoutMs : undefined;
}

/** The SDK corrects its own clock silently, but an override's end is compared with this machine's clock. */
function compareClocks(client: CloudFrontKeyValueStoreClient): () => number | undefined {
  let skewMs: number | undefined;
  client.middlewareStack?.add(
    (next) => async (args) => {
      const result = await next(args);
      const { headers } = (result.response ?? {}) as { headers?: Readonly<Record<string, string>> };
      const serverTime = Date.parse(headers?.['date'] ?? '');
      if (!Number.isNaN(serverTime)) skewMs = Date.now() - serverTime;
      return result;
    },
    { step: 'deserialize', name: 'compareClocks', priority: 'high', override: true },
  );
  return () => skewMs;
}

function required<T>(value: T | undefined, operation: string, member: string): T {
  if (value === undefined) throw incomplete(operation, member);
  return value;
}

/** A 200 without a required member does not mean that a key is missing. It is classified as an incomplete answer. */
function incomplete(operation: string, member: string): Error {
  const error = new Error(`${operation} answered 200 without ${member}`);
  return Object.assign(error, { name: 'IncompleteAnswer', $metadata: { httpStatusCode: 200 } });
}

function changedKeys(change: KeyChange): string[] {
  return [...change.puts.map(({ key }) => key), ...change.deletes];
}

/**
 * Whether a write whose answer was lost is in the store. A write is all or nothing; but a later writer may have
 * replaced the rest, so an audit entry, which only this write can have made, is proof enough.
 */
function hasLanded(change: KeyChange, { values }: StoreSnapshot): boolean {
  const auditPrefix = auditKey(0).slice(0, -2);
  if (change.puts.some(({ key, value }) => key.startsWith(auditPrefix) && values.get(key) === value)) return true;
  return change.puts.every(({ key, value }) => values.get(key) === value) && change.deletes.every((key) => !values.has(key));
}

function uncertain(error: unknown): unknown {
  if (!(error instanceof EdgeError)) return error;
  return new EdgeError(error.code, `the write to the key-value store may or may not have happened: ${error.message}`, {
    hint: `check before you repeat it: ${typed('failover --')} status`,
    cause: error.cause,
  });
}
