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
  });
});
