import type { CloudFrontClient } from '@aws-sdk/client-cloudfront';
import {
  deleteDistribution,
  deletePolicy,
  type LiveDistribution,
  type LivePolicy,
  readDistributionById,
  readPolicy,
  updateDistribution,
} from '../aws/distribution.ts';
import { EdgeError } from '../errors.ts';
import { typed } from '../text/typed.ts';
import type { ConfigChange } from './config-tree.ts';
import { awaitDeployed, type DistributionTarget, type WaitOptions } from './distribution.ts';
import { diffForPromotion, findPrimary, findRollout, stagingReference } from './staging.ts';

/** The end of a staged rollout, promoted or not. */
export interface EndPlan {
  primary: LiveDistribution;
  policy: LivePolicy | undefined;
  staging: LiveDistribution | undefined;
  /** What the staging distribution has and its primary does not: it is lost. */
  unpromoted: readonly ConfigChange[];
  steps: readonly string[];
}

/** Writes before another operator's or tool's writes in between end it. */
const maxWrites = 5;

/**
 * What is left of a staged rollout, and the steps that end it; none when nothing is left. CONFLICT for a rollout that
 * another tool made.
 */
export async function planEnd(target: DistributionTarget): Promise<EndPlan> {
  const primary = await findPrimary(target);
  const { staging, policy } = await findRollout(target.client, primary);
  if (staging !== undefined && staging.config.CallerReference !== stagingReference(primary))
    throw new EdgeError('CONFLICT', `another tool made staging distribution ${staging.id} of ${primary.id}`, {
      hint: 'end its rollout with that tool',
    });
  if (staging === undefined && policy !== undefined)
    throw new EdgeError('CONFLICT', `policy ${policy.id} of ${primary.id} names no staging distribution of ours`, {
      hint: 'end its rollout with the tool that made it; nothing was written',
    });
  const isAttached = Boolean(primary.config.ContinuousDeploymentPolicyId);
  return {
    primary,
    policy,
    staging,
    unpromoted: staging === undefined ? [] : diffForPromotion(primary.config, staging.config),
    steps: [
      ...(isAttached ? [`detach the policy from distribution ${primary.id}: its viewers all get its own config`] : []),
      ...(policy === undefined ? [] : [`delete policy ${policy.id}`]),
      ...(staging?.config.Enabled === true ? [`disable staging distribution ${staging.id}`] : []),
      ...(staging === undefined ? [] : [`delete staging distribution ${staging.id}`]),
    ],
  };
}

/** Takes the steps in turn. Each reads what is there first, so that an interrupted end goes on when it runs again. */
export async function endRollout(client: CloudFrontClient, plan: EndPlan, options: WaitOptions): Promise<LiveDistribution> {
  const waiting = { ...options, noWait: false, interruptHint: `run ${typed('distribution:unstage')} again to go on` };
  const primary = await awaitDeployed(client, await detachPolicy(client, plan.primary), waiting);
  if (plan.policy !== undefined) await removePolicy(client, plan.policy.id);
  if (plan.staging !== undefined) await removeStaging(client, plan.staging.id, waiting);
  return primary;
}

/** Only empty text detaches: AWS keeps the policy when the field is missing. */
async function detachPolicy(client: CloudFrontClient, shown: LiveDistribution): Promise<LiveDistribution> {
  const policyId = shown.config.ContinuousDeploymentPolicyId;
  let live = shown;
  for (let made = 1; ; made++) {
    if (!live.config.ContinuousDeploymentPolicyId) return live;
    if (live.config.ContinuousDeploymentPolicyId !== policyId)
      throw new EdgeError('CONFLICT', `distribution ${live.id} has another policy now: nothing was written`, { hint: 'run it again' });
    try {
      return await updateDistribution(client, live.id, { ...live.config, ContinuousDeploymentPolicyId: '' }, live.etag);
    } catch (error) {
      if (!(error instanceof EdgeError) || error.code !== 'CONFLICT' || made >= maxWrites) throw error;
      // Another writer was first; its change stays.
      live = (await readDistributionById(client, live.id)) ?? live;
    }
  }
}

async function removePolicy(client: CloudFrontClient, id: string): Promise<void> {
  const policy = await readPolicy(client, id);
  if (policy !== undefined) await deletePolicy(client, policy);
}

/** CloudFront deletes only a distribution that is disabled, everywhere. */
async function removeStaging(client: CloudFrontClient, id: string, options: WaitOptions): Promise<void> {
  const staging = await readDistributionById(client, id);
  if (staging === undefined) return;
  const disabled =
    staging.config.Enabled === true ? await updateDistribution(client, id, { ...staging.config, Enabled: false }, staging.etag) : staging;
  await deleteDistribution(client, await awaitDeployed(client, disabled, options));
}
