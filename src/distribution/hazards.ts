import type { CacheBehavior, DefaultCacheBehavior, DistributionConfig } from '@aws-sdk/client-cloudfront';
import type { LiveDistribution } from '../aws/distribution.ts';
import { coversPattern, defaultBehavior, isSameBehavior } from '../config/path-pattern.ts';
import { EdgeError } from '../errors.ts';
import { typed } from '../text/typed.ts';
import type { ConfigChange } from './config-tree.ts';

/** Hazards that `--accept` can name. */
export const acceptableHazards = ['replaced-function', 'never-reached', 'sends-more', 'drained-origin'] as const;
type AcceptableHazard = (typeof acceptableHazards)[number];

/** A consequence of a plan that its list of changes does not show. */
export interface Hazard {
  /**
   * `refused`: CloudFront would refuse it. `note`: does not stop the command. The others stop it until they are
   * accepted.
   */
  kind: 'refused' | 'note' | AcceptableHazard;
  /** What it does, and to which viewers. */
  message: string;
  hint: string;
  /** The behavior's key, see `namedBehaviors`; undefined for what is not about one behavior alone. */
  behavior?: string;
}

export type Behavior = CacheBehavior | DefaultCacheBehavior;

/** The part of a plan that shows its hazards. */
interface Planned {
  live: LiveDistribution | undefined;
  changes: readonly ConfigChange[];
  next: DistributionConfig;
}

export interface HazardOptions {
  /** The function on viewer requests that the configuration says it replaces, by behavior. */
  replaces?: Readonly<Record<string, string>>;
  /** Where the rest of the distribution is described. Default distribution.json. */
  source?: 'distribution.json' | 'the tool that owns the distribution';
}

/** What applying the plan would do to viewers, or could not do. Empty for a new distribution. */
export function findHazards(
  { live, next, changes }: Planned,
  { replaces = {}, source = 'distribution.json' }: HazardOptions = {},
): Hazard[] {
  if (live === undefined || changes.length === 0) return [];
  const changed = new Set(changes.map(({ path }) => /^\w+/.exec(path)?.[0] ?? ''));
  const before = namedBehaviors(live.config);
  const isDeclared = (key: string, arn: string) => Object.entries(replaces).some(([name, old]) => isSameBehavior(name, key) && old === arn);
  return [
    ...namedBehaviors(next).flatMap(({ key, name, behavior }) => {
      const was = before.find((each) => each.key === key)?.behavior;
      return [
        ...findLambda(name, behavior, source),
        ...findReplaced(name, was, behavior, (arn) => isDeclared(key, arn)),
        ...findLegacyEnd(name, was, behavior),
      ].map((hazard) => ({ ...hazard, behavior: key }));
    }),
    ...findUnreached(live.config, next, changed, source),
    ...findPolicy(live.config, next, changed),
    ...findSharedIds(next),
    ...findDowngrade(live.config, next),
  ];
}

/** CONFLICT for the first hazard that stops the command. */
export function checkHazards(hazards: readonly Hazard[], accepted: readonly string[]): void {
  const unknown = accepted.find((kind) => !acceptableHazards.some((known) => known === kind));
  if (unknown !== undefined)
    throw new EdgeError('USAGE', `--accept: unknown hazard "${unknown}"`, { hint: `hazards: ${acceptableHazards.join(', ')}` });
  const found = hazards.find(({ kind }) => kind !== 'note' && !accepted.includes(kind));
  if (found !== undefined) throw new EdgeError('CONFLICT', found.message, { hint: found.hint });
}

/** DG edge-function-restrictions-all.html: one behavior cannot have both kinds on viewer events. */
function findLambda(name: string, behavior: Behavior, source: string): Hazard[] {
  const lambda = behavior.LambdaFunctionAssociations?.Items?.find(({ EventType }) => EventType?.startsWith('viewer-'));
  if (lambda === undefined || (behavior.FunctionAssociations?.Items?.length ?? 0) === 0) return [];
  const { EventType = '', LambdaFunctionARN = '' } = lambda;
  const how = source === 'distribution.json' ? '--drop' : source;
  return [
    {
      kind: 'refused',
      message: `${name} runs Lambda@Edge on ${EventType} (${LambdaFunctionARN}): CloudFront refuses it together with a CloudFront Function on viewer events`,
      hint: `move that code to an origin event or into the function, then remove the association with ${how}`,
    },
  ];
}

function findReplaced(name: string, was: Behavior | undefined, behavior: Behavior, isDeclared: (arn: string) => boolean): Hazard[] {
  return (['viewer-request', 'viewer-response'] as const).flatMap((event): Hazard[] => {
    const [old, fresh] = [arnOn(was, event), arnOn(behavior, event)];
    if (old === undefined || fresh === undefined || old === fresh) return [];
    const message = `${name} would run ${fresh} on ${event} instead of ${old}: viewers lose what the old function does`;
    if (event === 'viewer-request' && isDeclared(old))
      return [{ kind: 'note', message: `${message}, unless \`before\` has its code`, hint: 'un-adopt puts the old function back' }];
    return [
      {
        kind: 'replaced-function',
        message,
        hint: 'move its code into the new function first; --accept replaced-function replaces it anyway',
      },
    ];
  });
}

/** A cache policy makes CloudFront ignore the older settings, which the plan lists as removed. */
function findLegacyEnd(name: string, was: Behavior | undefined, behavior: Behavior): Hazard[] {
  if (was?.ForwardedValues === undefined || behavior.ForwardedValues !== undefined) return [];
  return [
    {
      kind: 'note',
      message: `${name} has legacy cache settings; ${behavior.CachePolicyId}${behavior.OriginRequestPolicyId === undefined ? '' : ` and ${behavior.OriginRequestPolicyId}`} would decide instead what is cached and what the origin receives`,
      hint: `${typed('distribution:plan')} shows the settings that are removed`,
    },
  ];
}

/** CloudFront takes the first behavior whose pattern matches, the default one last. */
function findUnreached(live: DistributionConfig, next: DistributionConfig, changed: ReadonlySet<string>, source: string): Hazard[] {
  if (!changed.has('CacheBehaviors') && !changed.has('DefaultCacheBehavior')) return [];
  const old = inOrder(live);
  const order = inOrder(next);
  return order.flatMap(({ key, name, pattern, behavior }, place): Hazard[] => {
    const wide = order.slice(0, place).find((earlier) => coversPattern(earlier.pattern, pattern));
    if (wide === undefined) return [];
    const was = old.findIndex((each) => each.key === key);
    const wideWas = old.findIndex((each) => each.key === wide.key);
    const arn = arnOn(behavior, 'viewer-request');
    const isNewFunction = arn !== undefined && arn !== arnOn(old[was]?.behavior, 'viewer-request');
    // A behavior that was unreachable before is not this plan's concern, unless the plan counts on it.
    const wasUnreached = was >= 0 && wideWas >= 0 && wideWas < was;
    if (wasUnreached && !(isNewFunction && arnOn(wide.behavior, 'viewer-request') !== arn)) return [];
    return [
      {
        kind: 'never-reached',
        message: `${name} would get no request: ${wide.key} comes first and matches all of them, so they get neither its function nor failover`,
        hint:
          source === 'distribution.json'
            ? `put ${wide.key} after ${key} in distribution.json; --accept never-reached applies it anyway`
            : `name ${wide.key} in behaviors too, or put it after ${key} with ${source}; --accept never-reached applies it anyway`,
      },
    ];
  });
}

/** All behaviors, the first that CloudFront compares with a path first. */
function inOrder(config: DistributionConfig): { key: string; name: string; pattern: string; behavior: Behavior }[] {
  const all = namedBehaviors(config).map((each) => ({ ...each, pattern: each.key === defaultBehavior ? '/*' : each.key }));
  return [...all.filter(({ key }) => key !== defaultBehavior), ...all.filter(({ key }) => key === defaultBehavior)];
}

/** DG continuous-deployment-quotas-considerations.html, aws/aws-cli#10446. */
function findPolicy(live: DistributionConfig, next: DistributionConfig, changed: ReadonlySet<string>): Hazard[] {
  const policy = live.ContinuousDeploymentPolicyId ?? '';
  const refused = ['ViewerCertificate', 'WebACLId'].filter((field) => changed.has(field));
  if (policy === '' || (next.ContinuousDeploymentPolicyId ?? '') === '' || refused.length === 0) return [];
  return [
    {
      kind: 'refused',
      message: `CloudFront refuses to change ${refused.join(' and ')} while the continuous deployment policy ${policy} is attached`,
      hint: `end its rollout first: ${typed('distribution:unstage')}; or detach it in the same command: --drop ContinuousDeploymentPolicyId`,
    },
  ];
}

function findSharedIds(next: DistributionConfig): Hazard[] {
  const ids = new Set((next.Origins?.Items ?? []).map(({ Id }) => Id));
  return (next.OriginGroups?.Items ?? [])
    .filter(({ Id }) => ids.has(Id))
    .map(({ Id }) => ({
      kind: 'refused' as const,
      message: `${Id} is an origin group of the live distribution and an origin in distribution.json: CloudFront refuses the same id twice`,
      hint: 'give the origin another id, or drop the group',
    }));
}

function findDowngrade(live: DistributionConfig, next: DistributionConfig): Hazard[] {
  const hasHttp3 = (version: string | undefined) => version === 'http3' || version === 'http2and3';
  if (!hasHttp3(live.HttpVersion) || hasHttp3(next.HttpVersion)) return [];
  return [
    {
      kind: 'note',
      message: `viewers on HTTP/3 (${live.HttpVersion}) would fall back to ${next.HttpVersion}`,
      hint: `HttpVersion ${live.HttpVersion} in distribution.json keeps it, without staged rollouts`,
    },
  ];
}

/** All behaviors by their path pattern, or `default`. */
export function namedBehaviors(config: DistributionConfig): { key: string; name: string; behavior: Behavior }[] {
  const { DefaultCacheBehavior: usual, CacheBehaviors } = config;
  return [
    ...(usual === undefined ? [] : [{ key: defaultBehavior, name: 'the default behavior', behavior: usual }]),
    ...(CacheBehaviors?.Items ?? []).map((behavior) => {
      const { PathPattern = '' } = behavior;
      // A path pattern of that name is not the default behavior.
      return { key: PathPattern === defaultBehavior ? `/${PathPattern}` : PathPattern, name: `the behavior ${PathPattern}`, behavior };
    }),
  ];
}

/** The function of a behavior on this event. */
export function arnOn(behavior: Behavior | undefined, event: string): string | undefined {
  return behavior?.FunctionAssociations?.Items?.find(({ EventType }) => EventType === event)?.FunctionARN;
}
