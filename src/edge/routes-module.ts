import { maxEntries, maxRecordLength } from '../../kvs/health-record.ts';
import { healthKey } from '../../kvs/keys.ts';
import { storedKey } from '../../kvs/reserved-keys.ts';
import type { EdgeConfig } from '../config/edge-config.ts';
import { withSlash } from '../config/path-pattern.ts';
import { endsOf, type Ordered, type OrderSlice } from '../config/routing-schema.ts';
import { listRoutings, orderedOf } from '../config/services.ts';

/**
 * Codes on which a per-request origin group turns to its second origin; a refused connection counts as 503, a timeout
 * as 504.
 */
const failoverCriteria = { statusCodes: [500, 502, 503, 504] };

/**
 * The greatest value of a first attempt, as text, of headers that clients send on every attempt: `attempt=1; max=3` of
 * AWS's SDKs is below `attempt=1~`, and `attempt=2; max=3` above. Every other header counts from 0, or is there on a
 * retry only.
 */
const firstAttempts: Readonly<Record<string, string>> = { 'amz-sdk-request': 'attempt=1~', 'x-envoy-attempt-count': '1' };

/** Methods that CloudFront's origin groups retry. */
const safeMethods = ['GET', 'HEAD', 'OPTIONS'];

/**
 * The source of 'virtual:routes', all that the edge function knows of edge.config.ts. Tables are parsed from JSON: as
 * an object literal each key costs up to 15,000 instructions of loading, parsed it costs 3,000. Countries and methods
 * share one table, since two cost 40,000 more.
 */
export function routesModule(config: EdgeConfig): string {
  const { places, orders, tests } = placeCountries(config);
  if (config.perRequestFailover) for (const method of safeMethods) places[method] = -1;
  const ids = Object.fromEntries(Object.entries(config.origins).map(([alias, { originId }]) => [alias, originId]));
  const hasAliases = Object.entries(ids).some(([alias, id]) => alias !== id);
  const routes = orders.map(({ order, slices }) => (slices === undefined ? groupOf(order) : chainOf(slices)));
  const { tester } = config;
  const hasShares = orders.some(({ slices }) => slices !== undefined);
  return [
    // Constants first: esbuild folds one only when it comes before everything else.
    `export const perRequestFailover = ${config.perRequestFailover};`,
    `export const hasKeyPrefix = ${config.keyPrefix !== undefined};`,
    `export const hasAccessLog = ${config.accessLog !== undefined};`,
    `export const agePercent = ${config.accessLog?.agePercent ?? 0};`,
    `export const canRetry = ${config.retryHeader !== undefined};`,
    `export const hasServices = ${tests !== undefined};`,
    ...(tests === undefined ? ['export const serviceOf = false;'] : []),
    `export const hasShares = ${hasShares};`,
    `export const hasSubdivisions = ${Object.keys(places).some((name) => /[A-Z]{2}-/.test(name))};`,
    `export const hasTester = ${tester !== undefined};`,
    `export const testerInCookie = ${tester?.cookie !== undefined};`,
    `export const testerName = ${JSON.stringify(tester?.cookie ?? tester?.header ?? '')};`,
    `export const testerHash = ${JSON.stringify(tester?.sha256 ?? '')};`,
    `export const hasAliases = ${hasAliases};`,
    `export const onlyPairs = ${orders.every(({ order }) => order.length <= 2)};`,
    `export const maxRecordLength = ${maxRecordLength(Object.keys(config.origins))};`,
    `export const retryHeader = ${JSON.stringify(config.retryHeader ?? '')};`,
    `export const firstAttempt = ${JSON.stringify(firstAttempts[config.retryHeader ?? ''] ?? '0')};`,
    `export const prefixedHealthKey = ${JSON.stringify(storedKey(healthKey, config.keyPrefix))};`,
    // A table that is there is parsed, though nothing reads it.
    `export const origins = ${JSON.stringify(tester === undefined ? [] : Object.keys(config.origins))};`,
    `export const ids = ${hasAliases ? parsed(ids) : '{}'};`,
    ...(tests === undefined ? [] : [`export const serviceOf = (uri) => ${tests};`]),
    `export const places = ${parsed(places)};`,
    `export const routes = ${parsed(routes)};`,
  ].join('\n');
}

interface Places {
  /**
   * The place in `orders` by country. With services by the service's key and country, and by the key and `*` for all
   * other countries.
   */
  places: Record<string, number>;
  orders: Ordered[];
  /** The key of the service that has the path `uri`, or an empty text; undefined without services. */
  tests: string | undefined;
}

function placeCountries(config: EdgeConfig): Places {
  const orders: Ordered[] = [];
  const places: Record<string, number> = {};
  const placeOf = ({ order, slices }: Ordered) => {
    const own: Ordered = { order, ...(slices && { slices }) };
    const place = orders.findIndex((other) => JSON.stringify(other) === JSON.stringify(own));
    return place < 0 ? orders.push(own) - 1 : place;
  };
  // Services that route alike share a key.
  const keys = new Map<string, string>();
  // A service's name leads to its key; a key of 0 would be none.
  const isLogged = config.accessLog !== undefined;
  for (const routing of listRoutings(config)) {
    const { routes } = routing;
    const text = JSON.stringify([orderedOf(routing, undefined), routes]);
    if (keys.has(text)) continue;
    const key = config.services === undefined ? '' : String(keys.size + (isLogged ? 1 : 0));
    keys.set(text, key);
    const rest = placeOf(orderedOf(routing, undefined));
    if (config.services !== undefined) places[`${key}*`] = rest;
    for (const route of routes) for (const country of route.countries) places[key + country] = placeOf(route);
  }
  const tests = config.services?.map(({ name, paths, order, slices, routes }) => {
    const test = paths.map(pathTest).join('||');
    const key = keys.get(JSON.stringify([{ order, ...(slices && { slices }) }, routes]));
    if (isLogged) places[name] = Number(key);
    return `${test}?${JSON.stringify(isLogged ? name : key)}:`;
  });
  return { places, orders, tests: tests && `${tests.join('')}""` };
}

function parsed(value: unknown): string {
  return `JSON.parse(${JSON.stringify(JSON.stringify(value))})`;
}

/** A record takes out `maxEntries` origins at most: no viewer is sent to a place behind these and one more. */
function groupOf(order: readonly string[]) {
  return { originIds: order.slice(0, maxEntries + 1), failoverCriteria };
}

interface Share {
  upTo: number;
  group: ReturnType<typeof groupOf>;
  next?: Share;
}

/** Each slice with the next one. A viewer's position of 65,536 is a whole number, and so is the end of a slice. */
function chainOf(slices: readonly OrderSlice[]): Share | undefined {
  const ends = endsOf(slices).map((percent) => Math.ceil(percent * 655.36));
  return slices.reduceRight<Share | undefined>((next, { order }, index) => {
    return { upTo: ends[index] ?? 0, group: groupOf(order), ...(next && { next }) };
  }, undefined);
}

/**
 * The cheapest test in JavaScript of whether the variable `uri` matches a path pattern: comparisons of texts where they
 * are enough. What needs a regular expression gets one that never goes back over what it read: a viewer chooses the
 * path, and must not choose its cost.
 */
export function pathTest(pattern: string): string {
  const full = withSlash(pattern).replace(/\*+/g, '*');
  const parts = full.split('*');
  const [first = '', ...others] = parts;
  const last = others.pop();
  if (last === undefined) return full.includes('?') ? regexTest(parts) : `uri===${JSON.stringify(full)}`;
  if (full.includes('?') || others.length > 1 || (others.length === 1 && last !== '')) return regexTest(parts);
  const tests = [
    ...(first === '' ? [] : [`uri.startsWith(${JSON.stringify(first)})`]),
    ...others.map((middle) => `uri.indexOf(${JSON.stringify(middle)},${first.length})>=0`),
    ...(last === '' ? [] : [`uri.endsWith(${JSON.stringify(last)})`]),
    ...(overlaps(first, last) ? [`uri.length>=${first.length + last.length}`] : []),
  ];
  return tests.length === 0 ? 'true' : tests.join('&&');
}

/** Whether one text may begin before the other ends, so that a short path would match both. */
function overlaps(first: string, last: string): boolean {
  return Array.from(last, (_, index) => last.slice(0, index + 1)).some((start) => first.endsWith(start));
}

/** The first place of each middle part is right whatever follows, and a lookahead that is done is never tried again. */
function regexTest([first = '', ...others]: readonly string[]): string {
  const last = others.pop();
  const middles = others.map((middle, index) => `(?=(.*?${escapeText(middle)}))\\${index + 1}`);
  const end = last === undefined ? '$' : last === '' ? '' : `.*${escapeText(last)}$`;
  return `/^${escapeText(first)}${middles.join('')}${end}/.test(uri)`;
}

function escapeText(text: string): string {
  return text.replace(/[.$+/]/g, '\\$&').replaceAll('?', '.');
}
