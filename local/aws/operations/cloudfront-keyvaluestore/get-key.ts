import { GetKey$, type GetKeyRequest, type GetKeyResponse } from '@aws-sdk/client-cloudfront-keyvaluestore';
import { operation } from '../../operation.ts';
import { findReadyStore } from '../../rules/store-data.ts';
import { ServiceError } from '../../service-error.ts';

export const getKey = operation<GetKeyRequest, GetKeyResponse>(GetKey$, (input, account) => {
  const record = findReadyStore(input.KvsARN, account);
  const value = record.values.get(input.Key);
  if (value === undefined) throw new ServiceError('ResourceNotFoundException', `there is no key ${input.Key}`);
  return { Key: input.Key, Value: value, ItemCount: record.values.size, TotalSizeInBytes: record.totalBytes };
});
