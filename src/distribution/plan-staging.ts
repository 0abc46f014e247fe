import type { CloudFrontClient, DistributionConfig } from '@aws-sdk/client-cloudfront';
import type { LiveDistribution } from '../aws/distribution.ts';
import { EdgeError } from '../errors.ts';
import { configTree } from './config-tree.ts';
import { type Change, diffConfigs } from './diff-config.ts';
import type { DistributionTarget } from './distribution-commands.ts';
import { findDistribution } from './find-distribution.ts';
import { findRollout, type Rollout } from './find-rollout.ts';
import { checkDrops, type DistributionPlan, planDistribution } from './plan-distribution.ts';
import { isSameTraffic, type StagedTraffic } from './staged-traffic.ts';

/**
 * What a staging distribution may have other than its primary. The console and public reports agree that price class, certificate, HTTP version, IPv6 and
 * web ACL are outside; whether the API draws the line exactly here was never tried, and what it refuses beyond it is told in its own words.
 */
const stagedFields: readonly (keyof DistributionConfig)[] = [
  'Comment',
  'CacheBehaviors',
  'CustomErrorResponses',
  'DefaultCacheBehavior',
  'DefaultRootObject',
  'Logging',
  'OriginGroups',
  'Origins',
  'Restrictions',
];

export interface StagingPlan extends Rollout {
  primary: LiveDistribution;
  /** The primary against the file: what the staged viewers get that others do not. */
  plan: DistributionPlan;
  /** What the staging distribution that is there lacks of it; undefined when there is none yet. */
  stagingChanges: readonly Change[] | undefined;
  traffic: StagedTraffic;
  isTrafficNew: boolean;
  isAttached: boolean;
}

/** Thinks a staged rollout through. NOT_FOUND without a primary, USAGE when the change cannot be staged. */
export async function planStaging(target: DistributionTarget, traffic: StagedTraffic): Promise<StagingPlan> {
  const primary = await findPrimary(target.client, target.file, target.id);
  const plan = planDistribution(primary, target.file, target.drop);
  checkDrops(plan);
  checkStageable(plan);
  const rollout = await findRollout(target.client, primary);
  const { staging, policy } = rollout;
  const stagingChanges = staging && diffConfigs(configTree(staging.config), configTree(stagingConfig(plan.next, staging.config)));
  return {
    ...rollout,
    primary,
    plan,
    stagingChanges,
    traffic,
    isTrafficNew: policy?.config.Enabled !== true || !isSameTraffic(policy.config.TrafficConfig, traffic),
    isAttached: policy !== undefined && primary.config.ContinuousDeploymentPolicyId === policy.id,
  };
}

/** The distribution that viewers use; NOT_FOUND when there is none yet. */
export async function findPrimary(client: CloudFrontClient, file: DistributionConfig, id: string | undefined): Promise<LiveDistribution> {
  const primary = await findDistribution(client, file, id);
  if (primary === undefined)
    throw new EdgeError('NOT_FOUND', 'there is no distribution yet whose traffic could be divided', {
      hint: 'create it: npm run distribution:apply',
    });
  if (primary.config.Staging === true)
    throw new EdgeError('USAGE', `distribution ${primary.id} is a staging distribution itself`, { hint: 'name its primary with --id' });
  return primary;
}

/** The staging distribution's config with what can be staged of another one. */
export function stagingConfig(next: DistributionConfig, staging: DistributionConfig): DistributionConfig {
  const staged = stagedFields.flatMap((name) => (next[name] === undefined ? [] : [[name, next[name]] as const]));
  const own = Object.entries(staging).filter(([name]) => !stagedFields.some((field) => field === name));
  return Object.fromEntries([...own, ...staged]) as unknown as DistributionConfig;
}

/** What promoting would change on the primary: everything but what each has for itself. */
export function diffForPromotion(primary: DistributionConfig, staging: DistributionConfig): Change[] {
  const { CallerReference, Staging, Aliases, ContinuousDeploymentPolicyId } = primary;
  const own = { CallerReference, Staging, Aliases, ContinuousDeploymentPolicyId };
  return diffConfigs(configTree(primary), configTree({ ...staging, ...own }));
}

function checkStageable({ changes, next }: DistributionPlan): void {
  if (next.HttpVersion === 'http3' || next.HttpVersion === 'http2and3')
    throw new EdgeError(
      'USAGE',
      `CloudFront cannot divide the traffic of a distribution with HTTP/3: its HttpVersion is ${next.HttpVersion}`,
      {
        hint: 'apply without --staging, or with HttpVersion http2',
      },
    );
  const outside = changes.filter(({ path }) => !stagedFields.some((field) => field === /^\w+/.exec(path)?.[0]));
  if (outside.length === 0) return;
  throw new EdgeError('USAGE', `CloudFront cannot roll this out in stages: ${outside.map(({ path }) => path).join(', ')}`, {
    hint: `apply that part to all viewers first: npm run distribution:apply -- --only ${[...new Set(outside.map(({ path }) => /^\w+/.exec(path)?.[0] ?? ''))].join(',')}; then stage the rest`,
  });
}
