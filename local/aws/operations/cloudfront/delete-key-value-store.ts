import { DeleteKeyValueStore$, type DeleteKeyValueStoreRequest } from '@aws-sdk/client-cloudfront';
import { checkIfMatch } from '../../etag.ts';
import { operation } from '../../operation.ts';
import { findStore, functionOfStore } from '../../rules/key-value-store.ts';
import { ServiceError } from '../../service-error.ts';

export const deleteKeyValueStore = operation<DeleteKeyValueStoreRequest, object>(DeleteKeyValueStore$, (input, account) => {
  const record = findStore(input.Name, account);
  checkIfMatch(input.IfMatch, record);
  const user = functionOfStore(record.arn, account);
  if (user !== undefined)
    throw new ServiceError(
      'CannotDeleteEntityWhileInUse',
      `the key value store ${record.name} is associated with the function ${user.name}`,
    );
  account.stores.delete(record.name);
  account.deletedStoreArns.add(record.arn);
  account.tags.delete(record.arn);
  account.changed({ kind: 'store', arn: record.arn });
  return {};
});
