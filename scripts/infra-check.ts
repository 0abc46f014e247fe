import { readdirSync } from 'node:fs';
import { readTextFile } from '../src/cli/files.ts';
import { run } from '../src/cli/run.ts';
import { findExecutable } from '../src/edge/njs/run-process.ts';
import { checkTemplate } from '../test/templates/check-template.ts';
import { openResourceSchema } from '../test/templates/resource-schema.ts';
import { runCfnLint } from '../test/templates/run-cfn-lint.ts';

const folder = 'infra';

await run({
  usage: 'infra:check -- [file]',
  summary: `Holds CloudFormation templates, those in ${folder}/ by default, against AWS’s schemas of resources and metrics, and cfn-lint where it is on PATH. Needs no account.`,
  examples: ['infra:check', 'infra:check -- infra/region.yaml', 'infra:check -- --json'],
  options: {},
  positionals: [{ name: 'file', optional: true }],
  main: async ({ positionals: [file] }, io) => {
    const files =
      file === undefined
        ? readdirSync(folder)
            .filter((name) => name.endsWith('.yaml'))
            .map((name) => `${folder}/${name}`)
        : [file];
    const texts = await Promise.all(files.map((file) => readTextFile(file)));
    io.progress('asking AWS’s schemas, and cfn-lint');
    const cfnLint = findExecutable('cfn-lint', io.env['PATH']);
    // It takes some seconds; the schemas are read meanwhile.
    const asked = cfnLint === undefined ? undefined : runCfnLint(cfnLint, files, { env: io.env, signal: io.signal });
    const schema = openResourceSchema();
    const reports = texts.map((text, index) => ({ file: files[index] ?? '', ...checkTemplate(text, schema) }));
    const findings = await asked;
    const isGood = reports.every(({ problems }) => problems.length === 0) && (findings ?? []).length === 0;
    io.result({ files: reports, cfnLint: findings ?? 'absent' }, [
      ...reports.flatMap(({ file: name, resources, problems }) => [
        `${name}  ${resources} resources, ${problems.length === 0 ? 'nothing found' : `${problems.length} found`}`,
        ...problems.map((problem) => `  ${problem}`),
      ]),
      ...(findings === undefined
        ? ['cfn-lint  absent: it was not asked (pip install cfn-lint)']
        : [`cfn-lint  ${findings.length === 0 ? 'nothing found' : `${findings.length} found`}`, ...findings.map((found) => `  ${found}`)]),
    ]);
    return isGood ? 0 : 1;
  },
});
