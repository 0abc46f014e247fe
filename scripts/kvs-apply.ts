import { defineCommand } from '../src/cli/command.ts';
import { duration, flag } from '../src/cli/option.ts';
import { storeTimeoutMs } from '../src/store/create-store.ts';
import { applyShownPlan, openStoreTarget } from './kvs/store-plan.ts';

export default defineCommand({
  usage: 'kvs:apply -- [options]',
  summary:
    'Creates the key-value store when there is none, seeds it, and sets the keys that edge.config.ts declares. Never changes a live health record, and removes only keys that it wrote itself.',
  examples: ['kvs:apply', 'kvs:apply -- --yes --json', 'kvs:apply -- --local'],
  options: {
    yes: flag('write without asking'),
    'wait-for': duration('how long to wait for a new store', { fallback: storeTimeoutMs }),
    local: flag('use the running local cloud instead of AWS'),
  },
  main: async ({ values }, io) => {
    const target = await openStoreTarget(values.local, io);
    return applyShownPlan({ ...target, waitMs: values['wait-for'] }, { isLocal: values.local, yes: values.yes }, io);
  },
});
