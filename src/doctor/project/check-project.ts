import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkOriginsAgree, parseDistribution, placeholdersOf } from '../../config/distribution-file.ts';
import { type EdgeConfig, parseEdgeConfig } from '../../config/edge-config.ts';
import { samplePaths } from '../../config/services.ts';
import type { AnyRuntime } from '../../edge/ask/ask.ts';
import { checkRouting, listSituations, surveyFunction } from '../../edge/ask/survey.ts';
import { proveFunction } from '../../edge/prove-function.ts';
import { EdgeError } from '../../errors.ts';
import { checkTemplates } from './check-templates.ts';

/** One thing checked about a team's own two files. `skipped` names a file or program that is not there. */
export interface ProjectCheck {
  check: 'config' | 'distribution' | 'function' | 'routing' | 'templates';
  outcome: 'ok' | 'fail' | 'skipped';
  /** What was found; with `fail` each line is one problem. */
  found: readonly string[];
  fix?: string;
}

export interface ProjectOptions {
  /** What edge.config.ts exports, not yet parsed. */
  readConfig: () => Promise<unknown>;
  /** Path of distribution.json. */
  distribution: string;
  /** Folder that holds infra/, docs/iam/ and .github/. */
  root: string;
  njs: string | undefined;
  openRuntime: () => Promise<AnyRuntime>;
  now: number;
}

/** Checks edge.config.ts and distribution.json without an account: every check that can run does, so that one run shows all problems. */
export async function checkProject(options: ProjectOptions): Promise<ProjectCheck[]> {
  const checks: ProjectCheck[] = [];
  const attempt = async <T>(
    check: ProjectCheck['check'],
    work: () => Promise<T>,
    describe: (value: T) => string[],
  ): Promise<T | undefined> => {
    try {
      const value = await work();
      checks.push({ check, outcome: 'ok', found: describe(value) });
      return value;
    } catch (error) {
      if (!(error instanceof EdgeError)) throw error;
      checks.push({ check, outcome: 'fail', found: error.message.split('\n'), ...(error.hint === undefined ? {} : { fix: error.hint }) });
      return undefined;
    }
  };
  const config = await attempt('config', async () => parseEdgeConfig(await options.readConfig()), describeConfig);
  if (config === undefined) return checks;

  const text = await readFile(options.distribution, 'utf8').catch(() => undefined);
  if (text === undefined) checks.push({ check: 'distribution', outcome: 'skipped', found: [`${options.distribution} cannot be read`] });
  else
    await attempt(
      'distribution',
      async () => {
        const distribution = parseDistribution(text, fillAll(text));
        checkOriginsAgree(config, distribution);
        return distribution;
      },
      ({ Origins, CacheBehaviors }) => [
        `${Origins?.Quantity ?? 0} origins, as in edge.config.ts; ${(CacheBehaviors?.Quantity ?? 0) + 1} behaviors`,
      ],
    );

  const proven = await attempt(
    'function',
    () => proveFunction({ config, njs: options.njs }),
    ({ bytes, njs }) => [
      `${bytes} bytes of 10240, passes the syntax gate${njs === 'absent' ? '; njs is not installed, so the engine did not parse it' : ' and njs'}`,
    ],
  );
  if (proven !== undefined)
    await attempt(
      'routing',
      () => surveyAll(proven, config, options),
      (count) => [`${count} decisions, every country, as edge.config.ts says`],
    );
  await attempt(
    'templates',
    () => compareTemplates(config, text, options.root),
    (files) => [files.length === 0 ? 'no template, workflow or policy of the flipper is here' : `${files.join(', ')} agree`],
  );
  return checks;
}

async function compareTemplates(config: EdgeConfig, distribution: string | undefined, root: string): Promise<string[]> {
  const { files, problems } = await checkTemplates({ config, distribution, read: (path) => readFile(join(root, path), 'utf8') });
  if (problems.length === 0) return files;
  throw new EdgeError('CONFIG_INVALID', problems.join('\n'), { hint: 'change the named file, or remove it when you do not use it' });
}

async function surveyAll(
  { code, sha256 }: { code: string; sha256: string },
  config: EdgeConfig,
  { openRuntime, now }: ProjectOptions,
): Promise<number> {
  const runtime = await openRuntime();
  try {
    const answers = await surveyFunction(
      { runtime, source: { code, sha256 }, now, origins: config.origins },
      listSituations(Object.keys(config.origins), samplePaths(config)),
    );
    const problems = checkRouting(answers, config);
    if (problems.length > 0)
      throw new EdgeError('TEST_FAILED', problems.join('\n'), { hint: 'the function and edge.config.ts must agree' });
    return answers.length;
  } finally {
    await runtime.close();
  }
}

function describeConfig({ origins, routes, services }: EdgeConfig): string[] {
  if (services !== undefined) return [`${Object.keys(origins).join(', ')}; services ${services.map(({ name }) => name).join(', ')}`];
  return [`${Object.keys(origins).join(', ')}; ${routes.length} ${routes.length === 1 ? 'route' : 'routes'}`];
}

/** A value for every placeholder: whether the environment has them is for the commands that use them. */
function fillAll(text: string): Record<string, string> {
  const samples: Record<string, string> = { AWS_ACCOUNT_ID: '111122223333' };
  return Object.fromEntries(
    placeholdersOf(text).map((name) => [name, samples[name] ?? `${name.toLowerCase().replaceAll('_', '-')}.example.com`]),
  );
}
