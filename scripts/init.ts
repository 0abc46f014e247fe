import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Aws, openAws } from '../src/aws/clients.ts';
import { listDistributions } from '../src/aws/distribution.ts';
import { describeFunction } from '../src/aws/function.ts';
import { defineCommand } from '../src/cli/command.ts';
import { writeWholeFile } from '../src/cli/files.ts';
import type { Io } from '../src/cli/io.ts';
import { flag, text } from '../src/cli/option.ts';
import { type EdgeConfig, type EdgeConfigInput, type ManagedPart, managedParts, parseEdgeConfig } from '../src/config/edge-config.ts';
import { type LocalCloud, readLocalCloud } from '../src/config/local-cloud.ts';
import { configName } from '../src/config/open-project.ts';
import { findLiveDistribution } from '../src/distribution/find-distribution.ts';
import { formatConfigFile } from '../src/distribution/init/config-text.ts';
import { describeInit, formatInit, formatNextSteps, formatOrigins, nameInList } from '../src/distribution/init/format-init.ts';
import { type FileChoice, type InitPlan, planInit, type ReadFacts, readKnownFacts } from '../src/distribution/init/init.ts';
import { type Choice, proposeAdoption, proposeGroups } from '../src/distribution/init/propose.ts';
import { type FoundDistribution, readSavedDistribution, readStateDistribution } from '../src/distribution/init/read-source.ts';
import { surveyDistribution } from '../src/distribution/init/survey.ts';
import { ownChanges, readOwnFacts } from '../src/distribution/own-changes.ts';
import { allChecks, type Diagnosis, runDoctor } from '../src/doctor/doctor.ts';
import { formatDoctor } from '../src/doctor/format-doctor.ts';
import { openDoctorReaders } from '../src/doctor/readers.ts';
import { EdgeError } from '../src/errors.ts';
import { pageOf, typed } from '../src/text/typed.ts';

const schemaModule = 'cloudfront-edge-failover/config';

/** The checks that a distribution can pass before it is adopted. */
const checkIds = ['policies', 'cached-content', 'origin-groups', 'timeouts', 'host-header', 'certificates', 'origin-lock', 'signals'];

export default defineCommand({
  usage: 'init -- [--distribution <id>] [options]',
  summary:
    'Writes edge.config.ts for a distribution that exists, and prints the exact change that adopting it makes. Writes only that file.',
  examples: [
    'init -- --local',
    'init -- --distribution E2QWRUHEXAMPLE',
    "init -- --distribution E2QWRUHEXAMPLE --origins sg,eu --paths '/api/*'",
    'init -- --from saved.json --dry-run',
    'init -- --from-tfstate state.json',
  ],
  options: {
    distribution: text('id of the distribution', { placeholder: 'id' }),
    from: text('a saved answer of aws cloudfront get-distribution or get-distribution-config, instead of AWS', { placeholder: 'file' }),
    'from-tfstate': text('a Terraform state, or what terraform show -json prints, instead of AWS', { placeholder: 'file' }),
    local: flag('use the running local cloud instead of AWS; when none runs, write a configuration for a first try on this machine'),
    origins: text('origins that belong together, by id or domain name; several services are separated by semicolons', {
      placeholder: 'ids',
    }),
    paths: text("behaviors to adopt, such as '/api/*,default'; without it all that target these origins", { placeholder: 'patterns' }),
    home: text('the origin that all viewers go to while it is healthy; without it each behavior keeps its own', { placeholder: 'id' }),
    health: text('path of the health check', { fallback: '/health', placeholder: 'path' }),
    function: text('name of the edge function', { fallback: 'origin-router', placeholder: 'name' }),
    store: text('name of the KeyValueStore', { fallback: 'edge-health', placeholder: 'name' }),
    'key-prefix': text('prefix of the keys, when another function shares the store', { placeholder: 'text' }),
    manage: text(`what else distribution:apply may change: ${managedParts.join(', ')}`, { placeholder: 'parts' }),
    force: flag('replace an edge.config.ts that is there'),
    'dry-run': flag('write nothing'),
    print: flag('print the text of the file, and write nothing'),
    yes: flag('take the proposal without asking'),
  },
  main: async ({ values }, io) => {
    const environment = io.env['EDGE_ENV'];
    if (environment)
      throw new EdgeError('USAGE', `init writes a configuration without environments, so ${JSON.stringify(environment)} cannot be chosen`, {
        hint: `leave out --env and EDGE_ENV, and add the environments to the file afterwards: ${pageOf('environments.md')}`,
      });
    const path = resolve(io.env['EDGE_CONFIG'] || join(io.env['EDGE_PROJECT'] || '', configName));
    const isDry = values['dry-run'] || values.print;
    if (!isDry && !values.force && existsSync(path))
      throw new EdgeError('USAGE', `${path} exists, and init does not replace it`, {
        hint: '--dry-run or --print writes nothing; --force replaces the file; --config names another file',
      });
    const isNamed = values.distribution !== undefined || values.from !== undefined || values['from-tfstate'] !== undefined;
    const local = values.local ? await findLocalCloud(io.env, !isNamed) : undefined;
    if (values.local && local === undefined) return writeFirstTry(path, { isDry, isPrinted: values.print }, io);
    const aws = openAws({ env: io.env, local });
    const found = await findDistribution(values, aws, local);
    const given: Choice = {
      ...(values.origins !== undefined && { groups: splitText(values.origins, ';').map((group) => splitText(group, ',')) }),
      ...(values.home !== undefined && { home: values.home }),
      ...(values.paths !== undefined && { paths: splitText(values.paths, ',') }),
      functionName: values.function,
    };
    const isAsked = io.isTerminal && !io.json && !values.yes && !values.print && values.origins === undefined;
    const answered = isAsked ? await askChoice(found, given, values.health, io) : { choice: given, healthPath: values.health };
    if (answered === undefined) {
      io.stderr('nothing was written');
      return 1;
    }
    const file: FileChoice = {
      functionName: values.function,
      keyValueStoreName: values.store,
      keyPrefix: values['key-prefix'],
      healthPath: answered.healthPath,
      manage: parseParts(values.manage),
      importFrom: schemaModule,
    };
    const plan = await planInit(found, answered.choice, file, factsOf(found, aws));
    if (values.print) {
      io.result(describeInit(plan), plan.text.trimEnd().split('\n'));
      return 0;
    }
    const isLive = found.source === 'live' || found.source === 'local';
    const notes = isLive ? await noteFunction(plan, aws) : [];
    const shown = { ...plan, notes: [...plan.notes, ...notes] };
    if (!isDry) await writeConfigFile(path, plan.text);
    const diagnoses = isLive ? await examine(plan, aws, local, io) : [];
    io.signal.throwIfAborted();
    io.result({ written: isDry ? null : path, ...describeInit(shown), checks: diagnoses }, [
      ...formatInit(shown, io.colour),
      ...(diagnoses.length === 0 ? [] : ['', ...formatDoctor(diagnoses, [], io.colour)]),
      '',
      ...(isDry
        ? [
            `${path} would be:`,
            '',
            ...plan.text
              .trimEnd()
              .split('\n')
              .map((line) => `    ${line}`),
          ]
        : [`wrote ${path}`]),
      ...formatNextSteps(plan, io.colour),
    ]);
    return 0;
  },
});

/** Undefined where none runs and none is needed. */
async function findLocalCloud(env: Io['env'], isOptional: boolean): Promise<LocalCloud | undefined> {
  return readLocalCloud(env).catch((error: unknown) => {
    if (isOptional && error instanceof EdgeError && error.code === 'LOCAL_CLOUD_ABSENT') return undefined;
    throw error;
  });
}

const firstTry: EdgeConfigInput = {
  origins: { us: { region: 'us-east-1' }, eu: { region: 'eu-west-1' } },
  defaultOrder: ['us', 'eu'],
  routes: [{ countries: ['EU'], order: ['eu', 'us'] }],
};

/** A configuration that the local commands run with: no account and no distribution is needed. */
async function writeFirstTry(path: string, { isDry, isPrinted }: { isDry: boolean; isPrinted: boolean }, io: Io): Promise<number> {
  const title = ['A first try on this machine: two regions, and each is the fallback of the other.'];
  const content = formatConfigFile(firstTry, { importFrom: schemaModule, title, comments: {} });
  const lines = content.trimEnd().split('\n');
  if (!isDry) await writeConfigFile(path, content);
  io.result({ written: isDry ? null : path, text: content }, [
    ...(isPrinted ? lines : isDry ? [`${path} would be:`, '', ...lines.map((line) => `    ${line}`)] : [`wrote ${path}`]),
    ...(isPrinted
      ? []
      : [
          '',
          'next:',
          `  ${typed('drill')}  plays one outage on this machine`,
          `  ${typed('start -- --quick')}  runs the local cloud with its console`,
          `  ${typed('init -- --distribution <id> --force')}  writes the file for a distribution of yours`,
        ]),
  ]);
  return 0;
}

async function findDistribution(
  {
    distribution,
    from,
    'from-tfstate': state,
  }: { distribution: string | undefined; from: string | undefined; 'from-tfstate': string | undefined },
  aws: Aws,
  local: LocalCloud | undefined,
): Promise<FoundDistribution> {
  if (from !== undefined && state !== undefined)
    throw new EdgeError('USAGE', '--from and --from-tfstate name two sources', { hint: 'leave out one of them' });
  if (from !== undefined) return readSavedDistribution(from, distribution);
  if (state !== undefined) return readStateDistribution(state, distribution);
  const id = distribution ?? local?.distributionId;
  const client = await aws.cloudFront();
  if (id === undefined) {
    const all = await listDistributions(client);
    const named = all.map(({ Id, DomainName, Aliases }) => `${Id} (${Aliases?.Items?.[0] ?? DomainName})`).join(', ');
    throw new EdgeError('USAGE', `name a distribution; this account has ${named || 'none'}`, {
      hint: `${typed('init --')} --distribution <id>`,
    });
  }
  const live = await findLiveDistribution(client, undefined, id);
  if (live === undefined) throw new EdgeError('NOT_FOUND', `distribution ${id} does not exist`, { hint: 'check --distribution' });
  return { source: local === undefined ? 'live' : 'local', id: live.id, domainName: live.domainName, arn: live.arn, config: live.config };
}

function factsOf(found: FoundDistribution, aws: Aws): ReadFacts {
  if (found.source !== 'live' && found.source !== 'local') return readKnownFacts;
  return async (live, config) =>
    readOwnFacts(await aws.cloudFront(), live, ownChanges(config, { behaviors: [], replaces: {}, ...config.distributions?.[0] }));
}

/** The team's choice at the terminal; undefined when no answer comes. */
async function askChoice(
  found: FoundDistribution,
  given: Choice,
  healthPath: string,
  io: Io,
): Promise<{ choice: Choice; healthPath: string } | undefined> {
  const survey = surveyDistribution(found.config);
  const groups = proposeGroups(survey);
  for (const line of [`origins of ${found.id ?? 'the distribution'}`, ...formatOrigins(survey), '']) io.stderr(line);
  const numbersOf = (ids: readonly string[]) => ids.map((id) => survey.origins.findIndex((origin) => origin.id === id) + 1).join(',');
  const origins = await io.ask(
    'Which belong together, as regions of one service? Numbers; a semicolon separates services:',
    groups.map(numbersOf).join(';'),
  );
  if (origins === undefined) return undefined;
  const chosen = splitText(origins, ';').map((group) => splitText(group, ',').map((name) => survey.origins[Number(name) - 1]?.id ?? name));
  const { services } = proposeAdoption(survey, { ...given, groups: chosen });
  const proposed = services.flatMap(({ behaviors }) => behaviors.map(({ name }) => nameInList(name)));
  const paths = given.paths === undefined ? await io.ask('Which behaviors get the function?', proposed.join(',')) : '';
  const health = await io.ask('Path of the health check?', healthPath);
  if (paths === undefined || health === undefined) return undefined;
  const isProposed = given.paths !== undefined || paths === proposed.join(',');
  const named = splitText(paths, ',').map((name) => (name === nameInList('default') ? 'default' : name));
  return { choice: { ...given, groups: chosen, ...(!isProposed && { paths: named }) }, healthPath: health };
}

/** A function of this name that none of the behaviors run may be another distribution's. */
async function noteFunction({ config, proposal }: InitPlan, aws: Aws): Promise<string[]> {
  const name = config.functionName ?? '';
  const runs = proposal.services.some(({ behaviors }) => behaviors.some(({ viewerRequest }) => viewerRequest?.endsWith(`/${name}`)));
  if (runs || (await describeFunction(await aws.cloudFront(), name, 'DEVELOPMENT')) === undefined) return [];
  return [
    `this account has a function ${name} already, and ${typed('function:publish')} replaces its code: choose another name with --function unless it is this project's`,
  ];
}

async function examine(plan: InitPlan, aws: Aws, local: LocalCloud | undefined, io: Io): Promise<Diagnosis[]> {
  const config: EdgeConfig = parseEdgeConfig(plan.config);
  const readers = openDoctorReaders({
    config,
    aws,
    file: async () => {
      throw new EdgeError('CONFIG_MISSING', 'there is no distribution.json', { hint: 'none is needed' });
    },
    distributionId: plan.found.id,
    localOrigins: local?.origins,
    stsEndpoints: io.env['AWS_STS_REGIONAL_ENDPOINTS'],
    now: io.now,
    signal: io.signal,
  });
  const checks = allChecks.filter(({ id }) => checkIds.includes(id));
  io.progress(`${checks.length} checks`);
  return runDoctor(checks, readers);
}

async function writeConfigFile(path: string, content: string): Promise<void> {
  try {
    await writeWholeFile(path, content);
  } catch (cause) {
    throw new EdgeError('USAGE', `cannot write ${path}: ${(cause as Error).message}`, { cause, hint: '--print writes the text to stdout' });
  }
}

function parseParts(given: string | undefined): ManagedPart[] {
  return splitText(given ?? '', ',').map((part) => {
    const known = managedParts.find((name) => name === part);
    if (known === undefined)
      throw new EdgeError('USAGE', `--manage: unknown part "${part}"`, { hint: `parts: ${managedParts.join(', ')}` });
    return known;
  });
}

function splitText(given: string, separator: string): string[] {
  return given.split(separator).flatMap((part) => (part.trim() === '' ? [] : [part.trim()]));
}
