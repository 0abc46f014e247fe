import { defaultBehavior, isSameBehavior } from '../../config/path-pattern.ts';
import { EdgeError } from '../../errors.ts';
import { nearestName } from '../../text/nearest-name.ts';
import { type DistributionSurvey, isRandom, likenessOf, placesOfRegions, type SurveyedBehavior, type SurveyedOrigin } from './survey.ts';

/** What the team has decided; the rest is proposed. */
export interface Choice {
  /** Origins that belong together, by id or domain name: one group for each service, its regions in it. */
  groups?: readonly (readonly string[])[];
  /** The origin that all orders begin with. Default: each behavior keeps the origin that it has today. */
  home?: string;
  /** Behaviors to adopt. Default: all that target one of the origins. */
  paths?: readonly string[];
  /** The router's name: behaviors that run it have been adopted before. Default: none. */
  functionName?: string;
}

/** A behavior to adopt. */
interface AdoptedBehavior extends SurveyedBehavior {
  /** The ARN of the team's own function on viewer-request. */
  foreign: string | undefined;
}

export interface ProposedOrigin extends SurveyedOrigin {
  alias: string;
}

/** Behaviors with one order of origins. */
interface ProposedService {
  name: string;
  behaviors: readonly AdoptedBehavior[];
  /** Ids of origins. */
  order: readonly string[];
}

export interface Proposal {
  origins: readonly ProposedOrigin[];
  /** One service for each run of behaviors with the same order. */
  services: readonly ProposedService[];
  /** Behaviors of these origins that cannot be adopted as they are. */
  blocked: readonly BlockedBehavior[];
}

export interface BlockedBehavior {
  name: string;
  problem: string;
  hint: string;
}

/**
 * What adopting this distribution would route. While all origins are healthy every request goes where it goes today,
 * unless `home` changes that. Throws USAGE, ORIGIN_UNKNOWN, CONFLICT or NOT_FOUND with what is missing.
 */
export function proposeAdoption(survey: DistributionSurvey, choice: Choice = {}): Proposal {
  const groups = choice.groups === undefined ? proposeGroups(survey) : choice.groups.map((names) => findGroup(survey, names));
  if (groups.length === 0) throw noGroup(survey);
  const home = choice.home === undefined ? undefined : findOrigin(survey, choice.home).id;
  if (home !== undefined && !groups.flat().includes(home))
    throw new EdgeError('USAGE', `--home ${choice.home} is not among the origins ${groups.flat().join(', ')}`, {
      hint: 'name it in --origins, too',
    });
  const wanted = chooseBehaviors(survey, groups, choice.paths);
  const blocked = wanted.flatMap(findBlock);
  const [first] = blocked;
  const adopted = wanted
    .filter(({ name }) => !blocked.some((each) => each.name === name))
    .map((behavior) => ({ ...behavior, foreign: foreignOf(behavior, choice.functionName) }));
  if (first !== undefined && (choice.paths !== undefined || adopted.length === 0)) throw new EdgeError('CONFLICT', first.problem, first);
  checkOneFunction(adopted);
  const services = joinServices(adopted, groups, home);
  const used = new Set(services.flatMap(({ order }) => order));
  return {
    origins: nameOrigins(
      survey.origins.filter(({ id }) => used.has(id)),
      services,
    ),
    services,
    blocked,
  };
}

/**
 * Groups of origins that look like regions of one service, those with behaviors. Empty when nothing shows which belong
 * together.
 */
export function proposeGroups({ origins, behaviors }: DistributionSurvey): string[][] {
  const routable = origins.filter(({ isRoutable }) => isRoutable);
  const groups = joinOrigins(routable, behaviors);
  if (groups.length === 0) {
    const kinds = [...new Set(routable.map(({ kind }) => kind))].map((kind) => routable.filter((origin) => origin.kind === kind));
    groups.push(...kinds.filter((same) => same.length > 1 && isSpread(same)).map((same) => same.map(({ id }) => id)));
  }
  const [one, other, third] = routable;
  if (groups.length === 0 && one !== undefined && other !== undefined && third === undefined) groups.push([one.id, other.id]);
  return groups.filter((ids) => behaviors.some(({ target }) => ids.includes(target)));
}

/** Members of one origin group, and origins whose domain names are alike. */
function joinOrigins(routable: readonly SurveyedOrigin[], behaviors: readonly SurveyedBehavior[]): string[][] {
  const groupOf = new Map(routable.map(({ id }) => [id, [id]]));
  const join = (one: string, other: string) => {
    const [left, right] = [groupOf.get(one), groupOf.get(other)];
    if (left === undefined || right === undefined || left === right) return;
    left.push(...right);
    for (const id of right) groupOf.set(id, left);
  };
  for (const { group } of behaviors) for (const id of group.slice(1)) join(group[0] ?? '', id);
  for (const [index, one] of routable.entries())
    for (const other of routable.slice(index + 1))
      if (likenessOf(one) === likenessOf(other) && (one.region === undefined || one.region !== other.region)) join(one.id, other.id);
  return [...new Set(groupOf.values())].filter((ids) => ids.length > 1);
}

/** Each in another region. */
function isSpread(origins: readonly SurveyedOrigin[]): boolean {
  const regions = origins.map(({ region }) => region);
  return !regions.includes(undefined) && new Set(regions).size === regions.length;
}

function noGroup({ origins }: DistributionSurvey): EdgeError {
  const routable = origins.filter(({ isRoutable }) => isRoutable);
  const [only] = routable;
  const list = origins.map(({ id, kind }) => `${id} (${kind})`).join(', ');
  if (only === undefined)
    return new EdgeError('NOT_FOUND', `the distribution has no origin that a second region could replace: ${list}`, {
      hint: 'buckets that hold the same files can be routed, too: name them with --origins a,b',
    });
  if (routable.length === 1)
    return new EdgeError(
      'NOT_FOUND',
      `failover needs two regions, and the distribution has one origin for it: ${only.id} (${only.domainName})`,
      {
        hint: 'add the second region as an origin with the tool that owns the distribution; no behavior needs to target it. Then run init again',
      },
    );
  return new EdgeError('USAGE', `nothing shows which origins belong together: ${list}`, { hint: 'name them: --origins a,b' });
}

function findGroup(survey: DistributionSurvey, names: readonly string[]): string[] {
  const ids = names.map((name) => findOrigin(survey, name).id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw new EdgeError('USAGE', `--origins names ${twice} twice`, { hint: 'name each origin once' });
  if (ids.length < 2)
    throw new EdgeError('USAGE', `--origins needs at least two origins of one service, found ${ids.join(', ') || 'none'}`, {
      hint: `origins of the distribution: ${survey.origins.map(({ id }) => id).join(', ')}`,
    });
  return ids;
}

function findOrigin({ origins }: DistributionSurvey, name: string): SurveyedOrigin {
  const found = origins.find(({ id }) => id === name) ?? origins.find(({ domainName }) => domainName.toLowerCase() === name.toLowerCase());
  if (found !== undefined) return found;
  const near = nearestName(
    name,
    origins.map(({ id }) => id),
  );
  throw new EdgeError('ORIGIN_UNKNOWN', `the distribution has no origin "${name}"`, {
    hint: near === undefined ? `it has ${origins.map(({ id }) => id).join(', ')}` : `did you mean ${near}?`,
  });
}

function chooseBehaviors(
  { behaviors }: DistributionSurvey,
  groups: readonly string[][],
  paths: readonly string[] | undefined,
): SurveyedBehavior[] {
  const ids = groups.flat();
  if (paths === undefined) {
    const found = behaviors.filter(({ target }) => ids.includes(target));
    if (found.length > 0) return found;
    throw new EdgeError('NOT_FOUND', `no behavior targets ${ids.join(' or ')}`, {
      hint: `behaviors: ${behaviors.map(({ name, target }) => `${name} → ${target}`).join(', ')}`,
    });
  }
  const chosen = paths.map((path) => {
    const found = behaviors.find(({ name }) => isSameBehavior(name, path));
    if (found === undefined)
      throw new EdgeError('USAGE', `the distribution has no behavior ${path}`, {
        hint: `behaviors: ${behaviors.map(({ name }) => name).join(', ')}`,
      });
    if (ids.includes(found.target)) return found;
    throw new EdgeError('USAGE', `the behavior ${found.name} targets ${found.target}, which is not among ${ids.join(', ')}`, {
      hint: 'routing it would move its viewers to another service; leave it out of --paths, or name its origins in --origins',
    });
  });
  // In CloudFront's order, whatever the order of --paths.
  return behaviors.filter((behavior) => chosen.includes(behavior));
}

/**
 * DG edge-function-restrictions-all.html: a behavior with Lambda@Edge on a viewer event takes no CloudFront Function
 * there.
 */
function findBlock({ name, lambda }: SurveyedBehavior): BlockedBehavior[] {
  if (lambda === undefined) return [];
  return [
    {
      name,
      problem: `${nameBehavior(name)} runs Lambda@Edge on ${lambda.event} (${lambda.arn}), and CloudFront allows no function beside it`,
      hint: 'move that code first, to origin-request or into a function that `before` of edge.config.ts names; then run init again',
    },
  ];
}

function foreignOf({ viewerRequest }: SurveyedBehavior, own: string | undefined): string | undefined {
  return viewerRequest === undefined || functionNameOf(viewerRequest) === own ? undefined : viewerRequest;
}

/** One function runs on every adopted behavior, so one function can run before the router. */
function checkOneFunction(adopted: readonly AdoptedBehavior[]): void {
  const byArn = new Map(adopted.flatMap(({ foreign, name }) => (foreign === undefined ? [] : [[foreign, name] as const])));
  if (byArn.size < 2) return;
  const found = [...byArn].map(([arn, name]) => `${name} runs ${functionNameOf(arn)}`).join(', ');
  throw new EdgeError('CONFLICT', `the behaviors run different functions on viewer-request: ${found}`, {
    hint: 'adopt those of one function with --paths, and the others with a configuration of their own (another --function)',
  });
}

/** Behaviors in CloudFront's order; neighbours with one order share a service. */
function joinServices(adopted: readonly AdoptedBehavior[], groups: readonly string[][], home: string | undefined): ProposedService[] {
  const runs: { behaviors: AdoptedBehavior[]; order: string[] }[] = [];
  for (const behavior of adopted) {
    const ids = groups.find((group) => group.includes(behavior.target)) ?? [];
    const members = [...behavior.group.filter((id) => ids.includes(id)), ...ids];
    const first = home !== undefined && ids.includes(home) ? home : behavior.target;
    const order = [...new Set([first, ...members])];
    const last = runs.at(-1);
    if (last?.order.join('\n') === order.join('\n')) last.behaviors.push(behavior);
    else runs.push({ behaviors: [behavior], order });
  }
  if (runs.length > maxServices)
    throw new EdgeError(
      'USAGE',
      `${runs.length} different orders of origins follow each other in the behaviors, and at most ${maxServices} services are allowed`,
      {
        hint: 'adopt a part with --paths, or give all the same first origin with --home',
      },
    );
  return nameServices(runs);
}

const maxServices = 10;

function nameBehavior(name: string): string {
  return name === defaultBehavior ? 'the default behavior' : `the behavior ${name}`;
}

export function functionNameOf(arn: string): string {
  return arn.slice(arn.indexOf('/') + 1);
}

const aliasText = /^[a-z][a-z0-9-]{0,62}$/;

/**
 * Each origin with an alias that the health record can hold: its id where that is one, else its region's place, else a
 * part of its domain name.
 */
function nameOrigins(origins: readonly SurveyedOrigin[], services: readonly Pick<ProposedService, 'name' | 'order'>[]): ProposedOrigin[] {
  const taken = new Set<string>();
  const hasNames = origins.every(({ id }) => isAlias(id) && !id.split('-').some(isRandom));
  const places = origins.map(({ region }) => (region === undefined ? undefined : (placesOfRegions[region] ?? region)));
  const hasPlaces = services.length < 2 || new Set(places).size === origins.length;
  return origins.map((origin, index) => {
    const place = places[index];
    const service = services.find(({ order }) => order.includes(origin.id))?.name;
    const byPlace = place === undefined ? undefined : hasPlaces ? place : `${service}-${place}`;
    const wanted = hasNames ? origin.id : (byPlace ?? slugOf(origin.domainName.split('.')[0] ?? ''));
    return { ...origin, alias: takeName(wanted, 'origin', taken) };
  });
}

/** A name for each service: the beginning of its first path, `default` for the default behavior. */
function nameServices(services: readonly Omit<ProposedService, 'name'>[]): ProposedService[] {
  const taken = new Set<string>();
  return services.map((service) => {
    const paths = service.behaviors.map(({ name }) => (name === defaultBehavior ? defaultBehavior : slugOf(name)));
    return { ...service, name: takeName(paths.find(isAlias) ?? '', 'service', taken) };
  });
}

/** Letters of a text in lower case, words joined by hyphens, without parts that a tool drew. */
function slugOf(text: string): string {
  return text
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '' && !isRandom(word))
    .join('-')
    .slice(0, 40)
    .replace(/-$/, '');
}

function takeName(wanted: string, otherwise: string, taken: Set<string>): string {
  const base = isAlias(wanted) ? wanted : otherwise;
  let name = base;
  for (let n = 2; taken.has(name); n++) name = `${base}-${n}`;
  taken.add(name);
  return name;
}

function isAlias(text: string): boolean {
  return aliasText.test(text) && !(text in {});
}
