import { paint } from '../text/paint.ts';
import type { Change, Comparison } from './compare-surveys.ts';
import { countCountries, wrapCountries } from './format-countries.ts';

/** What changes for whom, for people; one line when nothing does. */
export function formatComparison(comparisons: readonly Comparison[], { columns, colour }: { columns: number; colour: boolean }): string[] {
  if (comparisons.every(({ changes }) => changes.length === 0))
    return ['nothing changes for anybody, with every origin well or one of them down'];
  return comparisons.flatMap(({ situation, changes }) => [
    ...(changes.length === 0
      ? [`${paint(colour, 'bold', situation.title)}: nothing changes`]
      : [paint(colour, 'bold', situation.title), ...changes.flatMap((change) => formatChange(change, columns, colour))]),
  ]);
}

function formatChange({ countries, methods }: Change, columns: number, colour: boolean): string[] {
  const [first] = methods;
  // When POST differs only by the per-request fallback that it never has, GET's line says it all.
  const shown = first?.method === 'GET' && methods.every(({ before, after }) => isHead(first, before, after)) ? [first] : methods;
  return [
    `  ${countCountries(countries)}`,
    ...shown.map(({ method, before, after }) => {
      const who = shown.length === 1 && method === 'GET' ? '' : `${method} `;
      return `    ${who}${before} → ${paint(colour, 'yellow', after)}`;
    }),
    ...(countries.filter((country) => country !== undefined).length > 1 ? wrapCountries(countries, columns, 4) : []),
  ];
}

function isHead(get: { before: string; after: string }, before: string, after: string): boolean {
  const first = (route: string) => route.split(', then ')[0];
  return first(get.before) === first(before) && first(get.after) === first(after);
}
