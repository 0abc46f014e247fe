import { defineCommand } from '../src/cli/command.ts';
import { flag } from '../src/cli/option.ts';
import { openProject } from '../src/config/open-project.ts';
import { formatHistory } from '../src/publish/format-publish.ts';
import { readStage } from '../src/publish/stage.ts';
import { joinHistory, readHistory } from '../src/publish/versions.ts';
import { openPublishTools } from './function/open-publish-tools.ts';

export default defineCommand({
  usage: 'function:history -- [options]',
  summary: 'Lists the last published versions of the edge function, and which of them is LIVE.',
  examples: ['function:history', 'function:history -- --local --json'],
  options: { local: flag('use the running local cloud instead of AWS') },
  main: async ({ values }, io) => {
    const { config } = await openProject(io);
    const { cloudFront, keyValueStoreArn, openStore } = await openPublishTools(config, { local: values.local, 'dry-run': true }, io);
    const live = await readStage(cloudFront, config.functionName, 'LIVE');
    const arn = live?.keyValueStoreArn ?? (typeof keyValueStoreArn === 'string' ? keyValueStoreArn : await keyValueStoreArn());
    const history = joinHistory(await readHistory(await openStore(arn)), live, io.now());
    io.result(history, formatHistory(history, io.now(), io.colour));
  },
});
