import edgeConfig from '../edge.config.ts';
import { buildRegionConfig, formatEcsEnvironment, formatEnvLines, regionFormats } from '../origin/region-config.ts';
import { choice, flag } from '../src/cli/option.ts';
import { run } from '../src/cli/run.ts';
import { parseEdgeConfig } from '../src/config/edge-config.ts';
import { EdgeError } from '../src/errors.ts';

await run({
  usage: 'region:config -- <origin> [options]',
  summary:
    'Prints the environment of an origin’s container by edge.config.ts, with DATABASE_URL of this environment led through its pooler.',
  examples: [
    'region:config -- singapore',
    'region:config -- europe --format ecs',
    '--silent region:config -- singapore --show-secrets > singapore.env',
  ],
  positionals: [{ name: 'origin' }],
  options: {
    format: choice(
      'lines for a shell or an env file, an object, or the environment of a container definition; env when absent',
      regionFormats,
      {
        fallback: 'env',
      },
    ),
    'show-secrets': flag('print the password in DATABASE_URL'),
  },
  main: async ({ positionals: [origin = ''], values }, io) => {
    if (values.format === 'ecs' && values['show-secrets'])
      throw new EdgeError(
        'USAGE',
        '--show-secrets does not go with --format ecs: whoever may describe a task definition reads its environment',
        {
          hint: 'name a secret of Secrets Manager under "secrets" of the container definition, as DATABASE_URL',
        },
      );
    const databaseUrl = io.env['DATABASE_URL'];
    const { variables, notes } = buildRegionConfig(parseEdgeConfig(edgeConfig), origin, {
      databaseUrl,
      showSecrets: values['show-secrets'],
    });
    const isEcs = values.format === 'ecs';
    const value = isEcs ? formatEcsEnvironment(variables) : variables;
    io.result(value, values.format === 'env' ? formatEnvLines(variables) : [JSON.stringify(value, undefined, 2)]);
    const told = isEcs
      ? ['DATABASE_URL is not among them: the container takes it from Secrets Manager and leads it through the pooler itself']
      : notes;
    for (const note of told) io.stderr(note);
  },
});
