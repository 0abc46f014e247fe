import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { buildRegionConfig, formatEcsEnvironment, formatEnvLines, regionFormats, type ServiceConfig } from '../origin/region-config.ts';
import { defineCommand } from '../src/cli/command.ts';
import { choice, flag } from '../src/cli/option.ts';
import type { EdgeConfig } from '../src/config/edge-config.ts';
import type { Environment } from '../src/config/environments.ts';
import { loadModule } from '../src/config/load-module.ts';
import { locateProject, openProject } from '../src/config/open-project.ts';
import { refuseUnknownOrigin } from '../src/config/origin-names.ts';
import { EdgeError } from '../src/errors.ts';

export default defineCommand({
  usage: 'region:config -- <origin> [options]',
  summary:
    'Prints the environment of an origin’s container, from edge.config.ts, origin/service.config.ts and DATABASE_URL of this environment.',
  examples: [
    'region:config -- singapore',
    'region:config -- europe --format ecs',
    '--silent region:config -- singapore --show-secrets > singapore.env',
  ],
  positionals: [{ name: 'origin' }],
  options: {
    format: choice(
      'lines for a shell or an env file, an object, or the environment of a container definition; env by default',
      regionFormats,
      {
        fallback: 'env',
      },
    ),
    'show-secrets': flag('print the password in DATABASE_URL'),
  },
  main: async ({ positionals: [id = ''], values }, io) => {
    if (values.format === 'ecs' && values['show-secrets'])
      throw new EdgeError(
        'USAGE',
        '--show-secrets is refused with --format ecs: every principal that may describe a task definition can read its environment',
        {
          hint: 'name a secret of Secrets Manager as DATABASE_URL under "secrets" of the container definition',
        },
      );
    const { region } = findOrigin((await openProject(io)).config, id);
    const service = await readService(io.env);
    const found = buildRegionConfig(region, service[id] ?? {}, {
      databaseUrl: io.env['DATABASE_URL'],
      showSecrets: values['show-secrets'],
    });
    if ('problems' in found)
      throw new EdgeError(
        'CONFIG_INVALID',
        [`the origin ${id} would not start:`, ...found.problems.map((each) => `  ${each}`)].join('\n'),
        {
          hint: 'DATABASE_URL is of this environment, AWS_REGION of edge.config.ts, all others of origin/service.config.ts',
        },
      );
    const isEcs = values.format === 'ecs';
    const value = isEcs ? formatEcsEnvironment(found.variables) : found.variables;
    io.result(value, values.format === 'env' ? formatEnvLines(found.variables) : [JSON.stringify(value, undefined, 2)]);
    const notes = isEcs
      ? ['DATABASE_URL is left out: the container reads it from Secrets Manager and applies the pooler itself']
      : found.notes;
    for (const note of notes) io.stderr(note);
  },
});

/** What only this service needs; nothing in a project without the file. */
async function readService(env: Environment): Promise<ServiceConfig> {
  const file = join(locateProject(env).folder, 'origin/service.config.ts');
  return existsSync(file) ? ((await loadModule(file))['default'] as ServiceConfig) : {};
}

function findOrigin({ origins }: EdgeConfig, id: string) {
  refuseUnknownOrigin(id, Object.keys(origins));
  return origins[id] as EdgeConfig['origins'][string];
}
