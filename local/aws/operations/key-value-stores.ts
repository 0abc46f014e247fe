import {
  CreateKeyValueStore$,
  type CreateKeyValueStoreRequest,
  type CreateKeyValueStoreResult,
  DeleteKeyValueStore$,
  type DeleteKeyValueStoreRequest,
  DescribeKeyValueStore$,
  type DescribeKeyValueStoreRequest,
  type DescribeKeyValueStoreResult,
  type KeyValueStore,
  ListKeyValueStores$,
  type ListKeyValueStoresRequest,
  type ListKeyValueStoresResult,
  UpdateKeyValueStore$,
  type UpdateKeyValueStoreRequest,
  type UpdateKeyValueStoreResult,
} from '@aws-sdk/client-cloudfront';
import type { Account, FunctionRecord, StoreRecord } from '../account.ts';
import { checkIfMatch, createId, renewEtag } from '../etag.ts';
import { type Operation, operation, page } from '../operation.ts';
import { ServiceError } from '../service-error.ts';
import { checkComment, checkName } from './functions.ts';
import { parseTags } from './tags.ts';

/** Stores per account: 50 or 200, AWS's pages disagree (DG cloudfront-limits.html); the stricter one. */
const maxStores = 50;

/** Starts as PROVISIONING and becomes READY automatically. Import from S3 is not emulated. */
const createKeyValueStore = operation<CreateKeyValueStoreRequest, CreateKeyValueStoreResult>(CreateKeyValueStore$, (input, account) => {
  checkName(input.Name);
  checkComment(input.Comment ?? '');
  const tags = parseTags(input.Tags);
  if (input.ImportSource !== undefined)
    throw new ServiceError('UnsupportedOperation', 'import from S3 is not available on the local cloud');
  if (account.stores.has(input.Name))
    throw new ServiceError('EntityAlreadyExists', `there is a key value store called ${input.Name} already`);
  if (account.stores.size >= maxStores)
    throw new ServiceError('EntityLimitExceeded', `an account has at most ${maxStores} key value stores`);
  const { accountId, random, provisionMs } = account.options;
  const id = [8, 4, 4, 4, 12].map((length) => createId('0123456789abcdef', length, random)).join('-');
  const at = account.date();
  const record: StoreRecord = {
    name: input.Name,
    id,
    arn: `arn:aws:cloudfront::${accountId}:key-value-store/${id}`,
    comment: input.Comment ?? '',
    status: 'PROVISIONING',
    createdAt: at,
    modifiedAt: at,
    etag: account.etag('E'),
    pastEtags: [],
    dataEtag: account.etag('KV'),
    dataModifiedAt: at,
    values: new Map(),
    totalBytes: 0,
  };
  account.stores.set(input.Name, record);
  account.tags.set(record.arn, tags);
  account.after(provisionMs, () => {
    if (account.stores.get(record.name) !== record) return;
    record.status = 'READY';
    account.changed({ kind: 'store', arn: record.arn });
  });
  return {
    KeyValueStore: summarizeStore(record),
    ETag: record.etag,
    Location: `https://cloudfront.amazonaws.com/2020-05-31/key-value-store/${record.name}`,
  };
});

/** The control plane's view. Its ETag is not the one for writing keys. */
const describeKeyValueStore = operation<DescribeKeyValueStoreRequest, DescribeKeyValueStoreResult>(
  DescribeKeyValueStore$,
  (input, account) => {
    const record = findStore(input.Name, account);
    return { KeyValueStore: summarizeStore(record), ETag: record.etag };
  },
);

const listKeyValueStores = operation<ListKeyValueStoresRequest, ListKeyValueStoresResult>(ListKeyValueStores$, (input, account) => {
  const wanted = [...account.stores.values()].filter((record) => input.Status === undefined || record.status === input.Status);
  const { items, limit, nextMarker } = page(wanted, (record) => record.name, input);
  return {
    KeyValueStoreList: {
      NextMarker: nextMarker,
      MaxItems: limit,
      Quantity: items.length,
      Items: items.length === 0 ? undefined : items.map(summarizeStore),
    },
  };
});

/** Changes the comment, the only thing the API lets change. */
const updateKeyValueStore = operation<UpdateKeyValueStoreRequest, UpdateKeyValueStoreResult>(UpdateKeyValueStore$, (input, account) => {
  const record = findStore(input.Name, account);
  checkIfMatch(input.IfMatch, record);
  checkComment(input.Comment);
  renewEtag(record, account.etag('E'));
  record.comment = input.Comment;
  record.modifiedAt = account.date();
  return { KeyValueStore: summarizeStore(record), ETag: record.etag };
});

const deleteKeyValueStore = operation<DeleteKeyValueStoreRequest, object>(DeleteKeyValueStore$, (input, account) => {
  const record = findStore(input.Name, account);
  checkIfMatch(input.IfMatch, record);
  const user = functionOfStore(record.arn, account);
  if (user !== undefined)
    throw new ServiceError(
      'CannotDeleteEntityWhileInUse',
      `the key value store ${record.name} is associated with the function ${user.name}`,
    );
  account.stores.delete(record.name);
  account.deletedStoreArns.add(record.arn);
  account.tags.delete(record.arn);
  account.changed({ kind: 'store', arn: record.arn });
  return {};
});

/** The store as the control plane addresses it, by name; EntityNotFound otherwise. */
function findStore(name: string, account: Account): StoreRecord {
  const record = account.stores.get(name);
  if (record === undefined) throw new ServiceError('EntityNotFound', `there is no key value store called ${name}`);
  return record;
}

function summarizeStore(record: StoreRecord): KeyValueStore {
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
function functionOfStore(arn: string, account: Account): FunctionRecord | undefined {
  return [...account.functions.values()].find((record) =>
    [record.development, record.live].some((stage) =>
      stage?.config.KeyValueStoreAssociations?.Items?.some((association) => association.KeyValueStoreARN === arn),
    ),
  );
}

export const storeOperations: readonly Operation[] = [
  createKeyValueStore,
  describeKeyValueStore,
  listKeyValueStores,
  updateKeyValueStore,
  deleteKeyValueStore,
];
