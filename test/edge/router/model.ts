import { createHash } from 'node:crypto';
import type { EdgeConfig, Service } from '../../../src/config/edge-config.ts';
import type { OrderSlice } from '../../../src/config/routing-schema.ts';
import type { EventValues, RawRun, RunInput } from '../../../src/edge/execution.ts';

type Request = RunInput['event']['request'];

// What the router has to do, step by step and without any thought of cost. It shares no code with the router or the
// record's parser.

/** The run of the router that this input asks for. */
export function routeByModel(config: EdgeConfig, input: RunInput): RawRun {
  const { event, store, now = 0 } = input;
  const { request, forced } = readTester(config, event.request);
  const run: RawRun = { output: request, calls: [], reads: [], logs: [], droppedLogArguments: 0 };
  const service = serviceOf(config, request.uri);
  // No service has the path: the behavior's own origin serves the request as the viewer sent it.
  if (service === undefined) return run;
  if (store !== undefined) run.reads.push(keyOf(config));
  // CloudFront always sends headers; without any the request goes on untouched, to the behavior's own origin.
  const headers: EventValues | null | undefined = request.headers;
  if (headers === undefined || headers === null) return run;

  const isNamed = (code: string) => service.routes.some(({ countries }) => countries.includes(code));
  const country = String(headers['cloudfront-viewer-country']?.value);
  const subdivision = `${country}-${headers['cloudfront-viewer-country-region']?.value}`;
  const place = isNamed(subdivision) ? subdivision : country;
  const route = service.routes.find(({ countries }) => countries.includes(place));
  const { order: whole, slices = [] } = route ?? service;

  const read = readableRecord(store, keyOf(config));
  const isRead = read !== undefined;
  const text = read ?? 'ok';
  // With an access log, what sorts before `$` begins with a label of eleven characters.
  const record = config.accessLog !== undefined && text < '$' ? text.slice(11) : text;
  const weights = isTooLong(record, Object.keys(config.origins)) ? new Map<string, number>() : weightsOf(record, now / 1000);
  const ip: unknown = event.viewer?.ip;
  // CloudFront always sends an address. Without one, no share of the viewers can be calculated: the behavior's own
  // origin serves.
  if (typeof ip !== 'string' && (slices.length > 0 || [...weights.values()].some((weight) => weight % 100 > 0))) {
    const { 'x-origin-route': _own, ...others } = headers;
    run.output = { ...request, headers: others };
    return run;
  }
  const bucket = typeof ip === 'string' ? viewerBucket(ip) : 0;
  const order = slices.length === 0 || typeof ip !== 'string' ? whole : sliceOrder(slices, ip);
  const willing = order.filter((origin) => (weights.get(origin) ?? 100) > bucket);
  const kept = willing.length > 0 ? willing : order;

  const [first = '', second] =
    forced !== undefined ? [forced] : isRetry(config.retryHeader, headers) && kept.length > 1 ? kept.slice(1) : kept;
  const idOf = (alias: string) => config.origins[alias]?.originId ?? '';
  if (second !== undefined && config.perRequestFailover && ['GET', 'HEAD', 'OPTIONS'].includes(request.method)) {
    const group = { originIds: [idOf(first), idOf(second)], failoverCriteria: { statusCodes: [500, 502, 503, 504] } };
    run.calls.push(['createRequestOriginGroup', [group]]);
  } else {
    run.calls.push(['selectRequestOriginById', [idOf(first)]]);
  }

  const { 'x-origin-route': _route, ...others } = headers;
  if (config.accessLog !== undefined) {
    const isAgain = isRetry(config.retryHeader, headers) && kept.length > 1;
    const isScanned = record !== 'ok' && !isTooLong(record, Object.keys(config.origins), Number.POSITIVE_INFINITY);
    const isHashed = hasPartialWeight(record, now / 1000);
    const age = config.accessLog.agePercent === 100 && isRead ? `;age=${now - Date.parse(store?.updatedAt ?? '')}` : '';
    const parts = [
      service.name === undefined ? first : `${service.name}/${first}`,
      text,
      ...(isScanned ? [isHashed && typeof ip === 'string' ? exactBucket(ip) : 0] : []),
      ...(isAgain ? ['retry'] : []),
      ...(forced === undefined ? [] : ['tester']),
    ];
    run.customData = parts.join(';') + age;
  }
  const why = forced !== undefined ? 'tester' : `health=${record === 'ok' ? 'ok' : 'weighted'}`;
  const says = `${first};country=${route === undefined ? '*' : place};${why}`;
  run.output = { ...request, headers: { ...others, 'x-origin-route': { value: says } } };
  return run;
}

/**
 * The request as an origin may see it, without the tester's header or cookie, and the origin that a right value names.
 */
function readTester({ tester, origins }: EdgeConfig, request: Request): { request: Request; forced: string | undefined } {
  const kind = tester?.cookie === undefined ? 'headers' : 'cookies';
  const name = tester?.cookie ?? tester?.header ?? '';
  const values: EventValues | null | undefined = request[kind];
  if (tester === undefined || !values || !Object.hasOwn(values, name) || !values[name]) return { request, forced: undefined };
  const { [name]: found, ...others } = values;
  const [origin = '', secret] = String(found?.value).split(':');
  const isRight = createHash('sha256').update(String(secret)).digest('hex') === tester.sha256;
  return { request: { ...request, [kind]: others }, forced: isRight && Object.keys(origins).includes(origin) ? origin : undefined };
}

/** The first service with a path that matches; all paths are one service where none is configured. */
function serviceOf(
  { services, defaultOrder, defaultSlices, routes }: EdgeConfig,
  uri: string,
): (Pick<Service, 'order' | 'slices' | 'routes'> & { name?: string }) | undefined {
  if (services === undefined) return { order: defaultOrder, ...(defaultSlices && { slices: defaultSlices }), routes };
  return services.find(({ paths }) =>
    paths.some((pattern) => matches(pattern.startsWith('*') ? pattern : `/${pattern.replace(/^\//, '')}`, uri)),
  );
}

/** One character of the pattern after the other, every length of a star tried. */
function matches(pattern: string, path: string): boolean {
  if (pattern === '') return path === '';
  if (pattern.startsWith('*')) return matches(pattern.slice(1), path) || (path !== '' && matches(pattern, path.slice(1)));
  return path !== '' && (pattern[0] === '?' || pattern[0] === path[0]) && matches(pattern.slice(1), path.slice(1));
}

/**
 * The value counts retries, or is there on a retry only; two headers count attempts, the first of which is not a retry.
 */
function isRetry(name: string | undefined, headers: EventValues): boolean {
  const value = name === undefined ? undefined : headers[name]?.value;
  if (value === undefined) return false;
  if (name === 'amz-sdk-request') return value > 'attempt=1' && !value.startsWith('attempt=1');
  return value > (name === 'x-envoy-attempt-count' ? '1' : '0');
}

/**
 * The first slices take the viewers of the lowest positions: the second and third byte of the address's MD5, as a
 * fraction of 100.
 */
function sliceOrder(slices: readonly OrderSlice[], ip: string): readonly string[] {
  const [, high = 0, low = 0] = createHash('md5').update(ip).digest();
  let left = ((high * 256 + low) * 100) / 65_536;
  for (const { percent, order } of slices) {
    if (left < percent) return order;
    left -= percent;
  }
  throw new Error('the slices are less than 100 %');
}

/** 0 to 99, always the same for one address: the first byte of its MD5, scaled. */
function viewerBucket(ip: string): number {
  const [byte = 0] = createHash('md5').update(ip).digest();
  return Math.floor((byte * 100) / 256);
}

/** The same before it is rounded, and a hundredth more, so that it is never 0. */
function exactBucket(ip: string): number {
  const [byte = 0] = createHash('md5').update(ip).digest();
  return byte / 2.56 + 0.01;
}

/** The key that the function reads: below its prefix where it has one. */
function keyOf({ keyPrefix }: EdgeConfig): string {
  return keyPrefix === undefined ? 'health' : `${keyPrefix}/health`;
}

function readableRecord(store: RunInput['store'], key: string): string | undefined {
  return store === undefined || store.failReads === true ? undefined : store.values.get(key);
}

/**
 * Longer than an override with twelve digits of expiry and an automatic entry for each origin, or more than twelve
 * entries.
 */
function isTooLong(record: string, origins: readonly string[], maxEntries = 12): boolean {
  const longest = origins.map((id) => `${id}=100@999999999999;${id}=100;`).join('');
  return record.length > longest.length || record.replace(/;$/, '').split(';').length > maxEntries;
}

/**
 * Whether an entry in force before the first text that is not one has a weight between 0 and 100: the router then
 * hashes the viewer's address.
 */
function hasPartialWeight(record: string, nowSeconds: number): boolean {
  const parts = record.split(';').slice(0, 12);
  const readable = parts.findIndex((part) => entryOf(part) === undefined);
  const weights = weightsOf(parts.slice(0, readable < 0 ? parts.length : readable).join(';'), nowSeconds);
  return [...weights.values()].some((weight) => weight % 100 > 0);
}

/** The weight in force for each origin that has one; none at all when any part of the text is not an entry. */
function weightsOf(record: string, nowSeconds: number): Map<string, number> {
  const weights = new Map<string, number>();
  const parts = record.split(';');
  // The last entry may have its `;` too.
  if (parts.length > 1 && parts.at(-1) === '') parts.pop();
  for (const part of parts) {
    const entry = entryOf(part);
    if (entry === undefined) return new Map();
    const { origin, weight, until } = entry;
    const expired = until !== undefined && until <= nowSeconds;
    // The router keeps weights in an object, where every object has this name already.
    if (!expired && origin !== 'constructor' && !weights.has(origin)) weights.set(origin, weight);
  }
  return weights;
}

function entryOf(part: string): { origin: string; weight: number; until: number | undefined } | undefined {
  const [, origin = '', digits, expiry] = /^([#a-z][a-z0-9-]*)=([0-9]{1,3})(?:@([0-9]{1,12}))?$/.exec(part) ?? [];
  const weight = Number(digits);
  if (digits === undefined || weight > 100 || String(weight) !== digits) return undefined;
  return { origin, weight, until: expiry === undefined ? undefined : Number(expiry) };
}
