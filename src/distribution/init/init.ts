import type { LiveDistribution } from '../../aws/distribution.ts';
import { type EdgeConfig, type EdgeConfigInput, type ManagedPart, managedParts, parseEdgeConfig } from '../../config/edge-config.ts';
import { managedCachePolicies, managedOriginRequestPolicies, sendsViewerHost } from '../../config/managed-policies.ts';
import { defaultBehavior } from '../../config/path-pattern.ts';
import { EdgeError } from '../../errors.ts';
import { pageOf } from '../../text/typed.ts';
import type { ConfigChange } from '../config-tree.ts';
import type { Hazard } from '../hazards.ts';
import { type OwnFacts, ownChanges, planOwnChanges } from '../own-changes.ts';
import type { DistributionPlan } from '../plan.ts';
import { formatConfigFile } from './config-text.ts';
import { type BlockedBehavior, type Choice, functionNameOf, type Proposal, type ProposedOrigin, proposeAdoption } from './propose.ts';
import type { FoundDistribution } from './read-source.ts';
import { type DistributionSurvey, surveyDistribution } from './survey.ts';

/** What the file gets beside the proposal. */
export interface FileChoice {
  functionName: string;
  keyValueStoreName: string;
  /** In front of the package's keys, where another function shares the store. */
  keyPrefix?: string | undefined;
  /** Path of the health check. */
  healthPath: string;
  /** What else `distribution:apply` may change. */
  manage: readonly ManagedPart[];
  /** The module that exports defineEdgeConfig. */
  importFrom: string;
}

/** Reads what a plan must know of the account, or as much of it as is known without one. */
export type ReadFacts = (live: LiveDistribution, config: EdgeConfig) => Promise<OwnFacts>;

/** The facts of a source without an account: the policies that AWS manages. */
export const readKnownFacts: ReadFacts = async () => ({
  isPublished: true,
  cachePolicies: managedCachePolicies,
  originRequestPolicies: managedOriginRequestPolicies,
});

/** What init writes and announces. */
export interface InitPlan {
  found: FoundDistribution;
  survey: DistributionSurvey;
  proposal: Proposal;
  config: EdgeConfigInput;
  /** The text of edge.config.ts. */
  text: string;
  /** What adoption changes in the distribution. */
  adoption: DistributionPlan;
  /** What else would be worth changing, by the word that lets `manage` do it. */
  further: readonly FurtherChange[];
  /** The team's function on viewer-request that has to run before the router. */
  before: { functionName: string; file: string } | undefined;
  /** Origins and behaviors that stay as they are. */
  untouched: { origins: readonly string[]; behaviors: readonly string[] };
  blocked: readonly BlockedBehavior[];
  /** What the team should know before it goes on. */
  notes: readonly string[];
}

interface FurtherChange {
  part: ManagedPart;
  changes: readonly ConfigChange[];
  hazards: readonly Hazard[];
}

/** Proposes a configuration for a distribution, and plans the changes that adopting it makes. Nothing is written. */
export async function planInit(found: FoundDistribution, choice: Choice, file: FileChoice, readFacts: ReadFacts): Promise<InitPlan> {
  checkAdoptable(found);
  const survey = surveyDistribution(found.config);
  const proposal = proposeAdoption(survey, { ...choice, functionName: file.functionName });
  const before = nameBefore(proposal);
  const live = asLive(found);
  const parse = (input: EdgeConfigInput) => parseEdgeConfig(input, 'the proposed edge.config.ts');
  const draft = writeConfig(found, proposal, file, before?.file);
  const facts = await readFacts(live, parse(draft));
  const hosts = new Map(proposal.origins.map(({ id, alias }) => [alias, decideHost(id, proposal, facts)]));
  const config = { ...draft, origins: withHosts(draft.origins, hosts) };
  const parsed = parse(config);
  const text = formatConfigFile(config, { importFrom: file.importFrom, title: titleOf(found), comments: commentsOf(proposal) });
  const planWith = (manage: readonly ManagedPart[]) =>
    planOwnChanges(live, { ...ownChanges(parsed, onlyDistribution(parsed)), manage }, { ...facts, isPublished: true });
  const adoption = planWith(file.manage);
  const further = managedParts
    .filter((part) => !file.manage.includes(part))
    .map((part) => onlyNew(part, planWith([...file.manage, part]), adoption))
    .filter(({ changes, hazards }) => changes.length > 0 || hazards.length > 0);
  return {
    found,
    survey,
    proposal,
    config,
    text,
    adoption,
    further,
    before,
    untouched: listUntouched(survey, proposal),
    blocked: proposal.blocked,
    notes: [...listNotes(proposal), ...noteHosts(hosts)],
  };
}

function checkAdoptable({ id, config }: FoundDistribution): void {
  if (id === undefined)
    throw new EdgeError('USAGE', 'the source does not have the id of the distribution', { hint: 'add it: --distribution <id>' });
  if (config.Staging === true)
    throw new EdgeError('USAGE', `distribution ${id ?? ''} is a staging distribution: it serves a part of another one's viewers`, {
      hint: 'run init with the id of its primary',
    });
  if (config.ConnectionMode === 'tenant-only')
    throw new EdgeError('USAGE', `distribution ${id ?? ''} serves tenants (ConnectionMode tenant-only), which init does not support`, {
      hint: 'use a distribution of its own for the routed paths',
    });
}

function writeConfig(
  found: FoundDistribution,
  { origins, services }: Proposal,
  file: FileChoice,
  before: string | undefined,
): EdgeConfigInput {
  const aliasOf = new Map(origins.map(({ id, alias }) => [id, alias]));
  const aliases = (order: readonly string[]) => order.map((id) => aliasOf.get(id) ?? id);
  const behaviors = services.flatMap((service) => service.behaviors);
  const foreign = behaviors.flatMap(({ name, foreign: arn }) => (arn === undefined ? [] : [[name, arn] as const]));
  const [first, second] = services;
  const accountId = found.source === 'local' ? undefined : /:(\d{12}):/.exec(found.arn ?? '')?.[1];
  return {
    // A command with credentials of another account is refused.
    ...(accountId !== undefined && { accountId }),
    functionName: file.functionName,
    keyValueStoreName: file.keyValueStoreName,
    ...(file.keyPrefix !== undefined && { keyPrefix: file.keyPrefix }),
    distributions: [
      {
        id: found.id ?? '',
        behaviors: behaviors.map(({ name }) => name),
        ...(foreign.length > 0 && { replaces: Object.fromEntries(foreign) }),
      },
    ],
    ...(file.manage.length > 0 && { manage: [...file.manage] }),
    ...(before !== undefined && { before }),
    origins: Object.fromEntries(origins.map((origin) => [origin.alias, writeOrigin(origin, file.healthPath)])),
    ...(first !== undefined && second === undefined
      ? { defaultOrder: aliases(first.order) }
      : {
          services: services.map((service) => ({
            name: service.name,
            paths: service.behaviors.map(({ name }) => (name === defaultBehavior ? '*' : name)),
            order: aliases(service.order),
          })),
        }),
  };
}

type Host = 'viewer' | 'origin';

/** Which Host the behaviors send to an origin; `mixed` when they differ, and undefined when a policy is not known. */
function decideHost(id: string, { services }: Proposal, facts: OwnFacts): Host | 'mixed' | undefined {
  const behaviors = services
    .filter(({ order }) => order.includes(id))
    .flatMap((service) => service.behaviors.map(({ behavior }) => behavior));
  const hosts = behaviors.map(({ CachePolicyId: cache = '', OriginRequestPolicyId: request, ForwardedValues }) => {
    const policy = request === undefined ? undefined : facts.originRequestPolicies[request];
    if (request !== undefined && policy === undefined) return undefined;
    const legacy = (ForwardedValues?.Headers?.Items ?? []).map((name) => name.toLowerCase());
    return sendsViewerHost(legacy, facts.cachePolicies[cache], policy) ? 'viewer' : 'origin';
  });
  const [first] = hosts;
  return hosts.every((host) => host === first) ? first : 'mixed';
}

function withHosts(
  origins: EdgeConfigInput['origins'],
  hosts: ReadonlyMap<string, Host | 'mixed' | undefined>,
): EdgeConfigInput['origins'] {
  return Object.fromEntries(
    Object.entries(origins).map(([alias, { signals, ...origin }]) => {
      const host = hosts.get(alias);
      return [alias, { ...origin, ...(host !== undefined && host !== 'mixed' && { host }), ...(signals && { signals }) }];
    }),
  );
}

function noteHosts(hosts: ReadonlyMap<string, Host | 'mixed' | undefined>): string[] {
  const of = (wanted: string | undefined) => [...hosts].flatMap(([alias, host]) => (host === wanted ? [alias] : [])).join(', ');
  const [mixed, unknown] = [of('mixed'), of(undefined)];
  return [
    ...(mixed === '' ? [] : [`some behaviors send the viewer's Host to ${mixed}, and others the origin's own name: \`host\` is left out`]),
    ...(unknown === '' ? [] : [`the account's own policies are not known here: add \`host\` to ${unknown}, 'viewer' or 'origin'`]),
  ];
}

/**
 * Without its domain name: probes then take name, port, protocol, Host and headers from the live distribution, which
 * may change.
 */
function writeOrigin({ id, alias, region, kind }: ProposedOrigin, healthPath: string): EdgeConfigInput['origins'][string] {
  return {
    ...(id !== alias && { originId: id }),
    region: region ?? alias,
    // No probe from outside reaches a private origin.
    signals: [kind === 'VPC origin' ? { type: 'alarm', alarmName: `${alias}-unhealthy` } : { type: 'http', path: healthPath }],
  };
}

function titleOf({ id, domainName }: FoundDistribution): string[] {
  const name = `${id ?? ''}${domainName === undefined ? '' : ` (${domainName})`}`;
  return [
    `Routing of distribution ${name}.`,
    `Written once by init; from now on this file is yours. ${pageOf('config.md')} has every field.`,
  ];
}

function commentsOf({ origins, services }: Proposal): Record<string, string> {
  const home = services[0]?.order[0];
  return Object.fromEntries(
    origins.map(({ alias, id, domainName, kind }) => [
      `origins.${alias}`,
      `${kind} ${domainName}${services.length === 1 && id === home ? ', home: it has all viewers while it is healthy' : ''}`,
    ]),
  );
}

/** The first distribution of a parsed configuration, which is the only one that init writes. */
function onlyDistribution({ distributions = [] }: EdgeConfig) {
  const [only] = distributions;
  if (only === undefined) throw new Error('init wrote a configuration without a distribution');
  return only;
}

/** The distribution as a plan takes it; a source without its account has `ACCOUNT` in its place. */
function asLive({ id = '', domainName = '', arn, config }: FoundDistribution): LiveDistribution {
  return { id, arn: arn ?? `arn:aws:cloudfront::ACCOUNT:distribution/${id}`, domainName, isDeployed: true, etag: '', config };
}

function onlyNew(part: ManagedPart, wider: DistributionPlan, adoption: DistributionPlan): FurtherChange {
  const isNew = (known: readonly unknown[]) => (one: unknown) => !known.some((other) => JSON.stringify(other) === JSON.stringify(one));
  return { part, changes: wider.changes.filter(isNew(adoption.changes)), hazards: wider.hazards.filter(isNew(adoption.hazards)) };
}

function nameBefore({ services }: Proposal): InitPlan['before'] {
  const arn = services.flatMap(({ behaviors }) => behaviors).find(({ foreign }) => foreign !== undefined)?.foreign;
  if (arn === undefined) return undefined;
  const functionName = functionNameOf(arn);
  return { functionName, file: `./edge/${functionName}.js` };
}

function listUntouched({ origins, behaviors }: DistributionSurvey, { origins: routed, services }: Proposal): InitPlan['untouched'] {
  const adopted = services.flatMap((service) => service.behaviors.map(({ name }) => name));
  return {
    origins: origins.map(({ id }) => id).filter((id) => !routed.some((origin) => origin.id === id)),
    behaviors: behaviors.map(({ name }) => name).filter((name) => !adopted.includes(name)),
  };
}

function listNotes({ origins, services }: Proposal): string[] {
  const behaviors = services.flatMap((service) => service.behaviors.map((behavior) => ({ ...behavior, first: service.order[0] ?? '' })));
  const moved = behaviors.filter(({ target, first }) => target !== first);
  const grouped = behaviors.filter(({ group }) => group.length > 0);
  const hidden = origins.filter(({ kind }) => kind === 'VPC origin');
  const unplaced = origins.filter(({ region }) => region === undefined);
  const guarded = behaviors.filter(({ foreign }) => foreign !== undefined);
  const unguarded = guarded.length === 0 ? [] : behaviors.filter(({ foreign }) => foreign === undefined);
  const names = (list: readonly { name: string }[]) => list.map(({ name }) => name).join(', ');
  const aliases = (list: readonly { alias: string }[]) => list.map(({ alias }) => alias).join(', ');
  return [
    ...moved.map(({ name, target, first }) => `--home moves the viewers of ${name} from ${target} to ${first} while both are healthy`),
    ...(unguarded.length === 0
      ? []
      : [`the team's function runs on ${names(guarded)} today, and as \`before\` it runs on ${names(unguarded)}, too`]),
    ...(grouped.length === 0
      ? []
      : [
          `${names(grouped)} targets an origin group: with the function on it, the function chooses the origins, and the group serves requests that the function leaves alone`,
        ]),
    ...(hidden.length === 0
      ? []
      : [`no probe from outside reaches ${aliases(hidden)}: create the CloudWatch alarms that the signals name, or change the signals`]),
    ...(unplaced.length === 0
      ? []
      : [`no AWS region is in the names of ${aliases(unplaced)}: change \`region\` to what you call their places`]),
  ];
}
