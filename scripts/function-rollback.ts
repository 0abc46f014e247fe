import edgeConfig from '../edge.config.ts';
import { DryRunEnd } from '../src/aws/dry-run.ts';
import { flag, integer, text } from '../src/cli/option.ts';
import { run } from '../src/cli/run.ts';
import { parseEdgeConfig } from '../src/config/edge-config.ts';
import { EdgeError } from '../src/errors.ts';
import { formatRelease } from '../src/publish/format-release.ts';
import { rollbackFunction } from '../src/publish/rollback-function.ts';
import { openPublishTools } from './function/open-publish-tools.ts';

function readSha256(given: string | undefined): string | undefined {
  const sha256 = given?.toLowerCase();
  if (sha256 === undefined || /^[0-9a-f]{64}$/.test(sha256)) return sha256;
  throw new EdgeError('USAGE', `--sha256 takes 64 hex digits, got ${JSON.stringify(given)}`, {
    hint: 'the whole SHA-256 that function:build or function:publish -- --json printed',
  });
}

await run({
  usage: 'function:rollback -- [options]',
  summary: 'Makes the code of an earlier version LIVE again, the one before by default. It is in the key-value store: any machine will do.',
  examples: ['function:rollback -- --yes', 'function:rollback -- --to 12', 'function:rollback -- --dry-run'],
  options: {
    to: integer('the version to bring back', { min: 1, placeholder: 'version' }),
    sha256: text('the 64 hex digits of the code: brings back a version that LIVE does not attest', { placeholder: 'hex' }),
    'dry-run': flag('go as far as the first write, with clients that cannot write'),
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
      const release = await rollbackFunction(tools, { to: values.to, sha256: readSha256(values.sha256), force: values.force });
      io.result(release, formatRelease(release));
    } catch (error) {
      if (!(error instanceof DryRunEnd)) throw error;
      io.result({ outcome: 'dry-run', wouldSend: error.operation }, [
        `dry run: the first write would be ${error.operation}; nothing was sent`,
      ]);
    }
  },
});
