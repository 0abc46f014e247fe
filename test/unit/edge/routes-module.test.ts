import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type EdgeConfig, parseEdgeConfig } from '../../../src/config/edge-config.ts';
import { routesModule } from '../../../src/edge/routes-module.ts';
import { configs } from '../../edge/router/configs.ts';

interface Routes {
  perRequestFailover: boolean;
  onlyPairs: boolean;
  countriesToL: string;
  countriesFromM: string;
  routes: { originIds: { originId: string }[]; failoverCriteria: { statusCodes: number[] } }[];
}

const load = (config: EdgeConfig): Promise<Routes> => import(`data:text/javascript,${encodeURIComponent(routesModule(config))}`);

/** The order of a country as the router finds it: its place in one of the tables, three characters an entry. */
function orderOf({ countriesToL, countriesFromM, routes }: Routes, country: string): string[] {
  const table = country < 'M' ? countriesToL : countriesFromM;
  const at = table.indexOf(country);
  const place = at % 3 === 0 ? Number(table[at + 2]) : 0;
  return (routes[place]?.originIds ?? []).map(({ originId }) => originId);
}

describe('what the edge knows of edge.config.ts', () => {
  it('is the default order, each other order once, and every country that a route names', async () => {
    expect({ ...(await load(configs.sample)) }).toEqual({
      perRequestFailover: true,
      onlyPairs: true,
      areFew: true,
      maxRecordLength: 76,
      countries: 'US0IN0AT1BE1CH1DE1ES1FR1GB1IE1IT1NL1PL1SE1',
      countriesToL: 'IN0AT1BE1CH1DE1ES1FR1GB1IE1IT1',
      countriesFromM: 'US0NL1PL1SE1',
      routes: [
        { originIds: [{ originId: 'singapore' }, { originId: 'europe' }], failoverCriteria: { statusCodes: [500, 502, 503, 504] } },
        { originIds: [{ originId: 'europe' }, { originId: 'singapore' }], failoverCriteria: { statusCodes: [500, 502, 503, 504] } },
      ],
    });
  });

  it.each([
    { name: 'one' as const, onlyPairs: true, orders: 1 },
    { name: 'three' as const, onlyPairs: false, orders: 5 },
    { name: 'ten' as const, onlyPairs: false, orders: 10 },
  ])('with the configuration $name has $orders orders', async ({ name, onlyPairs, orders }) => {
    const module = await load(configs[name]);
    expect(module).toMatchObject({ onlyPairs, perRequestFailover: true });
    expect(module.routes).toHaveLength(orders);
    expect(await load({ ...configs[name], perRequestFailover: false })).toMatchObject({ perRequestFailover: false });
  });

  it('splits the alphabet before M', async () => {
    const routes = [{ countries: ['LY', 'MA', 'LZ', 'MC'], order: ['europe'] }];
    const { countriesToL, countriesFromM } = await load({ ...configs.sample, routes });
    expect([countriesToL, countriesFromM]).toEqual(['LY1LZ1', 'MA1MC1']);
  });

  it('has two empty tables when no country has a route', async () => {
    expect(await load({ ...configs.sample, routes: [] })).toMatchObject({ countriesToL: '', countriesFromM: '' });
  });

  it('gives every country its order, whatever the configuration', async () => {
    const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
    const codes = letters.flatMap((first) => letters.map((second) => first + second));
    const order = fc.shuffledSubarray(['a', 'b', 'c'], { minLength: 1 });
    // At most nine routes: with the default order at most ten orders.
    const random = fc.record({
      defaultOrder: order,
      orders: fc.array(order, { maxLength: 9 }),
      codes: fc.shuffledSubarray(codes, { minLength: 9 }),
    });
    await fc.assert(
      fc.asyncProperty(random, async (given) => {
        const share = Math.floor(given.codes.length / Math.max(given.orders.length, 1));
        const routes = given.orders.map((each, index) => ({
          countries: given.codes.slice(index * share, (index + 1) * share),
          order: each,
        }));
        const origins = Object.fromEntries(['a', 'b', 'c'].map((id) => [id, { region: 'eu-central-1' }]));
        const module = await load(parseEdgeConfig({ origins, defaultOrder: given.defaultOrder, routes }));
        for (const code of codes) {
          const route = routes.find(({ countries }) => countries.includes(code));
          expect(orderOf(module, code)).toEqual(route?.order ?? given.defaultOrder);
        }
      }),
      { numRuns: 25 },
    );
  });
});
