import { parseDocument } from 'yaml';
import { placeholdersOf } from '../../config/distribution-file.ts';
import type { EdgeConfig } from '../../config/edge-config.ts';
import { listFlipperVariables } from '../../config/flipper-variables.ts';
import { isRecord } from '../../text/is-record.ts';

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

/** Compares the templates, workflows and policies that name parts of the configuration with it. Ignores files that a team does not keep. */
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
