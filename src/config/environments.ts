import { isReservedKey, ownKey } from '../../kvs/reserved-keys.ts';
import { EdgeError } from '../errors.ts';
import { isRecord } from '../text/is-record.ts';
import { nearestName } from '../text/nearest-name.ts';
import { pageOf } from '../text/typed.ts';
import { type ConfigProblem, checkEdgeConfig, configError, defaultNames, type EdgeConfig, parseEdgeConfig } from './edge-config.ts';
import { isSameBehavior } from './path-pattern.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What a command works on. */
export interface Project {
  config: EdgeConfig;
  /** The chosen environment; undefined when edge.config.ts has none. */
  environment: string | undefined;
  /** The process's environment with `variables` of edge.config.ts, and the function's name for distribution.json. */
  env: Environment;
}

type Fields = Record<string, unknown>;

/**
 * The project in what edge.config.ts exports, in the environment that EDGE_ENV names (`--env` sets it). A command calls
 * `openProject` instead; the Lambda has the file in its bundle. USAGE unless an environment is chosen exactly when
 * there are some: no command may act on one that was not meant.
 */
export function parseProject(written: unknown, env: Environment): Project {
  const chosen = env['EDGE_ENV'] || undefined;
  const { base, environments } = splitEnvironments(written);
  if (environments === undefined) {
    if (chosen === undefined) return withVariables(parseEdgeConfig(base), undefined, env);
    throw new EdgeError('USAGE', `edge.config.ts has no environments, so ${JSON.stringify(chosen)} cannot be chosen`, {
      hint: `leave out --env and EDGE_ENV, or add the environment to edge.config.ts: ${pageOf('environments.md')}`,
    });
  }
  const names = Object.keys(environments);
  if (chosen === undefined)
    throw new EdgeError('USAGE', `no environment is chosen; edge.config.ts has ${names.join(', ')}`, {
      hint: `--env ${names[0]}, or EDGE_ENV`,
    });
  if (!Object.hasOwn(environments, chosen)) {
    const near = nearestName(chosen, names);
    throw new EdgeError('USAGE', `unknown environment ${JSON.stringify(chosen)}; edge.config.ts has ${names.join(', ')}`, {
      hint: near === undefined ? `--env ${names[0]}` : `did you mean ${near}?`,
    });
  }
  const merged = mergeAll(base as Fields, environments);
  // The other environments are the work of test:config and doctor: a mistake in one must not stop a failover in this
  // one.
  const problems = findCollisions(merged, chosen);
  const result = checkEdgeConfig(merged.get(chosen));
  if ('config' in result && problems.length === 0) return withVariables(result.config, chosen, env);
  const own = 'problems' in result ? locate(result.problems, base as Fields, chosen) : [];
  throw configError([...own, ...problems]);
}

/**
 * USAGE when a variable has another value in the process's environment: one of the two may be that of another
 * environment.
 */
function withVariables(config: EdgeConfig, environment: string | undefined, env: Environment): Project {
  for (const [name, value] of Object.entries(config.variables))
    if (env[name] && env[name] !== value)
      throw new EdgeError('USAGE', `${name} is "${value}" in edge.config.ts, and "${env[name]}" in the environment of this process`, {
        hint: `unset ${name}, or remove it from variables in edge.config.ts`,
      });
  return { config, environment, env: { ...env, EDGE_FUNCTION_NAME: config.functionName, ...config.variables } };
}

/**
 * USAGE when, in an environment, only the process names the store or the distribution: an exported value of prod would
 * make `--env staging` write to prod. Commands check this; the stack of the Lambda sets the environment together with
 * the store.
 */
export function checkGivenTargets({ config, environment }: Pick<Project, 'config' | 'environment'>, env: Environment): void {
  if (environment === undefined) return;
  for (const name of ['EDGE_KVS_ARN', 'EDGE_DISTRIBUTION_ID']) {
    const given = env[name];
    const isOwn =
      given === config.variables[name] || (name === 'EDGE_DISTRIBUTION_ID' && config.distributions?.some(({ id }) => id === given));
    if (given && !isOwn)
      throw new EdgeError(
        'USAGE',
        `${name} is "${given}" in the environment of this process; edge.config.ts does not have it for ${environment}`,
        {
          hint: `unset ${name}, or write it into variables of ${environment} in edge.config.ts`,
        },
      );
  }
}

/**
 * Every project that edge.config.ts describes, one for each environment. CONFIG_INVALID with the problems of all of
 * them.
 */
export function parseEveryProject(written: unknown): Omit<Project, 'env'>[] {
  const { base, environments } = splitEnvironments(written);
  if (environments === undefined) return [{ config: parseEdgeConfig(base), environment: undefined }];
  const merged = mergeAll(base as Fields, environments);
  const results = [...merged].map(([environment, input]) => ({ environment, result: checkEdgeConfig(input) }));
  const projects = results.flatMap(({ environment, result }) => ('config' in result ? [{ environment, config: result.config }] : []));
  const found = results.flatMap(({ environment, result }) =>
    'problems' in result ? locate(result.problems, base as Fields, environment) : [],
  );
  // What is wrong in the shared part is wrong in each environment: it is listed once.
  const problems = new Map([...found, ...findCollisions(merged)].map((problem) => [JSON.stringify(problem), problem]));
  if (problems.size > 0) throw configError([...problems.values()]);
  return projects;
}

function splitEnvironments(written: unknown): { base: unknown; environments: Record<string, Fields> | undefined } {
  if (!isRecord(written) || written['environments'] === undefined) return { base: written, environments: undefined };
  const { environments, ...base } = written;
  if (!isRecord(environments))
    throw configError([{ path: ['environments'], message: 'must be an object with an environment under each name' }]);
  const entries = Object.entries(environments);
  const problems = entries.flatMap(([name, fields]): ConfigProblem[] => [
    ...(/^[a-z][a-z0-9-]{0,31}$/.test(name)
      ? []
      : [{ path: ['environments', name], message: 'a name is 1 to 32 of a-z, 0-9 and "-", starting with a letter' }]),
    ...(isRecord(fields) ? [] : [{ path: ['environments', name], message: 'must be an object with the fields that differ' }]),
    ...(isRecord(fields) && 'environments' in fields
      ? [{ path: ['environments', name, 'environments'], message: 'an environment has no environments of its own' }]
      : []),
  ]);
  if (entries.length === 0) problems.push({ path: ['environments'], message: 'at least one environment is needed, found none' });
  if (problems.length > 0) throw configError(problems);
  return { base, environments: environments as Record<string, Fields> };
}

function mergeAll(base: Fields, environments: Record<string, Fields>): Map<string, Fields> {
  return new Map(Object.entries(environments).map(([name, fields]) => [name, merge(base, fields)]));
}

/** Objects merge; everything else replaces, lists included. An own field that is undefined takes the base's away. */
function merge(base: Fields, fields: Fields): Fields {
  const merged = { ...base };
  for (const [key, value] of Object.entries(fields)) {
    const before = base[key];
    const next = isRecord(value) ? merge(isRecord(before) ? before : {}, value) : value;
    if (next === undefined) delete merged[key];
    // Not by assignment: `__proto__` would be no field then.
    else Object.defineProperty(merged, key, { value: next, enumerable: true, configurable: true, writable: true });
  }
  return merged;
}

/**
 * Where a person finds the problem: a fault of the shared part alone is there, any other belongs to the environment.
 */
function locate(problems: readonly ConfigProblem[], base: Fields, environment: string): ConfigProblem[] {
  const alone = checkEdgeConfig(base);
  const shared = new Set('problems' in alone ? alone.problems.map((problem) => JSON.stringify(problem)) : []);
  return problems.map((problem) =>
    shared.has(JSON.stringify(problem)) ? problem : { ...problem, path: ['environments', environment, ...problem.path] },
  );
}

interface Declared {
  name: string;
  keyPrefix: unknown;
  keys: Fields;
}

/** Declared keys that two environments of one store would write in turn. */
function findKeyCollisions(one: Declared, other: Declared): ConfigProblem[] {
  const find = (from: Declared, { name, keyPrefix }: Declared) =>
    Object.keys(from.keys)
      .filter((key) => typeof keyPrefix === 'string' && isReservedKey(ownKey(key, keyPrefix)))
      .map((key) => ({ path: ['environments', from.name, 'keys', key], message: `"${name}" keeps its own data under this key` }));
  const different = Object.keys(one.keys)
    .filter((key) => Object.hasOwn(other.keys, key) && one.keys[key] !== other.keys[key])
    .map((key) => ({
      path: ['environments', one.name, 'keys', key],
      message: `"${other.name}" gives this key of the same store another value: use two keys or two stores`,
    }));
  return [...find(one, other), ...find(other, one), ...different];
}

/** What an environment changes of a distribution; without `behaviors` the whole. */
interface Claim {
  id: unknown;
  behaviors: string[] | undefined;
}

function listClaims(distributions: unknown, variables: unknown): Claim[] {
  const isText = (value: unknown) => typeof value === 'string';
  if (Array.isArray(distributions))
    return distributions
      .filter(isRecord)
      .map(({ id, behaviors }) => ({ id, behaviors: Array.isArray(behaviors) ? behaviors.filter(isText) : [] }));
  const id = isRecord(variables) ? variables['EDGE_DISTRIBUTION_ID'] : undefined;
  return isText(id) ? [{ id, behaviors: undefined }] : [];
}

/** What both would change in turn. */
function findClaimedTwice(one: readonly Claim[], other: readonly Claim[]): string[] {
  return one.flatMap(({ id, behaviors }) =>
    other
      .filter((claim) => claim.id === id)
      .flatMap((claim) => {
        if (behaviors === undefined || claim.behaviors === undefined) return [`distribution ${id}`];
        const both = behaviors.filter((name) => claim.behaviors?.some((each) => isSameBehavior(name, each)));
        return both.map((name) => `behavior "${name}" of distribution ${id}`);
      }),
  );
}

/**
 * Environments that would overwrite each other's function, health record or behavior. Those of different accounts
 * cannot.
 */
function findCollisions(merged: ReadonlyMap<string, Fields>, chosen?: string): ConfigProblem[] {
  const all = [...merged].map(([name, { accountId, functionName, keyValueStoreName, keyPrefix, keys, variables, distributions }]) => ({
    name,
    accountId,
    functionName: functionName ?? defaultNames.functionName,
    store: (isRecord(variables) && variables['EDGE_KVS_ARN']) || (keyValueStoreName ?? defaultNames.keyValueStoreName),
    keyPrefix,
    keys: isRecord(keys) ? keys : {},
    claims: listClaims(distributions, variables),
  }));
  return all.flatMap((one, index) =>
    all.slice(0, index).flatMap((other): ConfigProblem[] => {
      const path = ['environments', one.name];
      if (chosen !== undefined && one.name !== chosen && other.name !== chosen) return [];
      if (one.accountId !== undefined && other.accountId !== undefined && one.accountId !== other.accountId) return [];
      const fix = `or set accountId in both if their accounts differ`;
      return [
        ...(one.functionName === other.functionName
          ? [{ path, message: `"${other.name}" has the function "${one.functionName}", too: give each another functionName, ${fix}` }]
          : []),
        ...(one.store === other.store && one.keyPrefix === other.keyPrefix
          ? [
              {
                path,
                message: `"${other.name}" has the same keys in store "${one.store}": give each another keyPrefix or keyValueStoreName, ${fix}`,
              },
            ]
          : []),
        ...(one.store === other.store ? findKeyCollisions(one, other) : []),
        ...findClaimedTwice(one.claims, other.claims).map((what) => ({
          path,
          message: `"${other.name}" has ${what}, too: each needs its own, ${fix}`,
        })),
      ];
    }),
  );
}
