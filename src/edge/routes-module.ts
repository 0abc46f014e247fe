import { maxRecordLength } from '../../kvs/health-record.ts';
import type { EdgeConfig } from '../config/edge-config.ts';

/** Codes on which a per-request origin group turns to its second origin; a refused connection counts as 503, a timeout as 504. */
const failoverCriteria = { statusCodes: [500, 502, 503, 504] };

/** Countries up to which one table is searched no slower than the second of two is chosen. */
const maxOneTable = 40;

/**
 * The source of 'virtual:routes', all that the edge function knows of edge.config.ts. Countries are in one plain string or two: a string costs nothing
 * to load and a search in it little, where an object pays for every key; those configured first are found first. Routes are parsed from JSON,
 * which loads at a third of an object literal's cost.
 */
export function routesModule(config: EdgeConfig): string {
  const orders = [config.defaultOrder];
  const countries = { all: '', toL: '', fromM: '' };
  for (const route of config.routes) {
    const text = route.order.join();
    let place = orders.findIndex((order) => order.join() === text);
    if (place < 0) place = orders.push(route.order) - 1;
    for (const country of route.countries) {
      countries.all += `${country}${place}`;
      countries[country < 'M' ? 'toL' : 'fromM'] += `${country}${place}`;
    }
  }
  const areFew = countries.all.length <= 3 * maxOneTable;
  const routes = orders.map((order) => ({ originIds: order.map((originId) => ({ originId })), failoverCriteria }));
  return [
    // Booleans first: esbuild folds a constant only when it stands before everything else.
    `export const perRequestFailover = ${config.perRequestFailover};`,
    `export const onlyPairs = ${orders.every((order) => order.length <= 2)};`,
    `export const areFew = ${areFew};`,
    `export const countries = ${JSON.stringify(areFew ? countries.all : '')};`,
    `export const maxRecordLength = ${maxRecordLength(Object.keys(config.origins))};`,
    `export const countriesToL = ${JSON.stringify(countries.toL)};`,
    `export const countriesFromM = ${JSON.stringify(countries.fromM)};`,
    `export const routes = JSON.parse('${JSON.stringify(routes)}');`,
  ].join('\n');
}
