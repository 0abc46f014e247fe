import type { CloudFrontClient, DistributionConfig } from '@aws-sdk/client-cloudfront';
import {
  createDistribution,
  type LiveDistribution,
  readDistributionById,
  updateDistribution,
  waitForDeployed,
} from '../aws/distribution.ts';
import type { PollOptions } from '../aws/poll.ts';
import { EdgeError } from '../errors.ts';
import type { Change } from './diff-config.ts';
import { findDistribution } from './find-distribution.ts';
import { checkDrops, type DistributionPlan, planDistribution } from './plan-distribution.ts';

export interface ApplyOptions extends Partial<PollOptions> {
  /** Which distribution; without it the file's aliases and CallerReference find it. */
  id?: string | undefined;
  /** Paths that the file does not mention and that shall go. */
  drop?: readonly string[];
  /** Do not wait until every edge has it. Default false. */
  noWait?: boolean;
}

export interface AppliedDistribution {
  distribution: LiveDistribution;
  /** There was none before. */
  isNew: boolean;
  /** What was changed; empty when there was nothing to do. */
  changes: readonly Change[];
}

export const deployTimeoutMs = 30 * 60_000;

/** Writes before somebody else's writes in between end it. */
const maxWrites = 5;

/** Makes the distribution what the file says, creating it when there is none, and waits until it is deployed. */
export async function applyDistribution(
  client: CloudFrontClient,
  file: DistributionConfig,
  options: ApplyOptions = {},
): Promise<AppliedDistribution> {
  const { id, drop = [], noWait = false, ...waiting } = options;
  const plan = planDistribution(await findDistribution(client, file, id), file, drop);
  checkDrops(plan);
  const written = await writePlan(client, plan, file, drop);
  const distribution =
    noWait || written.isDeployed ? written : await waitForDeployed(client, written.id, { timeoutMs: deployTimeoutMs, ...waiting });
  return { distribution, isNew: plan.live === undefined, changes: plan.changes };
}

/** Writes exactly this plan. CONFLICT, and nothing written, when the distribution is not what the plan was made from in any way that matters. */
export async function writePlan(
  client: CloudFrontClient,
  plan: DistributionPlan,
  file: DistributionConfig,
  drop: readonly string[],
  only: readonly string[] = [],
): Promise<LiveDistribution> {
  if (plan.live === undefined) return writeNew(client, plan, file);
  let { live, next } = { live: plan.live, next: plan.next };
  if (plan.changes.length === 0) return live;
  // A certificate or a web ACL cannot change while the policy is attached, in the update that detaches it perhaps neither.
  if (
    (live.config.ContinuousDeploymentPolicyId ?? '') !== '' &&
    (next.ContinuousDeploymentPolicyId ?? '') === '' &&
    plan.changes.length > 1
  )
    live = await updateDistribution(client, live.id, { ...live.config, ContinuousDeploymentPolicyId: '' }, live.etag);
  for (let made = 1; ; made++) {
    try {
      return await updateDistribution(client, live.id, next, live.etag);
    } catch (error) {
      if (!(error instanceof EdgeError) || error.code !== 'CONFLICT' || made >= maxWrites) throw error;
      const again = await readDistributionById(client, live.id);
      if (again === undefined) throw error;
      const replanned = planDistribution(again, file, drop, only);
      // An earlier write whose answer was lost, or somebody with the same wish.
      if (replanned.changes.length === 0) return again;
      if (JSON.stringify(replanned.changes) !== JSON.stringify(plan.changes))
        throw new EdgeError('CONFLICT', `distribution ${live.id} was changed since the plan was made: nothing was written`, {
          hint: 'look at npm run distribution:plan, then decide again',
          cause: error,
        });
      ({ live, next } = { live: again, next: replanned.next });
    }
  }
}

async function writeNew(client: CloudFrontClient, plan: DistributionPlan, file: DistributionConfig): Promise<LiveDistribution> {
  const created = await createDistribution(client, plan.next);
  if (created !== undefined) return created;
  // The answer to an earlier try was lost, or somebody else made it just now.
  const existing = await findDistribution(client, file, undefined);
  if (existing !== undefined && planDistribution(existing, file).changes.length === 0) return existing;
  throw new EdgeError('CONFLICT', `the CallerReference ${file.CallerReference} has made a distribution already`, {
    hint:
      existing === undefined
        ? 'it may be deleted by now: give distribution.json a CallerReference of its own'
        : `it is ${existing.id}, and not what the plan shows: look at npm run distribution:plan`,
  });
}
