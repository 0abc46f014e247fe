import edgeConfig from '../edge.config.ts';
import { DryRunEnd } from '../src/aws/dry-run.ts';
import { flag, percent, text } from '../src/cli/option.ts';
import { run } from '../src/cli/run.ts';
import { parseEdgeConfig } from '../src/config/edge-config.ts';
import { formatRelease } from '../src/publish/format-release.ts';
import { publishFunction } from '../src/publish/publish-function.ts';
import { openPublishTools } from './function/open-publish-tools.ts';

await run({
  usage: 'function:publish -- [options]',
  summary: 'Builds the edge function, proves it, shows for whom it changes something, and makes it LIVE. Unchanged code is left alone.',
  examples: ['function:publish -- --dry-run', 'function:publish', 'function:publish -- --local --yes'],
  options: {
    'dry-run': flag('go as far as the first write, with clients that cannot write'),
    'max-utilization': percent('of the allowed time that a fixture may take', { fallback: 60 }),
    force: flag('replace code that somebody else left in DEVELOPMENT, or made LIVE by other means'),
    yes: flag('write without asking'),
    'without-njs': flag('go on although njs is not installed: the code is then not proven in an engine like CloudFront’s'),
    by: text('who does it; $USER@host by default, in a GitHub workflow its repository', { placeholder: 'name' }),
    local: flag('the running local cloud in place of AWS'),
  },
  main: async ({ values }, io) => {
    const config = parseEdgeConfig(edgeConfig);
    const tools = await openPublishTools(io, {
      config,
      local: values.local,
      by: values.by,
      dryRun: values['dry-run'],
      yes: values.yes,
      withoutNjs: values['without-njs'],
    });
    try {
      const release = await publishFunction(tools, { maxUtilization: values['max-utilization'], force: values.force });
      io.result(release, formatRelease(release));
    } catch (error) {
      if (!(error instanceof DryRunEnd)) throw error;
      io.result({ outcome: 'dry-run', wouldSend: error.operation }, [
        `dry run: the first write would be ${error.operation}; nothing was sent`,
      ]);
    }
  },
});
