import type { DefaultCacheBehavior, DistributionConfig, Origin } from '@aws-sdk/client-cloudfront';
import type { EdgeConfig } from '../config/edge-config.ts';
import { type CachePolicy, type OriginRequestPolicy, forwardsHost as policyForwardsHost } from '../config/managed-policies.ts';
import type { DoctorReaders } from './doctor-readers.ts';

/** The config that a check is about: the live one, or distribution.json when there is none or it may not be read. */
export interface JudgedConfig {
  /** How findings name it. */
  where: 'the live distribution' | 'distribution.json';
  config: DistributionConfig;
}

/** A behavior whose requests the router is to send on, with what its policies mean. */
export interface RoutedBehavior {
  /** `the default behavior` or the path pattern. */
  name: string;
  behavior: DefaultCacheBehavior;
  /** Undefined for a policy that does not exist, and for none. */
  cachePolicy: CachePolicy | undefined;
  originRequestPolicy: OriginRequestPolicy | undefined;
}

/** The live config when it can be had. That it cannot is what the check `distribution` tells; the others then judge what would be applied. */
export async function readJudgedConfig({ liveDistribution, file }: DoctorReaders): Promise<JudgedConfig> {
  const [live, planned] = await Promise.allSettled([liveDistribution(), file()]);
  if (live.status === 'fulfilled' && live.value !== undefined) return { where: 'the live distribution', config: live.value.config };
  if (planned.status === 'fulfilled') return { where: 'distribution.json', config: planned.value };
  throw live.status === 'rejected' ? live.reason : planned.reason;
}

/** Both of them, those that can be had: what stands in the file is to be live one day. */
export async function readBothConfigs({ liveDistribution, file }: DoctorReaders): Promise<readonly JudgedConfig[]> {
  const [live, planned] = await Promise.allSettled([liveDistribution(), file()]);
  if (live.status === 'rejected' && planned.status === 'rejected') throw live.reason;
  return [
    ...(live.status === 'fulfilled' && live.value !== undefined
      ? [{ where: 'the live distribution' as const, config: live.value.config }]
      : []),
    ...(planned.status === 'fulfilled' ? [{ where: 'distribution.json' as const, config: planned.value }] : []),
  ];
}

/** Every behavior, the default one first. */
export function listBehaviors(config: DistributionConfig): { name: string; behavior: DefaultCacheBehavior }[] {
  const others = (config.CacheBehaviors?.Items ?? []).map((behavior) => ({ name: behavior.PathPattern ?? '', behavior }));
  const first = config.DefaultCacheBehavior;
  return first === undefined ? others : [{ name: 'the default behavior', behavior: first }, ...others];
}

/** Whether the behavior goes to one of the router's origins; others, such as a bucket of files, are none of its business. */
export function isRouted(behavior: DefaultCacheBehavior, config: DistributionConfig, { origins }: Pick<EdgeConfig, 'origins'>): boolean {
  const target = behavior.TargetOriginId ?? '';
  const group = config.OriginGroups?.Items?.find(({ Id }) => Id === target);
  return [target, ...(group?.Members?.Items ?? []).map(({ OriginId }) => OriginId ?? '')].some((id) => Object.hasOwn(origins, id));
}

export async function readRoutedBehaviors(readers: DoctorReaders): Promise<JudgedConfig & { behaviors: readonly RoutedBehavior[] }> {
  const judged = await readJudgedConfig(readers);
  const routed = listBehaviors(judged.config).filter(({ behavior }) => isRouted(behavior, judged.config, readers.config));
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

/** The viewer's Host goes to the origin. */
export function forwardsHost({ behavior, cachePolicy, originRequestPolicy }: RoutedBehavior): boolean {
  const legacy = legacyHeaders(behavior);
  return (
    (originRequestPolicy !== undefined && policyForwardsHost(originRequestPolicy)) ||
    cachePolicy?.headers.includes('host') === true ||
    legacy.includes('host') ||
    legacy.includes('*')
  );
}

/** The router's origins as the config has them. */
export function listRoutedOrigins(config: DistributionConfig, { origins }: Pick<EdgeConfig, 'origins'>): Origin[] {
  return (config.Origins?.Items ?? []).filter(({ Id }) => Id !== undefined && Object.hasOwn(origins, Id));
}
