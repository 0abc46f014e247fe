import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { checkOriginsAgree, decodeText, parseDistribution, placeholdersOf } from '../../config/distribution-file.ts';
import type { EdgeConfig } from '../../config/edge-config.ts';
import { parseEveryProject, parseProject } from '../../config/environments.ts';
import { listFlipperVariables } from '../../config/flipper-variables.ts';
import type { AnyRuntime } from '../../edge/ask/ask.ts';
import { proveRouting } from '../../edge/ask/survey.ts';
import { proveFunction } from '../../edge/prove-function.ts';
import { EdgeError } from '../../errors.ts';
import { isRecord } from '../../text/is-record.ts';

/** One thing checked about a team's own two files. `skipped` names a file or program that is not there. */
export interface ProjectCheck {
  check: 'config' | 'distribution' | 'function' | 'routing' | 'templates';
  outcome: 'ok' | 'fail' | 'skipped';
  /** Absent for what all environments share, and where edge.config.ts has none. */
  environment?: string;
  /** What was found; with `fail` each line is one problem. */
  found: readonly string[];
  fix?: string;
}

export interface ProjectOptions {
  /** What edge.config.ts exports, not yet parsed. */
  readConfig: () => Promise<unknown>;
  /**
   * The only environment whose function is built and asked. Default: each one. The configuration of all is always
   * checked.
   */
  environment?: string | undefined;
  /** Path of distribution.json. */
  distribution: string;
  /** Folder that holds infra/, docs/iam/ and .github/. */
  root: string;
  njs: string | undefined;
  openRuntime: () => Promise<AnyRuntime>;
  now: number;
}

/**
 * Checks edge.config.ts and distribution.json without an account: every check that can run does, so that one run shows
 * all problems.
 */
export async function checkProject(options: ProjectOptions): Promise<ProjectCheck[]> {
  const checks: ProjectCheck[] = [];
  const shared = openAttempt(checks);
  const projects = await shared('config', () => readProjects(options), describeProjects);
  if (projects === undefined) return checks;
  const text = await readFile(options.distribution).then(decodeText, () => undefined);
  const chosen = projects.filter(({ environment }) => options.environment === undefined || environment === options.environment);
  if (text === undefined && chosen.some(({ config }) => config.distributions === undefined))
    checks.push({ check: 'distribution', outcome: 'skipped', found: [`${options.distribution} cannot be read`] });
  for (const project of chosen) await checkOne(project, text, openAttempt(checks, project.environment), options);
  await shared(
    'templates',
    () => compareTemplates(chosen, text, options.root),
    (files) => [files.length === 0 ? 'no template, workflow or policy of the flipper is here' : `${files.join(', ')} agree`],
  );
  return checks;
}

async function readProjects({ readConfig, environment }: ProjectOptions): Promise<CheckedProject[]> {
  const written = await readConfig();
  const projects = parseEveryProject(written);
  // Refuses a name that is not there.
  if (environment !== undefined) parseProject(written, { EDGE_ENV: environment });
  return projects;
}

type CheckedProject = ReturnType<typeof parseEveryProject>[number];

type Attempt = <T>(check: ProjectCheck['check'], work: () => Promise<T>, describe: (value: T) => string[]) => Promise<T | undefined>;

/** Adds what came of each check; undefined for one that failed. */
function openAttempt(checks: ProjectCheck[], environment?: string): Attempt {
  const where = environment === undefined ? {} : { environment };
  return async (check, work, describe) => {
    try {
      const value = await work();
      checks.push({ check, ...where, outcome: 'ok', found: describe(value) });
      return value;
    } catch (error) {
      if (!(error instanceof EdgeError)) throw error;
      const fix = error.hint === undefined ? {} : { fix: error.hint };
      checks.push({ check, ...where, outcome: 'fail', found: error.message.split('\n'), ...fix });
      return undefined;
    }
  };
}

async function checkOne({ config }: CheckedProject, text: string | undefined, attempt: Attempt, options: ProjectOptions): Promise<void> {
  const { distributions } = config;
  if (distributions !== undefined)
    await attempt(
      'distribution',
      async () => distributions,
      (all) => all.map(({ id, behaviors }) => `${id} of another tool: ${behaviors.join(', ')}`),
    );
  else if (text !== undefined)
    await attempt(
      'distribution',
      async () => {
        const distribution = parseDistribution(text, { ...fillAll(text), EDGE_FUNCTION_NAME: config.functionName, ...config.variables });
        checkOriginsAgree(config, distribution);
        return distribution;
      },
      ({ Origins, CacheBehaviors }) => [
        `${Origins?.Quantity ?? 0} origins, with those of edge.config.ts; ${(CacheBehaviors?.Quantity ?? 0) + 1} behaviors`,
      ],
    );
  const proven = await attempt(
    'function',
    () => proveFunction({ config, njs: options.njs }),
    ({ bytes, njs }) => [
      `${bytes} bytes of 10240, passes the syntax gate${njs === 'absent' ? '; njs is not installed, so the engine did not parse it' : ' and njs'}`,
    ],
  );
  if (proven === undefined) return;
  await attempt(
    'routing',
    () => surveyAll(proven, config, options),
    (count) => [`${count} decisions, every country, as edge.config.ts says`],
  );
}

/** A template names one function: it must agree with one of the environments. */
async function compareTemplates(projects: readonly CheckedProject[], distribution: string | undefined, root: string): Promise<string[]> {
  const read = (path: string) => readFile(join(root, path), 'utf8');
  const found = await Promise.all(projects.map(({ config }) => checkTemplates({ config, distribution, read })));
  const [nearest] = found.sort((one, other) => one.problems.length - other.problems.length);
  const { files, problems } = nearest ?? { files: [], problems: [] };
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
    const { answers, problems } = await proveRouting(
      { runtime, source: { code, sha256 }, now, origins: config.origins, keys: config.keys, keyPrefix: config.keyPrefix },
      config,
    );
    if (problems.length > 0)
      throw new EdgeError('TEST_FAILED', problems.join('\n'), { hint: 'the function and edge.config.ts must agree' });
    return answers.length;
  } finally {
    await runtime.close();
  }
}

function describeProjects(projects: readonly CheckedProject[]): string[] {
  return projects.map(({ config: { origins, routes, services }, environment }) => {
    const parts =
      services === undefined
        ? `${routes.length} ${routes.length === 1 ? 'route' : 'routes'}`
        : `services ${services.map(({ name }) => name).join(', ')}`;
    return `${environment === undefined ? '' : `${environment}: `}${Object.keys(origins).join(', ')}; ${parts}`;
  });
}

/** A value for every placeholder: whether the environment has them is for the commands that use them. */
function fillAll(text: string): Record<string, string> {
  const samples: Record<string, string> = { AWS_ACCOUNT_ID: '111122223333' };
  return Object.fromEntries(
    placeholdersOf(text).map((name) => [name, samples[name] ?? `${name.toLowerCase().replaceAll('_', '-')}.example.com`]),
  );
}

export interface TemplateFacts {
  config: Pick<EdgeConfig, 'functionName' | 'origins'> & Partial<Pick<EdgeConfig, 'variables' | 'distributions'>>;
  /** Text of distribution.json; undefined when there is none. */
  distribution: string | undefined;
  /** Text of a file by its path in the repository; rejects when it is absent. */
  read: (path: string) => Promise<string>;
}

const flipperTemplate = 'infra/flipper.yaml';
const monitoringTemplate = 'infra/monitoring.yaml';
const flipperWorkflow = '.github/workflows/health-flipper.yml';
const deployWorkflow = '.github/workflows/deploy-regions.yml';
const policies = ['docs/iam/publisher.json', 'docs/iam/reader.json'];

/**
 * Compares the templates, workflows and policies that name parts of the configuration with it. Ignores files that a
 * team does not keep.
 */
export async function checkTemplates({ config, distribution, read }: TemplateFacts): Promise<{ files: string[]; problems: string[] }> {
  const files = new Map<string, string>();
  for (const path of [flipperTemplate, monitoringTemplate, flipperWorkflow, deployWorkflow, ...policies]) {
    const text = await read(path).catch(() => undefined);
    if (text !== undefined) files.set(path, text);
  }
  const syntax = [...files].flatMap(([path, text]) => findSyntaxErrors(path, text));
  // Nothing in a file that does not parse can be compared.
  if (syntax.length > 0) return { files: [...files.keys()], problems: syntax };
  const isSet = (name: string) => name === 'EDGE_FUNCTION_NAME' || config.variables?.[name] !== undefined;
  const problems = [
    ...checkFlipperTemplate(files.get(flipperTemplate), config, distribution),
    ...checkMonitoringTemplate(files.get(monitoringTemplate), config.functionName),
    ...checkWorkflow(files.get(flipperWorkflow), distribution, isSet),
    // The origins of a distribution of another tool are that tool's to deploy.
    ...(config.distributions === undefined ? checkDeployment(files.get(deployWorkflow), config.origins) : []),
    ...policies.flatMap((path) => checkPolicy(path, files.get(path), config.functionName)),
  ];
  return { files: [...files.keys()], problems };
}

const emitAgain = 'run the command emit again';

function checkFlipperTemplate(text: string | undefined, config: TemplateFacts['config'], distribution: string | undefined): string[] {
  if (text === undefined || distribution === undefined) return [];
  const variables = find(parseYaml(text), ['Resources', 'Function', 'Properties', 'Environment', 'Variables']) ?? {};
  return listAsked(config, distribution)
    .filter((name) => !(name in variables))
    .map((name) => `${flipperTemplate}: distribution.json needs ${name}, and the function's environment does not set it: ${emitAgain}`);
}

/** Secrets come from Secrets Manager. */
function listAsked({ origins, variables = {} }: TemplateFacts['config'], distribution: string): string[] {
  try {
    return listFlipperVariables({ origins, variables, notifications: [] }, distribution).plain;
  } catch {
    return [];
  }
}

function checkMonitoringTemplate(text: string | undefined, functionName: string): string[] {
  if (text === undefined) return [];
  const template = parseYaml(text);
  const dimensions = find(template, ['Resources', 'UtilizationAlarm', 'Properties'])?.['Dimensions'];
  const named = Array.isArray(dimensions) ? dimensions.find((each) => isRecord(each) && each['Name'] === 'FunctionName')?.Value : undefined;
  if (typeof named !== 'string' || named === functionName) return [];
  return [`${monitoringTemplate}: its alarms watch the function "${named}", edge.config.ts has "${functionName}": ${emitAgain}`];
}

function checkWorkflow(text: string | undefined, distribution: string | undefined, isSet: (name: string) => boolean): string[] {
  if (text === undefined || distribution === undefined) return [];
  return placeholdersOf(distribution)
    .filter((name) => !isSet(name) && !new RegExp(`^ +${name}: `, 'm').test(text))
    .map((name) => `${flipperWorkflow}: distribution.json needs ${name}, and no step sets it`);
}

/** Each job that rolls out to an origin names it and its region. */
function checkDeployment(text: string | undefined, origins: TemplateFacts['config']['origins']): string[] {
  const jobs = Object.values(text === undefined ? {} : (find(parseYaml(text), ['jobs']) ?? {}));
  const deployed = jobs.flatMap((job) => find(job, ['env'])?.['ORIGIN'] ?? []);
  const missing = deployed.length === 0 ? [] : Object.keys(origins).filter((id) => !deployed.includes(id));
  const wrong = jobs.flatMap((job) => {
    const { ORIGIN, REGION } = find(job, ['env']) ?? {};
    if (typeof ORIGIN !== 'string' || origins[ORIGIN]?.region === REGION) return [];
    return [
      `${deployWorkflow}: it deploys "${ORIGIN}" to ${String(REGION)}, edge.config.ts has ${origins[ORIGIN]?.region ?? 'no such origin'}`,
    ];
  });
  return [...wrong, ...missing.map((id) => `${deployWorkflow}: no job deploys the origin "${id}" of edge.config.ts`)];
}

function checkPolicy(path: string, text: string | undefined, functionName: string): string[] {
  const named = [...(text ?? '').matchAll(/:function\/([A-Za-z0-9_-]+)"/g)].map(([, name = '']) => name);
  return [...new Set(named)]
    .filter((name) => name !== functionName)
    .map((name) => `${path}: it names the function "${name}", edge.config.ts has "${functionName}"`);
}

/** Duplicate keys included. JSON is YAML, so the policies are checked too. */
function findSyntaxErrors(path: string, text: string): string[] {
  return readYaml(text).errors.map(({ message, linePos }) => `${path}:${linePos?.[0].line ?? 1}: ${message.split('\n', 1)[0]}`);
}

function parseYaml(text: string): unknown {
  return readYaml(text).toJS();
}

/** CloudFormation's short tags, such as !Ref, are only warnings. */
function readYaml(text: string) {
  return parseDocument(text, { logLevel: 'silent' });
}

function find(value: unknown, path: readonly string[]): Record<string, unknown> | undefined {
  let current: unknown = value;
  for (const name of path) {
    if (!isRecord(current)) return undefined;
    current = current[name];
  }
  return isRecord(current) ? current : undefined;
}
