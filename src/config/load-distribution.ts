import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import { EdgeError } from '../errors.ts';
import { buildDistribution, buildLocalDistribution, configureOrigin } from './build-distribution.ts';
import { checkOriginsAgree, distributionPath, hasDistribution, readDistribution } from './distribution-file.ts';
import type { EdgeConfig } from './edge-config.ts';
import type { Environment } from './environments.ts';
import type { LocalCloud } from './local-cloud.ts';

export interface DistributionSource {
  config: EdgeConfig;
  /** EDGE_PROJECT and EDGE_DISTRIBUTION_ID. */
  env: Environment;
  /** VIEWER_DOMAIN and the values of placeholders. Default: those of the local cloud, else `env`. */
  values?: Environment;
  /** The local cloud; undefined on AWS. */
  local: Pick<LocalCloud, 'env'> | undefined;
  /** Reads the live distribution of this id, where no file says where an origin is; undefined when there is none. Default: nothing is read. */
  readLive?: ((id: string) => Promise<{ config: DistributionConfig } | undefined>) | undefined;
}

/**
 * The distribution as far as probes and the local edge need it: names, origins and their headers. From distribution.json; without that file
 * from edge.config.ts when it has each origin's domainName, else from the live distribution. CONFIG_MISSING when none of them says where an origin is.
 */
export async function loadDistribution({
  config,
  env,
  local,
  readLive,
  values = local?.env ?? env,
}: DistributionSource): Promise<DistributionConfig> {
  const file = hasDistribution(env) ? await readDistribution(distributionPath(env), values) : undefined;
  if (local !== undefined) {
    if (file !== undefined) checkOriginsAgree(config, file);
    return file ?? buildLocalDistribution(config, values);
  }
  const id = env['EDGE_DISTRIBUTION_ID'] || config.distributions?.[0]?.id;
  const isKnown = file !== undefined || Object.values(config.origins).every(({ domainName }) => domainName !== undefined);
  const live = isKnown || id === undefined ? undefined : await readLive?.(id);
  return live === undefined ? useDistribution(config, file, values) : withConfigured(config, live.config, values);
}

/** distribution.json with what edge.config.ts says about its origins; without the file what edge.config.ts says alone. */
export function useDistribution(config: EdgeConfig, file: DistributionConfig | undefined, values: Environment): DistributionConfig {
  if (file !== undefined) {
    checkOriginsAgree(config, file);
    return withConfigured(config, file, values);
  }
  const unknown = Object.entries(config.origins).flatMap(([alias, { domainName }]) => (domainName === undefined ? [alias] : []));
  if (unknown.length === 0) return buildDistribution(config, values);
  throw new EdgeError('CONFIG_MISSING', `no file says where ${unknown.join(', ')} ${unknown.length === 1 ? 'is' : 'are'}`, {
    hint: `add domainName to origins.${unknown[0]} in edge.config.ts, with headers where CloudFront adds a secret, or distribution.json to its folder`,
  });
}

/** The distribution with what edge.config.ts says about its origins. */
function withConfigured(config: EdgeConfig, distribution: DistributionConfig, env: Environment): DistributionConfig {
  const items = (distribution.Origins?.Items ?? []).map((origin) => {
    const own = Object.values(config.origins).find(({ originId }) => originId === origin.Id);
    return own === undefined ? origin : configureOrigin(own, origin, env);
  });
  return { ...distribution, Origins: { Quantity: items.length, Items: items } };
}
