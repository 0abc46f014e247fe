import { setTimeout as sleepFor } from 'node:timers/promises';
import { healthKey } from '../../kvs/keys.ts';
import { ownKey, storedKey } from '../../kvs/reserved-keys.ts';
import { type Console, openConsole } from '../../local/console/console.ts';
import type { ConsoleSource } from '../../local/console/console-source.ts';
import { edgeLocations } from '../../local/edge/exchange.ts';
import { formatOriginFault } from '../../local/origin/origin-fault.ts';
import { openAws } from '../../src/aws/clients.ts';
import { nameOperator } from '../../src/cli/ask-to-write.ts';
import type { Io } from '../../src/cli/io.ts';
import type { EdgeConfig } from '../../src/config/edge-config.ts';
import { samplePaths } from '../../src/config/services.ts';
import type { FlagStore } from '../../src/core/flag-store.ts';
import { listAudiences } from '../../src/core/viewer-shares.ts';
import { EdgeError } from '../../src/errors.ts';
import { surveyLive } from '../../src/explain/explain.ts';
import { describeValues } from '../../src/failover/failover-status.ts';
import { openChannels } from '../../src/flipper/notify/open-channels.ts';
import { proveOrigin } from '../../src/probe/probe-origin.ts';
import { answerForm } from '../failover/answer-form.ts';
import type { PublishedCloud } from '../open-published-cloud.ts';
import { openViewers, type Viewers } from './viewers.ts';

export interface ServeConsoleOptions {
  cloud: PublishedCloud;
  config: EdgeConfig;
  store: FlagStore;
  /** 0: any free one. */
  port: number;
  locations: number;
  hasFlipper: boolean;
}

/** The port after those of the control plane, the edge and the origins. Throws USAGE when there is none. */
export function consolePort(controlPlanePort: number, { origins }: Pick<EdgeConfig, 'origins'>): number {
  const port = controlPlanePort + 2 + Object.keys(origins).length;
  if (port <= 65_535) return port;
  throw new EdgeError('USAGE', `no port is left for the console after ${controlPlanePort}`, { hint: 'choose a lower EDGE_LOCAL_PORT' });
}

/** Opens the console on a local cloud, with its actions. */
export async function serveConsole(
  options: ServeConsoleOptions,
  io: Pick<Io, 'env' | 'signal' | 'now'>,
): Promise<Console & { viewers: Viewers }> {
  const { cloud, config, store, port, locations, hasFlipper } = options;
  const { signal, now } = io;
  const { published } = cloud.controlPlane;
  const { description } = cloud;
  const origins = Object.keys(config.origins);
  // A path that passes through is among them, so that the page shows where it goes.
  const viewers = openViewers(description.edge, config.services && samplePaths(config).map(({ path }) => path));
  const probing = { config, distribution: Promise.resolve(cloud.distribution), local: description.origins, signal };
  const tools = {
    store,
    origins,
    namesFlips: config.accessLog !== undefined,
    audiences: listAudiences(config),
    by: nameOperator(io.env),
    channels: openChannels(config.notifications, io.env, openAws({ env: io.env, local: description })).channels,
    now,
    signal,
    sleep: (ms: number) => sleepFor(ms, undefined, { signal }),
    proveOrigin: (origin: string) => proveOrigin(origin, probing),
  };
  const source: ConsoleSource = {
    target: { name: 'local', isLocal: true, account: null, store: config.keyValueStoreName, mayWrite: true },
    edge: description.edge,
    origins: origins.map((id) => ({
      id,
      region: config.origins[id]?.region ?? '',
      port: cloud.origins[id]?.port ?? 0,
      fault: () => formatOriginFault(cloud.origins[id]?.fault ?? { kind: 'none' }),
    })),
    locations: edgeLocations(locations).map(({ pop }) => pop),
    replica: cloud.edge.replica,
    published,
    storeArn: description.keyValueStoreArn,
    functionArn: () =>
      published
        .distribution(description.distributionId)
        ?.DefaultCacheBehavior?.FunctionAssociations?.Items?.find(({ EventType }) => EventType === 'viewer-request')?.FunctionARN,
    author: tools.by,
    hasFlipper,
    probeEveryMs: hasFlipper ? config.health.intervalMs : null,
    viewers: viewers.rate,
    // Without a page the local cloud is quiet; the first page must not be.
    onPage: viewers.startOnce,
    healthKey: storedKey(healthKey, config.keyPrefix),
    status: (values, at) => describeValues(new Map([...values].map(([key, value]) => [ownKey(key, config.keyPrefix), value])), origins, at),
    survey: async (survey) => {
      const audiences = await surveyLive(
        cloud.runtime,
        { ...survey, keyPrefix: config.keyPrefix },
        origins.length,
        samplePaths(config)[0]?.path,
      );
      return audiences.map(({ countries, shares, ...rest }) => ({
        ...rest,
        countries: countries.map((code) => code ?? null),
        shares: shares ?? null,
      }));
    },
    actions: {
      'POST /api/fault': cloud.switches.origins,
      'POST /api/replica': cloud.switches.replica,
      'POST /api/viewers': viewers.set,
      'POST /api/failover': (body) => answerForm(body, tools),
    },
  };
  const page = await openConsole({ port, source, now });
  return {
    ...page,
    viewers,
    async close() {
      await viewers.stop();
      await page.close();
    },
  };
}
