import { resolve } from 'node:path';
import { EdgeError } from '../errors.ts';
import type { EdgeConfig } from './edge-config.ts';
import { checkGivenTargets, type Environment, type Project, parseProject } from './environments.ts';
import { locateProject, requireConfigFile } from './locate-project.ts';

let bundled: unknown;

/** For a bundle that has the configuration in itself: no file is searched. */
export function bundleProject(exported: unknown): void {
  bundled = exported;
}

/**
 * The project of this process, checked, with every default. How each command gets its configuration: no other module loads edge.config.ts. Gives `io.env`
 * the values of `variables`, so that whatever reads it later gets those of the chosen environment.
 */
export async function openProject(io: { env: Environment }): Promise<Project> {
  const { env } = io;
  const project = parseProject(await readProjectFile(env), env);
  checkGivenTargets(project, env);
  io.env = project.env;
  return { ...project, config: locateTeamCode(project.config, locateProject(env).folder) };
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

/** What edge.config.ts exports, not yet checked. CONFIG_MISSING and CONFIG_INVALID when it cannot be found or loaded. */
export async function readProjectFile(env: Environment): Promise<unknown> {
  if (bundled !== undefined) return bundled;
  const file = requireConfigFile(env);
  // Not at the start of the process: esbuild is needed for this only.
  const { loadModule } = await import('./load-module.ts');
  const { default: exported } = await loadModule(file);
  if (exported === undefined)
    throw new EdgeError('CONFIG_INVALID', `${file} has no default export`, { hint: 'export default defineEdgeConfig({ … })' });
  return exported;
}
