import type { CloudFrontClient, DistributionConfig } from '@aws-sdk/client-cloudfront';
import { openAws } from '../../aws/clients.ts';
import { readLocalCloud } from '../../cli/local-cloud.ts';
import { checkOriginsAgree, distributionPath, readDistribution } from '../../config/distribution-file.ts';
import type { EdgeConfig } from '../../config/edge-config.ts';

export interface OpenDistributionOptions {
  /** AWS_*, EDGE_DISTRIBUTION_ID, EDGE_LOCAL_PORT and the placeholders of distribution.json. */
  env: Readonly<Record<string, string | undefined>>;
  /** The running local cloud in place of AWS. */
  isLocal: boolean;
  /** What `--id` says; it counts more than the environment. */
  id: string | undefined;
  config: EdgeConfig;
}

/** distribution.json, checked against edge.config.ts, and the account that holds the distribution. */
export async function openDistribution({ env, isLocal, id, config }: OpenDistributionOptions): Promise<{
  client: CloudFrontClient;
  file: DistributionConfig;
  /** Undefined when aliases and CallerReference are to find it. */
  id: string | undefined;
}> {
  const local = isLocal ? await readLocalCloud(env) : undefined;
  const file = await readDistribution(distributionPath(env), local?.env ?? env);
  checkOriginsAgree(config, file);
  const client = await openAws({ env, local }).cloudFront();
  return { client, file, id: id ?? (local === undefined ? env['EDGE_DISTRIBUTION_ID'] || undefined : local.distributionId) };
}

/** The paths of `--drop`, which are separated by commas: no path pattern and no host name has one. */
export function parseDrops(text: string | undefined): string[] {
  return (text ?? '').split(',').flatMap((path) => (path.trim() === '' ? [] : [path.trim()]));
}
