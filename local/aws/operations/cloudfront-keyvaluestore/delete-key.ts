import { DeleteKey$, type DeleteKeyRequest, type DeleteKeyResponse } from '@aws-sdk/client-cloudfront-keyvaluestore';
import { operation } from '../../operation.ts';
import { findReadyStore, writeStore } from '../../rules/store-data.ts';
import { ServiceError } from '../../service-error.ts';

/** A key that is not there is ResourceNotFoundException here; UpdateKeys lets it pass. */
export const deleteKey = operation<DeleteKeyRequest, DeleteKeyResponse>(DeleteKey$, (input, account) => {
  const record = findReadyStore(input.KvsARN, account);
  if (!record.values.has(input.Key)) throw new ServiceError('ResourceNotFoundException', `there is no key ${input.Key}`);
  return writeStore(record, input.IfMatch, { puts: [], deletes: [input.Key] }, account);
});
