import { defineCommand } from '../src/cli/command.ts';
import { integer, text } from '../src/cli/option.ts';
import { openProject } from '../src/config/open-project.ts';
import { EdgeError } from '../src/errors.ts';
import { formatRelease } from '../src/publish/format-publish.ts';
import { rollbackRouter } from '../src/publish/rollback.ts';
import { openPublishTools, publishOptions, showDryRun } from './function/open-publish-tools.ts';

function readSha256(given: string | undefined): string | undefined {
  const sha256 = given?.toLowerCase();
  if (sha256 === undefined || /^[0-9a-f]{64}$/.test(sha256)) return sha256;
  throw new EdgeError('USAGE', `--sha256 takes 64 hex digits, got ${JSON.stringify(given)}`, {
    hint: 'the whole SHA-256 that function:build or function:publish -- --json printed',
  });
}

export default defineCommand({
  usage: 'function:rollback -- [options]',
  summary:
    'Makes the code of an earlier version LIVE again, the version before by default. Works from any machine: the code is in the key-value store.',
  examples: ['function:rollback -- --yes', 'function:rollback -- --to 12', 'function:rollback -- --dry-run'],
  options: {
    to: integer('the version to bring back', { min: 1, placeholder: 'version' }),
    sha256: text('the 64 hex digits of the code: brings back a version that LIVE does not attest', { placeholder: 'hex' }),
    ...publishOptions,
  },
  main: async ({ values }, io) => {
    const tools = await openPublishTools((await openProject(io)).config, values, io);
    try {
      const release = await rollbackRouter(tools, { to: values.to, sha256: readSha256(values.sha256), force: values.force });
      io.result(release, formatRelease(release));
    } catch (error) {
      showDryRun(error, io);
    }
  },
});
