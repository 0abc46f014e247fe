import { UpdateKeyValueStore$, type UpdateKeyValueStoreRequest, type UpdateKeyValueStoreResult } from '@aws-sdk/client-cloudfront';
import { checkIfMatch, renewEtag } from '../../etag.ts';
import { operation } from '../../operation.ts';
import { checkComment } from '../../rules/function-config.ts';
import { findStore, summarizeStore } from '../../rules/key-value-store.ts';

/** Changes the comment, the only thing the API lets change. */
export const updateKeyValueStore = operation<UpdateKeyValueStoreRequest, UpdateKeyValueStoreResult>(
  UpdateKeyValueStore$,
  (input, account) => {
    const record = findStore(input.Name, account);
    checkIfMatch(input.IfMatch, record);
    checkComment(input.Comment);
    renewEtag(record, account.etag('E'));
    record.comment = input.Comment;
    record.modifiedAt = account.date();
    return { KeyValueStore: summarizeStore(record), ETag: record.etag };
  },
);
