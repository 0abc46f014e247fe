import { okRecord, parseHealthRecord, weightAt } from '../../kvs/health-record.ts';
import { type Asked, askFunction } from './ask-function.ts';
import { findOrders } from './find-orders.ts';
import { type Country, everyCountry } from './iso-countries.ts';
import { someIp } from './viewer-event.ts';

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
