import { describe, expect, it } from 'vitest';
import { type EdgeConfigInput, parseEdgeConfig } from '../../../src/config/edge-config.ts';
import { addressBetween, orderFor } from '../../../src/config/routing-schema.ts';
import { buildFlipPolicy, listAddresses, listOrders } from '../../../src/config/services.ts';
import { countShares, listAudiences } from '../../../src/core/viewer-shares.ts';

const origins = Object.fromEntries(['a', 'b', 'c', 'd'].map((id) => [id, { region: 'eu-central-1' }]));
const parse = (defaultOrder: unknown, more: object = {}) => parseEdgeConfig({ origins, defaultOrder, ...more } as EdgeConfigInput);
const slicesOf = (defaultOrder: unknown) => parse(defaultOrder).defaultSlices?.map(({ percent, order }) => `${percent} ${order.join('')}`);

describe('an order with shares', () => {
  it.each([
    { order: [{ a: 90, b: 10 }], slices: ['90 ab', '10 ba'] },
    { order: [{ a: 90, b: 10 }, 'c'], slices: ['90 acb', '10 bac'] },
    { order: [{ a: 90, b: 10 }, 'b', 'c'], slices: ['90 abc', '10 bac'] },
    { order: [{ a: 99, c: 1 }, 'b'], slices: ['99 abc', '1 cab'] },
    { order: [{ a: 50, b: 50 }, 'c'], slices: ['50 abc', '50 bac'] },
    { order: ['c', { a: 50, b: 50 }], slices: ['50 cab', '50 cba'] },
    { order: [{ b: 10, a: 60, c: 30 }, 'd'], slices: ['10 bacd', '60 adcb', '30 cadb'] },
  ])('$order is $slices', ({ order, slices }) => {
    expect(slicesOf(order)).toEqual(slices);
  });

  it('has the largest share as the order that counts where one order must', () => {
    expect(parse([{ b: 10, a: 90 }, 'c']).defaultOrder).toEqual(['a', 'c', 'b']);
    expect(parse(['a', 'b'])).not.toHaveProperty('defaultSlices');
  });

  it.each([
    { order: [{ a: 90, b: 20 }], problem: 'defaultOrder[0]: shares must add up to 100, found 110' },
    {
      order: [
        { a: 50, b: 50 },
        { c: 50, d: 50 },
      ],
      problem: 'defaultOrder[1]: an order has at most one group of shares',
    },
    { order: ['a', { a: 50, b: 50 }], problem: 'defaultOrder[1].a: origin "a" is listed twice' },
    { order: [{ a: 50, b: 50 }, 'a', 'a'], problem: 'defaultOrder[2]: origin "a" is listed twice' },
    { order: [{ a: 50, mars: 50 }], problem: 'defaultOrder[0].mars: no origin is called "mars"; origins here: a, b, c, d' },
    { order: [{}], problem: 'defaultOrder[0]: shares must add up to 100, found 0' },
  ])('is refused: $problem', ({ order, problem }) => {
    expect(() => parse(order)).toThrow(problem);
  });

  it.each([[[{ a: 100 }]], [[{ a: 99.5, b: 0.5 }]], [[{ a: 0, b: 100 }]], [[5]], [[['a']]]])('is refused: %j', (order) => {
    expect(() => parse(order)).toThrow('defaultOrder[0]');
  });

  it('gives the flipper every order that a viewer may have', () => {
    const config = parse(['a', 'b'], { routes: [{ countries: ['IN'], order: [{ a: 90, c: 10 }, 'b'] }] });
    expect(listOrders(config)).toEqual([
      ['a', 'b'],
      ['a', 'b', 'c'],
      ['c', 'a', 'b'],
    ]);
    expect(buildFlipPolicy(config).orders).toHaveLength(3);
  });
});

describe('a viewer of shares', () => {
  const config = parse([{ a: 90, b: 10 }, 'c'], { routes: [{ countries: ['IN'], order: [{ a: 99, d: 1 }] }] });

  it('has an address for each part that differs', () => {
    const addresses = listAddresses(config, '203.0.113.7');
    expect(addresses.map(({ percent }) => percent)).toEqual([90, 9, 1]);
    const [ordered] = listAudiences(config);
    expect(addresses.map(({ ip }) => ordered && orderFor(ordered, ip)[0])).toEqual(['a', 'a', 'd']);
    expect(listAddresses(parse(['a']), '203.0.113.7')).toEqual([{ percent: 100, ip: '203.0.113.7' }]);
  });

  it('is one of its percent of all, within half a percent of 20,000 addresses', () => {
    const { defaultOrder: order, defaultSlices: slices = [] } = config;
    const addresses = Array.from({ length: 20_000 }, (_, n) => `2001:db8::${n.toString(16)}`);
    const ofB = addresses.filter((ip) => orderFor({ order, slices }, ip)[0] === 'b').length / 200;
    expect(Math.abs(ofB - 10)).toBeLessThan(0.5);
    expect(orderFor({ order, slices }, addressBetween(90, 100))[0]).toBe('b');
  });

  it('counts by share and by weight, each of its own', () => {
    const shares = (weights: Record<string, number>) => {
      const [, others] = listAudiences(config);
      return others && Object.fromEntries(countShares(others, weights));
    };
    expect(shares({})).toEqual({ a: 90, b: 10 });
    expect(shares({ a: 0 })).toEqual({ c: 90, b: 10 });
    expect(shares({ b: 0 })).toEqual({ a: 100 });
    expect(shares({ a: 50 })).toEqual({ a: 45, c: 45, b: 10 });
    expect(shares({ b: 25 })).toEqual({ a: 97.5, b: 2.5 });
  });
});
