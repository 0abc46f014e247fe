import { type CountryCode, everyCountry } from './countries.ts';
import type { EdgeConfig, Service } from './edge-config.ts';
import { matchesPattern, withSlash } from './path-pattern.ts';

/** Whose orders depend on the country alone: those of one service. */
export interface Routing {
  /** Undefined without `services`: all paths are one service. */
  service?: string;
  defaultOrder: readonly string[];
  routes: EdgeConfig['routes'];
}

type Routed = Pick<EdgeConfig, 'defaultOrder' | 'routes'> & { services?: readonly Service[] | undefined };

/** Every service; without `services` the one of all paths. */
export function listRoutings({ services, defaultOrder, routes }: Routed): Routing[] {
  return (
    services?.map(({ name, order, routes: own }) => ({ service: name, defaultOrder: order, routes: own })) ?? [{ defaultOrder, routes }]
  );
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

/** The order of origins of such a viewer. */
export function orderOf(routing: Routing, country: CountryCode): readonly string[] {
  return routing.routes[findRoute(routing, country)]?.order ?? routing.defaultOrder;
}

/** All countries, viewers without one, and whatever else a route names, such as subdivisions. */
export function listCountries(config: Routed): CountryCode[] {
  return [...new Set([...everyCountry, ...listRoutings(config).flatMap(({ routes }) => routes.flatMap(({ countries }) => countries))])];
}

/** Every order of origins that a viewer may get. */
export function listOrders(config: Routed): (readonly string[])[] {
  return listRoutings(config).flatMap(({ defaultOrder, routes }) => [defaultOrder, ...routes.map(({ order }) => order)]);
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
