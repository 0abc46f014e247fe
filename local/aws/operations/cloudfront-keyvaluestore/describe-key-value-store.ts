import {
  DescribeKeyValueStore$,
  type DescribeKeyValueStoreRequest,
  type DescribeKeyValueStoreResponse,
} from '@aws-sdk/client-cloudfront-keyvaluestore';
import { operation } from '../../operation.ts';
import { findStoreByArn } from '../../rules/store-data.ts';

export const describeStoreData = operation<DescribeKeyValueStoreRequest, DescribeKeyValueStoreResponse>(
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
