import type { DistributionConfig } from '@aws-sdk/client-cloudfront';

type Environment = Readonly<Record<string, string | undefined>>;

export interface KnownDistribution {
  distribution: DistributionConfig;
  /** Placeholders that are not set. */
  missing: readonly string[];
  /** Ids of origins that CloudFront sends a header which is not known here. */
  lacking: ReadonlySet<string>;
}

/** Stands for a placeholder that is not set; no name and no secret has it in it. */
const unset = '\u0000unset';

/**
 * distribution.json with as much of it as the environment names: who looks at origins need not know all that who creates a distribution must.
 * A header whose value is not known is left out, a name that is not known is empty.
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
