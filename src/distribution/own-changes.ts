import type { CloudFrontClient, DistributionConfig, Origin } from '@aws-sdk/client-cloudfront';
import type { LiveDistribution } from '../aws/distribution.ts';
import { describeFunction } from '../aws/function.ts';
import { readCachePolicy, readOriginRequestPolicy } from '../aws/policies.ts';
import { completeDistribution } from '../config/complete-distribution.ts';
import type { EdgeConfig, ManagedDistribution, ManagedPart } from '../config/edge-config.ts';
import {
  type CachePolicy,
  countryHeader,
  countryPolicyId,
  forwardsHost,
  managedOriginRequestPolicies,
  type OriginRequestPolicy,
  sendsCountry,
} from '../config/managed-policies.ts';
import { defaultBehavior, isSameBehavior } from '../config/path-pattern.ts';
import { usesCountry } from '../config/services.ts';
import { EdgeError } from '../errors.ts';
import { typed } from '../text/typed.ts';
import { configTree, diffConfigs } from './config-tree.ts';
import { arnOn, type Behavior, findHazards, type Hazard, namedBehaviors } from './hazards.ts';
import type { DistributionPlan } from './plan.ts';

// Who owns what, without distribution.json: the distribution with its origins, policies, certificates and all other
// settings belongs to the team's own tool, and goes back byte for byte. Ours are the association of the edge function
// on the named behaviors and what `manage` names.

/** What changes on a distribution that another tool owns. */
export interface OwnChanges extends Pick<ManagedDistribution, 'behaviors' | 'replaces'> {
  functionName: string;
  manage: readonly ManagedPart[];
  /** The ids that the distribution must know the router's origins by. */
  originIds: readonly string[];
  /** The viewer's country decides an order of origins. */
  usesCountry: boolean;
}

/** What a plan must know beside the distribution. */
export interface OwnFacts {
  /** The function has a LIVE stage: CloudFront associates only such functions. */
  isPublished: boolean;
  cachePolicies: Readonly<Record<string, CachePolicy | undefined>>;
  originRequestPolicies: Readonly<Record<string, OriginRequestPolicy | undefined>>;
}

/** What edge.config.ts says about one of its distributions. */
export function ownChanges(config: EdgeConfig, { behaviors, replaces }: Pick<ManagedDistribution, 'behaviors' | 'replaces'>): OwnChanges {
  return {
    functionName: config.functionName,
    behaviors,
    replaces,
    manage: config.manage,
    originIds: Object.values(config.origins).map(({ originId }) => originId),
    usesCountry: usesCountry(config),
  };
}

/**
 * Reads what a plan must know of the account: whether the function is published, and what the policies of its behaviors
 * mean.
 */
export async function readOwnFacts(client: CloudFrontClient, live: LiveDistribution, own: OwnChanges): Promise<OwnFacts> {
  const behaviors = namedBehaviors(live.config).flatMap(({ key, behavior }) => (isNamed(key, own) ? behavior : []));
  const open = async () => client;
  const readAll = async <P>(ids: (string | undefined)[], read: (id: string) => Promise<P>): Promise<Record<string, P>> =>
    Object.fromEntries(
      await Promise.all([...new Set(ids)].flatMap((id) => (id === undefined ? [] : [read(id).then((found) => [id, found] as const)]))),
    );
  const [version, cachePolicies, originRequestPolicies] = await Promise.all([
    describeFunction(client, own.functionName, 'LIVE'),
    readAll(
      behaviors.map(({ CachePolicyId }) => CachePolicyId),
      (id) => readCachePolicy(open, id),
    ),
    readAll(
      behaviors.map(({ OriginRequestPolicyId }) => OriginRequestPolicyId),
      (id) => readOriginRequestPolicy(open, id),
    ),
  ]);
  return { isPublished: version !== undefined, cachePolicies, originRequestPolicies };
}

/**
 * The plan that puts our own changes into a live distribution. CONFIG_INVALID when it lacks an origin or a behavior
 * that edge.config.ts names.
 */
export function planOwnChanges(live: LiveDistribution, own: OwnChanges, facts: OwnFacts): DistributionPlan {
  checkNames(live, own);
  const arn = functionArn(live, own.functionName);
  const noted: Hazard[] = [];
  const next = mapConfig(live.config, {
    behavior: (behavior, key) => {
      if (!isNamed(key, own)) return behavior;
      const routed = withFunction(behavior, arn);
      const { next: changed, hazards } = decideCountry(routed, nameOf(key), own, facts);
      noted.push(...hazards);
      return changed;
    },
    origin: (origin) => (own.manage.includes('timeouts') && own.originIds.includes(origin.Id ?? '') ? lowerTimeouts(origin) : origin),
  });
  const plan = planTo(live, next);
  if (plan.changes.length === 0) return plan;
  const found = findHazards(plan, { replaces: own.replaces, source: 'the tool that owns the distribution' });
  const isAdded = plan.changes.some(({ after }) => JSON.stringify(after ?? '').includes(arn));
  return {
    ...plan,
    hazards: [...(isAdded && !facts.isPublished ? [unpublished(own)] : []), ...found, ...noted, ...noteStaging(live)],
  };
}

/** The plan that leads to another form of the live config. */
function planTo(live: LiveDistribution, config: DistributionConfig): DistributionPlan {
  const next = completeDistribution(config);
  return {
    live,
    changes: diffConfigs(configTree(live.config), configTree(next)),
    kept: [],
    unusedDrops: [],
    next,
    hazards: [],
    isOwn: true,
  };
}

/** What a removal must know beside the distribution. */
export interface RemovalFacts {
  /** The functions among `replaces` that have a LIVE stage. */
  published: readonly string[];
  /**
   * The origins of which the health record keeps viewers away, by their ids in the distribution; undefined when it
   * cannot be read.
   */
  drained: readonly string[] | undefined;
}

/**
 * The plan that takes the edge function off every behavior, and puts back what `replaces` says was there. All else
 * stays, also what `manage` changed.
 */
export function planRemoval(
  live: LiveDistribution,
  { functionName, replaces }: Pick<OwnChanges, 'functionName' | 'replaces'>,
  { published, drained }: RemovalFacts,
): DistributionPlan {
  const ours = functionArn(live, functionName);
  const hazards: Hazard[] = [];
  const next = mapConfig(live.config, {
    behavior: (behavior, key) => {
      if (arnOn(behavior, 'viewer-request') !== ours) return behavior;
      const old = Object.entries(replaces).find(([name]) => isSameBehavior(name, key))?.[1];
      hazards.push(...findRemoval(resolveTarget(behavior, live.config), nameOf(key), old, published, drained));
      return withFunction(behavior, old);
    },
  });
  const plan = planTo(live, next);
  return { ...plan, hazards: plan.changes.length === 0 ? [] : [...hazards, ...noteStaging(live)] };
}

/** Where a behavior sends its viewers without the edge function. */
interface RemovalTarget {
  /** The origin that gets each request first. */
  target: string;
  words: string;
}

/** An origin group sends each request to its first member. */
function resolveTarget({ TargetOriginId: id = '' }: Behavior, { OriginGroups }: DistributionConfig): RemovalTarget {
  const group = OriginGroups?.Items?.find(({ Id }) => Id === id);
  if (group === undefined) return { target: id, words: `${id} again, without failover` };
  const [target = '', second = ''] = (group.Members?.Items ?? []).map(({ OriginId = '' }) => OriginId);
  return { target, words: `the origin group ${id} again: to ${target}, and to ${second} only when a request fails there` };
}

function findRemoval(
  { target, words }: RemovalTarget,
  name: string,
  old: string | undefined,
  published: readonly string[],
  drained: readonly string[] | undefined,
): Hazard[] {
  const all = `all its viewers go to ${words}`;
  const isDrained = drained?.includes(target) === true;
  return [
    isDrained
      ? {
          kind: 'drained-origin',
          message: `${name}: ${all}, and the health record keeps viewers away from ${target} now`,
          hint: 'wait until it has recovered and its viewers are back; --accept drained-origin does it anyway',
        }
      : {
          kind: 'note',
          message: `${name}: ${all}${drained === undefined ? '; whether it is healthy could not be read' : ''}`,
          hint: `${typed('failover --')} status shows how it is`,
        },
    ...(old === undefined || published.includes(old)
      ? []
      : [
          {
            kind: 'refused' as const,
            message: `${name} had ${old} before, which is not published any more`,
            hint: 'publish it again, or remove it from `replaces` in edge.config.ts',
          },
        ]),
  ];
}

/** Reads what a removal must know: which of the functions to put back are there. */
export async function readPublished(client: CloudFrontClient, arns: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    [...new Set(arns)].map(async (arn) => {
      const version = await describeFunction(client, arn.replace(/^.*:function\//, ''), 'LIVE');
      return version?.arn === arn ? [arn] : [];
    }),
  );
  return found.flat();
}

function nameOf(key: string): string {
  return key === defaultBehavior ? 'the default behavior' : `the behavior ${key}`;
}

/** The function with this name in the distribution's account. */
export function functionArn({ arn }: Pick<LiveDistribution, 'arn'>, name: string): string {
  const [, partition = 'aws', , , account = ''] = arn.split(':');
  return `arn:${partition}:cloudfront::${account}:function/${name}`;
}

function isNamed(key: string, { behaviors }: OwnChanges): boolean {
  return behaviors.some((name) => isSameBehavior(name, key));
}

function checkNames({ id, config }: LiveDistribution, own: OwnChanges): void {
  const keys = namedBehaviors(config).map(({ key }) => key);
  const origins = (config.Origins?.Items ?? []).map(({ Id = '' }) => Id);
  const problems = [
    ...own.behaviors
      .filter((name) => !keys.some((key) => isSameBehavior(name, key)))
      .map((name) => `distribution ${id} has no behavior ${name}; its behaviors: ${keys.join(', ')}`),
    ...own.originIds
      .filter((originId) => !origins.includes(originId))
      .map((originId) => `distribution ${id} has no origin ${originId}; its origins: ${origins.join(', ')}`),
  ];
  if (config.Staging === true) problems.unshift(`distribution ${id} is a staging distribution: name its primary`);
  if (problems.length === 0) return;
  throw new EdgeError('CONFIG_INVALID', problems.join('\n'), {
    hint: 'edge.config.ts must name what the distribution has; add the rest with the tool that owns it',
  });
}

function mapConfig(
  config: DistributionConfig,
  change: { behavior: <B extends Behavior>(behavior: B, key: string) => B; origin?: (origin: Origin) => Origin },
): DistributionConfig {
  const { DefaultCacheBehavior, CacheBehaviors, Origins } = config;
  const keys = namedBehaviors({ ...config, DefaultCacheBehavior: undefined }).map(({ key }) => key);
  return {
    ...config,
    DefaultCacheBehavior: DefaultCacheBehavior && change.behavior(DefaultCacheBehavior, defaultBehavior),
    ...(CacheBehaviors?.Items && {
      CacheBehaviors: { ...CacheBehaviors, Items: CacheBehaviors.Items.map((each, place) => change.behavior(each, keys[place] ?? '')) },
    }),
    ...(Origins?.Items && change.origin && { Origins: { ...Origins, Items: Origins.Items.map(change.origin) } }),
  };
}

/** The behavior with this function on viewer requests; what it has on viewer responses stays. Without an ARN: none. */
function withFunction<B extends Behavior>(behavior: B, arn: string | undefined): B {
  if (arnOn(behavior, 'viewer-request') === arn) return behavior;
  const others = (behavior.FunctionAssociations?.Items ?? []).filter(({ EventType }) => EventType !== 'viewer-request');
  const items = [...others, ...(arn === undefined ? [] : [{ EventType: 'viewer-request' as const, FunctionARN: arn }])];
  return { ...behavior, FunctionAssociations: { Quantity: items.length, ...(items.length > 0 && { Items: items }) } };
}

/** Our own limits, as the sample has them: a viewer of a silent origin waits 12 s at most. */
const maxTimeouts = { ConnectionAttempts: 1, ConnectionTimeout: 2, OriginReadTimeout: 10 };

function lowerTimeouts(origin: Origin): Origin {
  const { ConnectionAttempts = 3, ConnectionTimeout = 10, CustomOriginConfig: custom, VpcOriginConfig: vpc } = origin;
  const read = (given = 30) => ({ OriginReadTimeout: Math.min(given, maxTimeouts.OriginReadTimeout) });
  return {
    ...origin,
    ConnectionAttempts: Math.min(ConnectionAttempts, maxTimeouts.ConnectionAttempts),
    ConnectionTimeout: Math.min(ConnectionTimeout, maxTimeouts.ConnectionTimeout),
    ...(custom && { CustomOriginConfig: { ...custom, ...read(custom.OriginReadTimeout) } }),
    ...(vpc && { VpcOriginConfig: { ...vpc, ...read(vpc.OriginReadTimeout) } }),
  };
}

/** Lets the function see the viewer's country where `manage` says so; otherwise a note where it does not. */
function decideCountry<B extends Behavior>(behavior: B, name: string, own: OwnChanges, facts: OwnFacts): { next: B; hazards: Hazard[] } {
  if (hasCountry(behavior, facts)) return { next: behavior, hazards: [] };
  const { OriginRequestPolicyId: id, ForwardedValues: legacy } = behavior;
  const isManaged = own.manage.includes('origin-request-policy');
  const missing = `${name} does not send CloudFront-Viewer-Country: the function gives every viewer the default order`;
  const note = (hint: string): Hazard => ({ kind: 'note', message: missing, hint });
  if (!isManaged)
    return {
      next: behavior,
      hazards: own.usesCountry
        ? [note(`OriginRequestPolicyId ${countryPolicyId} sends it; manage: ['origin-request-policy'] sets it`)]
        : [],
    };
  if (legacy !== undefined) return { next: behavior, hazards: [note(`add ${countryHeader} to the headers of its ForwardedValues`)] };
  if (id !== undefined && managedOriginRequestPolicies[id] === undefined)
    return { next: behavior, hazards: [note(`add ${countryHeader} to the team's own policy ${id}`)] };
  const policy = id === undefined ? undefined : facts.originRequestPolicies[id];
  const next = { ...behavior, OriginRequestPolicyId: countryPolicyId };
  const isAll = policy?.headers === 'all' && policy.cookies === 'all' && policy.queryStrings === 'all' && forwardsHost(policy);
  if (isAll) return { next, hazards: [] };
  return {
    next,
    hazards: [
      {
        kind: 'sends-more',
        message: `${name} would send every header of the viewer, Host among them, all cookies and the query string to its origins; now it has ${policy?.name ?? 'no origin request policy'}`,
        hint: `an origin that expects its own Host, such as API Gateway, a Lambda URL or a bucket, then fails; --accept sends-more does it anyway`,
      },
    ],
  };
}

function hasCountry(behavior: Behavior, { cachePolicies, originRequestPolicies }: OwnFacts): boolean {
  const { CachePolicyId = '', OriginRequestPolicyId = '', ForwardedValues } = behavior;
  const policy = originRequestPolicies[OriginRequestPolicyId];
  const named = [...(cachePolicies[CachePolicyId]?.headers ?? []), ...(ForwardedValues?.Headers?.Items ?? [])];
  return named.some((header) => header.toLowerCase() === countryHeader) || (policy !== undefined && sendsCountry(policy));
}

function unpublished({ functionName }: OwnChanges): Hazard {
  return {
    kind: 'refused',
    message: `function ${functionName} is not published, and CloudFront associates only published functions`,
    hint: typed('function:publish'),
  };
}

/** What a change of the primary alone means while a staged rollout runs. */
export function noteStaging({ config }: LiveDistribution): Hazard[] {
  const policy = config.ContinuousDeploymentPolicyId;
  if (!policy) return [];
  return [
    {
      kind: 'note',
      message: `the continuous deployment policy ${policy} is attached: viewers of its staging distribution do not get this change, and promoting that distribution undoes it`,
      hint: 'make the change on the staging distribution too, or end its rollout first',
    },
  ];
}
