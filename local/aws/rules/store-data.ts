import { maxKeyBytes, maxStoreBytes, maxValueBytes } from '../../../kvs/limits.ts';
import type { Account, StoreRecord } from '../account.ts';
import { ServiceError } from '../service-error.ts';

/** A store as the data plane addresses it. Why one that exists but cannot be used, or exists no more, is a ValidationException: the service was seen to say so. */
export function findStoreByArn(arn: string, account: Account): StoreRecord {
  if (!/^arn:aws:cloudfront::\d{12}:key-value-store\/[0-9a-f-]{36}$/.test(arn))
    throw new ServiceError('ValidationException', `${JSON.stringify(arn)} is not the ARN of a key value store`);
  const record = [...account.stores.values()].find((candidate) => candidate.arn === arn);
  if (record !== undefined) return record;
  if (account.deletedStoreArns.has(arn)) throw notInState();
  throw new ServiceError('ResourceNotFoundException', `there is no key value store ${arn}`);
}

/** The same for reading and writing keys, which need the store to be READY. */
export function findReadyStore(arn: string, account: Account): StoreRecord {
  const record = findStoreByArn(arn, account);
  if (record.status !== 'READY') throw notInState();
  return record;
}

export interface StoreWrite {
  puts: readonly { key: string; value: string }[];
  deletes: readonly string[];
}

/** One all-or-nothing write under the store-wide ETag. A write of identical values gives a new ETag too: whether AWS does so is not known. */
export function writeStore(record: StoreRecord, ifMatch: string | undefined, write: StoreWrite, account: Account) {
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
export function quota(message: string): ServiceError {
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
