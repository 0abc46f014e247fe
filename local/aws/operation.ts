import type { Account } from './account.ts';

/**
 * A request as it arrives: what the model requires is there. Members the model leaves open stay optional.
 * The SDK's own types allow undefined everywhere, since they describe what a caller may leave out.
 */
export type Decoded<T> = T extends Date | Uint8Array
  ? T
  : T extends readonly (infer Item)[]
    ? Decoded<Item>[]
    : T extends object
      ? { [Key in keyof T]: Decoded<Exclude<T[Key], undefined>> }
      : T;

/** One operation of the AWS API: the model's schema, which gives its address and its shapes, and what it does to the account. */
export interface Operation {
  schema: readonly unknown[];
  run(input: unknown, account: Account): object | Promise<object>;
}

/** Declares an operation. `run` may only be asynchronous before its first change of the account: changes are then one step, and no update is lost. */
export function operation<Input, Output extends object>(
  schema: readonly unknown[],
  run: (input: Decoded<Input>, account: Account) => Output | Promise<Output>,
): Operation {
  return { schema, run: (input, account) => run(input as Decoded<Input>, account) };
}
