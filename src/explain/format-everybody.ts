import { paint } from '../text/paint.ts';
import type { Audience } from './explain-everybody.ts';
import { countCountries, wrapCountries } from './format-countries.ts';

/** All countries by where they go, in as many lines as fit on a screen. */
export function formatEverybody(audiences: readonly Audience[], { columns, colour }: { columns: number; colour: boolean }): string[] {
  return audiences.flatMap(({ countries, order, get, post, shares }) => {
    const where = shares === undefined ? `${get}${post === get.split(', then ')[0] ? '' : `; POST ${post}`}` : formatShares(shares);
    const why = shares === undefined && get === order.join(', then ') ? '' : `  (order ${order.join(', ')})`;
    const count = countCountries(countries);
    const head = `${paint(colour, 'bold', where)}${why}`;
    const isShort = where.length + why.length + count.length + 2 <= columns;
    return [...(isShort ? [`${head}: ${count}`] : [head, `  ${count}`]), ...wrapCountries(countries, columns)];
  });
}

function formatShares(shares: Readonly<Record<string, number>>): string {
  const parts = Object.entries(shares).sort(([, a], [, b]) => b - a);
  if (parts.length === 1) return parts.map(([origin]) => origin).join('');
  return `about ${parts.map(([origin, share]) => `${origin} ${share} %`).join(', ')}`;
}
