// Replaces 'virtual:routes' when the source of the router is tested: the same module that the build writes, exchanged
// from one configuration to the next.
import type { EdgeConfig } from '../../../src/config/edge-config.ts';
import { routesModule } from '../../../src/edge/routes-module.ts';

export let maxRecordLength: unknown;
export let canRetry: unknown;
export let agePercent: unknown;
export let hasAccessLog: unknown;
export let retryHeader: unknown;
export let firstAttempt: unknown;
export let hasAliases: unknown;
export let hasKeyPrefix: unknown;
export let prefixedHealthKey: unknown;
export let hasServices: unknown;
export let hasShares: unknown;
export let hasTester: unknown;
export let testerName: unknown;
export let testerInCookie: unknown;
export let testerHash: unknown;
export let origins: unknown;
export let hasSubdivisions: unknown;
export let serviceOf: unknown;
export let ids: unknown;
export let perRequestFailover: unknown;
export let onlyPairs: unknown;
export let places: unknown;
export let routes: unknown;

const modules = new Map<EdgeConfig, Promise<Record<string, unknown>>>();

/** From here on the router sees the routes of this configuration. */
export async function serveRoutes(config: EdgeConfig): Promise<void> {
  const module = modules.get(config) ?? import(`data:text/javascript,${encodeURIComponent(routesModule(config))}`);
  modules.set(config, module);
  ({
    canRetry,
    agePercent,
    hasAccessLog,
    firstAttempt,
    retryHeader,
    hasAliases,
    hasKeyPrefix,
    prefixedHealthKey,
    hasServices,
    hasShares,
    hasSubdivisions,
    hasTester,
    testerName,
    testerInCookie,
    testerHash,
    origins,
    serviceOf,
    ids,
    maxRecordLength,
    perRequestFailover,
    onlyPairs,
    places,
    routes,
  } = await module);
}
