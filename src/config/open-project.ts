import { existsSync, lstatSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import process from 'node:process';
import { EdgeError } from '../errors.ts';
import { typed } from '../text/typed.ts';
import type { EdgeConfig } from './edge-config.ts';
import { checkGivenTargets, type Environment, type Project, parseProject } from './environments.ts';

let bundled: unknown;

/** For a bundle that has the configuration in itself: no file is searched. */
export function bundleProject(exported: unknown): void {
  bundled = exported;
}

/**
 * The project of this process, checked, with every default. How each command gets its configuration: no other module
 * loads edge.config.ts. Gives `io.env` the values of `variables`, so that whatever reads it later gets those of the
 * chosen environment.
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

/**
 * What edge.config.ts exports, not yet checked. CONFIG_MISSING and CONFIG_INVALID when it cannot be found or loaded.
 */
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

export const configName = 'edge.config.ts';

/** Where a project is. Paths are as short as they can be from the working directory, for messages. */
export interface ProjectPlace {
  /** The folder that all paths of the project begin at; empty for the working directory. */
  folder: string;
  /** The configuration; undefined when there is none. */
  file: string | undefined;
}

/**
 * The file that EDGE_CONFIG names (`--config` sets it), else edge.config.ts in the folder EDGE_PROJECT, else the
 * nearest one from the working directory upwards, within the repository. Without one the folder is EDGE_PROJECT or the
 * working directory.
 */
export function locateProject(env: Environment): ProjectPlace {
  const named = env['EDGE_CONFIG'];
  if (named) return { folder: fromHere(dirname(resolve(named))), file: named };
  const given = env['EDGE_PROJECT'];
  if (given) {
    const file = join(given, configName);
    return { folder: given, file: existsSync(file) ? file : undefined };
  }
  const found = findUpwards(resolve());
  if (found !== undefined) refuseForeign(join(found, configName));
  return found === undefined ? { folder: '', file: undefined } : { folder: fromHere(found), file: fromHere(join(found, configName)) };
}

/** The file of the configuration. CONFIG_MISSING names where it was searched. */
export function requireConfigFile(env: Environment): string {
  const { folder, file } = locateProject(env);
  if (file !== undefined && statSync(file, { throwIfNoEntry: false })?.isFile()) return file;
  if (env['EDGE_CONFIG'])
    throw new EdgeError('CONFIG_MISSING', `${file} is not a file`, {
      hint: '--config (or EDGE_CONFIG) names the file of the configuration',
    });
  if (env['EDGE_PROJECT'])
    throw new EdgeError('CONFIG_MISSING', `EDGE_PROJECT is ${JSON.stringify(folder)}, and there is no ${configName} in it`, {
      hint: `EDGE_PROJECT must be the folder that holds ${configName}; without it the file is searched from the working directory upwards`,
    });
  throw new EdgeError('CONFIG_MISSING', `there is no ${configName} in ${resolve()} or in a folder above it`, {
    hint: `${typed('init -- --local')} writes one to try; --config or --cwd names another place`,
  });
}

/** Not above the folder of a repository: another project's file may be there. */
function findUpwards(folder: string): string | undefined {
  if (existsSync(join(folder, configName))) return folder;
  const parent = dirname(folder);
  return parent === folder || existsSync(join(folder, '.git')) ? undefined : findUpwards(parent);
}

/**
 * CONFIG_INVALID for a file of another user that the user did not name: it is code, and anyone may put one into a
 * shared folder such as /tmp. A working directory of that user is a choice, as in a container with a mounted project.
 */
function refuseForeign(file: string): void {
  const own = process.getuid?.();
  if (own === undefined) return;
  const trusted = new Set([0, own, statSync(resolve()).uid]);
  // A link of another user may lead to a file of one's own that was not meant.
  const foreign = [lstatSync(file), statSync(file, { throwIfNoEntry: false })].find(
    (found) => found !== undefined && !trusted.has(found.uid),
  );
  if (foreign === undefined) return;
  throw new EdgeError('CONFIG_INVALID', `${file} belongs to another user (uid ${foreign.uid}), so it is not loaded`, {
    hint: `--config ${fromHere(file)} loads it if it is the right one`,
  });
}

function fromHere(path: string): string {
  return relative(resolve(), path);
}
