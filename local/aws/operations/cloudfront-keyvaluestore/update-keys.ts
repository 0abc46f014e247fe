import { UpdateKeys$, type UpdateKeysRequest, type UpdateKeysResponse } from '@aws-sdk/client-cloudfront-keyvaluestore';
import { maxKeysPerUpdate } from '../../../../kvs/limits.ts';
import { operation } from '../../operation.ts';
import { findReadyStore, quota, writeStore } from '../../rules/store-data.ts';
import { ServiceError } from '../../service-error.ts';

/** All or nothing. Nothing to do and a key named twice are refused: what AWS answers to them is not known, so the stricter reading. */
export const updateKeys = operation<UpdateKeysRequest, UpdateKeysResponse>(UpdateKeys$, (input, account) => {
  const record = findReadyStore(input.KvsARN, account);
  const puts = (input.Puts ?? []).map((put) => ({ key: put.Key, value: put.Value }));
  const deletes = (input.Deletes ?? []).map((entry) => entry.Key);
  const keys = [...puts.map((put) => put.key), ...deletes];
  if (keys.length === 0) throw new ServiceError('ValidationException', 'at least one put or delete is required');
  if (keys.length > maxKeysPerUpdate) throw quota(`${keys.length} keys in one update, at most ${maxKeysPerUpdate} are allowed`);
  if (new Set(keys).size !== keys.length) throw new ServiceError('ValidationException', 'a key is named twice in one update');
  return writeStore(record, input.IfMatch, { puts, deletes }, account);
});
