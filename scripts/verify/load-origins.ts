import type { Io } from '../../src/cli/io.ts';
import { distributionPath, readDistribution } from '../../src/config/distribution-file.ts';
import type { LocalCloud } from '../../src/config/local-cloud.ts';
import { type KnownDistribution, readKnownDistribution } from '../../src/verify/read-known-distribution.ts';

/** Where an origin's certificate is for the viewers' name, that is the edge's when nothing else says so. */
export async function loadOrigins(edge: string | undefined, local: LocalCloud | undefined, io: Io): Promise<KnownDistribution> {
  const known = await readKnownDistribution((env) => readDistribution(distributionPath(io.env), env), local?.env ?? io.env);
  const host = edge === undefined || local !== undefined ? undefined : new URL(edge).hostname;
  if (host !== undefined && known.distribution.Aliases?.Items?.length === 0) known.distribution.Aliases = { Quantity: 1, Items: [host] };
  return { ...known, missing: known.missing.filter((name) => name !== 'AWS_ACCOUNT_ID' && name !== 'ACM_CERTIFICATE_ARN') };
}
