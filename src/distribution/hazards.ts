import type { CacheBehavior, DefaultCacheBehavior, DistributionConfig } from '@aws-sdk/client-cloudfront';
import { coversPattern } from '../config/path-pattern.ts';
import { EdgeError } from '../errors.ts';
import type { DistributionPlan } from './plan.ts';

/** Hazards that `--accept` can name. */
export const acceptableHazards = ['replaced-function', 'never-reached'] as const;
type AcceptableHazard = (typeof acceptableHazards)[number];

/** A consequence of a plan that its list of changes does not show. */
export interface Hazard {
  /** `refused`: CloudFront would refuse it. `note`: does not stop the command. The others stop it until they are accepted. */
  kind: 'refused' | 'note' | AcceptableHazard;
  /** What it does, and to whom. */
  message: string;
  hint: string;
}

type Behavior = CacheBehavior | DefaultCacheBehavior;

/** What applying the plan would do to viewers, or could not do. Empty for a new distribution. */
export function findHazards({ live, next, changes }: Pick<DistributionPlan, 'live' | 'next' | 'changes'>): Hazard[] {
  if (live === undefined || changes.length === 0) return [];
  const changed = new Set(changes.map(({ path }) => /^\w+/.exec(path)?.[0] ?? ''));
  const before = behaviorsOf(live.config);
  return [
    ...behaviorsOf(next).flatMap(({ name, behavior }) => {
      const was = before.find((each) => each.name === name)?.behavior;
      return [...findLambda(name, behavior), ...findReplaced(name, was, behavior), ...findLegacyEnd(name, was, behavior)];
    }),
    ...findUnreached(live.config, next, changed),
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
function findLambda(name: string, behavior: Behavior): Hazard[] {
  const lambda = behavior.LambdaFunctionAssociations?.Items?.find(({ EventType }) => EventType?.startsWith('viewer-'));
  if (lambda === undefined || (behavior.FunctionAssociations?.Items?.length ?? 0) === 0) return [];
  const { EventType = '', LambdaFunctionARN = '' } = lambda;
  return [
    {
      kind: 'refused',
      message: `${name} runs Lambda@Edge on ${EventType} (${LambdaFunctionARN}): CloudFront refuses it together with a CloudFront Function on viewer events`,
      hint: 'move that code to an origin event or into the function, then remove the association with --drop',
    },
  ];
}

function findReplaced(name: string, was: Behavior | undefined, behavior: Behavior): Hazard[] {
  return (['viewer-request', 'viewer-response'] as const).flatMap((event): Hazard[] => {
    const [old, fresh] = [arnOn(was, event), arnOn(behavior, event)];
    if (old === undefined || fresh === undefined || old === fresh) return [];
    return [
      {
        kind: 'replaced-function',
        message: `${name} would run ${fresh} on ${event} instead of ${old}: viewers lose what the old function does`,
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
      hint: 'npm run distribution:plan shows the settings that are removed',
    },
  ];
}

/** CloudFront takes the first behavior whose pattern matches. */
function findUnreached(live: DistributionConfig, next: DistributionConfig, changed: ReadonlySet<string>): Hazard[] {
  if (!changed.has('CacheBehaviors')) return [];
  const order = (next.CacheBehaviors?.Items ?? []).map(({ PathPattern = '' }) => PathPattern);
  const old = (live.CacheBehaviors?.Items ?? []).map(({ PathPattern = '' }) => PathPattern);
  return order.flatMap((pattern, place): Hazard[] => {
    const wide = order.slice(0, place).find((earlier) => coversPattern(earlier, pattern));
    // A behavior that was unreachable before is not this plan's concern.
    if (wide === undefined || (old.includes(pattern) && old.indexOf(wide) < old.indexOf(pattern) && old.includes(wide))) return [];
    return [
      {
        kind: 'never-reached',
        message: `the behavior ${pattern} would get no request: ${wide} comes first and matches all of them, so they get neither its function nor failover`,
        hint: `put ${wide} after ${pattern} in distribution.json; --accept never-reached applies it anyway`,
      },
    ];
  });
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
      hint: 'detach it in the same command: --drop ContinuousDeploymentPolicyId; its staging distribution then serves no viewers',
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

function behaviorsOf(config: DistributionConfig): { name: string; behavior: Behavior }[] {
  const { DefaultCacheBehavior: usual, CacheBehaviors } = config;
  return [
    ...(usual === undefined ? [] : [{ name: 'the default behavior', behavior: usual }]),
    ...(CacheBehaviors?.Items ?? []).map((behavior) => ({ name: `the behavior ${behavior.PathPattern}`, behavior })),
  ];
}

function arnOn(behavior: Behavior | undefined, event: string): string | undefined {
  return behavior?.FunctionAssociations?.Items?.find(({ EventType }) => EventType === event)?.FunctionARN;
}
