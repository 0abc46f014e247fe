import type { Account } from './account.ts';
import { ServiceError } from './service-error.ts';
import type { Decoded } from './wire/shape.ts';

/** One operation of the AWS API: the model's schema, with address and shapes, and its effect on the account. */
export interface Operation {
  schema: readonly unknown[];
  run(input: unknown, account: Account): object | Promise<object>;
}

/** Declares an operation. `run` may await only before its first change of the account, so that no update is lost. */
export function operation<Input, Output extends object>(
  schema: readonly unknown[],
  run: (input: Decoded<Input>, account: Account) => Output | Promise<Output>,
): Operation {
  return { schema, run: (input, account) => run(input as Decoded<Input>, account) };
}

const maxItems = 100;

/**
 * One page of a control-plane list, ordered by id. Marker is the last id of the previous page. `items` is absent when
 * empty, as in the service.
 */
export function page<Item>(
  items: readonly Item[],
  idOf: (item: Item) => string,
  input: { Marker?: string; MaxItems?: number },
): { items: Item[]; limit: number; nextMarker: string | undefined } {
  const limit = input.MaxItems ?? maxItems;
  if (limit < 1 || limit > maxItems) throw new ServiceError('InvalidArgument', `MaxItems must be from 1 to ${maxItems}`);
  const marker = input.Marker ?? '';
  const rest = items.filter((item) => idOf(item) > marker).sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
  const shown = rest.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown, limit, nextMarker: rest.length > shown.length && last !== undefined ? idOf(last) : undefined };
}
