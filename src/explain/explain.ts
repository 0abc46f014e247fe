import pMap from 'p-map';
import { formatHealthRecord, okRecord, parseHealthRecord, weightAt } from '../../kvs/health-record.ts';
import { type CountryCode, everyCountry } from '../config/countries.ts';
import type { EdgeConfig } from '../config/edge-config.ts';
import { orderFor } from '../config/routing-schema.ts';
import { findRoute, orderedOf, routingOf } from '../config/services.ts';
import { type Asked, askFunction, type RouteDecision, someIp, type Viewer } from '../edge/ask/ask.ts';
import type { FunctionRuntime, FunctionSource, RunInput } from '../edge/execution.ts';

/** One origin of a viewer's order and what the record says about it. */
export interface ConsideredOrigin {
  id: string;
  weight: number;
  /** Epoch seconds: when the entry in force ends; undefined when it never does, or there is none. */
  until: number | undefined;
  /** From 1, the place in what the function chose; undefined when it did not choose this one. */
  place: number | undefined;
}

/** Where one viewer goes, and why. */
export interface Explanation {
  viewer: Viewer;
  /** Undefined when the key is missing. */
  record: string | undefined;
  /** False: the edge reads the text as `ok`. */
  isRecord: boolean;
  origins: ConsideredOrigin[];
  /**
   * The rule of edge.config.ts: `routes[0]`, `defaultOrder`, `service api, order`, `no service has this path`;
   * undefined for code that was not built from it.
   */
  rule: string | undefined;
  /**
   * 0 to 99, stable per viewer: an origin serves the viewer if its weight exceeds this. Undefined while no weight is
   * partial.
   */
  bucket: number | undefined;
  /** No origin's weight admits the viewer, so the function keeps the whole order. */
  failedOpen: boolean;
  decision: RouteDecision;
}

/** Runs the function for a viewer, and for variations of it that show why: none of its logic is repeated here. */
export async function explainViewer(
  asked: Asked,
  {
    viewer,
    record,
    config,
  }: {
    viewer: Viewer;
    record: string | undefined;
    config: Pick<EdgeConfig, 'routes' | 'defaultOrder' | 'defaultSlices' | 'services'> | undefined;
  },
): Promise<Explanation> {
  const [[order = []], [decision]] = await Promise.all([
    findOrders(asked, [viewer.country], { path: viewer.uri, ip: viewer.ip, headers: viewer.headers }),
    askFunction(asked, [{ viewer, record }]),
  ]);
  if (decision === undefined) throw new Error('the function was not run');
  const parsed = record === undefined ? [] : parseHealthRecord(record);
  const entries = parsed ?? [];
  const nowSeconds = asked.now / 1_000;
  const origins = order.map((id) => {
    const entry = entries.find(({ origin, until }) => origin === id && (until === undefined || until > nowSeconds));
    const place = decision.origins.indexOf(id) + 1;
    return { id, weight: weightAt(entries, id, nowSeconds), until: entry?.until, place: place === 0 ? undefined : place };
  });
  const isPartial = origins.some(({ weight }) => weight % 100 !== 0);
  const bucket = isPartial ? await findBucket(asked, viewer, order) : undefined;
  return {
    viewer,
    record,
    isRecord: parsed !== undefined,
    origins,
    rule: config && findRule(config, viewer),
    bucket,
    failedOpen: origins.length > 0 && origins.every(({ weight }) => weight <= (bucket ?? 0)),
    decision,
  };
}

function findRule(
  config: Pick<EdgeConfig, 'routes' | 'defaultOrder' | 'defaultSlices' | 'services'>,
  { country, ip, uri = '/' }: Viewer,
): string {
  const routing = routingOf(config, uri);
  if (routing === undefined) return 'no service has this path';
  const route = findRoute(routing, country);
  const isService = routing.service !== undefined;
  const rule = route >= 0 ? `routes[${route}]` : isService ? 'order' : 'defaultOrder';
  const ordered = orderedOf(routing, country);
  const own = orderFor(ordered, ip);
  const slice = ordered.slices?.find((each) => each.order === own);
  const share = slice === undefined ? '' : `, the ${slice.percent} % of ${own[0]}`;
  return `${isService ? `service ${routing.service}, ` : ''}${rule}${share}`;
}

/**
 * The viewer's bucket: one less than the smallest weight at which the first origin serves the viewer; undefined if none
 * does.
 */
async function findBucket(asked: Asked, viewer: Viewer, order: readonly string[]): Promise<number | undefined> {
  const [first] = order;
  if (first === undefined || order.length < 2) return undefined;
  const weights = Array.from({ length: 100 }, (_, index) => index + 1);
  const decisions = await askFunction(
    asked,
    weights.map((weight) => ({ viewer: { ...viewer, method: 'POST' }, record: formatHealthRecord([{ origin: first, weight }]) })),
  );
  const taken = decisions.findIndex(({ origins }) => origins[0] === first);
  return taken < 0 ? undefined : taken;
}

/** Countries that the function treats alike. */
export interface CountryGroup {
  countries: CountryCode[];
  /** All origins for them, the preferred one first. */
  order: string[];
  /** Where GET goes; POST represents the methods without a per-request fallback. */
  get: string;
  post: string;
  /** Percent of these viewers by origin, from a sample of addresses; undefined where all of them go one way. */
  shares: Readonly<Record<string, number>> | undefined;
}

/** Addresses in the sample for a partial weight, and for shares, of which one may be 1 %. */
const sampleSizes = { weight: 256, share: 2_048 };

/** Whose ways are asked for. */
interface ExplainedViewers {
  /** Default `/`. */
  path?: string | undefined;
  /** Default every country of the standard. */
  countries?: readonly CountryCode[];
  /** More than one where an order has shares: the first is that of the most viewers. */
  addresses?: readonly { ip: string }[];
}

/**
 * All viewers under this record, the largest group first. `origins` is the greatest number of origins. While the record
 * is still being read, the function already runs under the most likely one.
 */
export async function explainCountries(
  asked: Asked,
  record: string | undefined | Promise<string | undefined>,
  origins: number,
  { path = '/', countries = everyCountry, addresses }: ExplainedViewers = {},
): Promise<CountryGroup[]> {
  const ip = addresses?.[0]?.ip ?? someIp;
  const isShared = addresses !== undefined && addresses.length > 1;
  const ask = (text: string | undefined) =>
    askFunction(
      asked,
      ['GET', 'POST'].flatMap((method) => countries.map((country) => ({ viewer: { country, method, ip, uri: path }, record: text }))),
    );
  // Countries of one order may have it in other shares: what each address gets differs then.
  const askOthers = async () => {
    const others = (addresses ?? [])
      .slice(1)
      .flatMap(({ ip: other }) =>
        countries.map((country) => ({ viewer: { country, method: 'POST', ip: other, uri: path }, record: okRecord })),
      );
    const routes = (await askFunction(asked, others)).map(({ route }) => route);
    return countries.map((_, index) => routes.filter((__, place) => place % countries.length === index));
  };
  const early = Promise.all([
    findOrders(asked, countries, { origins, path, ip }),
    ask(okRecord),
    isShared ? askOthers() : countries.map((): string[] => []),
  ]);
  // When the record cannot be read, that is the error to show.
  early.catch(() => undefined);
  const text = await record;
  const [orders, underOk, slices] = await early;
  const decisions = text === okRecord ? underOk : await ask(text);
  const groups = new Map<string, CountryGroup>();
  for (const [index, country] of countries.entries()) {
    const order = orders[index] ?? [];
    const get = decisions[index]?.route ?? '';
    const post = decisions[index + countries.length]?.route ?? '';
    const key = JSON.stringify([order, get, post, slices[index]]);
    const group = groups.get(key) ?? { countries: [], order, get, post, shares: undefined };
    groups.set(key, group);
    group.countries.push(country);
  }
  const found = [...groups.values()].sort((a, b) => b.countries.length - a.countries.length);
  if (!isShared && !isPartial(text, found, asked.now)) return found;
  const size = sampleSizes[isShared ? 'share' : 'weight'];
  return Promise.all(found.map(async (group) => ({ ...group, shares: await sampleShares(asked, group, { record: text, path, size }) })));
}

function isPartial(record: string | undefined, groups: readonly CountryGroup[], now: number): boolean {
  const entries = parseHealthRecord(record ?? '') ?? [];
  return groups.some(({ order }) => order.some((origin) => weightAt(entries, origin, now / 1_000) % 100 !== 0));
}

async function sampleShares(
  asked: Asked,
  { countries }: CountryGroup,
  { record, path, size }: { record: string | undefined; path: string; size: number },
): Promise<Record<string, number>> {
  const [country] = countries;
  const questions = Array.from({ length: size }, (_, n) => ({
    viewer: { country, method: 'POST', ip: `198.51.${100 + (n >> 8)}.${n & 255}`, uri: path },
    record,
  }));
  const counts: Record<string, number> = {};
  for (const { origins, route } of await askFunction(asked, questions)) {
    const origin = origins[0] ?? route;
    counts[origin] = (counts[origin] ?? 0) + 1;
  }
  return Object.fromEntries(Object.entries(counts).map(([origin, count]) => [origin, Math.round((100 * count) / size)]));
}

/**
 * Each country's whole order of origins. One request shows only the first two, so the chosen origin is taken away until
 * the function chooses no new one. `origins` is how many there are, when that is known: it saves the last round.
 */
export async function findOrders(
  asked: Asked,
  countries: readonly CountryCode[],
  {
    origins = Number.POSITIVE_INFINITY,
    path = '/',
    ip = someIp,
    headers = {},
  }: { origins?: number; path?: string | undefined; ip?: string; headers?: Viewer['headers'] | undefined } = {},
): Promise<string[][]> {
  const orders: string[][] = countries.map(() => []);
  let open = countries.map((_, index) => index);
  for (let found = 0; open.length > 0 && found < origins; found++) {
    const questions = open.map((index) => ({
      viewer: { country: countries[index], method: 'POST', ip, uri: path, headers },
      record: formatHealthRecord((orders[index] ?? []).map((origin) => ({ origin, weight: 0 }))),
    }));
    const decisions = await askFunction(asked, questions);
    open = open.filter((index, place) => {
      const origin = decisions[place]?.origins[0];
      const order = orders[index];
      // With every origin at 0 the function fails open and chooses a known one.
      if (origin === undefined || order === undefined || order.includes(origin)) return false;
      order.push(origin);
      return true;
    });
  }
  return orders;
}

export interface LiveSurvey {
  source: FunctionSource;
  /** The health record at the edge; undefined when the key is missing. */
  record: string | undefined;
  /** Every read of the store fails, so that the record has no effect. */
  failReads: boolean;
  /** Epoch milliseconds. */
  now: number;
  /** `keyPrefix` of edge.config.ts. */
  keyPrefix?: string | undefined;
}

/**
 * Runs at the same time: as many as the runtime sends in one message, so that a viewer's run waits for one message at
 * most.
 */
const concurrency = 64;

/**
 * All viewers under the record, run by a runtime that serves viewers at the same time. `origins` is how many there are.
 */
export function surveyLive(
  runtime: FunctionRuntime,
  { source, record, failReads, now, keyPrefix }: LiveSurvey,
  origins: number,
  path?: string,
): Promise<CountryGroup[]> {
  // Only the questions about a missing record have an empty store; the others find the orders and need their reads.
  const run = (input: RunInput) =>
    runtime.run(failReads && input.store?.values.size === 0 ? { ...input, store: { ...input.store, failReads: true } } : input);
  // One list of runs after the other, or two lists together would exceed the limit.
  let last: Promise<unknown> = Promise.resolve();
  const runMany = (inputs: readonly RunInput[]) => {
    const runs = last.then(() => pMap(inputs, run, { concurrency }));
    last = runs.catch(() => undefined);
    return runs;
  };
  const polite = { run, runMany, close: async () => undefined };
  return explainCountries({ runtime: polite, source, now, keyPrefix }, failReads ? undefined : record, origins, { path });
}
