import { fileURLToPath } from 'node:url';
import { openPublishedCloud } from '../../scripts/open-published-cloud.ts';
import { openAws } from '../../src/aws/clients.ts';
import { openKeyValueStore } from '../../src/aws/key-value-store.ts';
import { openSignals } from '../../src/flipper/open-signals.ts';
import type { CloudTools, HostedCloud, HostSettings } from './hosted-cloud.ts';

/** A folder without distribution.json: the working directory may hold that of another project. */
const noDistribution = fileURLToPath(new URL('.', import.meta.url));

/** A local cloud with its control plane, set up by the calls that set up an account. */
export async function openFullCloud(
  { config, environment, port, distributionFolder, propagationMs }: HostSettings,
  { onRequest, log }: CloudTools,
): Promise<HostedCloud> {
  const cloud = await openPublishedCloud({
    config,
    environment,
    port,
    distributionFolder: distributionFolder ?? noDistribution,
    signal: new AbortController().signal,
    propagation: { delayMs: propagationMs },
    onRequest,
    log,
  });
  const { description, edge, distribution } = cloud;
  const client = await openAws({ env: {}, local: description }).keyValueStore();
  return {
    edge,
    description,
    store: openKeyValueStore(client, description.keyValueStoreArn, { keyPrefix: config.keyPrefix }),
    storeArn: description.keyValueStoreArn,
    signals: openSignals(config, distribution, description.origins),
    setFault: cloud.setFault,
    close: cloud.close,
  };
}
