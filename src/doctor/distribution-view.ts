import type { DefaultCacheBehavior, DistributionConfig, Origin } from '@aws-sdk/client-cloudfront';
import type { EdgeConfig } from '../config/edge-config.ts';
import { type CachePolicy, type OriginRequestPolicy, sendsViewerHost } from '../config/managed-policies.ts';
import { defaultBehavior, isSameBehavior } from '../config/path-pattern.ts';
import type { DoctorReaders } from './readers.ts';

/**
 * A distribution's config as the checks see it: the live one, or distribution.json when that does not exist or cannot
 * be read.
 */
export interface DistributionView {
  /** Its name in findings, such as `distribution.json`. */
  where: string;
  config: DistributionConfig;
}

/** A behavior to an origin of the router, with what its policies mean. */
export interface RoutedBehavior {
  /** `the default behavior` or the path pattern. */
  name: string;
  behavior: DefaultCacheBehavior;
  /** Undefined without a policy, and for one that does not exist. */
  cachePolicy: CachePolicy | undefined;
  originRequestPolicy: OriginRequestPolicy | undefined;
}

/** The live config, else distribution.json. The check `distribution` reports that the live one is missing. */
export async function readDistributionView({
  liveDistribution,
  file,
  where = 'the live distribution',
}: DoctorReaders): Promise<DistributionView> {
  const [live, planned] = await Promise.allSettled([liveDistribution(), file()]);
  if (live.status === 'fulfilled' && live.value !== undefined) return { where, config: live.value.config };
  if (planned.status === 'fulfilled') return { where: 'distribution.json', config: planned.value };
  throw live.status === 'rejected' ? live.reason : planned.reason;
}

/** Both configs, as far as they can be read. */
export async function readBothConfigs({
  liveDistribution,
  file,
  where = 'the live distribution',
}: DoctorReaders): Promise<readonly DistributionView[]> {
  const [live, planned] = await Promise.allSettled([liveDistribution(), file()]);
  if (live.status === 'rejected' && planned.status === 'rejected') throw live.reason;
  return [
    ...(live.status === 'fulfilled' && live.value !== undefined ? [{ where, config: live.value.config }] : []),
    ...(planned.status === 'fulfilled' ? [{ where: 'distribution.json', config: planned.value }] : []),
  ];
}

/** All behaviors, the default first. */
export function listBehaviors(config: DistributionConfig): { name: string; behavior: DefaultCacheBehavior }[] {
  const others = (config.CacheBehaviors?.Items ?? []).map((behavior) => ({ name: behavior.PathPattern ?? '', behavior }));
  const first = config.DefaultCacheBehavior;
  return first === undefined ? others : [{ name: 'the default behavior', behavior: first }, ...others];
}

/** Whether the behavior targets an origin of the router; others, such as a bucket, are not ours. */
export function isRouted(behavior: DefaultCacheBehavior, config: DistributionConfig, { origins }: Pick<EdgeConfig, 'origins'>): boolean {
  const target = behavior.TargetOriginId ?? '';
  const group = config.OriginGroups?.Items?.find(({ Id }) => Id === target);
  const ids = routedIds(origins);
  return [target, ...(group?.Members?.Items ?? []).map(({ OriginId }) => OriginId ?? '')].some((id) => ids.includes(id));
}

/**
 * All behaviors, and which of them the router serves: those that edge.config.ts names, where another tool owns the
 * distribution; else those to its origins.
 */
export function listRouted(
  config: DistributionConfig,
  edgeConfig: Pick<EdgeConfig, 'origins' | 'distributions'>,
): { name: string; behavior: DefaultCacheBehavior; isRouted: boolean }[] {
  const named = edgeConfig.distributions?.flatMap(({ behaviors }) => behaviors);
  const isDefault = (behavior: DefaultCacheBehavior) => behavior === config.DefaultCacheBehavior;
  return listBehaviors(config).map(({ name, behavior }) => ({
    name,
    behavior,
    isRouted:
      named === undefined
        ? isRouted(behavior, config, edgeConfig)
        : named.some((each) => (isDefault(behavior) ? each === defaultBehavior : each !== defaultBehavior && isSameBehavior(each, name))),
  }));
}

export async function readRoutedBehaviors(readers: DoctorReaders): Promise<DistributionView & { behaviors: readonly RoutedBehavior[] }> {
  const judged = await readDistributionView(readers);
  const routed = listRouted(judged.config, readers.config).filter((each) => each.isRouted);
  const behaviors = await Promise.all(
    routed.map(async ({ name, behavior }): Promise<RoutedBehavior> => {
      const { CachePolicyId, OriginRequestPolicyId } = behavior;
      const [cachePolicy, originRequestPolicy] = await Promise.all([
        CachePolicyId === undefined ? undefined : readers.cachePolicy(CachePolicyId),
        OriginRequestPolicyId === undefined ? undefined : readers.originRequestPolicy(OriginRequestPolicyId),
      ]);
      return { name, behavior, cachePolicy, originRequestPolicy };
    }),
  );
  return { ...judged, behaviors };
}

/** Headers that a behavior without a cache policy forwards, in lower case. */
export function legacyHeaders({ ForwardedValues }: DefaultCacheBehavior): readonly string[] {
  return (ForwardedValues?.Headers?.Items ?? []).map((name) => name.toLowerCase());
}

/** Whether the viewer's Host goes to the origin. */
export function behaviorForwardsHost({ behavior, cachePolicy, originRequestPolicy }: RoutedBehavior): boolean {
  return sendsViewerHost(legacyHeaders(behavior), cachePolicy, originRequestPolicy);
}

/** The router's origins as the config has them. */
export function listRoutedOrigins(config: DistributionConfig, { origins }: Pick<EdgeConfig, 'origins'>): Origin[] {
  const ids = routedIds(origins);
  return (config.Origins?.Items ?? []).filter(({ Id = '' }) => ids.includes(Id));
}

/** The ids that a distribution knows the router's origins by. */
function routedIds(origins: EdgeConfig['origins']): string[] {
  return Object.values(origins).map(({ originId }) => originId);
}
