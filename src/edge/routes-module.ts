import { maxEntries, maxRecordLength } from '../../kvs/health-record.ts';
import type { EdgeConfig } from '../config/edge-config.ts';

/** Codes on which a per-request origin group turns to its second origin; a refused connection counts as 503, a timeout as 504. */
const failoverCriteria = { statusCodes: [500, 502, 503, 504] };

/** Methods that CloudFront's origin groups retry. */
const safeMethods = ['GET', 'HEAD', 'OPTIONS'];

/**
 * The source of 'virtual:routes', all that the edge function knows of edge.config.ts. Tables are parsed from JSON: as an object literal each key
 * costs up to 15,000 instructions of loading, parsed it costs 3,000. Countries and methods share one table, since two cost 40,000 more.
 */
export function routesModule(config: EdgeConfig): string {
  const orders = [config.defaultOrder];
  const places: Record<string, number> = {};
  for (const route of config.routes) {
    const text = route.order.join();
    let place = orders.findIndex((order) => order.join() === text);
    if (place < 0) place = orders.push(route.order) - 1;
    for (const country of route.countries) places[country] = place;
  }
  if (config.perRequestFailover) for (const method of safeMethods) places[method] = -1;
  // A record takes out `maxEntries` origins at most: no viewer is sent to a place behind these and one more.
  const ids = Object.fromEntries(Object.entries(config.origins).map(([alias, { originId }]) => [alias, originId]));
  const hasAliases = Object.entries(ids).some(([alias, id]) => alias !== id);
  const routes = orders.map((order) => ({ originIds: order.slice(0, maxEntries + 1), failoverCriteria }));
  return [
    // Constants first: esbuild folds one only when it comes before everything else.
    `export const perRequestFailover = ${config.perRequestFailover};`,
    `export const canRetry = ${config.retryHeader !== undefined};`,
    `export const hasAliases = ${hasAliases};`,
    `export const onlyPairs = ${orders.every((order) => order.length <= 2)};`,
    `export const maxRecordLength = ${maxRecordLength(Object.keys(config.origins))};`,
    `export const retryHeader = ${JSON.stringify(config.retryHeader ?? '')};`,
    // A table that is there is parsed, though nothing reads it.
    `export const ids = ${hasAliases ? parsed(ids) : '{}'};`,
    `export const places = ${parsed(places)};`,
    `export const routes = ${parsed(routes)};`,
  ].join('\n');
}

function parsed(value: unknown): string {
  return `JSON.parse(${JSON.stringify(JSON.stringify(value))})`;
}
