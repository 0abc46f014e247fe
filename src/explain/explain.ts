import { formatHealthRecord, okRecord, parseHealthRecord, weightAt } from '../../kvs/health-record.ts';
import type { EdgeConfig } from '../config/edge-config.ts';
import { type Country, everyCountry } from '../config/iso-countries.ts';
import { type Asked, askFunction, someIp, type Viewer } from '../edge/ask/ask.ts';
import type { Decision } from '../edge/ask/decision.ts';

/** Countries that the function treats alike. */
export interface Audience {
  countries: Country[];
  /** All origins for them, the preferred one first. */
  order: string[];
  /** Where GET goes; POST stands for the methods without a per-request fallback. */
  get: string;
  post: string;
  /** Percent of these viewers by the origin that takes them, asked of a sample; undefined while no weight is partial. */
  shares: Readonly<Record<string, number>> | undefined;
}

/** Addresses asked about a partial weight. */
const sampleSize = 256;

/**
 * Everybody under this record, the largest group first. `origins` is how many there are at most. While the record is on its way the function is
 * asked already about what it will most likely be.
 */
export async function explainEverybody(
  asked: Asked,
  record: string | undefined | Promise<string | undefined>,
  origins: number,
): Promise<Audience[]> {
  const ask = (text: string | undefined) =>
    askFunction(
      asked,
      ['GET', 'POST'].flatMap((method) => everyCountry.map((country) => ({ viewer: { country, method, ip: someIp }, record: text }))),
    );
  const early = Promise.all([findOrders(asked, everyCountry, origins), ask(okRecord)]);
  // When the record cannot be had, that is what is told.
  early.catch(() => undefined);
  const text = await record;
  const [orders, whenWell] = await early;
  const decisions = text === okRecord ? whenWell : await ask(text);
  const groups = new Map<string, Audience>();
  for (const [index, country] of everyCountry.entries()) {
    const order = orders[index] ?? [];
    const get = decisions[index]?.route ?? '';
    const post = decisions[index + everyCountry.length]?.route ?? '';
    const key = JSON.stringify([order, get, post]);
    const group = groups.get(key) ?? { countries: [], order, get, post, shares: undefined };
    groups.set(key, group);
    group.countries.push(country);
  }
  const audiences = [...groups.values()].sort((a, b) => b.countries.length - a.countries.length);
  if (!isPartial(text, audiences, asked.now)) return audiences;
  return Promise.all(audiences.map(async (audience) => ({ ...audience, shares: await sampleShares(asked, audience, text) })));
}

function isPartial(record: string | undefined, audiences: readonly Audience[], now: number): boolean {
  const entries = parseHealthRecord(record ?? '') ?? [];
  return audiences.some(({ order }) => order.some((origin) => weightAt(entries, origin, now / 1_000) % 100 !== 0));
}

async function sampleShares(asked: Asked, { countries }: Audience, record: string | undefined): Promise<Record<string, number>> {
  const [country] = countries;
  const questions = Array.from({ length: sampleSize }, (_, n) => ({ viewer: { country, method: 'POST', ip: `198.51.100.${n}` }, record }));
  const counts: Record<string, number> = {};
  for (const { origins, route } of await askFunction(asked, questions)) {
    const origin = origins[0] ?? route;
    counts[origin] = (counts[origin] ?? 0) + 1;
  }
  return Object.fromEntries(Object.entries(counts).map(([origin, count]) => [origin, Math.round((100 * count) / sampleSize)]));
}

/** One origin of a viewer's order and what the record says about it. */
export interface ConsideredOrigin {
  id: string;
  weight: number;
  /** Epoch seconds: when the entry in force ends; undefined when it never does, or there is none. */
  until: number | undefined;
  /** From 1, the place in what the function chose; undefined when it did not choose this one. */
  place: number | undefined;
}

/** Why one viewer goes where. */
export interface Explanation {
  viewer: Viewer;
  /** Undefined when the key is missing. */
  record: string | undefined;
  /** False: the edge takes the text for `ok`. */
  isRecord: boolean;
  origins: ConsideredOrigin[];
  /** Where edge.config.ts says so: `routes[0]`, `defaultOrder`; undefined for code that was not built from it. */
  rule: string | undefined;
  /** 0 to 99, stable per viewer: the viewer takes an origin whose weight exceeds it. Undefined while no weight is partial. */
  bucket: number | undefined;
  /** No origin had a weight that took the viewer: the whole order is kept. */
  failedOpen: boolean;
  decision: Decision;
}

/** Asks the function about a viewer, and enough more to tell why: nothing of its logic is repeated here. */
export async function explainViewer(
  asked: Asked,
  { viewer, record, config }: { viewer: Viewer; record: string | undefined; config: Pick<EdgeConfig, 'routes'> | undefined },
): Promise<Explanation> {
  const [[order = []], [decision]] = await Promise.all([findOrders(asked, [viewer.country]), askFunction(asked, [{ viewer, record }])]);
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
  const route = config?.routes.findIndex(({ countries }) => viewer.country !== undefined && countries.includes(viewer.country));
  return {
    viewer,
    record,
    isRecord: parsed !== undefined,
    origins,
    rule: route === undefined ? undefined : route < 0 ? 'defaultOrder' : `routes[${route}]`,
    bucket,
    failedOpen: origins.length > 0 && origins.every(({ weight }) => weight <= (bucket ?? 0)),
    decision,
  };
}

/** The viewer's bucket: one less than the smallest weight at which the first origin takes the viewer. Undefined when no weight makes a difference. */
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

/**
 * Each country's whole order of origins, found by taking away the origin that the function chose until it chooses none of the others: one
 * request says only the first two. `origins` is how many there are, when that is known: it saves the last round.
 */
export async function findOrders(asked: Asked, countries: readonly Country[], origins = Number.POSITIVE_INFINITY): Promise<string[][]> {
  const orders: string[][] = countries.map(() => []);
  let open = countries.map((_, index) => index);
  for (let found = 0; open.length > 0 && found < origins; found++) {
    const questions = open.map((index) => ({
      viewer: { country: countries[index], method: 'POST', ip: someIp },
      record: formatHealthRecord((orders[index] ?? []).map((origin) => ({ origin, weight: 0 }))),
    }));
    const decisions = await askFunction(asked, questions);
    open = open.filter((index, place) => {
      const origin = decisions[place]?.origins[0];
      const order = orders[index];
      // With every origin at 0 the function fails open and chooses one that is known already.
      if (origin === undefined || order === undefined || order.includes(origin)) return false;
      order.push(origin);
      return true;
    });
  }
  return orders;
}
