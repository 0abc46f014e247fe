import edgeConfig from '../edge.config.ts';
import { openAws } from '../src/aws/clients.ts';
import { duration, flag } from '../src/cli/option.ts';
import { run } from '../src/cli/run.ts';
import { parseEdgeConfig } from '../src/config/edge-config.ts';
import { readLocalCloud } from '../src/config/local-cloud.ts';
import { storeTimeoutMs } from '../src/store/create-store.ts';
import { applyStorePlan } from '../src/store/store-commands.ts';

await run({
  usage: 'kvs:apply -- [options]',
  summary:
    'Creates the key-value store when there is none, seeds it, and makes the keys of edge.config.ts what is declared there. Never moves a live health record, and removes only what it has written itself.',
  examples: ['kvs:apply', 'kvs:apply -- --yes --json', 'kvs:apply -- --local'],
  options: {
    yes: flag('write without asking'),
    'wait-for': duration('wait for a new store so long', { fallback: storeTimeoutMs }),
    local: flag('the running local cloud in place of AWS'),
  },
  main: async ({ values }, io) => {
    const config = parseEdgeConfig(edgeConfig);
    const local = values.local ? await readLocalCloud(io.env) : undefined;
    const arn = local?.keyValueStoreArn ?? io.env['EDGE_KVS_ARN'];
    return applyStorePlan(
      { aws: openAws({ env: io.env, local }), config, arn, isLocal: values.local },
      { yes: values.yes, waitMs: values['wait-for'] },
      io,
    );
  },
});
