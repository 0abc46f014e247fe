import { ListKeys$, type ListKeysRequest, type ListKeysResponse } from '@aws-sdk/client-cloudfront-keyvaluestore';
import { maxListKeysResults } from '../../../../kvs/limits.ts';
import { operation } from '../../operation.ts';
import { findReadyStore } from '../../rules/store-data.ts';
import { ServiceError } from '../../service-error.ts';

/** Items of a page when MaxResults is not given (API model 2022-07-26). */
const defaultResults = 10;

/** Pages in order of the keys; the token is the last key of the page before, opaque to callers. */
export const listKeys = operation<ListKeysRequest, ListKeysResponse>(ListKeys$, (input, account) => {
  const record = findReadyStore(input.KvsARN, account);
  const limit = input.MaxResults ?? defaultResults;
  if (limit < 1 || limit > maxListKeysResults)
    throw new ServiceError('ValidationException', `MaxResults must be from 1 to ${maxListKeysResults}`);
  const after = input.NextToken === undefined ? '' : parseToken(input.NextToken);
  const keys = [...record.values.keys()].filter((key) => key > after).sort();
  const shown = keys.slice(0, limit);
  const last = shown.at(-1);
  return {
    Items: shown.map((key) => ({ Key: key, Value: record.values.get(key) ?? '' })),
    NextToken: keys.length > shown.length && last !== undefined ? Buffer.from(last).toString('base64url') : undefined,
  };
});

function parseToken(token: string): string {
  const key = Buffer.from(token, 'base64url').toString('utf8');
  if (key === '' || Buffer.from(key).toString('base64url') !== token)
    throw new ServiceError('ValidationException', 'NextToken is not valid');
  return key;
}
