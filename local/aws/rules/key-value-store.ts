import type { KeyValueStore } from '@aws-sdk/client-cloudfront';
import type { Account, FunctionRecord, StoreRecord } from '../account.ts';
import { ServiceError } from '../service-error.ts';

/** The store as the control plane addresses it, by name; EntityNotFound otherwise. */
export function findStore(name: string, account: Account): StoreRecord {
  const record = account.stores.get(name);
  if (record === undefined) throw new ServiceError('EntityNotFound', `there is no key value store called ${name}`);
  return record;
}

export function summarizeStore(record: StoreRecord): KeyValueStore {
  return {
    Name: record.name,
    Id: record.id,
    Comment: record.comment,
    ARN: record.arn,
    Status: record.status,
    LastModifiedTime: record.modifiedAt,
  };
}

/** A function that has the store associated on either stage. */
export function functionOfStore(arn: string, account: Account): FunctionRecord | undefined {
  return [...account.functions.values()].find((record) =>
    [record.development, record.live].some((stage) =>
      stage?.config.KeyValueStoreAssociations?.Items?.some((association) => association.KeyValueStoreARN === arn),
    ),
  );
}
