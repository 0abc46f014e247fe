import { liveReader, openAws } from '../../src/aws/clients.ts';
import type { Io } from '../../src/cli/io.ts';
import { type KnownDistribution, readKnownDistribution } from '../../src/config/distribution-file.ts';
import type { EdgeConfig } from '../../src/config/edge-config.ts';
import { loadDistribution } from '../../src/config/load-distribution.ts';
import type { LocalCloud } from '../../src/config/local-cloud.ts';

/** The viewers' name, which an origin's certificate may have, is the edge's host without an alias. */
export async function loadOrigins(
  config: EdgeConfig,
  edge: string | undefined,
  local: LocalCloud | undefined,
  io: Io,
): Promise<KnownDistribution> {
  const readLive = liveReader(openAws({ env: io.env, local }).cloudFront);
  const known = await readKnownDistribution(
    (values) => loadDistribution({ config, env: io.env, values, local, readLive }),
    local?.env ?? io.env,
  );
  const host = edge === undefined || local !== undefined ? undefined : new URL(edge).hostname;
  if (host !== undefined && known.distribution.Aliases?.Items?.length === 0) known.distribution.Aliases = { Quantity: 1, Items: [host] };
  return { ...known, missing: known.missing.filter((name) => !['AWS_ACCOUNT_ID', 'ACM_CERTIFICATE_ARN'].includes(name)) };
}
