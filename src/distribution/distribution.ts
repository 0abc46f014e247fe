import type { CloudFrontClient, DistributionConfig } from '@aws-sdk/client-cloudfront';
import { openAws } from '../aws/clients.ts';
import { checkCallerAccount } from '../aws/credentials.ts';
import {
  createDistribution,
  type LiveDistribution,
  readDistributionById,
  updateDistribution,
  waitForDeployed,
} from '../aws/distribution.ts';
import type { PollOptions } from '../aws/retry.ts';
import { checkOriginsAgree, distributionPath, readDistribution } from '../config/distribution-file.ts';
import type { EdgeConfig, ManagedDistribution } from '../config/edge-config.ts';
import { readLocalCloud } from '../config/local-cloud.ts';
import { originIdOf } from '../config/origin-names.ts';
import { EdgeError } from '../errors.ts';
import { pageOf, typed } from '../text/typed.ts';
import { findLiveDistribution } from './find-distribution.ts';
import { checkHazards } from './hazards.ts';
import { ownChanges, planOwnChanges, planRemoval, readOwnFacts, readPublished } from './own-changes.ts';
import { checkDrops, type DistributionPlan, planDistribution } from './plan.ts';

/** What the commands about the distribution work on. */
export type DistributionTarget = FileTarget | PartTarget;

/** A distribution of another tool, and what we change on it. */
export interface PartTarget {
  client: CloudFrontClient;
  id: string;
  plan: (live: LiveDistribution) => Promise<DistributionPlan>;
}

/** A distribution that distribution.json describes. */
interface FileTarget {
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
  /** The hint when the signal ends the wait; that of distribution:apply by default. */
  interruptHint?: string;
  /** Called after the write, when there is something to wait for. */
  onWait?: (written: LiveDistribution) => void;
}

const applyHint = `edge locations pick it up automatically; ${typed('distribution:apply')} waits for them, and changes nothing more`;

export const deployTimeoutMs = 30 * 60_000;

/** Writes before another operator's or tool's writes in between end it. */
const maxWrites = 5;

interface DistributionOptions {
  /** AWS_*, EDGE_DISTRIBUTION_ID, EDGE_LOCAL_PORT and the placeholders of distribution.json. */
  env: Readonly<Record<string, string | undefined>>;
  /** The running local cloud in place of AWS. */
  isLocal: boolean;
  /** Value of `--id`; it overrides the environment. */
  id: string | undefined;
  config: EdgeConfig;
}

/**
 * What edge.config.ts says about distributions, each in turn: our own changes on those of another tool, else the one
 * that distribution.json describes.
 */
export async function openDistributions(options: DistributionOptions): Promise<DistributionTarget[]> {
  const { env, config } = options;
  const { client, given, local } = await openClient(options);
  if (config.distributions !== undefined) {
    const chosen = await choose(client, config.distributions, given, local?.distributionId);
    return chosen.map((each) => openPart(client, config, each));
  }
  const file = await readDistribution(distributionPath(env), local?.env ?? env);
  checkOriginsAgree(config, file);
  if (local === undefined) checkSecret(env['ORIGIN_VERIFY_SECRET']);
  return [{ client, file, id: given ?? local?.distributionId }];
}

/** The account, and the id that `--id` or the environment gives. */
async function openClient({ env, isLocal, id, config }: DistributionOptions) {
  const local = isLocal ? await readLocalCloud(env) : undefined;
  const aws = openAws({ env, local });
  if (local === undefined) await checkCallerAccount(aws.sts, config.accountId);
  const client = await aws.cloudFront();
  return { client, local, given: id ?? (local === undefined ? env['EDGE_DISTRIBUTION_ID'] || undefined : undefined) };
}

/** The local cloud has one distribution with the behaviors of all, unless a test made others in it. */
async function choose(
  client: CloudFrontClient,
  distributions: readonly ManagedDistribution[],
  given: string | undefined,
  localId: string | undefined,
): Promise<readonly ManagedDistribution[]> {
  const ids = distributions.map(({ id }) => id);
  const named = given === undefined ? distributions : distributions.filter(({ id }) => id === given);
  if (localId !== undefined) {
    if (given === localId) return [mergeBehaviors(distributions, localId)];
    const found = await Promise.all(named.map(async (each) => ((await readDistributionById(client, each.id)) === undefined ? [] : [each])));
    return found.flat().length > 0 ? found.flat() : [mergeBehaviors(distributions, localId)];
  }
  if (named.length === 0)
    throw new EdgeError('USAGE', `edge.config.ts has no distribution ${given}`, {
      hint: `--id and EDGE_DISTRIBUTION_ID choose one of its distributions: ${ids.join(', ')}`,
    });
  return named;
}

/** One distribution with the behaviors of all. */
export function mergeBehaviors(distributions: readonly ManagedDistribution[], id: string): ManagedDistribution {
  return {
    id,
    behaviors: [...new Set(distributions.flatMap(({ behaviors }) => behaviors))],
    replaces: Object.assign({}, ...distributions.map(({ replaces }) => replaces)),
  };
}

/** Our own changes on one of the distributions of edge.config.ts. */
export function openPart(client: CloudFrontClient, config: EdgeConfig, distribution: ManagedDistribution): PartTarget {
  const own = ownChanges(config, distribution);
  return {
    client,
    id: distribution.id,
    plan: async (live) => planOwnChanges(live, own, await readOwnFacts(client, live, own)),
  };
}

/**
 * The same distributions, each without the edge function. `readDrained` reads of which origins the health record keeps
 * viewers away, by alias. A given id needs neither distribution.json nor an entry in edge.config.ts.
 */
export async function openRemovals(opening: DistributionOptions, readDrained: () => Promise<readonly string[]>): Promise<PartTarget[]> {
  const { config } = opening;
  const { client, given, local } = await openClient(opening);
  const known = config.distributions ?? [];
  const chosen =
    given !== undefined
      ? [known.find(({ id }) => id === given) ?? { id: given, replaces: {} }]
      : known.length > 0
        ? await choose(client, known, undefined, local?.distributionId)
        : [{ id: local?.distributionId ?? (await findOwnId(opening)), replaces: {} }];
  return chosen.map(({ id, replaces }) => ({
    client,
    id,
    plan: async (live) => {
      const [published, aliases] = await Promise.all([
        readPublished(client, Object.values(replaces)),
        readDrained().catch(() => undefined),
      ]);
      const drained = aliases?.map((alias) => originIdOf(config.origins, alias));
      return planRemoval(live, { functionName: config.functionName, replaces }, { published, drained });
    },
  }));
}

/** The id of the distribution that distribution.json describes. */
async function findOwnId(opening: DistributionOptions): Promise<string> {
  const [target] = await openDistributions(opening);
  const live = target && (await readTarget(target));
  if (live !== undefined) return live.id;
  throw new EdgeError('NOT_FOUND', 'the distribution of distribution.json does not exist', { hint: 'name another one with --id' });
}

/** The distribution of a target as it is now; undefined when it does not exist yet. */
export async function readTarget(target: DistributionTarget): Promise<LiveDistribution | undefined> {
  return findLiveDistribution(target.client, 'file' in target ? target.file : undefined, target.id);
}

/** What the target would change on this distribution. */
export async function planTarget(target: DistributionTarget, live: LiveDistribution | undefined): Promise<DistributionPlan> {
  if (!('file' in target)) {
    if (live === undefined) throw new Error(`distribution ${target.id} was not read`);
    return target.plan(live);
  }
  return planDistribution(live, target.file, target.drop, target.only);
}

/** Makes the distribution what the file says, creating it when there is none, and waits until it is deployed. */
export async function applyDistribution(target: DistributionTarget, options: WaitOptions = {}): Promise<LiveDistribution> {
  const plan = await readPlan(target);
  checkHazards(plan.hazards, []);
  return applyPlan(target, plan, options);
}

/** What applying would change; nothing is written. USAGE when a path to drop names nothing. */
export async function readPlan(target: DistributionTarget): Promise<DistributionPlan> {
  const plan = await planTarget(target, await readTarget(target));
  checkDrops(plan);
  return plan;
}

/**
 * Writes exactly this plan and waits until it is deployed. CONFLICT, and nothing written, when the distribution has
 * changed in a way that matters.
 */
export async function applyPlan(target: DistributionTarget, plan: DistributionPlan, options: WaitOptions = {}): Promise<LiveDistribution> {
  const written = plan.live === undefined ? await create(target, plan) : await update(target, plan, plan.live);
  return awaitDeployed(target.client, written, options);
}

/** INTERRUPTED, naming what is in force, when the signal ends the wait. */
export async function awaitDeployed(
  client: CloudFrontClient,
  written: LiveDistribution,
  { noWait = false, interruptHint = applyHint, onWait, ...waiting }: WaitOptions,
): Promise<LiveDistribution> {
  if (written.isDeployed || noWait) return written;
  onWait?.(written);
  try {
    return await waitForDeployed(client, written.id, { timeoutMs: deployTimeoutMs, ...waiting });
  } catch (error) {
    if (waiting.signal?.aborted !== true) throw error;
    throw new EdgeError('INTERRUPTED', `interrupted, but distribution ${written.id} is written and the change is in force`, {
      cause: error,
      hint: interruptHint,
    });
  }
}

async function create(target: DistributionTarget, plan: DistributionPlan): Promise<LiveDistribution> {
  const created = await createDistribution(target.client, plan.next);
  if (created !== undefined) return created;
  // The answer to an earlier attempt was lost, or another operator or tool has just created it.
  const existing = await readTarget({ ...target, id: undefined } as FileTarget);
  if (existing !== undefined && (await planTarget(target, existing)).changes.length === 0) return existing;
  throw new EdgeError('CONFLICT', `the CallerReference ${plan.next.CallerReference} has already created a distribution`, {
    hint:
      existing === undefined
        ? 'it may be deleted by now: give distribution.json a CallerReference of its own'
        : `it is ${existing.id}, and it differs from the plan: run ${typed('distribution:plan')}`,
  });
}

async function update(target: DistributionTarget, plan: DistributionPlan, shown: LiveDistribution): Promise<LiveDistribution> {
  const { client } = target;
  let { live, next } = { live: shown, next: plan.next };
  if (plan.changes.length === 0) return live;
  // CloudFront refuses a new certificate or web ACL while the policy is attached, and perhaps in the update that
  // detaches it.
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
      const replanned = await planTarget(target, again);
      // The answer to an earlier write was lost, or another writer made the same change.
      if (replanned.changes.length === 0) return again;
      if (JSON.stringify(replanned.changes) !== JSON.stringify(plan.changes) || hasNewHazard(plan, replanned))
        throw new EdgeError('CONFLICT', `distribution ${live.id} was changed since the plan was made: nothing was written`, {
          hint: `run ${typed('distribution:plan')}, then decide again`,
          cause: error,
        });
      ({ live, next } = { live: again, next: replanned.next });
    }
  }
}

/** Only the hazards of the shown plan were accepted. */
function hasNewHazard(shown: DistributionPlan, replanned: DistributionPlan): boolean {
  return replanned.hazards.some(({ kind, message }) => kind !== 'note' && !shown.hazards.some((each) => each.message === message));
}

/** The load balancer's rule reads `*` and `?` as wildcards: a short or odd secret would admit other requests. */
function checkSecret(secret: string | undefined): void {
  if (secret === undefined || /^[A-Za-z0-9]{32,128}$/.test(secret)) return;
  throw new EdgeError(
    'CONFIG_INVALID',
    `ORIGIN_VERIFY_SECRET must be 32 to 128 characters of A-Z, a-z and 0-9, got ${secret.length} characters`,
    { hint: `\`openssl rand -hex 32\` makes one; ${pageOf('rotate.md')} has the steps of a rotation` },
  );
}
