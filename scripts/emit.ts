import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defineCommand } from '../src/cli/command.ts';
import { writeMadeFile } from '../src/cli/files.ts';
import { choice, flag, text } from '../src/cli/option.ts';
import { decodeText, distributionPath, hasDistribution } from '../src/config/distribution-file.ts';
import { openProject } from '../src/config/open-project.ts';
import { findNjs } from '../src/edge/njs/njs.ts';
import { proveFunction } from '../src/edge/prove-function.ts';
import { emit, emitFormats } from '../src/emit/emit.ts';
import { EdgeError } from '../src/errors.ts';

const formats = Object.keys(emitFormats);

export default defineCommand({
  usage: `emit -- <${formats.join('|')}> [options]`,
  summary:
    'Writes what the configuration needs on AWS: function, store, flipper, alarms and IAM policies, as a template for another tool. Changes nothing.',
  examples: [
    'emit -- cloudformation --out edge.yaml',
    'emit -- cloudformation --only flipper --code s3',
    'emit -- terraform --out edge/edge.tf.json',
    'emit -- terraform --mode b --only function,store',
    'emit -- iam --only operator',
  ],
  options: {
    only: text(
      `write only these parts, separated by commas; cloudformation and terraform: ${emitFormats['cloudformation']?.parts.join(', ')}; iam: ${emitFormats['iam']?.parts.join(', ')}`,
      {
        placeholder: 'parts',
      },
    ),
    out: text('the file to write instead of stdout, as JSON if its name ends in .json; iam: a folder', { placeholder: 'path' }),
    code: choice(
      "where the flipper's zip is: a path that `aws cloudformation package` uploads, or parameters for an object in S3",
      ['path', 's3'],
      {
        fallback: 'path' as const,
      },
    ),
    mode: choice('terraform: function:publish publishes the code (a), or Terraform does (b); publishedBy by default', ['a', 'b']),
    import: flag('terraform: add import blocks for a function and a store that exist'),
  },
  positionals: [{ name: 'format', choices: formats }],
  main: async ({ positionals, values: { only, out, code, mode, import: imports } }, io) => {
    const { config, environment } = await openProject(io);
    const [name = ''] = positionals;
    const format = emitFormats[name];
    if (format === undefined) throw new EdgeError('USAGE', `unknown format "${name}"`, { hint: `formats: ${formats.join(', ')}` });
    const {
      value,
      text: written,
      files,
      notes,
    } = await emit(format, {
      config,
      environment,
      distribution: hasDistribution(io.env) ? decodeText(await readFile(distributionPath(io.env))) : undefined,
      only: only?.split(',').map((part) => part.trim()),
      out,
      code,
      mode,
      imports,
      buildFunction: async () => {
        const { code: built, warnings } = await proveFunction({ config, njs: findNjs(io.env['PATH']), signal: io.signal });
        for (const warning of warnings) io.stderr(warning);
        return built;
      },
    });
    for (const note of notes) io.stderr(`note: ${note}`);
    if (out === undefined) return io.result(value, written.trimEnd().split('\n'));
    const targets = Object.entries(
      files === undefined ? { [out]: out.endsWith('.json') ? `${JSON.stringify(value, null, 2)}\n` : written } : inFolder(out, files),
    );
    for (const [path, content] of targets) await writeMadeFile(path, content);
    const paths = targets.map(([path]) => path);
    io.result({ files: paths }, paths);
  },
});

function inFolder(folder: string, files: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([name, content]) => [join(folder, name), content]));
}
