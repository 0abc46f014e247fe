import { defaultMaxUtilization } from '../kvs/limits.ts';
import { defineCommand } from '../src/cli/command.ts';
import { percent } from '../src/cli/option.ts';
import { openProject } from '../src/config/open-project.ts';
import { formatRelease } from '../src/publish/format-publish.ts';
import { publishRouter } from '../src/publish/publish.ts';
import { openPublishTools, publishOptions, showDryRun } from './function/open-publish-tools.ts';

export default defineCommand({
  usage: 'function:publish -- [options]',
  summary:
    'Builds the edge function, proves it, shows for which viewers routing changes, and makes it LIVE. Does nothing when LIVE already runs this code.',
  examples: ['function:publish -- --dry-run', 'function:publish', 'function:publish -- --local --yes'],
  options: {
    'max-utilization': percent(`percent of the allowed time that a fixture may take; default ${defaultMaxUtilization}`, {
      fallback: defaultMaxUtilization,
    }),
    ...publishOptions,
  },
  main: async ({ values }, io) => {
    const tools = await openPublishTools((await openProject(io)).config, values, io);
    try {
      const release = await publishRouter(tools, { maxUtilization: values['max-utilization'], force: values.force });
      io.result(release, formatRelease(release));
    } catch (error) {
      showDryRun(error, io);
    }
  },
});
