import { join, resolve } from 'node:path';
import { defineCommand } from '../src/cli/command.ts';
import { writeMadeFile } from '../src/cli/files.ts';
import { text } from '../src/cli/option.ts';
import { locateProject, requireConfigFile } from '../src/config/open-project.ts';
import { bundleFlipper } from '../src/flipper/lambda/package-flipper.ts';
import { builtFile, packageFile } from '../src/package-files.ts';

export default defineCommand({
  usage: 'flipper:bundle -- [options]',
  summary: 'Makes one file of the flipper and edge.config.ts, for a container or a machine that has only Node.',
  examples: ['flipper:bundle', 'flipper:bundle -- --out out/flipper.mjs'],
  options: { out: text('where to write it; dist/flipper.mjs by default', { placeholder: 'path' }) },
  main: async ({ values }, io) => {
    const code = await bundleFlipper({
      entry: builtFile('flipper-program.js') ?? packageFile('scripts/flipper-program.ts'),
      config: resolve(requireConfigFile(io.env)),
    });
    const out = values.out ?? join(locateProject(io.env).folder, 'dist/flipper.mjs');
    await writeMadeFile(out, code);
    io.result({ path: out, bytes: code.length }, [`${out}  ${Math.round(code.length / 1_024)} KB`]);
  },
});
