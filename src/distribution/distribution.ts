import type { CloudFrontClient, DistributionConfig } from '@aws-sdk/client-cloudfront';
import { openAws } from '../aws/clients.ts';
import {
  createDistribution,
  type LiveDistribution,
  readDistributionById,
  updateDistribution,
  waitForDeployed,
} from '../aws/distribution.ts';
import type { PollOptions } from '../aws/retry.ts';
import { checkOriginsAgree, distributionPath, readDistribution } from '../config/distribution-file.ts';
import type { EdgeConfig } from '../config/edge-config.ts';
import { readLocalCloud } from '../config/local-cloud.ts';
import { EdgeError } from '../errors.ts';
import { findLiveDistribution } from './find-distribution.ts';
import { checkHazards, findHazards } from './hazards.ts';
import { checkDrops, type DistributionPlan, planDistribution } from './plan.ts';

/** What the commands about the distribution work on. */
export interface DistributionTarget {
  client: CloudFrontClient;
  /** distribution.json with its placeholders filled. */
  file: DistributionConfig;
  /** Without it the file's aliases and CallerReference find the distribution. */
  id?: string | undefined;
  /** Paths that the file does not mention and that are to be removed. */
  drop?: readonly string[];
  /** The top-level fields that may change; all when empty. */
  only?: readonly string[];
}

export interface WaitOptions extends Partial<PollOptions> {
  /** Return before every edge location has the config. Default false. */
  noWait?: boolean;
  /** Called after the write, when there is something to wait for. */
  onWait?: (written: LiveDistribution) => void;
}

export const deployTimeoutMs = 30 * 60_000;

/** Writes before another operator's or tool's writes in between end it. */
const maxWrites = 5;

/** Opens distribution.json, checked against edge.config.ts, and the account that holds the distribution. */
export async function openDistribution({
  env,
  isLocal,
  id,
  config,
}: {
  /** AWS_*, EDGE_DISTRIBUTION_ID, EDGE_LOCAL_PORT and the placeholders of distribution.json. */
  env: Readonly<Record<string, string | undefined>>;
  /** The running local cloud in place of AWS. */
  isLocal: boolean;
  /** Value of `--id`; it overrides the environment. */
  id: string | undefined;
  config: EdgeConfig;
}): Promise<DistributionTarget> {
  const local = isLocal ? await readLocalCloud(env) : undefined;
  const file = await readDistribution(distributionPath(env), local?.env ?? env);
  checkOriginsAgree(config, file);
  if (local === undefined) checkSecret(env['ORIGIN_VERIFY_SECRET']);
  const client = await openAws({ env, local }).cloudFront();
  return { client, file, id: id ?? (local === undefined ? env['EDGE_DISTRIBUTION_ID'] || undefined : local.distributionId) };
}

/** Makes the distribution what the file says, creating it when there is none, and waits until it is deployed. */
export async function applyDistribution(target: DistributionTarget, options: WaitOptions = {}): Promise<LiveDistribution> {
  const plan = await readPlan(target);
  checkHazards(findHazards(plan), []);
  return applyPlan(target, plan, options);
}

/** What applying the file would change; nothing is written. USAGE when a path to drop names nothing. */
export async function readPlan({ client, file, id, drop, only }: DistributionTarget): Promise<DistributionPlan> {
  const live = await findLiveDistribution(client, file, id);
  const plan = planDistribution(live, file, drop, only);
  checkDrops(plan);
  return plan;
}

/** Writes exactly this plan and waits until it is deployed. CONFLICT, and nothing written, when the distribution has changed in a way that matters. */
export async function applyPlan(target: DistributionTarget, plan: DistributionPlan, options: WaitOptions = {}): Promise<LiveDistribution> {
  const written = plan.live === undefined ? await create(target, plan) : await update(target, { ...plan, live: plan.live });
  return awaitDeployed(target.client, written, options);
}

/** INTERRUPTED, naming what is in force, when the signal ends the wait. */
export async function awaitDeployed(
  client: CloudFrontClient,
  written: LiveDistribution,
  { noWait = false, onWait, ...waiting }: WaitOptions,
): Promise<LiveDistribution> {
  if (written.isDeployed || noWait) return written;
  onWait?.(written);
  try {
    return await waitForDeployed(client, written.id, { timeoutMs: deployTimeoutMs, ...waiting });
  } catch (error) {
    if (waiting.signal?.aborted !== true) throw error;
    throw new EdgeError('INTERRUPTED', `interrupted, but distribution ${written.id} is written and the change is in force`, {
      cause: error,
      hint: 'edge locations pick it up automatically; npm run distribution:apply waits for them, and changes nothing more',
    });
  }
}

async function create({ client, file }: DistributionTarget, plan: DistributionPlan): Promise<LiveDistribution> {
  const created = await createDistribution(client, plan.next);
  if (created !== undefined) return created;
  // The answer to an earlier attempt was lost, or another operator or tool has just created it.
  const existing = await findLiveDistribution(client, file, undefined);
  if (existing !== undefined && planDistribution(existing, file).changes.length === 0) return existing;
  throw new EdgeError('CONFLICT', `the CallerReference ${file.CallerReference} has already created a distribution`, {
    hint:
      existing === undefined
        ? 'it may be deleted by now: give distribution.json a CallerReference of its own'
        : `it is ${existing.id}, and it differs from the plan: run npm run distribution:plan`,
  });
}

async function update(
  { client, file, drop, only }: DistributionTarget,
  plan: DistributionPlan & { live: LiveDistribution },
): Promise<LiveDistribution> {
  let { live, next } = plan;
  if (plan.changes.length === 0) return live;
  // CloudFront refuses a new certificate or web ACL while the policy is attached, and perhaps in the update that detaches it.
  const isDetached = Boolean(live.config.ContinuousDeploymentPolicyId) && !next.ContinuousDeploymentPolicyId;
  if (isDetached && plan.changes.length > 1)
    live = await updateDistribution(client, live.id, { ...live.config, ContinuousDeploymentPolicyId: '' }, live.etag);
  for (let made = 1; ; made++) {
    try {
      return await updateDistribution(client, live.id, next, live.etag);
    } catch (error) {
      if (!(error instanceof EdgeError) || error.code !== 'CONFLICT' || made >= maxWrites) throw error;
      const again = await readDistributionById(client, live.id);
      if (again === undefined) throw error;
      const replanned = planDistribution(again, file, drop, only);
      // The answer to an earlier write was lost, or another writer made the same change.
      if (replanned.changes.length === 0) return again;
      if (JSON.stringify(replanned.changes) !== JSON.stringify(plan.changes))
        throw new EdgeError('CONFLICT', `distribution ${live.id} was changed since the plan was made: nothing was written`, {
          hint: 'run npm run distribution:plan, then decide again',
          cause: error,
        });
      ({ live, next } = { live: again, next: replanned.next });
    }
  }
}

/** The load balancer's rule reads `*` and `?` as wildcards: a short or odd secret would admit other requests. */
function checkSecret(secret: string | undefined): void {
  if (secret === undefined || /^[A-Za-z0-9]{32,128}$/.test(secret)) return;
  throw new EdgeError(
    'CONFIG_INVALID',
    `ORIGIN_VERIFY_SECRET must be 32 to 128 characters of A-Z, a-z and 0-9, got ${secret.length} characters`,
    { hint: '`openssl rand -hex 32` makes one; docs/rotate.md has the steps of a rotation' },
  );
}
