import type { Io } from '../../src/cli/io.ts';
import { distributionPath, readDistribution } from '../../src/config/distribution-file.ts';
import { type KnownDistribution, readKnownDistribution } from '../../src/config/known-distribution.ts';
import type { LocalCloud } from '../../src/config/local-cloud.ts';

/** The viewers' name, which an origin's certificate may have, is the edge's host without an alias. */
export async function loadOrigins(edge: string | undefined, local: LocalCloud | undefined, io: Io): Promise<KnownDistribution> {
  const known = await readKnownDistribution((env) => readDistribution(distributionPath(io.env), env), local?.env ?? io.env);
  const host = edge === undefined || local !== undefined ? undefined : new URL(edge).hostname;
  if (host !== undefined && known.distribution.Aliases?.Items?.length === 0) known.distribution.Aliases = { Quantity: 1, Items: [host] };
  return { ...known, missing: known.missing.filter((name) => name !== 'AWS_ACCOUNT_ID' && name !== 'ACM_CERTIFICATE_ARN') };
}
