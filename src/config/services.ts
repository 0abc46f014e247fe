import type { FlipPolicy } from '../core/policy.ts';
import { type CountryCode, everyCountry } from './countries.ts';
import type { EdgeConfig, FailoverPolicy, HealthPolicy, Service } from './edge-config.ts';
import { matchesPattern, withSlash } from './path-pattern.ts';
import { addressBetween, type CountryRoute, endsOf, type Ordered, type OrderSlice } from './routing-schema.ts';

/** Whose orders depend on the country alone: those of one service. */
export interface Routing {
  /** Undefined without `services`: all paths are one service. */
  service?: string;
  defaultOrder: readonly string[];
  defaultSlices?: readonly OrderSlice[];
  routes: readonly CountryRoute[];
}

type Routed = Pick<EdgeConfig, 'defaultOrder' | 'defaultSlices' | 'routes'> & { services?: readonly Service[] | undefined };

/** Every service; without `services` the one of all paths. */
export function listRoutings({ services, ...all }: Routed): Routing[] {
  const routing = (defaultOrder: readonly string[], defaultSlices: readonly OrderSlice[] | undefined, routes: readonly CountryRoute[]) => ({
    defaultOrder,
    ...(defaultSlices !== undefined && { defaultSlices }),
    routes,
  });
  return (
    services?.map(({ name, order, slices, routes }) => ({ service: name, ...routing(order, slices, routes) })) ?? [
      routing(all.defaultOrder, all.defaultSlices, all.routes),
    ]
  );
}

/** Whether the viewer's country decides an order of origins. */
export function usesCountry(config: Routed): boolean {
  return listRoutings(config).some(({ routes, defaultOrder }) => routes.some(({ order }) => order.join() !== defaultOrder.join()));
}

/** The service that has a path; undefined for a path that passes through to the behavior's own origin. */
export function routingOf(config: Routed, path: string): Routing | undefined {
  const index = config.services?.findIndex(({ paths }) => paths.some((pattern) => matchesPattern(pattern, path))) ?? 0;
  return listRoutings(config)[index];
}

/** The place in `routes` of the one that names a viewer, by `US-CA` or else by `US`; -1 for the default order. */
export function findRoute({ routes }: Pick<Routing, 'routes'>, country: CountryCode): number {
  const find = (code: CountryCode) => routes.findIndex(({ countries }) => code !== undefined && countries.includes(code));
  const place = find(country);
  return place >= 0 ? place : find(country?.split('-')[0]);
}

/** The order of origins of such a viewer, or the orders by its address. */
export function orderedOf(routing: Routing, country: CountryCode): Ordered {
  return routing.routes[findRoute(routing, country)] ?? defaultOf(routing);
}

function defaultOf({ defaultOrder: order, defaultSlices: slices }: Routing): Ordered {
  return { order, ...(slices !== undefined && { slices }) };
}

/** All countries, viewers without one, and whatever else a route names, such as subdivisions. */
export function listCountries(config: Routed): CountryCode[] {
  return [...new Set([...everyCountry, ...listRoutings(config).flatMap(({ routes }) => routes.flatMap(({ countries }) => countries))])];
}

/** Every order of origins that a viewer may get. */
export function listOrders(config: Routed): (readonly string[])[] {
  return listOrdered(config).flatMap(({ order, slices }) => slices?.map((slice) => slice.order) ?? [order]);
}

function listOrdered(config: Routed): Ordered[] {
  return listRoutings(config).flatMap((routing) => [defaultOf(routing), ...routing.routes]);
}

/** What the flipper goes by: the core's policy, and the times of the loop around it. */
export type FlipperPolicy = FlipPolicy & { health: HealthPolicy; failover: FailoverPolicy };

export function buildFlipPolicy(config: EdgeConfig): FlipperPolicy {
  const { origins, health, failover } = config;
  // Many countries share an order; a decision weighs each order once.
  const orders = new Map(listOrders(config).map((order) => [order.join(' '), order]));
  return { origins: Object.keys(origins), orders: [...orders.values()], health, failover, namesFlips: config.accessLog !== undefined };
}

/** Viewers that the function treats alike, with an address of one of them. */
export interface AddressSlice {
  /** All of them together. */
  percent: number;
  ip: string;
}

/**
 * Addresses, one for each part of the viewers, the largest part first: `someIp` alone unless the configuration has
 * shares.
 */
export function listAddresses(config: Routed, someIp: string): AddressSlice[] {
  const ends = new Set([0, 100, ...listOrdered(config).flatMap(({ slices = [] }) => endsOf(slices))]);
  if (ends.size === 2) return [{ percent: 100, ip: someIp }];
  const sorted = [...ends].sort((a, b) => a - b);
  return sorted
    .slice(1)
    .map((upTo, index) => ({ percent: upTo - (sorted[index] ?? 0), ip: addressBetween(sorted[index] ?? 0, upTo) }))
    .sort((a, b) => b.percent - a.percent);
}

/** One path as an example of all paths of one service, or for those that pass through. */
export interface SamplePath {
  path: string;
  /** Undefined without `services`, and where the path passes through. */
  service: string | undefined;
}

/** One path for each service, and one that passes through if there is any; `/` without `services`. */
export function samplePaths(config: Routed): SamplePath[] {
  const { services } = config;
  if (services === undefined) return [{ path: '/', service: undefined }];
  const candidates = ['/', '/no-service', ...services.flatMap(({ paths }) => paths.flatMap(fillPattern))];
  const found = new Map<string | undefined, string>();
  for (const path of candidates) {
    const service = routingOf(config, path)?.service;
    if (!found.has(service)) found.set(service, path);
  }
  const names = [...services.map(({ name }) => name), undefined];
  return names.flatMap((service) => {
    const path = found.get(service);
    return path === undefined ? [] : [{ path, service }];
  });
}

function fillPattern(pattern: string): string[] {
  return ['sample', ''].map((text) => withSlash(pattern.replaceAll('?', 'x').replaceAll('*', text)));
}
