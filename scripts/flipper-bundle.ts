import { resolve } from 'node:path';
import { defineCommand } from '../src/cli/command.ts';
import { writeWholeFile } from '../src/cli/files.ts';
import { text } from '../src/cli/option.ts';
import { requireConfigFile } from '../src/config/locate-project.ts';
import { bundleFlipper } from '../src/flipper/lambda/package-flipper.ts';
import { builtFile, packageFile } from '../src/package-files.ts';

export default defineCommand({
  usage: 'flipper:bundle -- [options]',
  summary: 'Makes one file of the flipper and edge.config.ts, for a container or a machine that has nothing but Node.',
  examples: ['flipper:bundle', 'flipper:bundle -- --out out/flipper.mjs'],
  options: { out: text('where to write it', { placeholder: 'path', fallback: 'dist/flipper.mjs' }) },
  main: async ({ values }, io) => {
    const code = await bundleFlipper({
      entry: builtFile('flipper-program.js') ?? packageFile('scripts/flipper-program.ts'),
      config: resolve(requireConfigFile(io.env)),
    });
    await writeWholeFile(values.out, code);
    io.result({ path: values.out, bytes: code.length }, [`${values.out}  ${Math.round(code.length / 1_024)} KB`]);
  },
});
