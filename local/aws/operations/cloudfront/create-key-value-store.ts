import { CreateKeyValueStore$, type CreateKeyValueStoreRequest, type CreateKeyValueStoreResult } from '@aws-sdk/client-cloudfront';
import type { StoreRecord } from '../../account.ts';
import { createId } from '../../etag.ts';
import { operation } from '../../operation.ts';
import { checkComment, checkName } from '../../rules/function-config.ts';
import { summarizeStore } from '../../rules/key-value-store.ts';
import { parseTags } from '../../rules/tags.ts';
import { ServiceError } from '../../service-error.ts';

/** Stores per account: 50 or 200, AWS's pages disagree (DG cloudfront-limits.html); the stricter one. */
const maxStores = 50;

/** Starts PROVISIONING, becomes READY by itself. Import from S3 has no local counterpart. */
export const createKeyValueStore = operation<CreateKeyValueStoreRequest, CreateKeyValueStoreResult>(
  CreateKeyValueStore$,
  (input, account) => {
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
  },
);
