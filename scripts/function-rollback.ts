import edgeConfig from '../edge.config.ts';
import { DryRunEnd } from '../src/aws/dry-run.ts';
import { flag, integer, text } from '../src/cli/option.ts';
import { run } from '../src/cli/run.ts';
import { parseEdgeConfig } from '../src/config/edge-config.ts';
import { formatRelease } from '../src/operations/publish/format-release.ts';
import { rollbackFunction } from '../src/operations/publish/rollback-function.ts';
import { openPublishTools } from './function/open-publish-tools.ts';

await run({
  usage: 'function:rollback -- [options]',
  summary: 'Makes the code of an earlier version LIVE again, the one before by default. It is in the key-value store: any machine will do.',
  examples: ['function:rollback', 'function:rollback -- --to 12', 'function:rollback -- --dry-run'],
  options: {
    to: integer('the version to bring back', { min: 1, placeholder: 'version' }),
    'dry-run': flag('go as far as the first write, with clients that cannot write'),
    force: flag('replace code that somebody else left in DEVELOPMENT, or made LIVE by other means'),
    by: text('who does it; $USER@host by default, in a GitHub workflow its repository', { placeholder: 'name' }),
    local: flag('the running local cloud in place of AWS'),
  },
  main: async ({ values }, io) => {
    const config = parseEdgeConfig(edgeConfig);
    const tools = await openPublishTools(io, { config, local: values.local, by: values.by, dryRun: values['dry-run'] });
    try {
      const release = await rollbackFunction(tools, { to: values.to, force: values.force });
      io.result(release, formatRelease(release));
    } catch (error) {
      if (!(error instanceof DryRunEnd)) throw error;
      io.result({ outcome: 'dry-run', wouldSend: error.operation }, [
        `dry run: the first write would be ${error.operation}; nothing was sent`,
      ]);
    }
  },
});
