import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import { distributionPath, hasDistribution, readDistribution } from './distribution-file.ts';
import type { Environment } from './environments.ts';

export interface KnownDistribution {
  distribution: DistributionConfig;
  /** Placeholders without a value. */
  missing: readonly string[];
  /** Ids of origins with a custom header whose value is not known here. */
  lacking: ReadonlySet<string>;
}

/** Fills a placeholder without a value; no real value contains it. */
const unset = '\u0000unset';

/**
 * The distribution as far as the environment fills it: a probe of origins needs fewer values than the creation of a distribution.
 * A header of unknown value is left out, and an unknown name is empty.
 */
export async function readKnownDistribution(
  read: (env: Environment) => Promise<DistributionConfig>,
  env: Environment,
): Promise<KnownDistribution> {
  const missing = new Set<string>();
  const filling = new Proxy(
    { ...env },
    {
      get: (known, name: string) => {
        if (known[name]) return known[name];
        missing.add(name);
        return unset;
      },
    },
  );
  const distribution = await read(filling);
  const isKnown = (text: string | undefined) => text?.includes(unset) !== true;
  const lacking = new Set<string>();
  for (const origin of distribution.Origins?.Items ?? []) {
    if (!isKnown(origin.DomainName)) origin.DomainName = '';
    const headers = origin.CustomHeaders?.Items?.filter(({ HeaderValue }) => isKnown(HeaderValue)) ?? [];
    if (headers.length < (origin.CustomHeaders?.Items?.length ?? 0)) lacking.add(origin.Id ?? '');
    origin.CustomHeaders = { Quantity: headers.length, Items: headers };
  }
  const aliases = distribution.Aliases?.Items?.filter(isKnown) ?? [];
  distribution.Aliases = { Quantity: aliases.length, Items: aliases };
  return { distribution, missing: [...missing], lacking };
}

/** distribution.json as far as the environment fills it; undefined without the file. Its timeouts and behaviors need no value. */
export async function readKnownFile(env: Environment): Promise<DistributionConfig | undefined> {
  if (!hasDistribution(env)) return undefined;
  return (await readKnownDistribution((known) => readDistribution(distributionPath(env), known), env)).distribution;
}
