import type { Country } from './iso-countries.ts';
import type { Answer, Situation } from './survey-function.ts';

/** Countries that two functions treat differently in the same way. */
export interface Change {
  countries: Country[];
  /** By method, only those that differ. */
  methods: { method: string; before: string; after: string }[];
}

export interface Comparison {
  situation: Situation;
  /** The most countries first; empty when the functions decide alike. */
  changes: Change[];
}

/**
 * Where two functions differ, situation by situation. What they rewrite counts for countries that go the same way in every situation: for
 * the others it follows from the way they go. Both surveys must have asked the same.
 */
export function compareSurveys(before: readonly Answer[], after: readonly Answer[]): Comparison[] {
  const pairs = after.flatMap((answer, index) => {
    const old = before[index];
    return old === undefined ? [] : [{ old, answer, isRerouted: old.decision.route !== answer.decision.route }];
  });
  const rerouted = new Set(pairs.filter(({ isRerouted }) => isRerouted).map(({ answer }) => answer.country));
  const situations = new Map<Situation, Map<Country, Change['methods']>>();
  for (const { old, answer, isRerouted } of pairs) {
    const { situation, method, country } = answer;
    const countries = situations.get(situation) ?? new Map<Country, Change['methods']>();
    situations.set(situation, countries);
    const difference = isRerouted
      ? { before: old.decision.route, after: answer.decision.route }
      : rerouted.has(country)
        ? undefined
        : compareRewrites(old, answer);
    if (difference !== undefined) countries.set(country, [...(countries.get(country) ?? []), { method, ...difference }]);
  }
  return [...situations].map(([situation, countries]) => ({ situation, changes: groupCountries(countries) }));
}

function groupCountries(countries: ReadonlyMap<Country, Change['methods']>): Change[] {
  const groups = new Map<string, Change>();
  for (const [country, methods] of countries) {
    const key = JSON.stringify(methods);
    const group = groups.get(key) ?? { countries: [], methods };
    groups.set(key, group);
    group.countries.push(country);
  }
  return [...groups.values()].sort((a, b) => b.countries.length - a.countries.length);
}

function compareRewrites(before: Answer, after: Answer): { before: string; after: string } | undefined {
  const [had, has] = [listRewrites(before), listRewrites(after)];
  return had === has ? undefined : { before: had, after: has };
}

/** With the country's own code left out, so that countries whose codes are all that differs make one group. */
function listRewrites({ country, decision }: Answer): string {
  const text = decision.rewrites.join('; ') || 'nothing rewritten';
  return country === undefined ? text : text.replace(new RegExp(`\\b${country}\\b`, 'g'), '<country>');
}
