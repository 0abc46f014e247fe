import {
  DeleteKey$,
  type DeleteKeyRequest,
  type DeleteKeyResponse,
  DescribeKeyValueStore$,
  type DescribeKeyValueStoreRequest,
  type DescribeKeyValueStoreResponse,
  GetKey$,
  type GetKeyRequest,
  type GetKeyResponse,
  ListKeys$,
  type ListKeysRequest,
  type ListKeysResponse,
  PutKey$,
  type PutKeyRequest,
  type PutKeyResponse,
  UpdateKeys$,
  type UpdateKeysRequest,
  type UpdateKeysResponse,
} from '@aws-sdk/client-cloudfront-keyvaluestore';
import { maxKeyBytes, maxKeysPerUpdate, maxListKeysResults, maxStoreBytes, maxValueBytes } from '../../../kvs/limits.ts';
import type { Account, StoreRecord } from '../account.ts';
import { type Operation, operation } from '../operation.ts';
import { ServiceError } from '../service-error.ts';

const describeStoreData = operation<DescribeKeyValueStoreRequest, DescribeKeyValueStoreResponse>(
  DescribeKeyValueStore$,
  (input, account) => {
    const record = findStoreByArn(input.KvsARN, account);
    return {
      ItemCount: record.values.size,
      TotalSizeInBytes: record.totalBytes,
      KvsARN: record.arn,
      Created: record.createdAt,
      ETag: record.dataEtag,
      LastModified: record.dataModifiedAt,
      Status: record.status,
    };
  },
);

const getKey = operation<GetKeyRequest, GetKeyResponse>(GetKey$, (input, account) => {
  const record = readyStoreOf(input.KvsARN, account);
  const value = record.values.get(input.Key);
  if (value === undefined) throw new ServiceError('ResourceNotFoundException', `there is no key ${input.Key}`);
  return { Key: input.Key, Value: value, ItemCount: record.values.size, TotalSizeInBytes: record.totalBytes };
});

/** Items of a page when MaxResults is not given (API model 2022-07-26). */
const defaultResults = 10;

/** Pages in order of the keys; the token is the last key of the page before, opaque to callers. */
const listKeys = operation<ListKeysRequest, ListKeysResponse>(ListKeys$, (input, account) => {
  const record = readyStoreOf(input.KvsARN, account);
  const limit = input.MaxResults ?? defaultResults;
  if (limit < 1 || limit > maxListKeysResults)
    throw new ServiceError('ValidationException', `MaxResults must be from 1 to ${maxListKeysResults}`);
  const after = input.NextToken === undefined ? '' : parseToken(input.NextToken);
  const keys = [...record.values.keys()].filter((key) => key > after).sort();
  const shown = keys.slice(0, limit);
  const last = shown.at(-1);
  return {
    Items: shown.map((key) => ({ Key: key, Value: record.values.get(key) ?? '' })),
    NextToken: keys.length > shown.length && last !== undefined ? Buffer.from(last).toString('base64url') : undefined,
  };
});

function parseToken(token: string): string {
  const key = Buffer.from(token, 'base64url').toString('utf8');
  if (key === '' || Buffer.from(key).toString('base64url') !== token)
    throw new ServiceError('ValidationException', 'NextToken is not valid');
  return key;
}

const putKey = operation<PutKeyRequest, PutKeyResponse>(PutKey$, (input, account) =>
  writeStore(readyStoreOf(input.KvsARN, account), input.IfMatch, { puts: [{ key: input.Key, value: input.Value }], deletes: [] }, account),
);

/** A key that is not there is ResourceNotFoundException here; UpdateKeys lets it pass. */
const deleteKey = operation<DeleteKeyRequest, DeleteKeyResponse>(DeleteKey$, (input, account) => {
  const record = readyStoreOf(input.KvsARN, account);
  if (!record.values.has(input.Key)) throw new ServiceError('ResourceNotFoundException', `there is no key ${input.Key}`);
  return writeStore(record, input.IfMatch, { puts: [], deletes: [input.Key] }, account);
});

/**
 * All or nothing. An empty update and a key named twice are refused: the stricter reading; AWS's answer is not known.
 */
const updateKeys = operation<UpdateKeysRequest, UpdateKeysResponse>(UpdateKeys$, (input, account) => {
  const record = readyStoreOf(input.KvsARN, account);
  const puts = (input.Puts ?? []).map((put) => ({ key: put.Key, value: put.Value }));
  const deletes = (input.Deletes ?? []).map((entry) => entry.Key);
  const keys = [...puts.map((put) => put.key), ...deletes];
  if (keys.length === 0) throw new ServiceError('ValidationException', 'at least one put or delete is required');
  if (keys.length > maxKeysPerUpdate) throw quota(`${keys.length} keys in one update, at most ${maxKeysPerUpdate} are allowed`);
  if (new Set(keys).size !== keys.length) throw new ServiceError('ValidationException', 'a key is named twice in one update');
  return writeStore(record, input.IfMatch, { puts, deletes }, account);
});

/**
 * A store by its ARN. A store that is not ready or deleted is a ValidationException, as reports of the service show.
 */
function findStoreByArn(arn: string, account: Account): StoreRecord {
  if (!/^arn:aws:cloudfront::\d{12}:key-value-store\/[0-9a-f-]{36}$/.test(arn))
    throw new ServiceError('ValidationException', `${JSON.stringify(arn)} is not the ARN of a key value store`);
  const record = [...account.stores.values()].find((candidate) => candidate.arn === arn);
  if (record !== undefined) return record;
  if (account.deletedStoreArns.has(arn)) throw notInState();
  throw new ServiceError('ResourceNotFoundException', `there is no key value store ${arn}`);
}

/** The same for reading and writing keys, which need the store to be READY. */
function readyStoreOf(arn: string, account: Account): StoreRecord {
  const record = findStoreByArn(arn, account);
  if (record.status !== 'READY') throw notInState();
  return record;
}

interface StoreWrite {
  puts: readonly { key: string; value: string }[];
  deletes: readonly string[];
}

/**
 * One all-or-nothing write with the store's ETag. Identical values also give a new ETag; whether AWS does so is not
 * known.
 */
function writeStore(record: StoreRecord, ifMatch: string | undefined, write: StoreWrite, account: Account) {
  if (ifMatch === undefined) throw new ServiceError('ValidationException', 'If-Match is required');
  if (ifMatch !== record.dataEtag)
    throw new ServiceError(account.options.staleWrite(), 'Pre-Condition failed during update of Key-Value-Store');
  const values = new Map(record.values);
  let { totalBytes } = record;
  for (const key of write.deletes) {
    totalBytes -= entryBytes(key, values.get(key));
    values.delete(key);
  }
  for (const { key, value } of write.puts) {
    checkEntry(key, value);
    totalBytes += entryBytes(key, value) - entryBytes(key, values.get(key));
    values.set(key, value);
  }
  if (totalBytes > maxStoreBytes) throw quota(`the store would have ${totalBytes} bytes, at most ${maxStoreBytes} are allowed`);
  record.values = values;
  record.totalBytes = totalBytes;
  record.dataEtag = account.etag('KV');
  record.dataModifiedAt = account.date();
  account.changed({ kind: 'store', arn: record.arn });
  return { ItemCount: values.size, TotalSizeInBytes: totalBytes, ETag: record.dataEtag };
}

/** 402. */
function quota(message: string): ServiceError {
  return new ServiceError('ServiceQuotaExceededException', message);
}

function checkEntry(key: string, value: string): void {
  if (key === '') throw new ServiceError('ValidationException', 'a key must not be empty');
  const keyBytes = Buffer.byteLength(key);
  if (keyBytes > maxKeyBytes) throw quota(`the key has ${keyBytes} bytes, at most ${maxKeyBytes} are allowed`);
  const valueBytes = Buffer.byteLength(value);
  if (valueBytes > maxValueBytes) throw quota(`the value of ${key} has ${valueBytes} bytes, at most ${maxValueBytes} are allowed`);
}

function entryBytes(key: string, value: string | undefined): number {
  return value === undefined ? 0 : Buffer.byteLength(key) + Buffer.byteLength(value);
}

function notInState(): ServiceError {
  return new ServiceError('ValidationException', 'Key-Value-Store was not in expected state');
}

export const keyOperations: readonly Operation[] = [describeStoreData, getKey, listKeys, putKey, deleteKey, updateKeys];
