import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { everyCountry } from '../../../src/config/countries.ts';
import { type EdgeConfig, parseEdgeConfig } from '../../../src/config/edge-config.ts';
import { routesModule } from '../../../src/edge/routes-module.ts';
import { configs } from '../../edge/router/configs.ts';

interface Routes {
  perRequestFailover: boolean;
  onlyPairs: boolean;
  places: Record<string, number>;
  routes: { originIds: string[]; failoverCriteria: { statusCodes: number[] } }[];
}

const load = (config: EdgeConfig): Promise<Routes> => import(`data:text/javascript,${encodeURIComponent(routesModule(config))}`);

/** The order of a country as the router finds it. */
function orderOf({ places, routes }: Routes, country: string): string[] {
  return (routes[places[country] ?? 0] ?? routes[0])?.originIds ?? [];
}

describe('what the edge knows of edge.config.ts', () => {
  it('is the default order, each other order once, every country that a route names, and the safe methods', async () => {
    const europe = Object.fromEntries(['AT', 'BE', 'CH', 'DE', 'ES', 'FR', 'GB', 'IE', 'IT', 'NL', 'PL', 'SE'].map((code) => [code, 1]));
    expect({ ...(await load(configs.sample)) }).toEqual({
      hasKeyPrefix: false,
      prefixedHealthKey: 'health',
      canRetry: false,
      hasServices: false,
      hasShares: false,
      hasSubdivisions: false,
      hasTester: false,
      testerName: '',
      testerInCookie: false,
      testerHash: '',
      origins: [],
      serviceOf: false,
      hasAccessLog: false,
      agePercent: 0,
      retryHeader: '',
      firstAttempt: '0',
      hasAliases: false,
      ids: {},
      perRequestFailover: true,
      onlyPairs: true,
      maxRecordLength: 76,
      places: { US: 0, IN: 0, ...europe, GET: -1, HEAD: -1, OPTIONS: -1 },
      routes: [
        { originIds: ['singapore', 'europe'], failoverCriteria: { statusCodes: [500, 502, 503, 504] } },
        { originIds: ['europe', 'singapore'], failoverCriteria: { statusCodes: [500, 502, 503, 504] } },
      ],
    });
  });

  it.each([
    { name: 'one' as const, onlyPairs: true, orders: 1 },
    { name: 'three' as const, onlyPairs: false, orders: 5 },
    { name: 'ten' as const, onlyPairs: false, orders: 10 },
  ])('with the configuration $name has $orders orders', async ({ name, onlyPairs, orders }) => {
    const module = await load(configs[name]);
    expect(module).toMatchObject({ onlyPairs, perRequestFailover: true, places: { GET: -1, HEAD: -1, OPTIONS: -1 } });
    expect(module.routes).toHaveLength(orders);
    const groupless = await load({ ...configs[name], perRequestFailover: false });
    expect(groupless.perRequestFailover).toBe(false);
    expect(groupless.places).not.toHaveProperty('GET');
  });

  it('gives every country its order, whatever the configuration', async () => {
    const codes = everyCountry.flatMap((code) => (code === undefined ? [] : [code]));
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
        const exactly = routes.map((route) => ({ ...route, countries: route.countries.map((code) => `country:${code}`) }));
        const origins = Object.fromEntries(['a', 'b', 'c'].map((id) => [id, { region: 'eu-central-1' }]));
        const module = await load(parseEdgeConfig({ origins, defaultOrder: given.defaultOrder, routes: exactly }));
        for (const code of codes) {
          const route = routes.find(({ countries }) => countries.includes(code));
          expect(orderOf(module, code)).toEqual(route?.order ?? given.defaultOrder);
        }
      }),
      { numRuns: 25 },
    );
  });
});
