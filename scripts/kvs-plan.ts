import { defineCommand } from '../src/cli/command.ts';
import { flag } from '../src/cli/option.ts';
import { openStoreTarget, showStorePlan } from './kvs/store-plan.ts';

export default defineCommand({
  usage: 'kvs:plan -- [options]',
  summary: 'Shows what kvs:apply would create and write in the key-value store, and writes nothing. Exits 0 with and without changes.',
  examples: ['kvs:plan', 'kvs:plan -- --json', 'kvs:plan -- --local'],
  options: { local: flag('use the running local cloud instead of AWS') },
  main: async ({ values }, io) => showStorePlan(await openStoreTarget(values.local, io), io),
});
