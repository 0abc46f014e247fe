import { describe, expect, it } from 'vitest';
import { everyCountry, expandTerritories, refuseViewerCountry } from '../../../src/config/countries.ts';

const codesOf = (...names: string[]) => {
  const { countries, problems } = expandTerritories([{ countries: names }]);
  expect(problems).toEqual([]);
  return countries[0] ?? [];
};
const problemsOf = (...routes: string[][]) => expandTerritories(routes.map((countries) => ({ countries }))).problems;

describe('the names of countries', () => {
  it.each([
    { name: 'IN', codes: ['IN'] },
    { name: 'XK', codes: ['XK'] },
    { name: 'US-CA', codes: ['US-CA'] },
    // Below a region of France.
    { name: 'FR-75C', codes: ['FR-75C'] },
    { name: 'GB-SCT', codes: ['GB-SCT'] },
    { name: 'country:AF', codes: ['AF'] },
    { name: 'country:ZZ', codes: ['ZZ'] },
    { name: 'Northern America', codes: ['BM', 'CA', 'GL', 'PM', 'US'] },
  ])('$name means $codes', ({ name, codes }) => {
    expect(codesOf(name)).toEqual(codes);
  });

  it('know the European Union, its market and its currency', () => {
    expect(codesOf('EU')).toHaveLength(27);
    expect(codesOf('EU')).toEqual(expect.arrayContaining(['GR', 'CY', 'HR']));
    expect(codesOf('EEA').filter((code) => !codesOf('EU').includes(code))).toEqual(['IS', 'LI', 'NO']);
    expect(codesOf('EU')).toEqual(expect.arrayContaining(codesOf('Eurozone')));
  });

  it('put every country on one continent, and into one subregion at most', () => {
    const continents = codesOf('Africa', 'Asia', 'Europe', 'North America', 'Oceania', 'South America');
    expect(continents.toSorted()).toEqual([...everyCountry.flatMap((code) => code ?? []), 'XK'].toSorted());
    expect(codesOf('Northern Africa', 'Western Africa', 'Middle Africa', 'Eastern Africa', 'Southern Africa')).toHaveLength(
      codesOf('Africa').length,
    );
  });

  it.each([
    { name: 'AF', hint: 'write "country:AF" or "Africa"' },
    { name: 'NA', hint: 'write "country:NA" or "North America"' },
    { name: 'OC', hint: 'write "Oceania"' },
    { name: 'UK', hint: 'write "GB"' },
    { name: 'EL', hint: 'write "GR"' },
    { name: 'eea', hint: 'write "EEA"' },
    { name: 'in', hint: 'write "IN"' },
    { name: 'south eastern asia', hint: 'write "South-Eastern Asia"' },
    { name: 'XX', hint: 'names are ISO 3166-1 codes' },
    { name: 'constructor', hint: 'names are ISO 3166-1 codes' },
    { name: 'US-XX', hint: 'United States has no subdivision "XX" in ISO 3166-2: it has AK, ' },
    { name: 'US-ca', hint: 'names are ISO 3166-1 codes' },
    { name: 'ZZ-AA', hint: 'names are ISO 3166-1 codes' },
    { name: 'country:in', hint: 'names are ISO 3166-1 codes' },
    { name: '', hint: 'names are ISO 3166-1 codes' },
  ])('refuse $name with a hint', ({ name, hint }) => {
    expect(problemsOf(['IN', name])).toEqual([{ route: 0, place: 1, message: expect.stringContaining(hint) }]);
  });
});

describe('a viewer that several routes name', () => {
  it('belongs to the smallest kind, wherever it is in the list', () => {
    const routes = [['Europe'], ['EU'], ['DE'], ['DE-BY'], ['Western Europe']].map((countries) => ({ countries }));
    const { countries, problems } = expandTerritories(routes);
    expect(problems).toEqual([]);
    const [continent = [], group = [], ...others] = countries;
    expect(others).toEqual([['DE'], ['DE-BY'], ['CH', 'LI', 'MC']]);
    expect(group).toHaveLength(26);
    expect(continent).toEqual(expect.arrayContaining(['GB', 'NO', 'XK']));
    expect(continent).not.toContain('FR');
    expect(expandTerritories(routes.toReversed()).countries.map((codes) => codes.toSorted())).toEqual(
      countries.toReversed().map((codes) => codes.toSorted()),
    );
  });

  it('is a problem when both kinds are the same', () => {
    expect(problemsOf(['IN'], ['IN'])).toEqual([{ route: 1, place: 0, message: 'IN already has a route, routes[0]' }]);
    expect(problemsOf(['EU'], ['SE', 'EEA'])).toEqual([
      { route: 1, place: 1, message: expect.stringMatching(/^"EEA" and "EU" of routes\[0\] both have AT, BE, .* and 23 more/) },
    ]);
    expect(problemsOf(['EU', 'EEA'], ['US-CA', 'US'])).toEqual([]);
    expect(problemsOf(['US-CA', 'US-CA'])).toHaveLength(1);
  });

  it('is a problem when nothing is left of a route', () => {
    expect(problemsOf(['Northern America'], ['BM', 'CA', 'GL', 'PM', 'US'])).toEqual([
      { route: 0, message: 'other routes name each of these countries by a smaller group' },
    ]);
  });
});

it.each([
  { code: 'IN', says: undefined },
  { code: 'NA', says: undefined },
  { code: 'XK', says: undefined },
  { code: 'US-CA', says: undefined },
  { code: 'EU', says: /group of 27 countries/ },
  { code: 'US-ZZ', says: /United States has no subdivision "ZZ"/ },
  { code: 'UK', says: /GB/ },
])('a viewer has the country $code, or there is a reason why not', ({ code, says }) => {
  const found = refuseViewerCountry(code);
  if (says === undefined) expect(found).toBeUndefined();
  else expect(found).toMatch(says);
});
