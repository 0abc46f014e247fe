import { DescribeKeyValueStore$, type DescribeKeyValueStoreRequest, type DescribeKeyValueStoreResult } from '@aws-sdk/client-cloudfront';
import { operation } from '../../operation.ts';
import { findStore, summarizeStore } from '../../rules/key-value-store.ts';

/** The control plane's view, under an ETag that is of no use for writing keys. */
export const describeKeyValueStore = operation<DescribeKeyValueStoreRequest, DescribeKeyValueStoreResult>(
  DescribeKeyValueStore$,
  (input, account) => {
    const record = findStore(input.Name, account);
    return { KeyValueStore: summarizeStore(record), ETag: record.etag };
  },
);
