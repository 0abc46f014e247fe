import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countShares, formatAudience, formatShares, listAudiences, listGainers, listMoves } from '../../../src/core/viewer-shares.ts';

const order = ['singapore', 'europe'];

describe('countShares', () => {
  it.each([
    { weights: {}, shares: { singapore: 100 } },
    { weights: { singapore: 0 }, shares: { europe: 100 } },
    { weights: { singapore: 25 }, shares: { singapore: 25, europe: 75 } },
    {
      weights: { singapore: 25, europe: 50 },
      shares: { singapore: 75, europe: 25 },
      why: 'half of them find no origin and go to the first',
    },
    { weights: { singapore: 0, europe: 0 }, shares: { singapore: 100 }, why: 'never a dead end' },
    { weights: { europe: 0 }, shares: { singapore: 100 } },
  ])('gives $shares for $weights', ({ weights, shares }) => {
    expect(Object.fromEntries(countShares({ order }, weights))).toEqual(shares);
  });

  it('serves every viewer exactly once, and none by an origin at 0 while one at 100 is in the order', () => {
    const weight = fc.integer({ min: 0, max: 100 });
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), weight), (weights) => {
        const shares = countShares({ order: ['a', 'b', 'c'] }, weights);
        expect([...shares.values()].reduce((sum, share) => sum + share, 0)).toBe(100);
        const isSomebodyFull = ['a', 'b', 'c'].some((id) => (weights[id] ?? 100) === 100);
        for (const id of shares.keys()) if (isSomebodyFull) expect(weights[id] ?? 100).toBeGreaterThan(0);
      }),
    );
  });
});

describe('countShares of viewers who share several orders', () => {
  const slices = [
    { percent: 90, order: ['singapore', 'europe'] },
    { percent: 10, order: ['europe', 'singapore'] },
  ];
  it.each([
    { weights: {}, shares: { singapore: 90, europe: 10 } },
    { weights: { singapore: 0 }, shares: { europe: 100 } },
    { weights: { singapore: 50 }, shares: { singapore: 45, europe: 55 } },
    { weights: { europe: 99 }, shares: { singapore: 90.1, europe: 9.9 } },
  ])('gives $shares for $weights', ({ weights, shares }) => {
    expect(Object.fromEntries(countShares({ order, slices }, weights))).toEqual(shares);
  });

  it('has no shares where there is no origin', () => {
    expect(countShares({ order: [] }, {}).size).toBe(0);
  });
});

describe('listAudiences', () => {
  const slices = [
    { percent: 60, order: ['singapore'] },
    { percent: 40, order: ['europe'] },
  ];
  const routes = [{ countries: ['DE'], order: ['europe'], slices }];

  it('has each route, and the viewers of all other countries last', () => {
    expect(listAudiences({ routes, defaultOrder: order })).toStrictEqual([...routes, { countries: [], order }]);
    expect(listAudiences({ routes: [], defaultOrder: order, defaultSlices: slices })).toStrictEqual([{ countries: [], order, slices }]);
  });

  it('has them for each service in its place', () => {
    const services = [
      { name: 'api', order, routes },
      { name: 'files', order: ['europe'], slices, routes: [] },
    ];
    expect(listAudiences({ routes: [], defaultOrder: [], services })).toStrictEqual([
      { service: 'api', countries: ['DE'], order: ['europe'], slices },
      { service: 'api', countries: [], order },
      { service: 'files', countries: [], order: ['europe'], slices },
    ]);
  });
});

describe('listMoves', () => {
  const audiences = listAudiences({
    defaultOrder: order,
    routes: [
      { countries: ['US', 'IN'], order },
      { countries: ['DE'], order: ['europe', 'singapore'] },
    ],
  });

  it('finds which origins lose and win viewers', () => {
    const moves = listMoves(audiences, {}, { singapore: 0 });
    expect(moves.map(({ audience }) => formatAudience(audience))).toEqual(['US, IN', 'other countries']);
    expect(listGainers(moves)).toEqual(['europe']);
    expect(listMoves(audiences, { singapore: 0 }, { singapore: 0, europe: 100 })).toEqual([]);
  });

  it('finds each origin that gains once, and none that only loses', () => {
    const moves = listMoves(audiences, { singapore: 50 }, { singapore: 25 });
    expect(moves.map(({ audience: { countries } }) => countries)).toEqual([['US', 'IN'], []]);
    expect(listGainers(moves)).toEqual(['europe']);
    expect(listGainers(listMoves(audiences, { singapore: 0, europe: 50 }, { singapore: 0 }))).toEqual(['europe']);
    expect(listGainers(listMoves(audiences, {}, { singapore: 0, europe: 0 }))).toEqual([]);
  });

  it('names both sides of a partial move', () => {
    const [move] = listMoves(audiences, {}, { singapore: 25 });
    expect(move && `${formatShares(move.before)} → ${formatShares(move.after)}`).toBe('singapore → singapore 25 %, europe 75 %');
  });
});

describe('formatAudience', () => {
  it('names six countries at most', () => {
    const countries = ['AT', 'BE', 'CH', 'DE', 'ES', 'FR'];
    expect(formatAudience({ countries, order })).toBe('AT, BE, CH, DE, ES, FR');
    expect(formatAudience({ countries: [...countries, 'GB'], order })).toBe('AT, BE, CH, DE, ES and 2 more');
    expect(formatAudience({ service: 'api', countries: ['AT', 'BE'], order })).toBe('api: AT, BE');
    expect(formatAudience({ service: 'api', countries: [], order })).toBe('api: other countries');
  });
});
