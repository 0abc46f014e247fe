import type { CloudFrontClient, ContinuousDeploymentPolicyConfig, DistributionConfig, TrafficConfig } from '@aws-sdk/client-cloudfront';
import {
  copyDistribution,
  createPolicy,
  type LiveDistribution,
  type LivePolicy,
  listDistributions,
  listPolicies,
  promoteStaging,
  readDistributionById,
  readPolicy,
  updateDistribution,
  updatePolicy,
} from '../aws/distribution.ts';
import { stagedFields } from '../config/complete-distribution.ts';
import { EdgeError } from '../errors.ts';
import { typed } from '../text/typed.ts';
import { type ConfigChange, configTree, diffConfigs } from './config-tree.ts';
import { awaitDeployed, type DistributionTarget, planTarget, readTarget, type WaitOptions } from './distribution.ts';
import { noteStaging } from './own-changes.ts';
import { checkDrops, type DistributionPlan } from './plan.ts';

/** What exists of a staged rollout; an interrupted rollout has a part of it. */
interface Rollout {
  staging: LiveDistribution | undefined;
  /**
   * The policy that the primary has, else the one that names the staging distribution and is not attached yet; it may
   * be disabled.
   */
  policy: LivePolicy | undefined;
}

export interface StagingPlan extends Rollout {
  primary: LiveDistribution;
  /** The primary compared with the file: what only the staged viewers get. */
  plan: DistributionPlan;
  /** What the existing staging distribution lacks of it; undefined when there is none yet. */
  stagingChanges: readonly ConfigChange[] | undefined;
  traffic: StagedTraffic;
  isTrafficNew: boolean;
  isAttached: boolean;
}

/** Plans a staged rollout and writes nothing. NOT_FOUND without a primary, USAGE when the change cannot be staged. */
export async function planStaging(target: DistributionTarget, traffic: StagedTraffic): Promise<StagingPlan> {
  const primary = await findPrimary(target);
  const { hazards, ...planned } = await planTarget(target, primary);
  // This change goes to the staging distribution first.
  const notes = noteStaging(primary).map(({ message }) => message);
  const plan = { ...planned, hazards: hazards.filter(({ message }) => !notes.includes(message)) };
  checkDrops(plan);
  checkStageable(plan);
  const { staging, policy } = await findRollout(target.client, primary);
  return {
    staging,
    policy,
    primary,
    plan,
    stagingChanges: staging && diffConfigs(configTree(staging.config), configTree(stagingConfig(plan.next, staging.config))),
    traffic,
    isTrafficNew: policy?.config.Enabled !== true || !isSameTraffic(policy.config.TrafficConfig, traffic),
    isAttached: policy !== undefined && primary.config.ContinuousDeploymentPolicyId === policy.id,
  };
}

/** The steps that remain; empty when the rollout is already as requested, or when there is nothing to roll out. */
export function listSteps({ plan, staging, stagingChanges, policy, primary, traffic, isTrafficNew, isAttached }: StagingPlan): string[] {
  const isRunning = policy?.config.Enabled === true && (stagingChanges?.length ?? 0) > 0;
  if (plan.changes.length === 0 && !isRunning) return [];
  return [
    ...(staging === undefined ? [`copy distribution ${primary.id} to a staging distribution, and change that`] : []),
    ...(staging !== undefined && (stagingChanges?.length ?? 0) > 0 ? [`update staging distribution ${staging.id}`] : []),
    ...(isTrafficNew ? [`${policy === undefined ? 'create a' : 'update the'} policy: ${formatTraffic(traffic)}`] : []),
    ...(isAttached ? [] : [`attach the policy to distribution ${primary.id}`]),
  ];
}

/**
 * Applies the file to the staging distribution and then sends that its viewers. Each step looks for its result first,
 * so that an interrupted rollout goes on.
 */
export async function stagePlan(
  client: CloudFrontClient,
  plan: StagingPlan,
  options: WaitOptions,
): Promise<{ primary: LiveDistribution; staging: LiveDistribution }> {
  const staging = await writeStaging(client, plan);
  // No viewer goes to an edge location that does not have the new config yet.
  await awaitDeployed(client, staging, { ...options, noWait: false }).catch((error: unknown) => {
    if (options.signal?.aborted !== true) throw error;
    throw new EdgeError('INTERRUPTED', `interrupted: staging distribution ${staging.id} is written, and serves no viewers yet`, {
      cause: error,
      hint: 'run the command again to go on, or delete the staging distribution',
    });
  });
  const policy = await writePolicy(client, plan, staging);
  const primary = plan.isAttached ? plan.primary : await attachPolicy(client, plan.primary, policy);
  return { staging, primary: await awaitDeployed(client, primary, options) };
}

export interface PromotionPlan {
  primary: LiveDistribution;
  staging: LiveDistribution;
  changes: readonly ConfigChange[];
}

/**
 * What promoting would change on the primary. NOT_FOUND without a rollout, NOT_READY while the staging distribution is
 * still being deployed.
 */
export async function planPromotion(target: DistributionTarget): Promise<PromotionPlan> {
  const primary = await findPrimary(target);
  const { staging, policy } = await findRollout(target.client, primary);
  if (staging === undefined || policy === undefined || primary.config.ContinuousDeploymentPolicyId !== policy.id)
    throw new EdgeError('NOT_FOUND', `distribution ${primary.id} has no staged rollout`, {
      hint: `start one: ${typed('distribution:apply --')} --staging`,
    });
  if (!staging.isDeployed)
    throw new EdgeError('NOT_READY', `staging distribution ${staging.id} is still being deployed: no viewer has used all of it yet`, {
      hint: 'wait some minutes, then run it again',
    });
  return { primary, staging, changes: diffForPromotion(primary.config, staging.config) };
}

/**
 * Gives the staged config to all viewers and ends the rollout. The ETags of both distributions guarantee that what was
 * shown is what is promoted.
 */
export async function promotePlan(
  client: CloudFrontClient,
  { primary, staging, changes }: PromotionPlan,
  options: WaitOptions,
): Promise<LiveDistribution> {
  const interruptHint = `edge locations pick it up automatically; ${typed('distribution:promote')} waits for them, and changes nothing more`;
  const waiting = { ...options, interruptHint };
  if (changes.length === 0) return awaitDeployed(client, primary, waiting);
  const promoted = await promoteStaging(client, primary, staging).catch(async (error: unknown) => {
    if (!(error instanceof EdgeError) || error.code !== 'CONFLICT') throw error;
    const again = await readDistributionById(client, primary.id);
    // The answer to an earlier call was lost.
    if (again !== undefined && diffForPromotion(again.config, staging.config).length === 0) return again;
    throw new EdgeError(
      'CONFLICT',
      `distribution ${primary.id} or ${staging.id} was changed since the plan was made: nothing was promoted`,
      {
        hint: `run ${typed('distribution:promote')} again to see the new plan`,
        cause: error,
      },
    );
  });
  return awaitDeployed(client, promoted, waiting);
}

/** The distribution whose traffic is divided. NOT_FOUND without one, USAGE for a staging distribution. */
export async function findPrimary(target: DistributionTarget): Promise<LiveDistribution> {
  const primary = await readTarget(target);
  if (primary === undefined)
    throw new EdgeError('NOT_FOUND', 'there is no distribution whose traffic could be divided', {
      hint: `create it: ${typed('distribution:apply')}`,
    });
  if (primary.config.Staging === true)
    throw new EdgeError('USAGE', `distribution ${primary.id} is a staging distribution itself`, { hint: 'name its primary with --id' });
  return primary;
}

/** The reference under which this package copies a primary, so that an interrupted rollout finds its copy again. */
export function stagingReference(primary: LiveDistribution): string {
  return `staging-of-${primary.id}`;
}

/** What exists of its staged rollout. */
export async function findRollout(client: CloudFrontClient, primary: LiveDistribution): Promise<Rollout> {
  const policyId = primary.config.ContinuousDeploymentPolicyId;
  const [policy, summaries] = await Promise.all([policyId ? readPolicy(client, policyId) : undefined, listDistributions(client)]);
  const staged = summaries.filter(({ Staging }) => Staging === true);
  const names = policy?.config.StagingDistributionDnsNames?.Items ?? [];
  const named = staged.find(({ DomainName }) => DomainName !== undefined && names.includes(DomainName));
  if (named?.Id !== undefined) return { staging: await readDistributionById(client, named.Id), policy };
  if (policy !== undefined) return { staging: undefined, policy };
  // An account has at most 20 of them.
  const read = await Promise.all(staged.map(({ Id }) => (Id === undefined ? undefined : readDistributionById(client, Id))));
  const staging = read.find((candidate) => candidate?.config.CallerReference === stagingReference(primary));
  return { staging, policy: staging && (await findLoosePolicy(client, staging)) };
}

async function findLoosePolicy(client: CloudFrontClient, staging: LiveDistribution): Promise<LivePolicy | undefined> {
  const found = (await listPolicies(client)).find(({ stagingDomains }) => stagingDomains.includes(staging.domainName));
  return found && readPolicy(client, found.id);
}

/** The staging distribution's config with those fields of another config that can be staged. */
function stagingConfig(next: DistributionConfig, staging: DistributionConfig): DistributionConfig {
  const staged = stagedFields.flatMap((name) => (next[name] === undefined ? [] : [[name, next[name]] as const]));
  const own = Object.entries(staging).filter(([name]) => !stagedFields.some((field) => field === name));
  return Object.fromEntries([...own, ...staged]) as unknown as DistributionConfig;
}

/** Everything but the fields that each distribution has for itself. */
export function diffForPromotion(primary: DistributionConfig, staging: DistributionConfig): ConfigChange[] {
  const { CallerReference, Staging, Aliases, ContinuousDeploymentPolicyId } = primary;
  const own = { CallerReference, Staging, Aliases, ContinuousDeploymentPolicyId };
  return diffConfigs(configTree(primary), configTree({ ...staging, ...own }));
}

function checkStageable({ changes, next }: DistributionPlan): void {
  if (next.HttpVersion === 'http3' || next.HttpVersion === 'http2and3')
    throw new EdgeError(
      'USAGE',
      `CloudFront cannot divide the traffic of a distribution with HTTP/3: its HttpVersion is ${next.HttpVersion}`,
      { hint: 'apply without --staging, or with HttpVersion http2' },
    );
  const outside = changes.filter(({ path }) => !stagedFields.some((field) => field === topField(path)));
  if (outside.length === 0) return;
  const fields = [...new Set(outside.map(({ path }) => topField(path)))].join(',');
  throw new EdgeError('USAGE', `CloudFront cannot roll this out in stages: ${outside.map(({ path }) => path).join(', ')}`, {
    hint: `first apply that part to all viewers: ${typed('distribution:apply --')} --only ${fields}; then stage the rest`,
  });
}

function topField(path: string): string {
  return /^\w+/.exec(path)?.[0] ?? '';
}

async function writeStaging(client: CloudFrontClient, { primary, plan, ...shown }: StagingPlan): Promise<LiveDistribution> {
  const staging =
    shown.staging ?? (await copyDistribution(client, primary, stagingReference(primary))) ?? (await findRollout(client, primary)).staging;
  if (staging === undefined)
    throw new EdgeError('CONFLICT', `the reference ${stagingReference(primary)} has created a staging distribution that no longer exists`, {
      hint: 'delete what is left of it in the console, then run it again',
    });
  const wanted = stagingConfig(plan.next, staging.config);
  if (diffConfigs(configTree(staging.config), configTree(wanted)).length === 0) return staging;
  return updateDistribution(client, staging.id, wanted, staging.etag);
}

async function writePolicy(client: CloudFrontClient, shown: StagingPlan, staging: LiveDistribution): Promise<LivePolicy> {
  const { policy, traffic, isTrafficNew } = shown;
  const config: ContinuousDeploymentPolicyConfig = {
    StagingDistributionDnsNames: { Quantity: 1, Items: [staging.domainName] },
    Enabled: true,
    TrafficConfig: trafficConfig(traffic, policy?.config.TrafficConfig),
  };
  if (policy === undefined) return createPolicy(client, config);
  return isTrafficNew ? updatePolicy(client, policy, config) : policy;
}

/**
 * The policy is all that changes on the primary. Whether the copy has changed its ETag is not documented, so it is read
 * again.
 */
async function attachPolicy(client: CloudFrontClient, shown: LiveDistribution, policy: LivePolicy): Promise<LiveDistribution> {
  const now = await readDistributionById(client, shown.id);
  if (now === undefined || diffConfigs(configTree(shown.config), configTree(now.config)).length > 0)
    throw new EdgeError('CONFLICT', `distribution ${shown.id} was changed since the plan was made: no viewer was moved`, {
      hint: 'run it again: it uses the staging distribution that was made',
    });
  return updateDistribution(client, now.id, { ...now.config, ContinuousDeploymentPolicyId: policy.id }, now.etag);
}

/** Which viewers a staging distribution serves: a share of them, or those whose requests have a header. */
export type StagedTraffic = { weight: number } | { header: string; value: string };

// DG continuous-deployment-quotas-considerations.html and understanding-continuous-deployment.html
const maxWeight = 0.15;
const headerPrefix = 'aws-cf-cd-';
const defaultWeight = 0.05;

/**
 * The traffic that `--weight` or `--header` requests; 5 % without either. USAGE when CloudFront does not support it.
 */
export function parseTraffic(weight: string | undefined, header: string | undefined): StagedTraffic {
  if (weight !== undefined && header !== undefined)
    throw new EdgeError('USAGE', '--weight and --header exclude each other', {
      hint: '--weight is a share of all viewers, --header selects requests with that header',
    });
  if (header !== undefined) return parseHeader(header);
  if (weight === undefined) return { weight: defaultWeight };
  const share = readShare(weight);
  if (!(share >= 0 && share <= maxWeight))
    throw new EdgeError('USAGE', `--weight must be from 0 to ${maxWeight}, got ${JSON.stringify(weight)}`, {
      hint: `--weight ${defaultWeight} is 5 % of the viewers; CloudFront allows at most ${maxWeight}`,
    });
  return { weight: share };
}

/** `0.05`, `.05` or `5%`. */
function readShare(text: string): number {
  if (/^\d{1,2}(\.\d{1,4})?%$/.test(text)) return Number.parseFloat(text) / 100;
  return /^(0|0?\.\d{1,6})$/.test(text) ? Number(text) : Number.NaN;
}

function parseHeader(text: string): StagedTraffic {
  const [header = '', value = 'true'] = text.split(/[=:](.*)/s);
  if (/^aws-cf-cd-[\w-]+$/i.test(header) && /^[\x21-\x7e]{1,256}$/.test(value)) return { header: header.toLowerCase(), value };
  throw new EdgeError('USAGE', `--header must be ${headerPrefix}<name> or ${headerPrefix}<name>=<value>, got ${JSON.stringify(text)}`, {
    hint: `--header ${headerPrefix}canary=1; CloudFront requires this prefix`,
  });
}

/** In the form of a policy. Keeps the live policy's stickiness, which a team may have set elsewhere. */
export function trafficConfig(traffic: StagedTraffic, live: TrafficConfig | undefined): TrafficConfig {
  if ('header' in traffic) return { Type: 'SingleHeader', SingleHeaderConfig: { Header: traffic.header, Value: traffic.value } };
  const stickiness = live?.SingleWeightConfig?.SessionStickinessConfig;
  return {
    Type: 'SingleWeight',
    SingleWeightConfig: { Weight: traffic.weight, ...(stickiness && { SessionStickinessConfig: stickiness }) },
  };
}

/** Whether the live policy serves the same viewers. */
export function isSameTraffic(live: TrafficConfig | undefined, traffic: StagedTraffic): boolean {
  if ('weight' in traffic) return live?.Type === 'SingleWeight' && live.SingleWeightConfig?.Weight === traffic.weight;
  const { Header, Value } = live?.SingleHeaderConfig ?? {};
  return live?.Type === 'SingleHeader' && Header?.toLowerCase() === traffic.header && Value === traffic.value;
}

/** `5 % of the viewers`. */
export function formatTraffic(traffic: StagedTraffic): string {
  return 'weight' in traffic
    ? `${Math.round(traffic.weight * 1e6) / 1e4} % of the viewers`
    : `requests with the header ${traffic.header}: ${traffic.value}`;
}
