import edgeConfig from '../edge.config.ts';
import { openAws } from '../src/aws/clients.ts';
import { findKeyValueStoreArn } from '../src/aws/find-key-value-store.ts';
import { readLocalCloud } from '../src/cli/local-cloud.ts';
import { flag, percent } from '../src/cli/option.ts';
import { run } from '../src/cli/run.ts';
import { parseEdgeConfig } from '../src/config/edge-config.ts';
import { findNjs } from '../src/edge/njs.ts';
import { publishFunction } from '../src/operations/publish/publish-function.ts';

await run({
  usage: 'function:publish -- [options]',
  summary: 'Builds the edge function, proves it and makes it LIVE. Unchanged code is left alone.',
  examples: ['function:publish', 'function:publish -- --local'],
  options: {
    'max-utilization': percent('of the allowed compute that a fixture may take', { fallback: 60 }),
    local: flag('the running local cloud in place of AWS'),
  },
  main: async ({ values }, io) => {
    const config = parseEdgeConfig(edgeConfig);
    const local = values.local ? await readLocalCloud(io.env) : undefined;
    const aws = openAws({ env: io.env, local });
    const keyValueStoreArn = local?.keyValueStoreArn ?? (await findKeyValueStoreArn(aws, config.keyValueStoreName, io.env['EDGE_KVS_ARN']));
    const tools = {
      cloudFront: await aws.cloudFront(),
      keyValueStoreArn,
      config,
      njs: findNjs(io.env['PATH']),
      log: io.stderr,
      now: io.now,
    };
    const result = await publishFunction(tools, { maxUtilization: values['max-utilization'] });
    const { outcome, name, sha256 } = result;
    io.result(result, [
      outcome === 'unchanged' ? `nothing to do: ${name} is LIVE at ${sha256}` : `published: ${name} is LIVE at ${sha256}`,
    ]);
  },
});
