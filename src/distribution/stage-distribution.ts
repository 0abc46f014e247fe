import type { CloudFrontClient, ContinuousDeploymentPolicyConfig } from '@aws-sdk/client-cloudfront';
import { copyDistribution, createPolicy, type LivePolicy, updatePolicy } from '../aws/continuous-deployment.ts';
import { type LiveDistribution, readDistributionById, updateDistribution, waitForDeployed } from '../aws/distribution.ts';
import { askToWrite } from '../cli/ask-to-write.ts';
import type { Io } from '../cli/io.ts';
import { EdgeError } from '../errors.ts';
import { configTree } from './config-tree.ts';
import { diffConfigs } from './diff-config.ts';
import { awaitDeployed, type DistributionTarget, nameDistribution, type WriteOptions } from './distribution-commands.ts';
import { findRollout, stagingReference } from './find-rollout.ts';
import { describePlan, formatPlan } from './format-plan.ts';
import { checkHazards, findHazards } from './plan-hazards.ts';
import { planStaging, type StagingPlan, stagingConfig } from './plan-staging.ts';
import { formatTraffic, type StagedTraffic, trafficConfig } from './staged-traffic.ts';

/**
 * Shows the plan, asks, puts distribution.json onto the staging distribution and only then sends it its part of the viewers. Every step is looked for before
 * it is done, so that a rollout that was interrupted goes on where it stopped; returns the exit code.
 */
export async function stageDistribution(
  target: DistributionTarget,
  traffic: StagedTraffic,
  options: WriteOptions,
  io: Io,
): Promise<number> {
  const shown = await planStaging(target, traffic);
  const steps = listSteps(shown);
  for (const line of [...formatPlan(shown.plan, io.colour), ...steps.map((step) => `  ${step}`)]) io.stderr(line);
  checkHazards(findHazards(shown.plan), target.accept ?? []);
  if (steps.length > 0 && !(await askToWrite(io, options.yes, 'roll this out', nameDistribution(target, shown.primary, io)))) {
    io.stderr('nothing was written');
    return 1;
  }
  const { staging, primary } = steps.length === 0 ? shown : await write(target.client, shown, options, io);
  const done = await awaitDeployed(target.client, primary, options, io);
  const isIdle = steps.length === 0 && shown.plan.changes.length === 0;
  io.result(
    {
      written: steps.length > 0,
      ...describePlan({ ...shown.plan, live: done }),
      staging: staging === undefined ? null : { id: staging.id, domainName: staging.domainName },
      traffic: isIdle ? null : traffic,
      deployed: done.isDeployed,
    },
    isIdle || staging === undefined
      ? [`distribution ${done.id} is as distribution.json says: there is nothing to roll out`]
      : [
          `staging distribution ${staging.id} (${staging.domainName}) serves ${formatTraffic(traffic)} of ${done.id}`,
          'npm run distribution:promote gives it to everybody',
        ],
  );
  return 0;
}

/** What is still to be done; empty when the rollout stands as asked for, or when there is nothing to roll out. */
function listSteps({ plan, staging, stagingChanges, policy, primary, traffic, isTrafficNew, isAttached }: StagingPlan): string[] {
  const isRunning = policy?.config.Enabled === true && (stagingChanges?.length ?? 0) > 0;
  if (plan.changes.length === 0 && !isRunning) return [];
  return [
    ...(staging === undefined ? [`copy distribution ${primary.id} to a staging distribution, and change that`] : []),
    ...(staging !== undefined && (stagingChanges?.length ?? 0) > 0 ? [`update staging distribution ${staging.id}`] : []),
    ...(isTrafficNew ? [`${policy === undefined ? 'create a' : 'update the'} policy: ${formatTraffic(traffic)}`] : []),
    ...(isAttached ? [] : [`attach the policy to distribution ${primary.id}`]),
  ];
}

async function write(client: CloudFrontClient, shown: StagingPlan, { waitMs }: WriteOptions, io: Io) {
  const staging = await writeStaging(client, shown);
  // Viewers are only sent where every edge has the new config.
  io.stderr(`staging distribution ${staging.id} is written, waiting until it is deployed`);
  await waitForDeployed(client, staging.id, { timeoutMs: waitMs, progress: io.progress, signal: io.signal, now: io.now });
  const policy = await writePolicy(client, shown, staging);
  const primary = shown.isAttached ? shown.primary : await attach(client, shown.primary, policy);
  return { staging, primary };
}

async function writeStaging(client: CloudFrontClient, { primary, plan, ...shown }: StagingPlan): Promise<LiveDistribution> {
  const staging =
    shown.staging ?? (await copyDistribution(client, primary, stagingReference(primary))) ?? (await findRollout(client, primary)).staging;
  if (staging === undefined)
    throw new EdgeError('CONFLICT', `the reference ${stagingReference(primary)} has made a staging distribution that is gone`, {
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

/** The policy is all that changes on the primary. Whether the copy has changed its ETag is not documented, so it is read again. */
async function attach(client: CloudFrontClient, shown: LiveDistribution, policy: LivePolicy): Promise<LiveDistribution> {
  const now = await readDistributionById(client, shown.id);
  if (now === undefined || diffConfigs(configTree(shown.config), configTree(now.config)).length > 0)
    throw new EdgeError('CONFLICT', `distribution ${shown.id} was changed since the plan was made: no viewer was moved`, {
      hint: 'run it again: the staging distribution that was made is used',
    });
  return updateDistribution(client, now.id, { ...now.config, ContinuousDeploymentPolicyId: policy.id }, now.etag);
}
