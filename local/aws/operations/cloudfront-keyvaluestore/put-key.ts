import { PutKey$, type PutKeyRequest, type PutKeyResponse } from '@aws-sdk/client-cloudfront-keyvaluestore';
import { operation } from '../../operation.ts';
import { findReadyStore, writeStore } from '../../rules/store-data.ts';

export const putKey = operation<PutKeyRequest, PutKeyResponse>(PutKey$, (input, account) =>
  writeStore(
    findReadyStore(input.KvsARN, account),
    input.IfMatch,
    { puts: [{ key: input.Key, value: input.Value }], deletes: [] },
    account,
  ),
);
