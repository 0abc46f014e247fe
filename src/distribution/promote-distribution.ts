import type { CloudFrontClient } from '@aws-sdk/client-cloudfront';
import { promoteStaging } from '../aws/continuous-deployment.ts';
import { type LiveDistribution, readDistributionById } from '../aws/distribution.ts';
import { askToWrite } from '../cli/ask-to-write.ts';
import type { Io } from '../cli/io.ts';
import { EdgeError } from '../errors.ts';
import { awaitDeployed, type DistributionTarget, describeOutcome, nameDistribution, type WriteOptions } from './distribution-commands.ts';
import { findRollout } from './find-rollout.ts';
import { describeChange, formatChanges } from './format-plan.ts';
import { diffForPromotion, findPrimary } from './plan-staging.ts';

/** Shows what the staging distribution has other than the primary, asks, gives it to the primary and ends the rollout; returns the exit code. */
export async function promoteDistribution(target: DistributionTarget, options: WriteOptions, io: Io): Promise<number> {
  const { client, file, id } = target;
  const primary = await findPrimary(client, file, id);
  const staging = await findStaged(client, primary);
  const changes = diffForPromotion(primary.config, staging.config);
  for (const line of [`distribution ${primary.id} from staging distribution ${staging.id}`, ...formatChanges(changes, io.colour)])
    io.stderr(line);
  if (changes.length > 0 && !(await askToWrite(io, options.yes, 'promote this to all viewers', nameDistribution(target, primary, io)))) {
    io.stderr('nothing was written');
    return 1;
  }
  const written = changes.length === 0 ? primary : await promote(client, primary, staging);
  const done = await awaitDeployed(client, written, options, io);
  io.result(
    {
      written: changes.length > 0,
      distribution: { id: done.id, domainName: done.domainName },
      staging: { id: staging.id, domainName: staging.domainName },
      changes: changes.map(describeChange),
      deployed: done.isDeployed,
    },
    [describeOutcome(done, changes.length === 0 ? `the same as staging distribution ${staging.id}` : `promoted from ${staging.id}`)],
  );
  return 0;
}

async function findStaged(client: CloudFrontClient, primary: LiveDistribution): Promise<LiveDistribution> {
  const { staging, policy } = await findRollout(client, primary);
  if (staging === undefined || policy === undefined || primary.config.ContinuousDeploymentPolicyId !== policy.id)
    throw new EdgeError('NOT_FOUND', `distribution ${primary.id} has no staged rollout`, {
      hint: 'start one: npm run distribution:apply -- --staging',
    });
  if (!staging.isDeployed)
    throw new EdgeError('NOT_READY', `staging distribution ${staging.id} is still being deployed: nobody has seen all of it yet`, {
      hint: 'that takes some minutes; run this again then',
    });
  return staging;
}

/** The ETags of both make sure that what was shown is what is promoted. */
async function promote(client: CloudFrontClient, primary: LiveDistribution, staging: LiveDistribution): Promise<LiveDistribution> {
  try {
    return await promoteStaging(client, primary, staging);
  } catch (error) {
    if (!(error instanceof EdgeError) || error.code !== 'CONFLICT') throw error;
    const again = await readDistributionById(client, primary.id);
    // An earlier call whose answer was lost.
    if (again !== undefined && diffForPromotion(again.config, staging.config).length === 0) return again;
    throw new EdgeError(
      'CONFLICT',
      `distribution ${primary.id} or ${staging.id} was changed since the plan was made: nothing was promoted`,
      {
        hint: 'look again: npm run distribution:promote',
        cause: error,
      },
    );
  }
}
