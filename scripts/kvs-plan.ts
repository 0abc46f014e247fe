import edgeConfig from '../edge.config.ts';
import { openAws } from '../src/aws/clients.ts';
import { flag } from '../src/cli/option.ts';
import { run } from '../src/cli/run.ts';
import { parseEdgeConfig } from '../src/config/edge-config.ts';
import { readLocalCloud } from '../src/config/local-cloud.ts';
import { showStorePlan } from '../src/store/store-commands.ts';

await run({
  usage: 'kvs:plan -- [options]',
  summary: 'Says what kvs:apply would create and write in the key-value store, and writes nothing. Exits 0 with and without changes.',
  examples: ['kvs:plan', 'kvs:plan -- --json', 'kvs:plan -- --local'],
  options: { local: flag('the running local cloud in place of AWS') },
  main: async ({ values }, io) => {
    const config = parseEdgeConfig(edgeConfig);
    const local = values.local ? await readLocalCloud(io.env) : undefined;
    const arn = local?.keyValueStoreArn ?? io.env['EDGE_KVS_ARN'];
    return showStorePlan({ aws: openAws({ env: io.env, local }), config, arn }, io);
  },
});
