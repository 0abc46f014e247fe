import type { LiveDistribution } from '../../src/aws/distribution.ts';
import { askToWrite, showTarget } from '../../src/cli/ask-to-write.ts';
import type { Io } from '../../src/cli/io.ts';
import { applyPlan, type DistributionTarget, readPlan, type WaitOptions } from '../../src/distribution/distribution.ts';
import { endRollout, planEnd } from '../../src/distribution/end-rollout.ts';
import { describeChange, describePlan, formatChanges, formatOutcome, formatPlan } from '../../src/distribution/format-plan.ts';
import { checkHazards } from '../../src/distribution/hazards.ts';
import type { DistributionPlan } from '../../src/distribution/plan.ts';
import {
  formatTraffic,
  listSteps,
  planPromotion,
  planStaging,
  promotePlan,
  type StagedTraffic,
  stagePlan,
} from '../../src/distribution/staging.ts';
import { typed } from '../../src/text/typed.ts';

export interface WriteOptions {
  isLocal: boolean;
  /** Write without asking. */
  yes: boolean;
  noWait: boolean;
  waitMs: number;
  /** Kinds of hazards that do not stop the command. */
  accept?: readonly string[];
  /** What the question asks for, and what the distribution is then; those of an apply by default. */
  words?: WriteWords;
}

interface WriteWords {
  question: string;
  done: string;
  idle: string;
  interruptHint?: string;
}

/** Those of `un-adopt`. */
export function removalWords(functionName: string): WriteWords {
  const outcome = `without ${functionName}`;
  const interruptHint = `edge locations pick it up automatically; ${typed('un-adopt')} waits for them, and changes nothing more`;
  return { question: `take ${functionName} off`, done: outcome, idle: outcome, interruptHint };
}

/** Prints what apply would do, and writes nothing. */
export async function showPlan(target: DistributionTarget, isLocal: boolean, io: Io): Promise<number> {
  const plan = await readPlan(target);
  showDistribution(plan.live, { isLocal }, io, true);
  io.result(describePlan(plan), formatPlan(plan, io.colour));
  return 0;
}

/**
 * Applies to one distribution after the other, when no plan of them has a hazard that stops the command; returns the
 * exit code.
 */
export async function applyToEach(targets: readonly DistributionTarget[], options: WriteOptions, io: Io): Promise<number> {
  if (targets.length > 1) for (const target of targets) checkHazards((await readPlan(target)).hazards, options.accept ?? []);
  for (const target of targets) {
    const code = await applyToAll(target, options, io);
    if (code !== 0) return code;
  }
  return 0;
}

/** Shows the plan, asks, writes exactly that plan and waits until it is deployed; returns the exit code. */
export async function applyToAll(target: DistributionTarget, options: WriteOptions, io: Io): Promise<number> {
  const plan = await readPlan(target);
  showDistribution(plan.live, options, io);
  for (const line of formatPlan(plan, io.colour)) io.stderr(line);
  checkHazards(plan.hazards, options.accept ?? []);
  const isChange = plan.changes.length > 0;
  const words: WriteWords = options.words ?? {
    question: 'apply this',
    done: plan.live === undefined ? 'created' : 'updated',
    idle: `as ${describedBy(plan)} says`,
  };
  const { question, done, idle, interruptHint } = words;
  if (isChange && !(await ask(question, plan.live, options, io))) return 1;
  const live = await applyPlan(target, plan, { ...waitOptions(options, io), ...(interruptHint !== undefined && { interruptHint }) });
  io.result({ written: isChange, ...describePlan({ ...plan, live }), deployed: live.isDeployed }, [
    formatOutcome(live, isChange ? done : idle),
  ]);
  return 0;
}

/** Shows the plan, asks, and rolls it out to a part of the viewers; returns the exit code. */
export async function applyToSome(target: DistributionTarget, traffic: StagedTraffic, options: WriteOptions, io: Io): Promise<number> {
  const shown = await planStaging(target, traffic);
  showDistribution(shown.primary, options, io);
  const steps = listSteps(shown);
  for (const line of [...formatPlan(shown.plan, io.colour), ...steps.map((step) => `  ${step}`)]) io.stderr(line);
  checkHazards(shown.plan.hazards, options.accept ?? []);
  if (steps.length > 0 && !(await ask('roll this out', shown.primary, options, io))) return 1;
  const { primary, staging } = steps.length === 0 ? shown : await stagePlan(target.client, shown, waitOptions(options, io));
  const isIdle = steps.length === 0 && shown.plan.changes.length === 0;
  io.result(
    {
      written: steps.length > 0,
      ...describePlan({ ...shown.plan, live: primary }),
      staging: staging === undefined ? null : { id: staging.id, domainName: staging.domainName },
      traffic: isIdle ? null : traffic,
      deployed: primary.isDeployed,
    },
    isIdle || staging === undefined
      ? [`distribution ${primary.id} is as ${describedBy(shown.plan)} says: there is nothing to roll out`]
      : [
          `staging distribution ${staging.id} (${staging.domainName}) serves ${formatTraffic(traffic)} of ${primary.id}`,
          `${typed('distribution:promote')} applies it to all viewers`,
        ],
  );
  return 0;
}

/**
 * Shows how the staging distribution differs from its primary, asks, applies that to the primary and ends the rollout;
 * returns the exit code.
 */
export async function promoteToAll(target: DistributionTarget, options: WriteOptions, io: Io): Promise<number> {
  const shown = await planPromotion(target);
  const { primary, staging, changes } = shown;
  showDistribution(primary, options, io);
  io.stderr(`distribution ${primary.id} from staging distribution ${staging.id}`);
  for (const line of formatChanges(changes, io.colour)) io.stderr(line);
  const isChange = changes.length > 0;
  if (isChange && !(await ask('promote this to all viewers', primary, options, io))) return 1;
  const live = await promotePlan(target.client, shown, waitOptions(options, io));
  io.result(
    {
      written: isChange,
      distribution: { id: live.id, domainName: live.domainName },
      staging: { id: staging.id, domainName: staging.domainName },
      changes: changes.map(describeChange),
      deployed: live.isDeployed,
    },
    [formatOutcome(live, isChange ? `promoted from ${staging.id}` : `the same as staging distribution ${staging.id}`)],
  );
  return 0;
}

/**
 * Shows what is left of a staged rollout, asks, and ends it: the policy is detached and deleted, the staging
 * distribution deleted; returns the exit code.
 */
export async function endStaging(target: DistributionTarget, options: WriteOptions, io: Io): Promise<number> {
  const plan = await planEnd(target);
  const { primary, staging, policy, unpromoted, steps } = plan;
  io.stderr(`distribution ${primary.id} (${primary.domainName})`);
  for (const step of steps) io.stderr(`  ${step}`);
  if (unpromoted.length > 0) {
    io.stderr('  lost, because it was not promoted:');
    for (const line of formatChanges(unpromoted, io.colour)) io.stderr(`  ${line}`);
  }
  const isLeft = steps.length > 0;
  if (isLeft && !(await ask('end the staged rollout', primary, options, io))) return 1;
  const live = isLeft ? await endRollout(target.client, plan, waitOptions(options, io)) : primary;
  io.result(
    {
      written: isLeft,
      distribution: { id: live.id, domainName: live.domainName },
      policy: policy?.id ?? null,
      staging: staging?.id ?? null,
      lost: unpromoted.map(describeChange),
    },
    [formatOutcome(live, 'without a staged rollout')],
  );
  return 0;
}

function describedBy({ isOwn }: DistributionPlan): string {
  return isOwn ? 'edge.config.ts' : 'distribution.json';
}

function showDistribution(
  live: LiveDistribution | undefined,
  { isLocal }: Pick<WriteOptions, 'isLocal'>,
  io: Io,
  isPrinted = false,
): string {
  const resource = live === undefined ? 'a new distribution' : `distribution ${live.id}`;
  return showTarget(io, { isLocal, resource, arn: live?.arn }, isPrinted);
}

async function ask(what: string, live: LiveDistribution | undefined, { isLocal, yes }: WriteOptions, io: Io): Promise<boolean> {
  if (await askToWrite(io, yes, what, showDistribution(live, { isLocal }, io))) return true;
  io.stderr('nothing was written');
  return false;
}

function waitOptions({ noWait, waitMs }: WriteOptions, io: Io): WaitOptions {
  return {
    noWait,
    timeoutMs: waitMs,
    progress: io.progress,
    signal: io.signal,
    now: io.now,
    onWait: ({ id, config }) =>
      io.stderr(
        config.Staging === true
          ? `staging distribution ${id} is written, waiting until it is deployed`
          : `written, waiting until distribution ${id} is deployed; if you stop here, the deployment goes on`,
      ),
  };
}
