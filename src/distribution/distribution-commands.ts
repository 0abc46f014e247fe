import type { CloudFrontClient, DistributionConfig } from '@aws-sdk/client-cloudfront';
import { type LiveDistribution, waitForDeployed } from '../aws/distribution.ts';
import { askToWrite, nameTarget } from '../cli/ask-to-write.ts';
import type { Io } from '../cli/io.ts';
import { writePlan } from './apply-distribution.ts';
import { findDistribution } from './find-distribution.ts';
import { describePlan, formatPlan } from './format-plan.ts';
import { checkDrops, type DistributionPlan, planDistribution } from './plan-distribution.ts';
import { checkHazards, findHazards } from './plan-hazards.ts';

/** What the commands about the distribution work on. */
export interface DistributionTarget {
  client: CloudFrontClient;
  /** distribution.json with its placeholders filled. */
  file: DistributionConfig;
  id: string | undefined;
  /** The local cloud in place of AWS. Default false. */
  isLocal?: boolean;
  drop: readonly string[];
  /** The top-level fields that may change; all when empty. */
  only?: readonly string[];
  /** Kinds of hazards that do not stop the command. */
  accept?: readonly string[];
}

export interface WriteOptions {
  /** Write without asking. */
  yes: boolean;
  noWait: boolean;
  waitMs: number;
}

/** Prints what apply would do, and writes nothing. */
export async function showPlan(target: DistributionTarget, io: Io): Promise<number> {
  const plan = await makePlan(target);
  io.result(describePlan(plan), formatPlan(plan, io.colour));
  return 0;
}

/** Shows the plan, asks, writes exactly that plan and waits until it is deployed; returns the exit code. */
export async function applyPlan(target: DistributionTarget, options: WriteOptions, io: Io): Promise<number> {
  const plan = await makePlan(target);
  for (const line of formatPlan(plan, io.colour)) io.stderr(line);
  checkHazards(findHazards(plan), target.accept ?? []);
  if (plan.changes.length > 0 && !(await askToWrite(io, options.yes, 'apply this', nameDistribution(target, plan.live, io)))) {
    io.stderr('nothing was written');
    return 1;
  }
  const written = await writePlan(target.client, plan, target.file, target.drop, target.only);
  const distribution = await awaitDeployed(target.client, written, options, io);
  const isWritten = plan.changes.length > 0;
  io.result({ written: isWritten, ...describePlan({ ...plan, live: distribution }), deployed: distribution.isDeployed }, [
    describeOutcome(distribution, plan.live === undefined ? 'created' : isWritten ? 'updated' : 'as distribution.json says'),
  ]);
  return 0;
}

async function makePlan({ client, file, id, drop, only }: DistributionTarget): Promise<DistributionPlan> {
  const plan = planDistribution(await findDistribution(client, file, id), file, drop, only);
  checkDrops(plan);
  return plan;
}

/** Waits for the edges unless told not to; they follow by themselves. */
export async function awaitDeployed(
  client: CloudFrontClient,
  written: LiveDistribution,
  { noWait, waitMs }: Pick<WriteOptions, 'noWait' | 'waitMs'>,
  io: Io,
): Promise<LiveDistribution> {
  if (written.isDeployed || noWait) return written;
  io.stderr(`written, waiting until distribution ${written.id} is deployed; it goes on by itself if you stop here`);
  return waitForDeployed(client, written.id, { timeoutMs: waitMs, progress: io.progress, signal: io.signal, now: io.now });
}

export function describeOutcome({ id, domainName, isDeployed }: LiveDistribution, what: string): string {
  return `distribution ${id} (${domainName}) is ${what}${isDeployed ? ' and deployed' : ', and being deployed'}`;
}

/** Where a write to the distribution goes; one that does not exist yet has no id. */
export function nameDistribution({ isLocal = false }: DistributionTarget, live: LiveDistribution | undefined, io: Io): string {
  return nameTarget({ isLocal, resource: live === undefined ? 'a new distribution' : `distribution ${live.id}`, arn: live?.arn }, io.env);
}
