import type { Country } from './iso-countries.ts';

/** `12 countries`, `IN`, `everybody of no known country and 237 countries`. */
export function countCountries(countries: readonly Country[]): string {
  const named = countries.filter((country) => country !== undefined);
  const some = named.length === 1 ? (named[0] ?? '') : `${named.length} countries`;
  if (named.length === countries.length) return some;
  return named.length === 0 ? 'viewers of no known country' : `${some} and viewers of no known country`;
}

/** The codes on lines of at most this width, indented. */
export function wrapCountries(countries: readonly Country[], columns: number, indent = 2): string[] {
  const perLine = Math.max(1, Math.floor((columns - indent + 1) / 3));
  const named = countries.filter((country) => country !== undefined);
  const lines: string[] = [];
  for (let from = 0; from < named.length; from += perLine) lines.push(' '.repeat(indent) + named.slice(from, from + perLine).join(' '));
  return lines;
}
