import { join } from 'node:path';
import { storedKey } from '../../kvs/reserved-keys.ts';
import { type Edge, openEdge } from '../../local/edge/edge.ts';
import { aliasesByDomain, describeOrigins, localPlaceholders } from '../../local/open-local-cloud.ts';
import { openReferenceOrigin, type ReferenceOrigin } from '../../local/origin/reference-origin.ts';
import type { Published, PublishedChange } from '../../local/published.ts';
import { resolveOnLoopback } from '../../local/resolve-on-loopback.ts';
import { openEngine } from '../../local/runtime/engine.ts';
import { checkOriginsAgree, readDistribution } from '../../src/config/distribution-file.ts';
import { buildLocalDistribution } from '../../src/config/load-distribution.ts';
import type { LocalCloud } from '../../src/config/local-cloud.ts';
import { checkSyntax } from '../../src/edge/gate/check-syntax.ts';
import { proveFunction } from '../../src/edge/prove-function.ts';
import { openSignals } from '../../src/flipper/open-signals.ts';
import type { CloudTools, HostedCloud, HostSettings } from './hosted-cloud.ts';
import { openMemoryStore } from './memory-store.ts';

const distributionId = 'EHARNESS';
const storeId = 'key-value-store/00000000-0000-4000-8000-000000000000';

/** An edge with the built function, its origins and a store in memory; no control plane. */
export async function openLightCloud(
  { config, environment, port, distributionFolder, propagationMs }: HostSettings,
  { onRequest, log }: CloudTools,
): Promise<HostedCloud> {
  const env = localPlaceholders(config);
  const accountId = env['AWS_ACCOUNT_ID'] ?? '';
  const distribution =
    distributionFolder === undefined
      ? buildLocalDistribution(config, env)
      : await readDistribution(join(distributionFolder, 'distribution.json'), env);
  checkOriginsAgree(config, distribution);
  const storeArn = `arn:aws:cloudfront::${accountId}:${storeId}`;
  const functionArn = `arn:aws:cloudfront::${accountId}:function/${config.functionName}`;
  const listeners = new Set<(change: PublishedChange) => void>();
  const store = openMemoryStore(config.keys, () => {
    for (const listener of listeners) listener({ kind: 'store', arn: storeArn });
  });

  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  const keep = <T extends { close(): Promise<void> }>(opened: T): T => {
    closers.push(() => opened.close());
    return opened;
  };
  try {
    const origins: Record<string, ReferenceOrigin> = {};
    const names = aliasesByDomain(distribution, config);
    // Before workerd: a busy port is the failure to report first.
    for (const [place, id] of [...names.values()].entries())
      origins[id] = keep(
        await openReferenceOrigin({ port: port === 0 ? 0 : port + 1 + place, region: config.origins[id]?.region ?? 'local' }),
      );
    const starting = openEngine({ engine: 'workerd', njs: undefined, checkSyntax, log });
    const [engine, proven] = await Promise.allSettled([starting, proveFunction({ config, njs: undefined })]);
    if (engine.status === 'fulfilled') keep(engine.value);
    if (proven.status === 'rejected') throw proven.reason;
    if (engine.status === 'rejected') throw engine.reason;
    const { code, sha256 } = proven.value;
    const published: Published = {
      distribution: () => distribution,
      liveFunction: (arn) =>
        arn === functionArn
          ? { arn, name: config.functionName, runtime: 'cloudfront-js-2.0', code, sha256, keyValueStoreArn: storeArn }
          : undefined,
      store: (arn) =>
        arn === storeArn ? new Map([...store.values()].map(([key, value]) => [storedKey(key, config.keyPrefix), value])) : undefined,
      subscribe: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    };
    const edge: Edge = keep(
      await openEdge({
        port,
        distributionId,
        published,
        runtime: engine.value,
        resolveOrigin: (name, wanted, protocol) => resolveOnLoopback(origins[names.get(name) ?? '']?.port, name, wanted, protocol),
        propagation: { delayMs: propagationMs },
        onRequest,
      }),
    );
    const description: LocalCloud = {
      controlPlane: '',
      edge: edge.url,
      accountId,
      ...(environment !== undefined && { environment }),
      keyValueStoreArn: storeArn,
      distributionId,
      origins: describeOrigins(names, origins),
      env,
    };
    return {
      edge,
      description,
      store,
      storeArn,
      signals: openSignals(config, distribution, description.origins),
      setFault: async (id, fault) => origins[id]?.setFault(fault),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
