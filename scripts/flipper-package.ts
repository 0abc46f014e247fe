import { join, resolve } from 'node:path';
import { defineCommand } from '../src/cli/command.ts';
import { writeMadeFile } from '../src/cli/files.ts';
import { text } from '../src/cli/option.ts';
import { distributionPath, hasDistribution } from '../src/config/distribution-file.ts';
import { parseEveryProject } from '../src/config/environments.ts';
import { useDistribution } from '../src/config/load-distribution.ts';
import { locateProject, readProjectFile, requireConfigFile } from '../src/config/open-project.ts';
import { packageFlipper } from '../src/flipper/lambda/package-flipper.ts';
import { builtFile, packageFile } from '../src/package-files.ts';

export default defineCommand({
  usage: 'flipper:package -- [options]',
  summary: 'Makes the zip that infra/flipper.yaml runs in Lambda: one file, the same bytes for the same input.',
  examples: ['flipper:package', 'flipper:package -- --out test.zip --config edge.test.config.ts'],
  options: {
    out: text('where to write it; dist/flipper.zip by default', { placeholder: 'path' }),
    distribution: text('use this file instead of distribution.json', { placeholder: 'path' }),
  },
  main: async ({ values }, io) => {
    const distribution = values.distribution ?? (hasDistribution(io.env) ? distributionPath(io.env) : undefined);
    // The Lambda reads no distribution: what it cannot know must show here. Its own environment has the secrets.
    const projects = distribution === undefined ? parseEveryProject(await readProjectFile(io.env)) : [];
    for (const { config } of projects) useDistribution(config, undefined, new Proxy({}, { get: () => 'later' }));
    const { zip, sha256, codeSha256, bundleBytes } = await packageFlipper({
      entry: builtFile('lambda-handler.js') ?? packageFile('scripts/lambda-handler.ts'),
      config: resolve(requireConfigFile(io.env)),
      distribution: distribution && resolve(distribution),
    });
    const out = values.out ?? join(locateProject(io.env).folder, 'dist/flipper.zip');
    await writeMadeFile(out, zip);
    io.result({ path: out, bytes: zip.length, bundleBytes, sha256, codeSha256 }, [
      `${out}  ${Math.round(zip.length / 1_024)} KB, ${Math.round(bundleBytes / 1_024)} KB unpacked`,
      `sha256 ${sha256}`,
    ]);
  },
});
