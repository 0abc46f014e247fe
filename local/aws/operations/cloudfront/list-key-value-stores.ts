import { ListKeyValueStores$, type ListKeyValueStoresRequest, type ListKeyValueStoresResult } from '@aws-sdk/client-cloudfront';
import { operation } from '../../operation.ts';
import { summarizeStore } from '../../rules/key-value-store.ts';
import { page } from '../../rules/page.ts';

export const listKeyValueStores = operation<ListKeyValueStoresRequest, ListKeyValueStoresResult>(ListKeyValueStores$, (input, account) => {
  const wanted = [...account.stores.values()].filter((record) => input.Status === undefined || record.status === input.Status);
  const { items, limit, nextMarker } = page(wanted, (record) => record.name, input);
  return {
    KeyValueStoreList: {
      NextMarker: nextMarker,
      MaxItems: limit,
      Quantity: items.length,
      Items: items.length === 0 ? undefined : items.map(summarizeStore),
    },
  };
});
