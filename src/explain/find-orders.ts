import { formatHealthRecord } from '../../kvs/health-record.ts';
import { type Asked, askFunction } from './ask-function.ts';
import type { Country } from './iso-countries.ts';
import { someIp } from './viewer-event.ts';

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
