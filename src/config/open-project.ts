import { resolve } from 'node:path';
import { EdgeError } from '../errors.ts';
import { messageOf } from '../text/message-of.ts';
import type { EdgeConfig } from './edge-config.ts';
import { checkGivenTargets, type Environment, type Project, parseProject } from './environments.ts';

/**
 * The project of this process, checked, with every default. How each command gets its configuration: no other module imports edge.config.ts. Gives `io.env`
 * the values of `variables`, so that whatever reads it later gets those of the chosen environment.
 */
export async function openProject(io: { env: Environment }): Promise<Project> {
  const { env } = io;
  const project = parseProject(await readProjectFile(), env);
  checkGivenTargets(project, env);
  io.env = project.env;
  return { ...project, config: locateTeamCode(project.config, env['EDGE_PROJECT'] ?? '') };
}

/** The configuration with absolute paths of the team's own code, which is named from the folder of edge.config.ts. */
export function locateTeamCode(config: EdgeConfig, folder: string): EdgeConfig {
  const { before, after } = config;
  return {
    ...config,
    ...(before !== undefined && { before: resolve(folder, before) }),
    ...(after !== undefined && { after: resolve(folder, after) }),
  };
}

/** What edge.config.ts exports, not yet checked; CONFIG_INVALID when it throws. scripts/run.mjs puts the file of EDGE_PROJECT in the place of the root's. */
export async function readProjectFile(): Promise<unknown> {
  try {
    // Not at the start of the process: help needs no configuration, and a failure of the file must become an error line.
    return (await import('../../edge.config.ts')).default;
  } catch (cause) {
    throw new EdgeError('CONFIG_INVALID', `edge.config.ts cannot be loaded: ${messageOf(cause)}`, {
      cause,
      hint: 'the file itself throws; npm run types may show why',
    });
  }
}
