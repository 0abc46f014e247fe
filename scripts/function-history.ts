import edgeConfig from '../edge.config.ts';
import { flag } from '../src/cli/option.ts';
import { run } from '../src/cli/run.ts';
import { parseEdgeConfig } from '../src/config/edge-config.ts';
import { formatHistory, joinHistory } from '../src/publish/format-history.ts';
import { readHistory } from '../src/publish/publish-history.ts';
import { readStage } from '../src/publish/stage.ts';
import { openPublishTools } from './function/open-publish-tools.ts';

await run({
  usage: 'function:history -- [options]',
  summary: 'The last published versions of the edge function, and which of them is LIVE.',
  examples: ['function:history', 'function:history -- --local --json'],
  options: { local: flag('the running local cloud in place of AWS') },
  main: async ({ values }, io) => {
    const config = parseEdgeConfig(edgeConfig);
    const { cloudFront, keyValueStoreArn, openStore } = await openPublishTools(io, { config, local: values.local, dryRun: true });
    const live = await readStage(cloudFront, config.functionName, 'LIVE');
    const arn = live?.keyValueStoreArn ?? (typeof keyValueStoreArn === 'string' ? keyValueStoreArn : await keyValueStoreArn());
    const history = joinHistory(await readHistory(await openStore(arn)), live, io.now());
    io.result(history, formatHistory(history, { now: io.now(), colour: io.colour }));
  },
});
