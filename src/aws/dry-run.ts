/** The first write that a dry run reached. Nothing was sent. */
export class DryRunEnd extends Error {
  override readonly name = 'DryRunEnd';
  /** As AWS names it, such as `UpdateFunction`. */
  readonly operation: string;

  constructor(operation: string) {
    super(`a dry run ends before ${operation}`);
    this.operation = operation;
  }
}

/** The part of an SDK client that is needed here. */
interface Client {
  middlewareStack: {
    add(
      middleware: (next: unknown, context: { commandName?: string }) => (args: unknown) => Promise<never>,
      options: { step: 'initialize'; name: string; priority: 'high'; override: boolean },
    ): void;
  };
}

// TestFunction runs code and keeps nothing.
const reads = /^(Describe|Get|List|Test)/;

/**
 * Makes a client unable to write: every command except a read throws DryRunEnd before it is serialized. A command that
 * is not known to read counts as a write.
 */
export function withoutWrites<C>(client: C): C {
  const middleware = (next: unknown, { commandName = 'Unknown' }: { commandName?: string }) => {
    const operation = commandName.replace(/Command$/, '');
    const refuse = async (): Promise<never> => {
      throw new DryRunEnd(operation);
    };
    return reads.test(operation) ? (next as (args: unknown) => Promise<never>) : refuse;
  };
  (client as Client).middlewareStack.add(middleware, { step: 'initialize', name: 'dryRun', priority: 'high', override: true });
  return client;
}
