import type { FunctionConfig } from '@aws-sdk/client-cloudfront';
import { maxFunctionBytes } from '../../../kvs/limits.ts';
import type { Account } from '../account.ts';
import type { Decoded } from '../operation.ts';
import { ServiceError } from '../service-error.ts';

/** Characters of a comment: a function's, a store's, a distribution's (API model 2020-05-31). */
const maxCommentLength = 128;
const runtimes = ['cloudfront-js-1.0', 'cloudfront-js-2.0'];

/** Names of functions and stores (API model 2020-05-31). */
export function checkName(name: string): void {
  if (!/^[a-zA-Z0-9-_]{1,64}$/.test(name))
    throw new ServiceError('InvalidArgument', `${JSON.stringify(name)} is not a name: 1 to 64 letters, digits, - and _`);
}

export function checkComment(comment: string): void {
  if (comment.length > maxCommentLength)
    throw new ServiceError('InvalidArgument', `the comment has ${comment.length} characters, at most ${maxCommentLength} are allowed`);
}

/** Refuses a FunctionConfig and code that CreateFunction and UpdateFunction would refuse. */
export function checkFunction(config: Decoded<FunctionConfig>, code: Uint8Array, account: Account): void {
  if (code.byteLength > maxFunctionBytes)
    throw new ServiceError(
      'FunctionSizeLimitExceeded',
      `the function has ${code.byteLength} bytes, at most ${maxFunctionBytes} are allowed`,
    );
  if (code.byteLength === 0) throw new ServiceError('InvalidArgument', 'the function code is empty');
  checkComment(config.Comment);
  if (!runtimes.includes(config.Runtime)) throw new ServiceError('InvalidArgument', `unknown runtime ${config.Runtime}`);
  checkAssociations(config, account);
}

function checkAssociations(config: Decoded<FunctionConfig>, account: Account): void {
  const associations = config.KeyValueStoreAssociations;
  if (associations === undefined) return;
  const items = associations.Items ?? [];
  if (associations.Quantity !== items.length)
    throw new ServiceError('InvalidArgument', `KeyValueStoreAssociations has Quantity ${associations.Quantity} and ${items.length} items`);
  if (items.length > 1) throw new ServiceError('InvalidArgument', 'a function can be associated with one key value store');
  const [association] = items;
  if (association === undefined) return;
  if (config.Runtime !== 'cloudfront-js-2.0')
    throw new ServiceError('InvalidArgument', 'a key value store needs the runtime cloudfront-js-2.0');
  const arn = association.KeyValueStoreARN;
  const store = [...account.stores.values()].find((record) => record.arn === arn);
  if (store === undefined) throw new ServiceError('InvalidArgument', `there is no key value store ${arn}`);
  if (store.status !== 'READY')
    throw new ServiceError('InvalidArgument', `the key value store ${store.name} cannot be associated before the resource is provisioned`);
}
