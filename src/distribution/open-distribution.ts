import type { CloudFrontClient, DistributionConfig } from '@aws-sdk/client-cloudfront';
import { openAws } from '../aws/clients.ts';
import { checkOriginsAgree, distributionPath, readDistribution } from '../config/distribution-file.ts';
import type { EdgeConfig } from '../config/edge-config.ts';
import { readLocalCloud } from '../config/local-cloud.ts';
import { EdgeError } from '../errors.ts';

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
  isLocal: boolean;
}> {
  const local = isLocal ? await readLocalCloud(env) : undefined;
  const file = await readDistribution(distributionPath(env), local?.env ?? env);
  checkOriginsAgree(config, file);
  if (local === undefined) checkSecret(env['ORIGIN_VERIFY_SECRET']);
  const client = await openAws({ env, local }).cloudFront();
  return { client, file, isLocal, id: id ?? (local === undefined ? env['EDGE_DISTRIBUTION_ID'] || undefined : local.distributionId) };
}

/** The paths of `--drop`, which are separated by commas: no path pattern and no host name has one. */
export function parseDrops(text: string | undefined): string[] {
  return (text ?? '').split(',').flatMap((path) => (path.trim() === '' ? [] : [path.trim()]));
}

/** The load balancer's rule takes `*` and `?` for wildcards: a short or odd secret would let others in. */
function checkSecret(secret: string | undefined): void {
  if (secret === undefined || /^[A-Za-z0-9]{32,128}$/.test(secret)) return;
  throw new EdgeError('CONFIG_INVALID', `ORIGIN_VERIFY_SECRET must be 32 to 128 of A-Z, a-z and 0-9; it has ${secret.length} characters`, {
    hint: '`openssl rand -hex 32` makes one; docs/infrastructure.md has the steps of a rotation',
  });
}
